"""The codec over any values, any bytes and every version."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import MISSING, fields
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.wire.bodies import read_answer, read_request, write
from runner.wire.codec import decode_answer, decode_request, encode
from runner.wire.errors import WireError
from runner.wire.frames import FrameBuffer, frame, split_fields
from runner.wire.kinds import escape, read_number, unescape
from runner.wire.layout import NEVER, Field, Fixed, Item, Layout
from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS
from runner.wire.messages import PlaceOrder, WireContract, WireOrder
from runner.wire.session import MAX_VERSION, ClientSession, ServerSession

VERSIONS = st.integers(100, 200)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
LAYOUTS = [layout for table in (REQUESTS, ANSWERS) for layout in table.values()]
PLACED = encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 178)


@given(
    frames=st.lists(st.lists(TEXTS, min_size=1, max_size=5).map(tuple), max_size=5), cuts=st.lists(st.integers(0, 400))
)
def test_frames_come_back_however_they_are_cut(frames: list[tuple[str, ...]], cuts: list[int]) -> None:
    wire = b"".join(map(frame, frames))
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    buffer = FrameBuffer()
    got = [f for a, b in pairwise(edges) for f in buffer.receive(wire[a:b])]
    assert got == frames


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_comes_back(text: str) -> None:
    assert escape(text).isascii()
    assert "\0" not in escape(text)
    assert unescape(escape(text)) == text


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=8))
def test_numbers_come_back_exactly(value: Decimal) -> None:
    assert read_number(format(value, "f")) == value


@given(text=st.text())
def test_a_number_is_read_or_refused(text: str) -> None:
    try:
        value = read_number(text)
    except ValueError:
        return
    assert value is None or value.is_finite()


@settings(deadline=None)
@given(data=st.data(), version=VERSIONS)
def test_no_fields_make_decoding_fail_otherwise(data: st.DataObject, version: int) -> None:
    known = st.sampled_from([str(layout.message_id) for layout in LAYOUTS])
    values = st.lists(
        st.sampled_from(["", "0", "1", "-1", "BAG", "9" * 30, "PEG BEST", "x", "1e5"]) | TEXTS, max_size=160
    )
    message = [data.draw(known | TEXTS), *data.draw(values)]
    for decode in (decode_request, decode_answer):
        with suppress(WireError):
            decode(message, version)


@settings(deadline=None)
@given(place=st.integers(1, len(PLACED) - 1), text=TEXTS, keep=st.integers(0, len(PLACED)))
def test_a_damaged_order_is_read_or_refused(place: int, text: str, keep: int) -> None:
    damaged = [*PLACED[:place], text, *PLACED[place + 1 :]][:keep]
    request: object = None
    with suppress(WireError):
        request = decode_request(damaged, 178)
    assert request is None or isinstance(request, PlaceOrder)


@given(data=st.binary(max_size=200), greeted=st.booleans())
def test_no_bytes_make_a_session_fail_otherwise(data: bytes, greeted: bool) -> None:
    session, client = ServerSession(), ClientSession()
    for receive in (session.receive, client.receive):
        with suppress(WireError):
            if greeted and receive == session.receive:
                list(receive(ClientSession().greeting()))
            list(receive(data))


@given(data=st.binary(max_size=100))
def test_any_body_splits(data: bytes) -> None:
    assert all("\0" not in field for field in split_fields(data))


def _gates(items: tuple[Item, ...]) -> set[int]:
    found: set[int] = set()
    for item in items:
        found |= {item.since, item.until}
        if not isinstance(item, Field | Fixed):
            found |= _gates(item.items)
    return found - {0, NEVER}


def _least(layout: Layout) -> Any:
    """Return a message with nothing said that can be left unsaid."""
    return _least_of(layout.message, {name: _least_of(part, {}) for name, part in layout.parts})


def _least_of(cls: type, given_parts: dict[str, Any]) -> Any:
    needed = {"int": 1, "str": "t", "bool": True, "Decimal | None": Decimal(1), "Decimal": Decimal(1)}
    for field in fields(cls):
        if field.name not in given_parts and _required(field):
            given_parts[field.name] = needed[str(field.type)]
    return cls(**given_parts)


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def test_every_message_comes_back_at_every_version_with_raw_ids() -> None:
    for table, read in ((REQUESTS, read_request), (ANSWERS, read_answer)):
        for layout in table.values():
            message = _least(layout)
            for version in range(200, MAX_VERSION + 1):
                assert read(write(message, version)[4:], version) == message, (layout.message, version)


@settings(deadline=None)
@given(data=st.binary(max_size=200), version=st.integers(201, MAX_VERSION), known=st.sampled_from(LAYOUTS))
def test_no_body_makes_reading_fail_otherwise(data: bytes, version: int, known: Layout) -> None:
    for message_id in (known.message_id, known.message_id + 200):
        for read in (read_request, read_answer):
            with suppress(WireError):
                message = read(message_id.to_bytes(4, "big") + data, version)
                assert read(write(message, version)[4:], version) is not None


BODIES = [
    write(PlaceOrder(order_id=1, contract=WireContract(symbol="EUR", multiplier="5"), order=order), 226)[4:]
    for order in (WireOrder(), WireOrder(order_ref="ref", misc_options="a=b;", limit_price=Decimal("1.085")))
]


@settings(deadline=None, max_examples=300)
@given(body=st.sampled_from(BODIES), changes=st.lists(st.tuples(st.integers(4, 400), st.integers(0, 255)), max_size=3))
def test_a_damaged_order_in_protobuf_is_read_or_refused(body: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(body)
    for place, value in changes:
        damaged[4 + place % (len(body) - 4)] = value
    try:
        request = read_request(bytes(damaged), 226)
    except WireError:
        return
    assert isinstance(request, PlaceOrder)
    for version in (178, 200, 226):  # whatever was read can be told to any client, or is too odd for it
        with suppress(WireError):
            assert read_request(write(request, version)[4:], version) is not None


def test_every_message_comes_back_on_both_sides_of_every_gate() -> None:
    """Derived from the tables: a field that has no default and does not travel would be missed here."""
    for table, decode in ((REQUESTS, decode_request), (ANSWERS, decode_answer)):
        for layout in table.values():
            message = _least(layout)
            for gate in {100, 200} | {g for g in _gates(layout.items) if g > 100}:
                for version in (gate - 1, gate):
                    assert decode(encode(message, version), version) == message, (layout.message, version)
