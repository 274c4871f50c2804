"""Which message was held against a real ibapi at which version, and in which form: one letter a cell."""

from __future__ import annotations

from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS

RAW_IDS_SINCE = 201
KINDS = {"asks": REQUESTS, "is told": ANSWERS}
LEGEND = "t text, r text behind a raw id, P protobuf, . before the first version that was asked"
_seen: dict[tuple[str, int], dict[int, str]] = {}


def note(direction: str, version: int, wire: bytes) -> None:
    """Remember that ibapi wrote or understood this frame."""
    message_id, form = _form(wire, version)
    _seen.setdefault((direction, message_id), {})[version] = form


def _form(wire: bytes, version: int) -> tuple[int, str]:
    if version < RAW_IDS_SINCE:
        return int(wire[4:].partition(b"\0")[0]), "t"
    message_id = int.from_bytes(wire[4:8], "big")
    return (message_id - 200, "P") if message_id > 200 else (message_id, "r")


def rows() -> set[tuple[str, int]]:
    """Return what was seen at all."""
    return set(_seen)


def missing() -> list[str]:
    """Return the cells that should be filled and are not: from a message's first version on."""
    versions = sorted({version for row in _seen.values() for version in row})
    return [
        f"{direction} {_name(direction, message_id)} at {version}"
        for (direction, message_id), row in _seen.items()
        for version in versions
        if version > min(row) and version not in row
    ]


def lines() -> list[str]:
    """Return the table, versions across, read downwards."""
    versions = sorted({version for row in _seen.values() for version in row})
    heads = [" " * 36 + "".join(str(version)[digit] for version in versions) for digit in range(3)]
    told = [
        f"{direction:7} {_name(direction, message_id):28}" + "".join(row.get(version, ".") for version in versions)
        for (direction, message_id), row in sorted(_seen.items())
    ]
    return [*heads, *told, LEGEND]


def _name(direction: str, message_id: int) -> str:
    layout = KINDS[direction].get(message_id)
    return str(message_id) if layout is None else layout.message.__name__
