"""Messages to fields and back, at one server version, in both roles; the tables of the layouts drive all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from runner.wire.answers import Answer
from runner.wire.build import builder
from runner.wire.errors import WireError
from runner.wire.layout import Layout
from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS
from runner.wire.requests import Request, Unsupported
from runner.wire.steps import Cursor, Step, prepare, read_steps, write_steps
from runner.wire.unoffered import from_fields

_BY_MESSAGE: Mapping[type, Layout] = {
    layout.message: layout for table in (REQUESTS, ANSWERS) for layout in table.values()
}


@lru_cache(maxsize=1024)
def _steps(message: type, version: int) -> tuple[Step, ...]:
    return prepare(_BY_MESSAGE[message].items, version)


@lru_cache(maxsize=1024)
def _plan(message: type, version: int) -> tuple[str, tuple[str, ...], tuple[Step, ...]]:
    """Return what writing a message takes: its id, the names of its parts, the steps."""
    layout = _BY_MESSAGE[message]
    return str(layout.message_id), tuple(name for name, _ in layout.parts), _steps(message, version)


def encode(message: Request | Answer, version: int) -> tuple[str, ...]:
    """Return the fields of a message, its id first."""
    return tuple(fields_of(message, version))


def fields_of(message: Request | Answer, version: int) -> list[str]:
    """Return the same as a list."""
    if isinstance(message, Unsupported):
        return [str(message.message_id), *message.fields]
    kind: type = type(message)
    number, names, steps = _plan(kind, version)
    parts = {name: getattr(message, name) for name in names}
    parts[""] = message
    out = [number]
    write_steps(steps, parts, out)
    return out


def decode_request(fields: Sequence[str], version: int) -> Request:
    """Read what a client sent; `Unsupported` for an id without layout, WireError for fields that do not fit."""
    message_id = _message_id(fields)
    if message_id not in REQUESTS:
        return from_fields(message_id, fields[1:], version)
    return cast(Request, _decode(REQUESTS[message_id], fields, version))


def decode_answer(fields: Sequence[str], version: int) -> Answer:
    """Read what a server sent; `Unsupported` for an id without layout, WireError for fields that do not fit."""
    message_id = _message_id(fields)
    if message_id not in ANSWERS:
        return Unsupported(message_id=message_id, fields=tuple(fields[1:]))
    return cast(Answer, _decode(ANSWERS[message_id], fields, version))


def _decode(layout: Layout, fields: Sequence[str], version: int) -> Any:
    cursor = Cursor(fields, layout.message_id, 1, {"": {}, **{name: {} for name, _ in layout.parts}})
    read_steps(_steps(layout.message, version), cursor)
    values = cursor.parts[""]
    for name, part in layout.parts:
        values[name] = builder(part)(cursor.parts[name])
    return builder(layout.message)(values)


def _message_id(fields: Sequence[str]) -> int:
    if not fields:
        raise WireError("an empty frame")
    text = fields[0]
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise WireError("not a message id", value=text)
    return int(text)
