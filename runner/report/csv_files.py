"""A report as CSV files that Excel and LibreOffice open right: RFC 4180, UTF-8 with a mark, one file a table.

Numbers are plain decimals, times such as 2026-11-25 14:30:00, both of which a spreadsheet takes as what they are. A
text that a spreadsheet would take as a formula gets an apostrophe in front: brokers' texts are written by others.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from runner.core.money import EXACT, plain
from runner.report.lines import Report
from runner.report.sheets import Cell, Column, Sheet, sheets

NAMES = tuple(
    f"{name}.csv"
    for name in ("plans", "commissions", "fills", "orders", "fires", "days", "equity", "exposure", "prices")
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FINEST = Decimal("1e-10")  # a quotient has no end; money in its own currency, prices and quantities are exact


def files(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file."""
    for sheet in sheets(report):
        yield f"{sheet.name}.csv", content(sheet)


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the files into a folder, which is made if it is not there; raises OSError. Each is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(replace(folder / name, found) for name, found in files(report))


def replace(path: Path, content: bytes) -> Path:
    """Write a file beside another and put it in its place: nobody ever reads half of it. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def content(sheet: Sheet) -> bytes:
    """Return a table as the bytes of its file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.title for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_text(cell, column) for cell, column in zip(row, sheet.columns, strict=True)])
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
