"""The source line with a caret below the column."""

from __future__ import annotations

from pathlib import Path

from runner.errors import Problem
from runner.plan import excerpt


def shown(path: Path, text: str, line: int, column: int) -> list[str]:
    path.write_bytes(text.encode())
    found = excerpt(Problem(str(path), line, column, ""))
    assert found is not None
    return found.split("\n")


def test_the_caret_stands_below_the_column(tmp_path: Path) -> None:
    assert shown(tmp_path / "p", "a: 1\nside: bye\n", 2, 7) == ["side: bye", "      ^"]


def test_line_ends_and_a_bom_do_not_move_it(tmp_path: Path) -> None:
    assert shown(tmp_path / "p", "\ufeffa: 1\r\nb: 2\r\n", 1, 4) == ["a: 1", "   ^"]
    assert shown(tmp_path / "p", "\ufeffa: 1\r\nb: 2\r\n", 2, 4) == ["b: 2", "   ^"]


def test_control_characters_are_escaped_and_wide_ones_counted(tmp_path: Path) -> None:
    assert shown(tmp_path / "p", "\x1b: x\n", 1, 4) == ["\\x1b: x", " " * 6 + "^"]
    assert shown(tmp_path / "p", "日本: x\n", 1, 5) == ["日本: x", " " * 6 + "^"]
    assert shown(tmp_path / "p", "e\u0301: x\n", 1, 5) == ["e\u0301: x", " " * 3 + "^"]
    assert shown(tmp_path / "p", "{\t'a': x\n", 1, 3) == ["{ 'a': x", " " * 2 + "^"]


def test_long_lines_are_cut_around_the_column(tmp_path: Path) -> None:
    line, caret = shown(tmp_path / "p", "x" * 500 + "Y" + "x" * 500 + "\n", 1, 501)
    assert len(line) < 120
    assert line[caret.index("^")] == "Y"


def test_there_may_be_nothing_to_show(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("a: 1\n\n", encoding="utf-8")
    assert excerpt(Problem(str(path), 2, 1, "")) is None
    assert excerpt(Problem(str(path), 9, 1, "")) is None
    assert excerpt(Problem(str(tmp_path), 1, 1, "")) is None
    assert excerpt(Problem(str(tmp_path / "missing"), 1, 1, "")) is None
