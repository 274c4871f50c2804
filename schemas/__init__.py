"""The JSON Schemas (draft 2020-12) that plans, settings, events and faults are checked against."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

NAMES = ("plan", "settings", "events", "faults")


def text(name: str) -> str:
    """Return the schema `name` as it is shipped; name is one of NAMES."""
    return files(__package__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """Return the schema `name` parsed, its numbers as Decimal."""
    schema: dict[str, Any] = json.loads(text(name), parse_float=Decimal)
    return schema
