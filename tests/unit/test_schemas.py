"""Schemas in several files: handed out as one document that means what the files mean together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import schemas

ROOT = Path(schemas.__file__).parent
FILES = sorted(ROOT.rglob("*.schema.json"))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref" and isinstance(value, str))
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(value)


def as_files() -> Draft202012Validator:
    """The plan's schema as an editor reads it: from the file, following relative references."""
    base = "https://fxrun.example/schemas/"
    resources = [
        (base + path.relative_to(ROOT).as_posix(), Resource.from_contents(json.loads(path.read_text()), DRAFT202012))
        for path in FILES
    ]
    plan = {"$id": f"{base}plan.schema.json", **json.loads((ROOT / "plan.schema.json").read_text())}
    return Draft202012Validator(plan, registry=Registry().with_resources(resources))


def test_the_files_are_there() -> None:
    assert {f"{name}.schema.json" for name in schemas.NAMES} <= {path.name for path in FILES}
    assert ROOT / "schedule.schema.json" in FILES
    assert "schedule.schema.json" in references(json.loads((ROOT / "plan.schema.json").read_text()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_a_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_document_refers_to_nothing_outside_itself(name: str) -> None:
    document = schemas.load(name)
    for reference in references(document):
        where = reference.removeprefix("#/$defs/")
        assert where in document["$defs"], reference


@pytest.mark.parametrize("name", schemas.NAMES)
def test_text_and_values_are_the_same_document_but_for_numbers_that_editors_take_for_texts(name: str) -> None:
    assert schemas.strict(json.loads(schemas.text(name), parse_float=Decimal)) == schemas.load(name)


def test_what_is_a_text_to_an_editor_is_a_number_to_fxrun() -> None:
    plan = {"plan": "demo", "contract": "EUR.USD", "side": "buy", "size": 1, "limits": {"max_quantity": "25_000"}}
    assert as_files().is_valid(plan)
    assert not Draft202012Validator(json.loads(json.dumps(schemas.load("plan"), default=float))).is_valid(plan)


@pytest.mark.parametrize("name", [name for name in schemas.NAMES if name != "plan"])
def test_a_schema_of_one_file_is_that_file(name: str) -> None:
    assert json.loads(schemas.text(name)) == json.loads((ROOT / f"{name}.schema.json").read_text())


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "30 9 * * mon-fri", "timezone": "Europe/Berlin"},
        {"cron": "30 9 * * mon-fri", "every": "1h"},
        {"every": "1 hour"},
        {"at": ["2027-03-01 09:30"], "from": "2027-01-01"},
        {"at": ["soon"]},
        {"hourly": True},
    ],
)
def test_an_editor_judges_the_files_as_fxrun_judges_the_document(schedule: dict[str, Any]) -> None:
    plan = {"plan": "demo", "contract": "EUR.USD", "side": "buy", "size": 1, "schedule": schedule}
    document = Draft202012Validator(json.loads(schemas.text("plan")))
    expected = ("cron" in schedule and "every" not in schedule) or schedule.get("at") == ["2027-03-01 09:30"]
    assert document.is_valid(plan) is as_files().is_valid(plan) is expected


def test_a_name_defined_twice_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"properties": {"a": {"$ref": "one.schema.json"}}, "$defs": {"time": {}}}
    (tmp_path / "plan.schema.json").write_text(json.dumps(one))
    (tmp_path / "one.schema.json").write_text(json.dumps({"$defs": {"time": {}}}))
    monkeypatch.setattr(schemas, "files", lambda _package: tmp_path)
    with pytest.raises(ValueError, match=r"one\.schema\.json defines time a second time|plan\.schema\.json defines"):
        schemas.load("plan")


def test_files_in_folders_refer_to_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strategies").mkdir()
    plan = {"$id": "plan", "properties": {"a": {"$ref": "strategies/a.schema.json"}}, "$defs": {"price": {}}}
    inner = {
        "$schema": "s",
        "items": {"$ref": "#/$defs/rung"},
        "not": {"$ref": "#"},
        "$defs": {"rung": {"allOf": [{"$ref": "../plan.schema.json#/$defs/price"}, {"$ref": "b.schema.json"}]}},
    }
    (tmp_path / "plan.schema.json").write_text(json.dumps(plan))
    (tmp_path / "strategies" / "a.schema.json").write_text(json.dumps(inner))
    (tmp_path / "strategies" / "b.schema.json").write_text(json.dumps({"minimum": 0.5}))
    monkeypatch.setattr(schemas, "files", lambda _package: tmp_path)
    assert schemas.load("plan") == {
        "$id": "plan",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "$defs": {
            "price": {},
            "rung": {"allOf": [{"$ref": "#/$defs/price"}, {"$ref": "#/$defs/b"}]},
            "b": {"minimum": Decimal("0.5")},
            "a": {"items": {"$ref": "#/$defs/rung"}, "not": {"$ref": "#/$defs/a"}},
        },
    }
