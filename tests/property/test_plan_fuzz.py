"""Nothing that can be written in a file makes the reader raise anything but PlanInvalid, or point outside the file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from runner.errors import Problem
from runner.plan.build import build
from runner.plan.excerpt import excerpt
from runner.plan.model import Plan
from runner.plan.source import parse
from runner.plan.text import Unreadable, decode
from runner.plan.validate import validate
from runner.plan.variables import Given, fill

WHOLE = """\
plan: eurusd-weekday
mode: simulate
vars: {pips: 5, way: {type: text, default: buy}}
env: [ZONE]
contract: {symbol: EUR, sec_type: CASH, currency: USD, exchange: IDEALPRO}
side: buy
size: 25_000
order: {type: limit, price: 1.0850, tif: DAY}
bracket: {take_profit: 1.0950, stop_loss: 1.0800}
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
  from: 2025-01-01
  until: 2025-12-31
unfilled: {after: 10m, then: cancel}
when: {spread: 2 pips, position: flat, window: {opens: 08:00, closes: 17:00}}
orders:
  - id: a
  - id: words
    side: ${way}
    size: risk 0.5%
    order: {type: limit, price: "bid - ${pips} pips", tif: GTD, until: 2h, ib: {triggerMethod: 2}}
    bracket: {take_profit: 2R, stop_loss: 25 pips}
    when: {after: a, within: 30m}
  - id: rungs
    ladder: {count: 5, from: bid - 5 pips, to: bid - 25 pips}
  - id: b
    side: sell
    order: {type: market}
    bracket: {stop_loss: 1.0950}
    schedule: {at: [2027-03-01 09:30, 2027-04-01]}
"""
SCHEMA = Draft202012Validator(json.loads(schemas.text("plan")))
PIECES = st.sampled_from(
    ["[", "]", "{", "}", ":", ": ", "- ", "? ", ",", "#", "&a ", "*a", "!!str ", "<<: ", "---\n", "...\n",
     '"', "'", "|\n", ">",
     "%", "@", "`", "\t", "\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\u202e", "\ufeff",
     "\ud7ff", "\U0001f600", "0x1", "1e5", "-",
     "~", "null", "true", ".nan", "9" * 40, "  ", "\\", "\\x00", "2025-02-30", "  id: a\n",
     "${", "${pips}", "${env:ZONE}", "2R", "risk 1%", "bid - 5 pips", "50% of cash",
     "orders:\n", "size: ", "0"]
)  # fmt: skip


def outcome(data: bytes) -> Plan | list[Problem]:
    try:
        text = decode(data)
    except Unreadable as error:
        return [Problem("plan.yaml", error.line, error.column, error.message)]
    source = fill(parse("plan.yaml", text, data), Given(environment={"ZONE": "x"}))
    drafts, problems = validate(source)
    return problems or build(source, drafts)


def check(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, Plan):
        assert found.instructions
        return
    lines = data.decode("utf-8", "replace").split("\n")
    assert found == sorted(set(found), key=found.index)
    for problem in found:
        assert 1 <= problem.line <= len(lines) + 1
        assert 1 <= problem.column <= len(lines[min(problem.line, len(lines)) - 1]) + 1
        assert problem.message.isprintable()
        assert "cannot say where" not in problem.message


@given(st.binary(max_size=300))
@example(b"\xff\xfe")
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.text(max_size=300))
@example("\N{REPLACEMENT CHARACTER}")
def test_any_text(text: str) -> None:
    check(text.encode("utf-8", "replace"))


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_heap_of_yaml(text: str) -> None:
    check(text.encode())


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), PIECES), min_size=1, max_size=4))
def test_a_sound_plan_damaged(edits: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    check(text.encode())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([1.1, 0.5, "buy", "limit", "EUR.USD", "1h", "", "x" * 200]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "cron", "at", "x"]), inner)
    ),
    max_leaves=6,
)
KEYS = [
    "plan",
    "mode",
    "contract",
    "side",
    "size",
    "order",
    "bracket",
    "schedule",
    "unfilled",
    "when",
    "vars",
    "env",
    "ladder",
    "target",
    "orders",
    "zzz",
]
SOUND: dict[str, Any] = {"plan": "demo", "contract": "EUR.USD", "side": "buy", "size": 25000}


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=3))
def test_what_the_schema_refuses_is_refused(changes: dict[str, Any]) -> None:
    data = SOUND | changes
    found = outcome(json.dumps(data).encode())
    if not SCHEMA.is_valid(data):
        assert not isinstance(found, Plan)
    check(json.dumps(data).encode())


@given(size=st.decimals("0.00000001", "1000000000000", places=8), places=st.integers(0, 8))
def test_sizes_arrive_digit_for_digit(size: Decimal, places: int) -> None:
    text = format(size, f".{places}f")
    found = outcome(f"plan: demo\ncontract: EUR.USD\nside: buy\nsize: {text}\n".encode())
    if Decimal(text) > 0:
        assert isinstance(found, Plan)
        assert str(found.instructions[0].size.amount) == str(Decimal(text))
    else:
        assert isinstance(found, list)


@given(data=st.binary(max_size=200), line=st.integers(1, 9), column=st.integers(1, 300))
def test_any_excerpt(data: bytes, line: int, column: int, tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "excerpt.yaml"
    path.write_bytes(data)
    shown = excerpt(Problem(str(path), line, column, ""))
    assert shown is None or all(c.isprintable() or c == "\n" for c in shown)
