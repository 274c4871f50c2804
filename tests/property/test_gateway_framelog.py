"""Whatever comes over a connection, reading along never fails, and leaves one line of plain text for each message."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.gateway.framelog import Tap
from runner.gateway.framelog_text import words
from runner.wire.frames import frame, wrap
from runner.wire.messages import CompletedOrder, ExecutionDetails, OpenOrder, PlaceOrder, RequestHistoricalData
from runner.wire.session import ClientSession, ServerSession

VERSIONS = (100, 157, 178, 201, 203, 226)
FIELD = st.one_of(
    st.text(max_size=8).filter(lambda text: "\0" not in text),
    st.integers().map(str),
    st.sampled_from(["sNaN", "NaN", "1e999999", "Infinity", "-0"]),
)
TEXT_FRAME = st.lists(FIELD, max_size=12).flatmap(
    lambda rest: st.integers(0, 120).map(lambda number: frame((str(number), *rest)))
)
RAW_FRAME = st.tuples(st.integers(-2, 420), st.binary(max_size=60)).map(
    lambda both: wrap(both[0].to_bytes(4, signed=True) + both[1])
)
st.register_type_strategy(Decimal, st.decimals(allow_nan=False))  # as far as the wire lets any in


def tap(version: int) -> tuple[Tap, list[str]]:
    """Return a tap behind the greeting of a version, and its lines."""
    told: list[str] = []
    made = Tap(told.append, "#1", 226)
    made.came(ClientSession(max_version=version).greeting())
    server = ServerSession(226)
    list(server.receive(ClientSession(max_version=version).greeting()))
    made.went(server.handshake_reply(f"{datetime(2025, 3, 5, tzinfo=UTC):%Y%m%d %H:%M:%S} UTC"))
    return made, told


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None)
@given(
    frames=st.lists(st.one_of(TEXT_FRAME, RAW_FRAME), max_size=8), tail=st.binary(max_size=40), cut=st.integers(1, 50)
)
def test_whatever_comes(version: int, frames: list[bytes], tail: bytes, cut: int) -> None:
    made, told = tap(version)
    data = b"".join(frames) + tail
    for start in range(0, len(data), cut):
        made.came(data[start : start + cut])
        made.went(data[start : start + cut])
    whole = [line for line in told[2:] if line.startswith("in ")]
    assert len(whole) >= len(frames)
    assert all(line.isprintable() for line in told)


@given(data=st.binary(max_size=80))
def test_whoever_knocks(data: bytes) -> None:
    told: list[str] = []
    made = Tap(told.append, "#1", 226)
    for byte in data:
        made.came(bytes([byte]))
    assert all(line.isprintable() for line in told)


@pytest.mark.parametrize("kind", [PlaceOrder, OpenOrder, CompletedOrder, ExecutionDetails, RequestHistoricalData])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_value_has_a_line(kind: type, data: st.DataObject) -> None:
    line = words(data.draw(st.from_type(kind)))
    assert line.startswith(kind.__name__)
    assert line.isprintable()
    assert len(line) < 4100
