"""A finished run for people: header, blotter, profit and loss, one line of figures.

Aligned plain text where stdout is a file or a pipe, tables on a terminal; both from the same rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import TYPE_CHECKING

from runner.core.events import Summary
from runner.journal.rows import ExecutionRow, FireRow, OrderRow
from runner.report.blotter import Table, amounts, blotter, exceptions, results, units
from runner.report.pnl import holdings

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NO_MARKS: Mapping[str, Decimal] = {}
LAST_FILL = "mark: the price of the pair's last fill in this run"
INDENT = "    "
_COUNTS = ("filled", "working", "cancelled", "expired", "rejected", "denied", "unknown")


def report(
    summary: Summary,
    fires: Sequence[FireRow],
    orders: Sequence[OrderRow],
    executions: Sequence[ExecutionRow],
    *,
    header: Sequence[str] = (),
    footer: Sequence[str] = (),
    marks: Mapping[str, Decimal] = NO_MARKS,
    more: Sequence[Table] = (),
) -> str:
    """Return the report as plain text, with more tables behind its own; the same rows give the same bytes."""
    parts = ["\n".join(header)]
    parts += ["\n".join(_plain(table)) for table in [*_tables(fires, orders, executions, marks), *more]]
    parts.append("\n".join(_closing(summary, footer, _at_last_fill(executions, marks))))
    return "\n\n".join(part for part in parts if part) + "\n"


def show(
    summary: Summary,
    fires: Sequence[FireRow],
    orders: Sequence[OrderRow],
    executions: Sequence[ExecutionRow],
    *,
    console: Console | None,
    header: Sequence[str] = (),
    footer: Sequence[str] = (),
    marks: Mapping[str, Decimal] = NO_MARKS,
    more: Sequence[Table] = (),
) -> None:
    """Draw the report on a console of rich, or write it to stdout as plain text."""
    if console is None:
        sys.stdout.write(
            report(summary, fires, orders, executions, header=header, footer=footer, marks=marks, more=more)
        )
        return
    closing = _closing(summary, footer, _at_last_fill(executions, marks))
    draw(console, header, [*_tables(fires, orders, executions, marks), *more], closing)


def draw(console: Console, header: Sequence[str], tables: Sequence[Table], closing: Sequence[str]) -> None:
    """Draw a report on a console of rich."""
    from rich.text import Text

    _lines(console, header)
    for table in tables:
        console.print(Text())
        if _drawn_width(table) > console.width:
            _lines(console, [*_plain(table, console.width)])
        else:
            console.print(_drawn(table))
        if table.left_out:
            console.print(Text(_left_out(table), style="dim"))
    console.print(Text())
    _lines(console, closing)


def _tables(
    fires: Sequence[FireRow],
    orders: Sequence[OrderRow],
    executions: Sequence[ExecutionRow],
    marks: Mapping[str, Decimal],
) -> list[Table]:
    tables = [blotter(fires, orders, executions), exceptions(fires, orders), results(executions, marks)]
    return [table for table in tables if table.rows]


def _at_last_fill(executions: Sequence[ExecutionRow], marks: Mapping[str, Decimal]) -> bool:
    return any(holding.position and holding.contract not in marks for holding in holdings(executions))


def _closing(summary: Summary, footer: Sequence[str], at_last_fill: bool) -> list[str]:
    return [*([LAST_FILL] if at_last_fill else []), *footer, figures(summary)]


def figures(summary: Summary) -> str:
    """Return the summary as one line; states that no order is in are left out."""
    counts = [f"{count} {word}" for word in _COUNTS if (count := getattr(summary, word))]
    fires = [f"{count} {word}" for word in ("skipped", "missed") if (count := getattr(summary, word))]
    positions = ", ".join(f"{name} {units(summary.positions[name])}" for name in sorted(summary.positions))
    parts = (
        ", ".join([_counted(summary.fires, "fire"), *fires]),
        ", ".join([_counted(summary.orders, "order"), *counts]),
        f"commission {amounts(summary.commission)}",
        f"realized {amounts(summary.realized_pnl)}",
        f"position {positions or 'flat'}",
    )
    return "; ".join(parts)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _left_out(table: Table) -> str:
    return f"... {table.left_out} more rows are not shown here; --json has all of them"


def _widths(table: Table) -> list[int]:
    titles = tuple(column.title for column in table.columns)
    return [max(map(len, cells)) for cells in zip(titles, *table.rows, strict=True)]


def _plain(table: Table, width: int | None = None) -> Iterator[str]:
    """Yield the lines of a table; a row that is wider than `width` goes on in further, indented lines."""
    widths = _widths(table)
    pieces = [range(len(widths))] if width is None else _pieces(widths, width)

    def aligned(cells: Sequence[str]) -> Iterator[str]:
        pairs = zip(cells, widths, table.columns, strict=True)
        texts = [cell.rjust(wide) if column.right else cell.ljust(wide) for cell, wide, column in pairs]
        for piece in pieces:
            indent = INDENT * (piece.start > 0)
            line = (indent + "  ".join(texts[piece.start : piece.stop])).rstrip()
            if width is None or len(line) <= width:
                yield line
            else:  # one cell, and too wide: it goes on below itself
                yield from wrap(line.strip(), width, initial_indent=indent, subsequent_indent=indent)

    yield table.title
    yield from aligned([column.title for column in table.columns])
    yield from aligned(["-" * (wide if width is None else min(wide, width - len(INDENT))) for wide in widths])
    for number, row in enumerate(table.rows):
        if table.left_out and number == table.gap:
            yield _left_out(table)
        yield from aligned(row)


def _pieces(widths: Sequence[int], most: int) -> list[range]:
    """Share columns out to lines of at most so many characters; a column too wide for any gets one of its own."""
    pieces, first, used = [], 0, 0
    for number, width in enumerate(widths):
        if number > first and used + 2 + width > most:
            pieces.append(range(first, number))
            first, used = number, len(INDENT) + width
        else:
            used += width + (2 if number > first else len(INDENT) * (number > 0))
    return [*pieces, range(first, len(widths))]


def _drawn_width(table: Table) -> int:
    widths = _widths(table)
    return sum(widths) + 3 * (len(widths) - 1)


def _drawn(table: Table) -> RenderableType:
    from rich import box
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in table.columns:  # fold: a narrow terminal must not cut a figure short
        drawn.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for number, row in enumerate(table.rows):
        if table.left_out and number == table.gap:
            drawn.add_row("...", *[""] * (len(row) - 1))
        drawn.add_row(*map(Text, row))
    return drawn


def _lines(console: Console, texts: Sequence[str]) -> None:
    """Write lines as they are: a broker's text may hold what rich takes for markup."""
    for text in texts:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
