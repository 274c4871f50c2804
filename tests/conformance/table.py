"""Which message was held against which real ibapi at which version, and in which form: one letter a cell."""

from __future__ import annotations

from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS
from runner.wire.session import MAX_VERSION, MIN_VERSION
from tests.conformance.generations import GENERATIONS

RAW_IDS_SINCE = 201
KINDS = {"asks": REQUESTS, "is told": ANSWERS}
VERSIONS = range(MIN_VERSION, MAX_VERSION + 1)
# The first version that has a message: below it no ibapi speaks it, and its cell says so.
SINCE = {
    **dict.fromkeys((("asks", i) for i in (74, 75, 76, 77)), 103),
    **dict.fromkeys((("is told", i) for i in (71, 72, 73, 74)), 103),
    **{("asks", 80): 107, ("is told", 78): 107, ("asks", 81): 108, ("is told", 79): 108, ("is told", 81): 114},
    **{("asks", 87): 118, ("is told", 88): 118, ("asks", 90): 123, ("is told", 90): 124},
    **{("asks", 91): 126, ("is told", 93): 126},
    **dict.fromkeys((("asks", i) for i in (92, 93, 94, 95)), 127),
    **{("is told", 94): 127, ("is told", 95): 127, ("is told", 100): 144},
    **{("asks", 99): 150, ("is told", 101): 150, ("is told", 102): 150},
    **{("asks", 104): 167, ("is told", 107): 167, ("is told", 108): 196},
    **{("asks", 105): 197, ("is told", 109): 197},
}
LEGEND = (
    "a to f: ibapi 9.81.1, 10.19, 10.30, 10.37, 10.45, 10.51; small for text, capital for protobuf;",
    ". no ibapi speaks the message at this version",
)
_seen: dict[tuple[str, int], dict[int, str]] = {}


def since(direction: str, message_id: int) -> int:
    """Return the first version that has a message."""
    return SINCE.get((direction, message_id), MIN_VERSION)


def note(direction: str, version: int, wire: bytes, letter: str) -> None:
    """Remember that this generation of ibapi wrote or understood this frame; the oldest one counts."""
    message_id, is_protobuf = _form(wire, version)
    row = _seen.setdefault((direction, message_id), {})
    row[version] = min(row.get(version, "z"), letter.upper() if is_protobuf else letter, key=str.lower)


def is_new(direction: str, version: int, wire: bytes) -> bool:
    """Tell whether no frame of this kind was seen."""
    return version not in _seen.get((direction, _form(wire, version)[0]), {})


def _form(wire: bytes, version: int) -> tuple[int, bool]:
    if version < RAW_IDS_SINCE:
        return int(wire[4:].partition(b"\0")[0]), False
    message_id = int.from_bytes(wire[4:8], "big")
    return (message_id - 200, True) if message_id > 200 else (message_id, False)


def is_whole() -> bool:
    """Tell whether all of the suite ran: every message was seen, and every generation."""
    rows = {(direction, message_id) for direction, kind in KINDS.items() for message_id in kind}
    letters = {letter.lower() for row in _seen.values() for letter in row.values()}
    return rows <= set(_seen) and letters == {generation.letter for generation in GENERATIONS}


def missing() -> list[str]:
    """Return the cells that should be filled and are not: from a message's first version on."""
    return [
        f"{direction} {_name(direction, message_id)} at {version}"
        for direction, kind in KINDS.items()
        for message_id in kind
        for version in range(since(direction, message_id), MAX_VERSION + 1)
        if version not in _seen.get((direction, message_id), {})
    ]


def lines() -> list[str]:
    """Return the table, versions across, read downwards; what is not offered is told apart from it."""
    heads = [" " * 36 + "".join(str(version)[digit] for version in VERSIONS) for digit in range(3)]
    told = [
        f"{direction:7} {_name(direction, message_id):28}" + "".join(row.get(version, ".") for version in VERSIONS)
        for (direction, message_id), row in sorted(_seen.items())
        if message_id in KINDS[direction]
    ]
    return [*heads, *told, *LEGEND]


def _name(direction: str, message_id: int) -> str:
    return KINDS[direction][message_id].message.__name__
