"""Reading the text of a plan: what words mean, where they stand, and which forms are refused."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from runner.plan.model import Mark
from runner.plan.source import MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, Source, parse, read


def source(text: str) -> Source:
    return parse("plan.yaml", text, text.encode())


def value(text: str) -> object:
    found = source(f"x: {text}\n")
    assert found.problems == ()
    assert isinstance(found.data, dict)
    return found.data["x"]


def places(text: str) -> list[str]:
    return [f"{p.line}:{p.column}" for p in sorted(source(text).problems)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25_000", "25000"),
        ("1.0850", "1.0850"),
        ("-5", "-5"),
        ("+5", "5"),
        ("0", "0"),
        ("0.00005", "0.00005"),
        ("1_000.000_5", "1000.0005"),
        ("1234567890123456789012345678", "1234567890123456789012345678"),
    ],
)
def test_numbers_are_exact_decimals(text: str, expected: str) -> None:
    found = value(text)
    assert isinstance(found, Decimal)
    assert str(found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "21:00",
        "2025-01-01",
        "2025-01-01 09:30",
        "yes",
        "no",
        "on",
        "off",
        "NO",
        "y",
        "1h",
        "15m",
        "1.2.3",
        "EUR/USD",
        "_1",
    ],
)
def test_times_and_words_stay_text(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize("text", ['"25000"', "'25000'", '"true"', '"null"', '"0x10"', '"1e5"'])
def test_quoted_values_are_text(text: str) -> None:
    assert value(text) == text[1:-1]


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("False", False), ("null", None), ("~", None), ("", None)]
)
def test_only_true_false_and_null_are_special(text: str, expected: object) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "0x1F",
        "0o17",
        "0b1",
        "1,000",
        "1e5",
        "1.5E-3",
        ".inf",
        "-.INF",
        ".nan",
        "NaN",
        "inf",
        ".5",
        "5.",
        "1__0",
        "5_",
    ],
)
def test_numbers_that_read_differently_elsewhere_are_refused(text: str) -> None:
    found = source(f"x: {text}\n")
    assert [(p.line, p.column) for p in found.problems] == [(1, 4)]
    assert found.is_tainted(("x",))
    assert len(found.problems[0].message) < 300


@pytest.mark.parametrize("text", ["9" * 29, "9" * 5000, "1_" * 3000, "0" * 100], ids=len)
def test_long_numbers_are_refused(text: str) -> None:
    (problem,) = source(f"x: {text}\n").problems
    assert (problem.line, problem.column) == (1, 4)
    assert len(problem.message) < 300


def test_marks_of_keys_and_values() -> None:
    found = source("a: 1\nb:\n  - c: [x, y]\n  - d\n")
    assert found.key_mark(("b",)) == Mark(2, 1)
    assert found.value_mark(("b",)) == Mark(3, 3)
    assert found.key_mark(("b", 0, "c")) == Mark(3, 5)
    assert found.value_mark(("b", 0, "c", 1)) == Mark(3, 12)
    assert found.value_mark(("b", 1)) == Mark(4, 5)


def test_the_mark_of_what_is_not_there_is_that_of_what_is_around_it() -> None:
    found = source("a: 1\norder: {type: limit}\n")
    assert found.value_mark(("order", "price")) == Mark(2, 8)
    assert found.value_mark(("nothing",)) == Mark(1, 1)


def test_columns_count_characters_and_a_bom_is_none(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes("\ufeffé日: &a 1\r\nb: *a\r\n".encode())
    assert [(p.line, p.column) for p in read(str(path)).problems] == [(1, 5), (2, 4)]


def test_the_digest_is_of_the_bytes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(str(path)).digest == hashlib.sha256(b"\xef\xbb\xbfa: 1\n").hexdigest()


def test_the_first_of_two_keys_holds_and_keeps_its_place() -> None:
    found = source("a: 1\na: {b: &x 2}\n")
    assert found.data == {"a": Decimal(1)}
    assert found.value_mark(("a",)) == Mark(1, 4)
    assert [(p.line, p.column) for p in sorted(found.problems)] == [(2, 1), (2, 8)]


def test_after_a_syntax_error_only_that_one_is_told() -> None:
    assert places("a: 0x1\na: 2\nb: [1\n") == ["3:4"]


def test_characters_are_told_even_where_they_break_the_syntax() -> None:
    assert places("a: b\rc: d\ne: \x07[\n") == ["1:5", "2:4"]


def test_json_with_tabs_and_without_spaces() -> None:
    found = source('{\n\t"a":1,\t"b":[true,null,"x\\ty"]\n}\n'.replace("\\t", " "))
    assert found.problems == ()
    assert found.data == {"a": Decimal(1), "b": [True, None, "x y"]}
    assert found.key_mark(("b",)) == Mark(2, 9)


def test_a_tab_inside_a_json_string_is_not_taken_for_a_space() -> None:
    assert places('{"a": "x\ty"}') == ["1:7"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_limited_before_anything_is_built(opening: str) -> None:
    place = len(opening) * MAX_DEPTH + 1
    assert places(opening * (MAX_DEPTH + 1)) == [f"1:{place}"]
    assert places(opening * 20_000) == [f"1:{place}"]


def test_32_levels_are_read() -> None:
    found = source("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert found.problems == ()


def test_the_number_of_values_is_limited() -> None:
    assert source("x:\n" + "- 1\n" * (MAX_NODES - 3)).problems == ()
    assert places("x:\n" + "- 1\n" * (MAX_NODES + 3)) == [f"{MAX_NODES - 1}:3"]


def test_the_number_of_problems_is_limited() -> None:
    assert len(source("\x01\n" * 5000).problems) <= MAX_PROBLEMS + 1
    assert len(source("- 0x1\n" * 5000).problems) <= MAX_PROBLEMS + 2


def test_the_parser_in_python_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: 1\nb: {c: 2025-01-01, d: [25_000, 0x1]}\na: 2\n"
    fast = source(text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert source(text) == fast
