"""Answers as tables: drawn on a terminal, aligned plain text in a pipe, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from runner.cli import output, terminal
from runner.core.money import plain
from runner.report.blotter import ABSENT, Column, Table

__all__ = ["Column", "Table", "figure", "grouped", "table", "tell"]


def table(title: str, columns: str, rows: Iterable[Sequence[str]]) -> Table:
    """Make a table; columns are words, with a > before those that are set to the right and _ for spaces."""
    heads = tuple(Column(word.lstrip(">").replace("_", " "), right=word.startswith(">")) for word in columns.split())
    return Table(title=title, columns=heads, rows=tuple(tuple(map(_cell, row)) for row in rows))


def _cell(text: str) -> str:
    """Keep a cell on its line, whatever a broker or another client has put into it."""
    return output.clean(text).replace("\n", "\\n")


def figure(value: Decimal | None) -> str | None:
    """Write a figure for a program: exact, None for one that is not known."""
    return None if value is None else plain(value)


def grouped(value: Decimal | None) -> str:
    """Write a figure for people, with its thousands apart; - for one that is not known."""
    return ABSENT if value is None else f"{value:,f}"


def tell(
    header: Sequence[str],
    tables: Sequence[Table],
    lines: Iterable[Mapping[str, object]],
    *,
    as_json: bool,
    fresh: bool = False,
) -> None:
    """Write one pass of answers to stdout; `fresh` puts it in place of what a terminal shows."""
    if as_json:
        for line in lines:
            output.say_json(line)
    elif terminal.is_drawn():
        _draw(header, tables, fresh=fresh)
    else:
        for text in header:
            output.say(_cell(text))
        for one in tables:
            output.say("")
            for text in _aligned(one):
                output.say(text)
        if fresh:
            output.say("")
    sys.stdout.flush()


def _draw(header: Sequence[str], tables: Sequence[Table], *, fresh: bool) -> None:
    from runner.report.render_text import draw

    if fresh and terminal.is_screen(sys.stdout):
        output.clear_screen()
    draw(terminal.console(), [_cell(line) for line in header], tables, ())


def _aligned(one: Table) -> Iterable[str]:
    titles = tuple(column.title for column in one.columns)
    widths = [max(map(len, cells)) for cells in zip(titles, *one.rows, strict=True)]
    yield one.title
    for row in (titles, tuple("-" * width for width in widths), *one.rows):
        pairs = zip(row, widths, one.columns, strict=True)
        yield "  ".join(
            cell.rjust(width) if column.right else cell.ljust(width) for cell, width, column in pairs
        ).rstrip()
