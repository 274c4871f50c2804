"""The files of a report: which on the disk are ours to replace, and writing them whole."""

from __future__ import annotations

import os
from pathlib import Path

from runner.report import csv_files
from runner.report.lines import Report
from runner.report.sheets import COLUMNS, sheets

MARK = "<!-- written by fxrun: a report, replaced by the next -->"  # the second line of each page
_PAGE = f"<!DOCTYPE html>\n{MARK}\n".encode()


def is_page(path: Path) -> bool:
    """Tell whether a file is a page that we wrote."""
    return _begins(path, _PAGE)


def foreign(folder: Path) -> str | None:
    """Return the name of a file that a table would replace and that is none of ours, None if there is no such."""
    return next((name for name, start in _tables().items() if not _is_free(folder / name, start)), None)


def _tables() -> dict[str, bytes]:
    return {f"{name}.csv": csv_files.heading(columns) for name, columns in COLUMNS.items()}


def _is_free(path: Path, start: bytes) -> bool:
    return not os.path.lexists(path) or _begins(path, start)


def _begins(path: Path, start: bytes) -> bool:
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def write_tables(report: Report, folder: Path) -> None:
    """Write a report as CSV files into a folder, which is made if it is not there; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in sheets(report):
        replace(folder / f"{sheet.name}.csv", csv_files.content(sheet))


def replace(path: Path, content: bytes) -> None:
    """Write a file beside another and put it in its place: nobody ever reads half of it. Raises OSError.

    A link stays one, and what it leads to is replaced.
    """
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
