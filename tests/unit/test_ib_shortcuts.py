"""The short ways of reading and writing a field answer as the installed ibapi itself does, also when they refuse."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi import comm, decoder, utils

from runner.ib import shortcuts

KINDS = (str, int, float, bool)
USUAL = [
    *(b"", b"0", b"1", b"-1", b"0.0", b"-0.0", b"2", b"00", b" 1", b"1_0", b"1.5", b"1e3", b"nan", b"Infinity"),
    *(b"-inf", b"1.7976931348623157E308", b"2147483647", b"9223372036854775807", b"\xff", b"\xc3\xa4", b"true"),
]
FIELDS = st.sampled_from(USUAL) | st.binary(max_size=20) | st.integers().map(lambda n: str(n).encode())


def _own(name: str, home: Any) -> Callable[..., Any]:
    """Return ibapi's own function, also if it has been replaced."""
    found = getattr(home, name)
    while found.__module__ == shortcuts.__name__:
        found = found.__closure__[found.__code__.co_freevars.index("original")].cell_contents
    return found  # type: ignore[no-any-return]


DECODE, MAKE_FIELD = _own("decode", utils), _own("make_field", comm)


def outcome(act: Callable[..., Any], *arguments: Any) -> object:
    """Return what came of it in a form that compares: type and text, or which exception."""
    try:
        made = act(*arguments)
    except Exception as fault:
        return type(fault)
    return type(made), repr(made)


@given(kind=st.sampled_from(KINDS), field=FIELDS, show_unset=st.booleans())
def test_a_field_is_read_as_ibapi_reads_it(kind: type, field: bytes, show_unset: bool) -> None:
    read = shortcuts.reading(DECODE)
    assert outcome(read, kind, iter([field]), show_unset) == outcome(DECODE, kind, iter([field]), show_unset)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fields", [[], [None], ["text"], ["1"]])
def test_what_is_no_field_is_left_to_ibapi(kind: type, fields: list[Any]) -> None:
    read = shortcuts.reading(DECODE)
    assert outcome(read, kind, iter(fields)) == outcome(DECODE, kind, iter(fields))


@given(
    st.text()
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.decimals()
    | st.sampled_from(["\x7f", "\t"])
)
def test_a_value_is_written_as_ibapi_writes_it(value: object) -> None:
    assert outcome(shortcuts.writing(MAKE_FIELD), value) == outcome(MAKE_FIELD, value)


@pytest.mark.parametrize("value", [0.0, -0.0, 1.7976931348623157e308, 2147483647, Decimal("1.50"), "", "EUR"])
def test_values_that_mean_something_special(value: object) -> None:
    assert shortcuts.writing(MAKE_FIELD)(value) == MAKE_FIELD(value)


def test_they_take_the_place_of_ibapis_own_once() -> None:
    shortcuts.install()
    first = utils.decode
    shortcuts.install()
    assert first is utils.decode is decoder.decode
    assert comm.make_field.__module__ == shortcuts.__name__
