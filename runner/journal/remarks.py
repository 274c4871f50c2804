"""Executions that the broker stopped telling of: kept as remarks, since nothing takes back what a journal holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlisted:
    """An execution that was told once, and that a complete list of its day did not name any more."""

    order_ref: str
    exec_id: str
    at: datetime  # of that list


def gone(exec_id: str) -> str:
    """Word that a list does not name an execution any more."""
    return f"execution {exec_id} is not listed any more"


def back(exec_id: str) -> str:
    """Word that a list names it after all."""
    return f"execution {exec_id} is listed again"


def still_gone(rows: Iterable[tuple[str | None, datetime, str]]) -> tuple[Unlisted, ...]:
    """Return the executions that stay away, from remarks in their order: of each the latest counts."""
    found: dict[str, Unlisted] = {}
    for order_ref, at, text in rows:
        exec_id = text.split(" ")[1]
        if text == gone(exec_id) and order_ref is not None:
            found.setdefault(exec_id, Unlisted(order_ref=order_ref, exec_id=exec_id, at=at))
        elif text == back(exec_id):
            found.pop(exec_id, None)
    return tuple(found.values())
