"""ibapi's reading and writing of one field, with the same answers in half the time: an order has a hundred of them.

The usual kinds of field are dealt with here, and any other by the function of the installed ibapi itself. Six releases
of ibapi agree on what the usual ones mean; a test holds the two against each other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from ibapi import comm, utils

Decode = Callable[..., Any]
_NOTHING = object()
_UNSET = utils.UNSET_DOUBLE
_UNSET_TEXT = f"{_UNSET}\0"
# what most fields say: reading the largest float, which means nothing, takes as long as thirty others
_USUAL: dict[type, dict[bytes, Any]] = {
    int: {b"": 0, b"0": 0, b"1": 1, b"-1": -1},
    bool: {b"": False, b"0": False, b"1": True},
    float: {b"": 0.0, b"0": 0.0, b"0.0": 0.0, b"1.7976931348623157E308": _UNSET},
}
_NONE: dict[bytes, Any] = {}


def reading(original: Decode) -> Decode:
    """Return what answers as ibapi's `decode` does."""

    def decode(kind: type, fields: Iterator[bytes], show_unset: bool = False, use_unicode: bool = False) -> Any:
        value: Any = next(fields, _NOTHING)
        if type(value) is bytes:
            if kind is str and not use_unicode:
                return value.decode("utf-8", "backslashreplace")
            if value or not show_unset:
                known = _USUAL.get(kind, _NONE).get(value)
                if known is not None:
                    return known
                if value.isdigit() and (kind is int or kind is float):
                    return kind(value)
        again = iter(() if value is _NOTHING else (value,))
        return original(kind, again, show_unset, *((True,) if use_unicode else ()))

    return decode


def writing(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return what answers as ibapi's `make_field` does."""

    def make_field(value: Any) -> str:
        kind = type(value)
        if kind is str:
            if value.isascii() and value.isprintable():
                return value + "\0"  # type: ignore[no-any-return]
        elif kind is int:
            return f"{value}\0"
        elif kind is float:
            return _UNSET_TEXT if value == _UNSET else str(value) + "\0"
        return original(value)

    return make_field


def install() -> None:
    """Put both in the place of ibapi's own, in every module of it that uses them; does nothing the second time."""
    _replace("decode", utils, reading)
    _replace("make_field", comm, writing)


def _replace(name: str, home: Any, make: Callable[[Any], Any]) -> None:
    original = getattr(home, name)
    if original.__module__ == __name__:
        return
    made = make(original)
    for module in [module for title, module in sys.modules.items() if title.split(".")[0] == "ibapi"]:
        if getattr(module, name, None) is original:
            setattr(module, name, made)
