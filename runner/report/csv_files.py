"""A report as CSV files that Excel and LibreOffice open right: RFC 4180, UTF-8 with a mark, one file a table.

Numbers are plain decimals, times such as 2026-11-25 14:30:00, both of which a spreadsheet takes as what they are. A
text that a spreadsheet would take as a formula gets an apostrophe in front: brokers' texts are written by others.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from runner.core.money import EXACT, plain
from runner.report.sheets import Cell, Column, Sheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FINEST = Decimal("1e-10")  # a quotient has no end; money in its own currency, prices and quantities are exact


def heading(columns: Sequence[Column]) -> bytes:
    """Return the first line of the file of a table, by which it is known again."""
    return _lines([[column.title for column in columns]])


def content(sheet: Sheet) -> bytes:
    """Return a table as the bytes of its file."""
    rows = [[_text(cell, column) for cell, column in zip(row, sheet.columns, strict=True)] for row in sheet.rows]
    return heading(sheet.columns) + _lines(rows).removeprefix(codecs.BOM_UTF8)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def _text(cell: Cell, column: Column) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return exact(cell)
        case datetime():
            return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case date() | int():
            return str(cell)
        case _:
            return f"'{cell}" if cell.startswith(_FORMULA) else cell


def exact(number: Decimal) -> str:
    """Write a number as it is; what has more digits than money or prices have, a quotient, to ten decimals."""
    exponent = number.as_tuple().exponent
    is_long = isinstance(exponent, int) and exponent < -18
    return plain(number.quantize(_FINEST, ROUND_HALF_EVEN, EXACT) if is_long else number)
