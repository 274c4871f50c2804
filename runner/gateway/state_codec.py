"""Values of dataclasses to JSON and back, driven by their type hints: what a class gains is kept without a word here.

Only what differs from its default is written. A Decimal keeps its exponent, an Enum is its name, a member of a union of
several classes carries the name of its class.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from runner.wire.build import builder

T = TypeVar("T")
_Change = Callable[[Any], Any]
_KIND = "~"  # beside the fields of a member of a union: which class it is
_PLAIN = (str, int, bool, float, types.NoneType)
_write = json.JSONEncoder(separators=(",", ":")).encode


class CodecError(ValueError):
    """The text is not a value of that type."""


def to_text(value: Any) -> str:
    """Write a value of a dataclass."""
    kind: Any = type(value)
    return _write(_encoder(kind)(value))


def from_text(cls: type[T], text: str) -> T:
    """Read a value of a dataclass; raises CodecError."""
    kind: Any = cls
    try:
        read: T = _decoder(kind)(json.loads(text))
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise CodecError(f"not a {cls.__name__}: {error}") from None
    return read


# --- writing


@lru_cache(maxsize=512)
def _encoder(hint: Any) -> _Change:
    """Return what makes JSON of a value of a type."""
    if is_dataclass(hint):
        return _dataclass_encoder(hint)
    members = _members(hint)
    if members is not None:
        return _union_encoder(members)
    origin = typing.get_origin(hint)
    if origin is not None:
        return _container_encoder(origin, typing.get_args(hint))
    return _scalar_encoder(hint)


def _scalar_encoder(hint: Any) -> _Change:
    if hint in _PLAIN:
        return _same
    if hint is Decimal:
        return str
    if isinstance(hint, type) and issubclass(hint, Enum):
        return attrgetter("name")
    if hint in (datetime, date):
        return _iso
    raise TypeError(f"no way to keep a {hint}")


def _dataclass_encoder(cls: Any) -> _Change:
    kept = _kept(cls)
    names = [field.name for field in kept]
    if not names:
        return lambda value: {}
    rows = list(zip(names, map(default_of, kept), (_encoder(_hints(cls)[name]) for name in names), strict=True))
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)

    def encode(value: Any) -> dict[str, Any]:
        return {
            name: change(item)
            for item, (name, default, change) in zip(values(value), rows, strict=True)
            if item is not default and (item != default or type(item) is not type(default))
        }

    return _remembering(encode) if cls.__dataclass_params__.frozen else encode


def _remembering(encode: _Change) -> _Change:
    """Encode what comes again, such as the contract of many orders, once; for what never changes."""
    last: tuple[Any, Any] = (None, None)

    def again(value: Any) -> Any:
        nonlocal last
        if value is not last[0]:
            last = value, encode(value)
        return last[1]

    return again


def _union_encoder(members: Sequence[Any]) -> _Change:
    if len(members) == 1:
        change = _encoder(members[0])
        return lambda value: None if value is None else change(value)
    changes = {member: _encoder(member) for member in members}

    def encode(value: Any) -> Any:
        if value is None:
            return None
        return {_KIND: type(value).__name__, "value": changes[type(value)](value)}

    return encode


def _container_encoder(origin: Any, args: tuple[Any, ...]) -> _Change:
    if issubclass(origin, Mapping):
        key, item = map(_encoder, args)
        return lambda value: [[key(one), item(other)] for one, other in value.items()]
    if origin is tuple and args[-1:] != (...,):
        each = [_encoder(arg) for arg in args]
        return lambda value: [change(one) for change, one in zip(each, value, strict=True)]
    change = _encoder(args[0])
    return lambda value: [change(one) for one in value]


# --- reading


@lru_cache(maxsize=512)
def _decoder(hint: Any) -> _Change:
    """Return what makes a value of a type of JSON."""
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    members = _members(hint)
    if members is not None:
        return _union_decoder(members)
    origin = typing.get_origin(hint)
    if origin is not None:
        return _container_decoder(origin, typing.get_args(hint))
    return _scalar_decoder(hint)


def _scalar_decoder(hint: Any) -> _Change:
    if hint in _PLAIN:
        return lambda value: _exactly(hint, value)
    if hint is Decimal:
        return lambda value: Decimal(_exactly(str, value))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: hint[value]
    if hint in (datetime, date):
        read: _Change = hint.fromisoformat
        return read
    raise TypeError(f"no way to read a {hint}")


def _dataclass_decoder(cls: Any) -> _Change:
    changes = {field.name: _decoder(_hints(cls)[field.name]) for field in _kept(cls)}
    make = builder(cls) if _is_plain(cls) else lambda given: cls(**given)

    def decode(told: Any) -> Any:
        return make({name: changes[name](item) for name, item in told.items()})

    return decode


def _union_decoder(members: Sequence[Any]) -> _Change:
    if len(members) == 1:
        change = _decoder(members[0])
        return lambda value: None if value is None else change(value)
    changes = {member.__name__: _decoder(member) for member in members}
    return lambda value: None if value is None else changes[value[_KIND]](value["value"])


def _container_decoder(origin: Any, args: tuple[Any, ...]) -> _Change:
    if issubclass(origin, Mapping):
        key, item = map(_decoder, args)
        return lambda value: {key(one): item(other) for one, other in value}
    if origin is tuple and args[-1:] != (...,):
        each = [_decoder(arg) for arg in args]
        return lambda value: tuple(change(one) for change, one in zip(each, value, strict=True))
    change = _decoder(args[0])
    make = {Sequence: tuple}.get(origin, origin)
    return lambda value: make(change(one) for one in value)


# --- what both need to know of a type


def _kept(cls: Any) -> list[Field[Any]]:
    return [field for field in fields(cls) if field.init and not field.metadata.get("transient")]


def _is_plain(cls: Any) -> bool:
    """Tell whether a value can be made slot by slot, which costs a third."""
    has_factory = any(field.default_factory is not MISSING or not field.init for field in fields(cls))
    return "__slots__" in cls.__dict__ and not has_factory and not hasattr(cls, "__post_init__")


@lru_cache(maxsize=128)
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def default_of(field: Field[Any]) -> Any:
    """Return the default of a field, or MISSING."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _members(hint: Any) -> tuple[Any, ...] | None:
    """Return the types of a union but None; None if it is no union."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    return tuple(member for member in typing.get_args(hint) if member is not types.NoneType)


def _same(value: Any) -> Any:
    return value


def _iso(value: date) -> str:
    return value.isoformat()


def _exactly(cls: type, value: Any) -> Any:
    if type(value) is not cls and not (cls is float and type(value) is int):
        raise TypeError(f"{str(value)[:40]!r} is not of type {cls.__name__}")
    return value
