"""The plan's schema: what editors show is there, examples hold, and unknown keys are refused everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import schemas
from runner.errors import PlanInvalid
from runner.plan import load

SCHEMA: dict[str, Any] = json.loads(schemas.text("plan"))


def properties(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of the schema, however deep."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and not name.endswith(("if", "then", "else")):
                yield from ((f"{name}/{prop}", inner) for prop, inner in value.items())
            yield from properties(value, f"{name}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from properties(value, f"{name}/{number}")


PROPERTIES = dict(properties(SCHEMA))


def objects(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every part of the schema that describes the keys of a mapping."""
    if isinstance(schema, dict):
        if "properties" in schema and not name.endswith(("if", "then", "else")):
            yield name, schema
        for key, value in schema.items():
            yield from objects(value, f"{name}/{key}")


def validator_of(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})


def test_it_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"title", "description", "examples"} <= SCHEMA.keys()


def test_the_walk_sees_the_whole_schema() -> None:
    names = {name.rsplit("/", 1)[-1] for name in PROPERTIES}
    assert {"plan", "mode", "side", "id", "symbol", "price", "stop", "tif", "take_profit", "cron", "until"} <= names
    assert len(PROPERTIES) >= 30


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_explains_itself(name: str) -> None:
    schema = PROPERTIES[name]
    assert schema["title"]
    assert len(schema["description"]) > 10
    assert schema["examples"]
    for example in schema["examples"]:
        validator_of(schema).validate(example)


@pytest.mark.parametrize("name", SCHEMA["$defs"])
def test_every_definition_explains_itself(name: str) -> None:
    schema = SCHEMA["$defs"][name]
    assert schema["title"]
    assert schema["description"]
    for example in schema["examples"]:
        validator_of(schema).validate(example)


def test_the_schema_s_own_examples_are_plans(tmp_path: Path) -> None:
    for example in SCHEMA["examples"]:
        Draft202012Validator(SCHEMA).validate(example)
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(example), encoding="utf-8")
        assert load(str(path)).name == example["plan"]


@pytest.mark.parametrize(("name", "schema"), list(objects(SCHEMA)), ids=lambda value: str(value)[:40])
def test_no_mapping_takes_unknown_keys(name: str, schema: dict[str, Any]) -> None:
    assert schema["additionalProperties"] is False, name


def test_words_are_taken_in_any_case() -> None:
    for name in ("mode", "side", "type", "tif"):
        (schema,) = [
            s for path, s in PROPERTIES.items() if path.endswith(f"/{name}") and "anyOf" in schemas.strict(s)
        ] or [SCHEMA["$defs"]["side"]]
        for word in schema["anyOf"][0]["enum"]:
            for spelling in (word.lower(), word.upper(), word.title()):
                validator_of(schema).validate(spelling)


SOUND = {"plan": "demo", "contract": "EUR.USD", "side": "buy", "size": 1}


@pytest.mark.parametrize(
    "more",
    [
        {"order": {"type": "limit"}},
        {"order": {"type": "market", "price": 1.1}},
        {"order": {"type": "stop", "price": 1.1}},
        {"order": {"type": "stop_limit", "price": 1.1}},
        {"schedule": {"cron": "0 9 * * *", "every": "1h"}},
        {"schedule": {"timezone": "UTC"}},
        {"schedule": {"every": "1 hour"}},
        {"schedule": {"at": "tomorrow"}},
        {"schedule": {"every": "1h", "timezone": "../UTC"}},
        {"contract": "EURO.USD"},
        {"bracket": {}},
        {"orders": []},
        {"size": 0},
    ],
)
def test_an_editor_and_fxrun_refuse_the_same(more: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(SOUND | more), encoding="utf-8")
    assert not Draft202012Validator(SCHEMA).is_valid(SOUND | more)
    with pytest.raises(PlanInvalid) as caught:
        load(str(path))
    assert all("cannot say where" not in problem.message for problem in caught.value.problems)
