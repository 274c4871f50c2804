"""Y02, Y03, Y04, Y06, Y08: words and numbers that other readers of YAML make something else of; keys; no includes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.core.times import stamp
from runner.errors import PlanInvalid, Problem
from runner.plan import load
from runner.plan.model import Plan

GOOD = """\
plan: demo
contract: {symbol: EUR, currency: USD}
side: buy
size: 25_000
order: {type: limit, price: 1.0850, tif: DAY}
bracket: {take_profit: 1.0950, stop_loss: 1.0800}
schedule: {cron: "30 9 * * mon-fri", timezone: Europe/London}
"""
BARE = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"


@pytest.fixture
def reading(tmp_path: Path) -> Any:
    """Return a function from text to the plan or to what is wrong with it."""

    def read(text: str) -> Plan | tuple[Problem, ...]:
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            return load(str(path))
        except PlanInvalid as error:
            return tuple(error.problems)

    return read


# --- Y02: times

CLOCKS = {  # as written, and what a day's time is in it; None: not a time
    "21:00": "21:00:00", "09:30": "09:30:00", "07:30": "07:30:00", "00:00": "00:00:00", "21:00:00": "21:00:00",
    "23:59:59": "23:59:59", "24:00": None, "7:5": None, "7:30": None, "21": None, "2100": None, "21:60": None,
    "21:00:60": None, "-1:00": None, "21:00pm": None, "21.00": None,
}  # fmt: skip


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("quotes", ["", '"', "'"])
@pytest.mark.parametrize("between", [" ", "T"])
def test_y02_a_time_is_the_same_quoted_or_not_in_the_evening_as_in_the_morning(
    reading: Any, clock: str, quotes: str, between: str
) -> None:
    found = reading(f"{BARE}schedule: {{at: {quotes}2027-03-01{between}{clock}{quotes}, timezone: UTC}}\n")
    if CLOCKS[clock] is None:
        assert not isinstance(found, Plan)
        assert [(p.line, p.column) for p in found] == [(5, 16)]
    else:
        assert isinstance(found, Plan)
        schedule = found.instructions[0].schedule
        assert schedule is not None
        assert [stamp(at) for at in schedule.at] == [f"2027-03-01T{CLOCKS[clock]}Z"]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("quotes", ["", '"'])
@pytest.mark.parametrize("key", ["at", "cron", "from", "until", "every"])
def test_y02_a_time_of_day_alone_is_refused_everywhere_and_never_a_number(
    reading: Any, clock: str, quotes: str, key: str
) -> None:
    """A reader of YAML 1.1 makes 1260 of 21:00 and text of 09:30: neither may be taken for anything here."""
    rule = "" if key in ("at", "cron", "every") else ", every: 1h"
    found = reading(f"{BARE}schedule: {{{key}: {quotes}{clock}{quotes}{rule}}}\n")
    assert not isinstance(found, Plan)
    assert all(p.line == 5 for p in found)
    assert "1260" not in " ".join(p.message for p in found)


def test_y02_the_trap_is_real() -> None:
    assert yaml.safe_load("[21:00, 09:30]") == [1260, "09:30"]


# --- Y03: words that are booleans elsewhere

WORDS = ["NO", "YES", "ON", "OFF", "Y", "N", "no", "Yes", "on", "off", "true", "null", "~", "NULL"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("key", ["side", "size", "contract", "contract.symbol", "contract.currency", "order.type"])
def test_y03_yes_and_no_are_words_that_are_named_in_the_message(reading: Any, word: str, key: str) -> None:
    outer, _, inner = key.partition(".")
    others = {"symbol": "currency: USD", "currency": "symbol: EUR", "type": "tif: DAY"}
    line = f"{outer}: {{{inner}: {word}, {others[inner]}}}" if inner else f"{outer}: {word}"
    kept = "".join(each for each in BARE.splitlines(keepends=True) if not each.startswith(f"{outer}:"))
    found = reading(kept + line + "\n")
    assert not isinstance(found, Plan)
    assert len(found) == 1
    said = "nothing" if word.lower() in ("null", "~") else word.lower()
    assert said in found[0].message.lower().partition("found ")[2].partition(";")[0]
    assert not re.search(r"\b(False|True|None)\b", found[0].message)


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n"])
def test_y03_as_a_name_they_are_text(reading: Any, word: str) -> None:
    found = reading(BARE.replace("demo", word))
    assert isinstance(found, Plan)
    assert found.name == word


@pytest.mark.parametrize("word", WORDS)
def test_y03_as_keys_they_are_unknown_keys_by_their_own_name(reading: Any, word: str) -> None:
    found = reading(f"{BARE}{word}: 1\n")
    assert not isinstance(found, Plan)
    assert [(p.line, p.column) for p in found] == [(5, 1)]
    assert f'"{word}"' in found[0].message


# --- Y04: keys

LEVELS = {
    "": ["plan", "contract", "side", "size", "order", "bracket", "schedule"],
    "contract": ["symbol", "currency"],
    "order": ["type", "price", "tif"],
    "bracket": ["take_profit", "stop_loss"],
    "schedule": ["cron", "timezone"],
}
KEYS = [(level, key) for level, keys in LEVELS.items() for key in keys]


def _with_key(level: str, line: str) -> tuple[str, int]:
    """Return the sound plan with one more entry in a mapping, and the line in which it stands."""
    if not level:
        return f"{GOOD}{line}\n", GOOD.count("\n") + 1
    lines = GOOD.splitlines()
    number = next(n for n, text in enumerate(lines) if text.startswith(f"{level}:"))
    lines[number] = f"{lines[number][:-1]}, {line}}}"
    return "\n".join(lines) + "\n", number + 1


@pytest.mark.parametrize(("level", "key"), KEYS)
def test_y04_a_key_twice_is_refused_at_every_level_with_both_lines(reading: Any, level: str, key: str) -> None:
    text, line = _with_key(level, f"{key}: 1")
    first = next(n for n, row in enumerate(GOOD.splitlines(), 1) if row.startswith(f"{level or key}:"))
    found = reading(text)
    assert not isinstance(found, Plan)
    assert [p.line for p in found] == [line]
    assert f"lines {first} and {line}" in found[0].message
    assert f'"{key}"' in found[0].message


def _misspelt(key: str) -> list[str]:
    return [key[:-1] + key[-1] * 2, key[1:] if len(key) > 3 else key + "s", key.capitalize(), key.upper()]


@pytest.mark.parametrize(("level", "key"), KEYS)
def test_y04_a_misspelt_key_is_refused_at_every_level_and_the_right_one_is_named(
    reading: Any, level: str, key: str
) -> None:
    for word in _misspelt(key):
        text, line = _with_key(level, f"{word}: 1")
        found = reading(text)
        assert not isinstance(found, Plan), word
        assert [p.line for p in found] == [line]
        assert f'"{word}"' in found[0].message
        assert f'"{key}"' in found[0].message.partition("found")[2].replace(f'"{word}"', "", 1), found[0].message


def test_y04_a_key_no_letter_of_which_fits_gets_no_wild_guess(reading: Any) -> None:
    found = reading(f"{GOOD}qqqqq: 1\n")
    assert not isinstance(found, Plan)
    assert "did you mean" not in found[0].message


# --- Y06: numbers

NUMBERS = {  # as written, and the exact size it is; None: refused
    "25000": "25000", "25_000": "25000", "1.0": "1.0", "0.5": "0.5", "+1": "1", "1_000_000.25": "1000000.25",
    "010000": None, "0x10": None, "0o17": None, "0b11": None, "1e5": None, "1E5": None, "1e400": None, "-0": None,
    "0": None, "-1": None, ".5": None, "5.": None, "25,000": None, "25.000,5": None, "1:30": None, ".inf": None,
    "-.inf": None, ".nan": None, "NaN": None, "inf": None, "٢٥٠٠٠": None, "２５０００": None, "25 000": None,
    "25k": None, "$25": None, "1_": None, "_1": None, "1__0": None, '"25000"': None, "'25000'": None, "00": None,
    "+": None,
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_y06_a_number_is_the_exact_decimal_that_stands_there_or_refused(reading: Any, text: str) -> None:
    found = reading(BARE.replace("25_000", text))
    if NUMBERS[text] is None:
        assert not isinstance(found, Plan)
        (problem,) = found
        assert problem.line == 4
        assert 7 <= problem.column <= 7 + len(text)  # at the first character that fits no size
    else:
        assert isinstance(found, Plan)
        quantity = found.instructions[0].size.units
        assert isinstance(quantity, Decimal)
        assert str(quantity) == NUMBERS[text]


@pytest.mark.parametrize("text", [t for t, exact in NUMBERS.items() if exact is None and t not in ("00", "0", "-0")])
def test_y06_the_same_holds_for_a_price(reading: Any, text: str) -> None:
    found = reading(f"{BARE}order:\n  type: limit\n  price: {text}\n")
    assert not isinstance(found, Plan)
    (problem,) = found
    assert problem.line == 7
    assert 10 <= problem.column <= 10 + len(text)


# --- Y08: there are no includes


@pytest.mark.parametrize(
    "text",
    [
        "include: other.yaml",
        "include: ../other.yaml",
        "include: /etc/passwd",
        "include: [other.yaml, plan.yaml]",
        "!include other.yaml",
        "order: !include order.yaml",
        "includes: link.yaml",
        "extends: other.yaml",
        "<<: !include other.yaml",
        "$ref: other.yaml",
    ],
)
def test_y08_a_plan_is_one_file_and_asks_for_no_other(reading: Any, text: str, tmp_path: Path) -> None:
    """Nothing is read but the plan: what it names is broken, and no message speaks of that."""
    for name in ("other.yaml", "order.yaml"):
        (tmp_path / name).write_text("poison: [\n", encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "other.yaml")
    found = reading(f"{text}\n{BARE}" if text.startswith("!") else f"{BARE}{text}\n")
    assert not isinstance(found, Plan)
    assert all(p.file.endswith("plan.yaml") for p in found)
    assert "poison" not in " ".join(p.message for p in found)


@pytest.mark.parametrize("key", ["include", "includes", "extends"])
def test_y08_include_is_told_as_an_unknown_key(reading: Any, key: str) -> None:
    (found,) = reading(f"{BARE}{key}: other.yaml\n")
    assert (found.line, found.column) == (5, 1)
    assert "unknown key" in found.message
