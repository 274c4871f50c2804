"""The journal's statements and its numbered migrations, as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def queries() -> Mapping[str, str]:
    """Map each "-- name --" heading of queries.sql to the statement below it."""
    _, *parts = _NAME.split(_read("queries.sql"))
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


@cache
def migrations() -> tuple[str, ...]:
    """Return the scripts that lead from an empty file to today's schema, in order; version n is the n-th."""
    names = sorted(entry.name for entry in files(__package__).iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", entry.name))
    return tuple(map(_read, names))
