"""Strategy keys: one for an order, each read by its own schema, those of plug-ins too."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import schemas
from runner.core import plugins
from runner.core.price import Anchor, PriceExpr, Unit, fixed
from runner.core.size import SizeExpr, SizeKind, units
from runner.errors import Problem
from runner.plan.build import build
from runner.plan.model import Plan
from runner.plan.source import parse
from runner.plan.validate import validate
from runner.schedule import described, fires

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)

TOP = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["start"],
    "x-fxrun-optional": ["side", "size"],
    "not": {"type": "object", "required": ["word", "count"], "properties": {"count": {"maximum": 1}}},
    "properties": {
        "start": {"type": ["number", "string"], "x-fxrun": "price"},
        "end": {"$ref": "#/$defs/price"},
        "part": {"type": ["number", "string"], "x-fxrun": "size"},
        "over": {"type": "string", "x-fxrun": "duration"},
        "at": {"type": "string", "x-fxrun": "time"},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        "count": {"type": "integer", "maximum": 5},
        "word": {"enum": ["even", "odd"]},
        "mixed": {"anyOf": [{"type": "number"}, {"const": "all"}]},
        "code": {"type": "string", "pattern": "^[a-z]$"},
        "is_seeded": {"type": "boolean"},
    },
    "$defs": {"step": {"type": "object", "properties": {"off": {"type": "string", "x-fxrun": "price"}}}},
}


class _Entry:
    """An entry point of a package that is installed."""

    value = "grid_of_orders"
    dist = types.SimpleNamespace(name="grid-of-orders")

    def __init__(self, module: object) -> None:
        self._module = module

    def load(self) -> object:
        if isinstance(self._module, Exception):
            raise self._module
        return self._module


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[_Entry]]:
    """What the packages of this environment name under `grid`; asked for a name, as importlib.metadata is."""
    module = types.ModuleType("grid_of_orders")
    module.SCHEMA = SCHEMA  # type: ignore[attr-defined]
    entries = [_Entry(module)]
    monkeypatch.setattr(metadata, "entry_points", lambda group, name: entries if name == "grid" else [])
    plugins.find.cache_clear()
    yield entries
    plugins.find.cache_clear()


def outcome(text: str) -> Plan | list[Problem]:
    source = parse("plan.yaml", text, text.encode())
    drafts, found = validate(source)
    return found or build(source, drafts)


def problems(text: str) -> list[Problem]:
    found = outcome(text)
    assert isinstance(found, list)
    return found


def plan(text: str) -> Plan:
    found = outcome(text)
    assert isinstance(found, Plan), found
    return found


def test_every_schema_of_a_strategy_is_a_key_of_plan_and_entry() -> None:
    """By hand, so that editors see them; this says which one was forgotten."""
    raw = json.loads(Path(schemas.__file__).with_name("plan.schema.json").read_text(encoding="utf-8"))
    assert schemas.strategies()
    for key in schemas.strategies():
        for keys in (raw["properties"], raw["$defs"]["entry"]["properties"]):
            assert keys[key]["$ref"] == f"strategies/{key}.schema.json"


@pytest.mark.usefixtures("installed")
def test_values_come_typed_as_the_schema_says() -> None:
    below = (
        "start: 1.08, end: mid - 5 pips, part: 0.1 lots, over: 30m, at: 21:00, steps: [{off: 5 pips}, {off: 1%}],"
        " count: 3, word: even, is_seeded: true"
    )
    (instruction,) = plan(f"{TOP}grid: {{{below}}}\n").instructions
    assert instruction.strategy == "grid"
    assert instruction.parameters == {
        "start": fixed(Decimal("1.08")),
        "end": PriceExpr(Anchor.MID, Decimal(-5), Unit.PIPS),
        "part": SizeExpr(Decimal("0.1"), SizeKind.LOTS),
        "over": timedelta(minutes=30),
        "at": time(21),
        "steps": (
            {"off": PriceExpr(None, Decimal(5), Unit.PIPS)},
            {"off": PriceExpr(None, Decimal(1), Unit.PERCENT)},
        ),
        "count": Decimal(3),
        "word": "even",
        "is_seeded": True,
    }


@pytest.mark.usefixtures("installed")
def test_times_are_local_and_numbers_of_a_size_are_units() -> None:
    text = f"{TOP}schedule: {{every: 1h, timezone: Europe/Berlin}}\ngrid: {{start: 1, at: 2027-03-01 17:00, part: 5}}\n"
    (instruction,) = plan(text).instructions
    assert instruction.parameters["at"] == datetime(2027, 3, 1, 16, tzinfo=UTC)
    assert instruction.parameters["part"] == units(Decimal(5))


@pytest.mark.usefixtures("installed")
def test_a_strategy_may_do_without_side_and_size() -> None:
    top = "plan: demo\ncontract: EUR.USD\n"
    (instruction,) = plan(f"{top}grid: {{start: 1}}\n").instructions
    assert instruction.size == units(Decimal(0))
    assert [p.message.split('"')[1] for p in problems(top)] == ["side", "size"]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("below", "column", "words"),
    [
        ("{start: 1.08, stop: 5}", 21, 'an unknown key in grid: found "stop"'),
        ("{end: 1.08}", 7, 'found no "start" in grid'),
        ("{start: bidd}", 15, 'did you mean "bid"?'),
        ("{start: 1.08003}", 15, "grid.start is off the half-pip grid"),
        ("{start: 1, steps: [{off: 5 pips}, {off: 5 pipz}]}", 49, "grid.steps.off cannot be used"),
        ("{start: 1, over: soon}", 24, "a duration such as 90s"),
        ("{start: 1, at: 25:00}", 22, "a time of day such as 08:00"),
        ("{start: 1, part: 5 USX}", 26, 'did you mean "USD"?'),
        ("{start: 1, count: 6}", 25, "expected at most 5"),
        ("{start: 1, word: evn}", 24, 'did you mean "even"?'),
        ("{start: 1, mixed: some}", 25, 'grid.mixed is not as the schema wants it: found "some"'),
        ("{start: 1, code: AB}", 24, "grid.code is not of the right form"),
        ("{start: 1, word: even, count: 1}", 7, "grid is not as the schema wants it"),
        ("5", 7, "grid is of the wrong kind"),
    ],
)
def test_what_the_schema_refuses_is_told_with_its_place(below: str, column: int, words: str) -> None:
    (found,) = problems(f"{TOP}grid: {below}\n")
    assert (found.line, found.column) == (5, column), found
    assert words in found.message


@pytest.mark.usefixtures("installed")
def test_an_order_has_one_strategy() -> None:
    (found,) = problems(TOP + "bracket: {stop_loss: 20 pips}\ngrid: {start: 1}\n")
    assert (found.line, found.column) == (6, 1)
    assert 'found "grid" beside "bracket"' in found.message


@pytest.mark.usefixtures("installed")
def test_the_strategy_of_an_order_replaces_that_of_the_plan() -> None:
    text = TOP + "bracket: {stop_loss: 20 pips}\norders:\n  - {id: a, grid: {start: 1}}\n  - id: b\n"
    assert [instruction.strategy for instruction in plan(text).instructions] == ["grid", "bracket"]


def test_packages_are_asked_only_for_keys_that_nothing_knows(installed: list[_Entry]) -> None:
    installed.append(_Entry(RuntimeError("a second")))
    assert plan(TOP)
    (found,) = problems(TOP + "grid: {start: 1}\n")
    assert "more than one package has a strategy grid: grid-of-orders" in found.message


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (RuntimeError("no\x1b[31m"), "cannot be imported: RuntimeError: no"),
        (types.ModuleType("empty"), "is not a module with a mapping SCHEMA"),
    ],
)
def test_a_broken_plug_in_is_a_problem_of_the_plan(module: object, words: str, installed: list[_Entry]) -> None:
    installed[:] = [_Entry(module)]
    found = problems(TOP + "grid: {start: 1}\n")
    assert all((p.line, p.column) == (5, 1) for p in found)
    assert any(words in p.message for p in found)
    assert all(p.message.isprintable() for p in found)


def test_what_closes_on_a_halt_has_that_in_its_schedule_beside_its_own_or_alone() -> None:
    below = "flatten: {open_orders: cancel, on: halt}\n"
    (alone,) = plan(TOP + below).instructions
    assert alone.schedule is not None
    assert (alone.schedule.on_halt, alone.schedule.has_rule) == (True, False)
    assert list(fires(alone.schedule, NOW, NOW + timedelta(days=9000))) == []
    assert described(alone.schedule) == "on a halt"
    (both,) = plan(TOP + below + 'schedule: {cron: "0 17 * * *", timezone: Europe/London}\n').instructions
    assert described(both.schedule) == "At 17:00 every day, and on a halt (Europe/London)"
    assert len(list(fires(both.schedule, NOW, NOW + timedelta(days=3)))) == 3


def test_exits_cannot_work_on_while_a_halt_is_answered() -> None:
    (found,) = problems(TOP + "flatten: {open_orders: leave, on: halt}\n")
    assert "flatten.open_orders does not fit on: halt: found leave; expected cancel" in found.message
