"""Runs of fields made into one expression each, for a layout says the same for every message of a version.

A long message has 150 fields, and a call for each costs more than all they do. So the names and kinds of a run are put
into a lambda once, as dataclasses do for their initialisers; the text comes from the tables alone, never from a peer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from runner.wire.layout import Field


def reader(fields: Sequence[Field], names: Sequence[str]) -> Callable[..., dict[str, Any]]:
    """Return the function that makes values by name of as many texts as there are fields."""
    texts = [f"t{i}" for i in range(len(fields))]
    given = {f"read{i}": field.kind.read for i, field in enumerate(fields)}
    values = (
        f"{name!r}: {field.kind.quick_read.format(text=text, read=f'read{i}')}"
        for i, (field, name, text) in enumerate(zip(fields, names, texts, strict=True))
    )
    return _made(f"lambda {', '.join(texts)}: {{{', '.join(values)}}}", given)


def writer(fields: Sequence[Field], names: Sequence[str]) -> Callable[[Any], tuple[str, ...]]:
    """Return the function that makes the texts of the fields of an object."""
    given = {f"write{i}": field.kind.write for i, field in enumerate(fields)}
    texts = (
        _text(field, f"part.{name}", f"write{i}") for i, (field, name) in enumerate(zip(fields, names, strict=True))
    )
    return _made(f"lambda part: ({', '.join(texts)},)", given)


def _text(field: Field, value: str, write: str) -> str:
    if not field.kind.can_be_unset:
        return field.kind.quick_write.format(value=value, write=write)
    known = field.kind.quick_write.format(value="value", write=write)
    return f"({field.unset!r} if (value := {value}) is None else {known})"


def _made(source: str, given: dict[str, Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(source, given)
    return made
