"""Versions from 201 on: raw ids, protobuf where the tables say so, and nothing of google.protobuf before that."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from runner.wire import messages as m
from runner.wire.bodies import read_answer, read_request, write
from runner.wire.errors import WireError
from runner.wire.frames import wrap
from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS
from runner.wire.proto_answers import PROTO_ANSWERS
from runner.wire.proto_layout import Bind, Entry, Inside, Many, Numbers, One, Shape
from runner.wire.proto_pool import DESCRIPTORS, PACKAGE, parse, serialize
from runner.wire.proto_requests import PROTO_REQUESTS
from runner.wire.session import MAX_VERSION, ClientSession, ServerSession
from runner.wire.switches import ANSWERS_SINCE, REQUESTS_SINCE

ROOT = Path(__file__).parents[2]
ORDER = m.WireOrder(action="BUY", total_quantity=D(25000), order_type="LMT", limit_price=D("1.085"))
PLACE = m.PlaceOrder(order_id=1, contract=m.WireContract(symbol="EUR"), order=ORDER)


START = write(m.StartApi(client_id=7), 212)[4:]  # in text


def connected(version: int) -> tuple[ClientSession, ServerSession]:
    client, server = ClientSession(max_version=version), ServerSession(MAX_VERSION)
    assert list(server.receive(client.greeting())) == []
    assert list(client.receive(server.handshake_reply("20261124 10:00:00 UTC"))) == []
    assert (client.version, server.version) == (version, version)
    return client, server


@pytest.mark.parametrize("version", [178, 200, 201, 202, 203, 204, 212, 213, 226])
def test_both_ends_understand_each_other(version: int) -> None:
    client, server = connected(version)
    start, wire = client.start(7), client.encode(PLACE, m.RequestCurrentTime())
    got = [r for at in range(len(start + wire)) for r in server.receive((start + wire)[at : at + 1])]
    assert got == [m.StartApi(client_id=7), PLACE, m.RequestCurrentTime()]
    assert server.client_id == 7
    answers = (m.NextValidId(order_id=1), m.ErrorMessage(about=-1, code=2104, text="ok"), m.OpenOrdersEnd())
    assert list(client.receive(server.encode(*answers))) == list(answers)


@pytest.mark.parametrize("version", [195, 196, 207, 208, 226])
def test_the_end_of_history_is_told_once(version: int) -> None:
    client, server = connected(version)
    bar = m.Bar(time="20261124", open=D("1.1"), high=D("1.2"), low=D("1.0"), close=D("1.15"))
    history = m.HistoricalData(request_id=1, start="a", end="b", bars=(bar,))
    got = list(client.receive(server.encode(history)))
    if version < 196:
        assert got == [history]
    else:
        bars = m.HistoricalData(request_id=1, bars=(bar,))
        assert got == [bars, m.HistoricalDataEnd(request_id=1, start="a", end="b")]


def test_no_version_beyond_the_newest_is_agreed_on() -> None:
    server = ServerSession(10_000)
    assert list(server.receive(b"API\0" + wrap(b"v100..300"))) == []
    assert server.version == MAX_VERSION == 226


@pytest.mark.parametrize(
    ("version", "begin"),
    [
        (200, "71|2|7||"),
        (201, "\0\0\0\x47" + "2|7||"),
        (212, "\0\0\0\x47" + "2|7||"),
        (213, "\0\0\x01\x0f\x08\x07"),
    ],
)
def test_start_api_on_the_wire(version: int, begin: str) -> None:
    assert write(m.StartApi(client_id=7), version) == wrap(begin.replace("|", "\0").encode("latin-1"))


def test_what_is_protobuf_may_be_said_in_text_and_the_other_way_round() -> None:
    assert read_request(START, 226) == m.StartApi(client_id=7)
    assert read_request(b"\0\0\x01\x0f\x08\x07", 201) == m.StartApi(client_id=7)


@pytest.mark.parametrize("body", ["", "000000", "ffffffff", "000000cbff", "000000cb1a030a7f00"])
def test_what_is_no_message_is_refused(body: str) -> None:
    for read in (read_request, read_answer):
        with pytest.raises(WireError):
            read(bytes.fromhex(body), 226)


def test_a_bad_value_is_named() -> None:
    data = serialize("PlaceOrderRequest", {"orderId": 1, "order": {"totalQuantity": "many"}})
    with pytest.raises(WireError) as caught:
        read_request((203).to_bytes(4, "big") + data, 226)
    assert (caught.value.message_id, caught.value.field, caught.value.value) == (3, "order.total_quantity", "many")


@pytest.mark.parametrize("price", [float("nan"), float("inf"), float("-inf")])
def test_a_price_that_is_no_number_is_refused(price: float) -> None:
    data = serialize("PlaceOrderRequest", {"order": {"lmtPrice": price}})
    with pytest.raises(WireError, match=r"order\.limit_price"):
        read_request((203).to_bytes(4, "big") + data, 226)


def test_the_price_of_a_leg_that_is_no_number_is_refused() -> None:
    data = serialize("PlaceOrderRequest", {"contract": {"comboLegs": [{"perLegPrice": float("nan")}]}})
    with pytest.raises(WireError, match=r"order\.order_combo_legs"):
        read_request((203).to_bytes(4, "big") + data, 226)


def test_a_zero_byte_that_no_text_could_carry_on_is_refused() -> None:
    data = serialize("PlaceOrderRequest", {"order": {"orderRef": "a\0b"}})
    with pytest.raises(WireError, match=r"order\.order_ref: holds a zero byte"):
        read_request((203).to_bytes(4, "big") + data, 226)


def test_what_a_client_of_text_said_and_protobuf_cannot_hold_is_left_out() -> None:
    order = m.WireOrder(parent_id=2**40, display_size=-(2**31) - 1, perm_id=2**63, order_ref="\ud800")
    wire = write(m.PlaceOrder(order_id=1, contract=m.WireContract(multiplier="x"), order=order), 226)
    request = read_request(wire[4:], 226)
    assert isinstance(request, m.PlaceOrder)
    assert (request.order.parent_id, request.order.display_size, request.order.perm_id) == (0, None, 0)
    assert (request.order.order_ref, request.contract.multiplier) == ("?", "")


def test_what_is_missing_is_nothing_and_not_the_default_of_a_class() -> None:
    request = read_request((203).to_bytes(4, "big"), 226)
    assert isinstance(request, m.PlaceOrder)
    assert (request.order_id, request.order.transmit, request.order.exempt_code) == (0, False, -1)
    assert (request.order.total_quantity, request.contract.strike, request.contract.delta_neutral) == (None,) * 3


def test_attached_orders_are_read() -> None:
    attached = m.AttachedOrders(stop_loss_id=2, stop_loss_type="STP", profit_taker_id=3, profit_taker_type="LMT")
    place = m.PlaceOrder(order_id=1, contract=m.WireContract(), order=ORDER, attached=attached)
    assert read_request(write(place, 226)[4:], 226) == place


def test_a_message_without_layout_keeps_its_bytes_and_passes_on() -> None:
    body = (200 + 88).to_bytes(4, "big") + b"\x08\x0c\x12\x00"
    request = read_request(body, 226)
    assert request == m.Unsupported(
        message_id=88, protobuf=b"\x08\x0c\x12\x00", request_id=12, name="RequestHistogramData"
    )
    assert write(request, 226) == wrap(body)


def test_the_tables_hold_every_message_that_has_a_layout() -> None:
    assert set(REQUESTS) == set(PROTO_REQUESTS) == set(REQUESTS_SINCE)
    assert set(ANSWERS) == set(PROTO_ANSWERS) == set(ANSWERS_SINCE)
    for texts, shapes in ((REQUESTS, PROTO_REQUESTS), (ANSWERS, PROTO_ANSWERS)):
        assert {i: layout.message for i, layout in texts.items()} == {i: shape.message for i, shape in shapes.items()}


def _fields(entries: tuple[Entry, ...], message: str) -> Iterator[tuple[str, str]]:
    inner = {field.name: field.message_type for field in parse(message, b"").DESCRIPTOR.fields}
    for entry in entries:
        yield message, entry.name
        if isinstance(entry, One | Many):
            yield from _of(entry.shape)
            for shape in getattr(entry, "variants", {}).values():
                yield from _of(shape)
        elif isinstance(entry, Inside):
            yield from _fields(entry.entries, inner[entry.name].name)
        else:
            assert isinstance(entry, Bind | Numbers)


def _of(shape: Shape) -> Iterator[tuple[str, str]]:
    yield from _fields(shape.entries, shape.name)


def test_every_field_of_the_tables_is_one_of_the_descriptors() -> None:
    for shape in (*PROTO_REQUESTS.values(), *PROTO_ANSWERS.values()):
        for message, name in _of(shape):
            assert name in parse(message, b"").DESCRIPTOR.fields_by_name, f"{message}.{name}"


def test_the_descriptors_are_those_of_the_text_beside_them() -> None:
    text = DESCRIPTORS.with_suffix(".proto").read_text(encoding="utf-8")
    assert f"package {PACKAGE};" in text
    for name, body in re.findall(r"^message (\w+) \{([^}]*)\}", text, re.MULTILINE):
        told = {(field, int(number)) for field, number in re.findall(r"(\w+) = (\d+);", body)}
        assert {(field.name, field.number) for field in parse(name, b"").DESCRIPTOR.fields} == told


def test_protobuf_is_imported_by_the_first_message_that_needs_it() -> None:
    code = (
        "import sys\n"
        "from runner.wire.messages import RequestCurrentTime\n"
        "from runner.wire.session import ServerSession\n"
        "from runner.wire.bodies import write\n"
        "write(RequestCurrentTime(), 212)\n"
        "assert not [name for name in sys.modules if name.startswith('google')]\n"
        "write(RequestCurrentTime(), 213)\n"
        "assert 'google.protobuf' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
