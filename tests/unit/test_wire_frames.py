"""Frames and sessions: any pieces, any peer."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from runner.wire.codec import decode_request, encode
from runner.wire.errors import WireError
from runner.wire.frames import FrameBuffer, frame, wrap
from runner.wire.messages import (
    ErrorMessage,
    ManagedAccounts,
    NextValidId,
    PlaceOrder,
    RequestCurrentTime,
    RequestIds,
    StartApi,
    TickSize,
    Unsupported,
    WireContract,
    WireOrder,
)
from runner.wire.session import MAX_VERSION, ClientSession, ServerSession, SessionState


def test_a_frame_is_its_length_and_its_fields() -> None:
    assert frame(("49", "1")) == b"\0\0\0\x0549\x001\0"


def test_an_empty_frame_has_no_fields() -> None:
    assert list(FrameBuffer().receive(b"\0\0\0\0")) == [()]


def test_a_last_field_without_its_end_counts() -> None:
    assert list(FrameBuffer().receive(wrap(b"v100..157"))) == [("v100..157",)]


def test_bytes_that_are_not_utf8_become_the_replacement_character() -> None:
    assert list(FrameBuffer().receive(wrap(b"4\0\xff\xfe\0"))) == [("4", "��")]


def test_a_zero_byte_in_a_field_is_refused() -> None:
    with pytest.raises(WireError, match="message 4: a field holds a zero byte"):
        frame(("4", "a\0b"))


def test_the_longest_frame_passes_and_one_more_byte_does_not() -> None:
    assert len(frame(("x" * 0xFFFFFE,))) == 4 + 0xFFFFFF
    with pytest.raises(WireError, match="16777216 bytes"):
        frame(("x" * 0xFFFFFF,))
    with pytest.raises(WireError, match="16777216 bytes"):
        list(FrameBuffer().receive(b"\x01\0\0\0"))


def test_many_frames_at_once_cost_no_more_each_than_few() -> None:
    def cost(count: int) -> float:
        data, best = frame(("49", "1")) * count, 1e9
        for _ in range(3):
            begin = time.perf_counter()
            assert sum(1 for _ in FrameBuffer().receive(data)) == count
            best = min(best, time.perf_counter() - begin)
        return best / count

    assert cost(100_000) < 10 * cost(2_000)  # quadratic would be 50


def test_frames_not_yet_asked_for_stay() -> None:
    buffer = FrameBuffer()
    assert next(buffer.receive(frame(("1",)) + frame(("2",)))) == ("1",)
    assert list(buffer.receive(frame(("3",)))) == [("2",), ("3",)]


GREETING = b"API\0" + wrap(b"v100..157")
START = frame(("71", "2", "7", ""))


def served(*pieces: bytes, max_version: int = MAX_VERSION) -> tuple[ServerSession, list[object]]:
    session = ServerSession(max_version)
    return session, [request for piece in pieces for request in session.receive(piece)]


@pytest.mark.parametrize(
    ("offer", "version"),
    [
        (b"v100..157", 157),
        (b"v100..157\0", 157),
        (b"v157", 157),
        (b"v157..178", 178),
        (b"v100..178", 178),
        (b"v100..226", 226),
        (b"v150..300", 226),
        (b"v100", 100),
        (b"v100..176 +PACEAPI", 176),
        (b"v99..100", 100),
    ],
)
def test_the_version_is_the_highest_both_speak(offer: bytes, version: int) -> None:
    session, _ = served(b"API\0" + wrap(offer))
    assert (session.version, session.state) == (version, SessionState.OPEN)
    assert session.handshake_reply("20261124 10:00:00 UTC") == frame((str(version), "20261124 10:00:00 UTC"))


def test_connect_options_are_kept() -> None:
    assert served(b"API\0" + wrap(b"v100..176 +PACEAPI"))[0].connect_options == "+PACEAPI"


@pytest.mark.parametrize(
    "offer", [b"v60..99", b"v90", b"v99", b"v227", b"v227..300", b"", b"x", b"v1..", b"v157..100", b"\xff"]
)
def test_no_common_version_is_refused(offer: bytes) -> None:
    session, requests = served(b"API\0" + wrap(offer) + START)
    assert session.state is SessionState.REFUSED
    assert session.reason
    assert (session.version, requests) == (None, [])
    with pytest.raises(WireError):
        session.handshake_reply("")
    assert list(session.receive(START)) == []


@pytest.mark.parametrize("greeting", [b"63\0" + b"1\0", b"GET / HTTP/1.1\r\n\r\n", b"AP\0\0", b"\0"])
def test_another_greeting_is_refused_at_its_first_wrong_byte(greeting: bytes) -> None:
    session, _ = served(*(greeting[i : i + 1] for i in range(len(greeting))))
    assert session.state is SessionState.REFUSED


def test_requests_piped_behind_the_greeting_are_read_however_they_are_cut() -> None:
    wire = GREETING + START + frame(("49", "1")) + frame(("8", "1", "1"))
    expected = [StartApi(client_id=7), RequestCurrentTime(), RequestIds(count=1)]
    assert served(wire)[1] == expected
    assert served(*(wire[i : i + 1] for i in range(len(wire))))[1] == expected
    for cut in range(len(wire)):
        session, requests = served(wire[:cut], wire[cut:])
        assert requests == expected
        assert (session.started, session.client_id) == (True, 7)


def test_a_request_before_start_api_is_read() -> None:
    session, requests = served(GREETING, frame(("49", "1")))
    assert requests == [RequestCurrentTime()]
    assert not session.started


def test_a_bad_request_is_said_and_the_next_one_read() -> None:
    session = ServerSession()
    requests = session.receive(GREETING + frame(("71", "2", "seven", "")) + START)
    with pytest.raises(WireError, match="message 71: client_id: not a number, got 'seven'"):
        next(requests)
    assert session.state is SessionState.OPEN
    assert list(session.receive(b"")) == [StartApi(client_id=7)]


def test_a_frame_beyond_all_length_ends_the_session() -> None:
    session = ServerSession()
    with pytest.raises(WireError, match="4294967295 bytes"):
        list(session.receive(GREETING + b"\xff\xff\xff\xff"))
    assert session.state is SessionState.REFUSED


def test_both_ends_understand_each_other() -> None:
    client, server = ClientSession(), ServerSession()
    assert list(server.receive(client.greeting())) == []
    assert list(client.receive(server.handshake_reply("20261124 10:00:00 UTC"))) == []
    assert (client.version, client.server_time) == (178, "20261124 10:00:00 UTC")
    order = PlaceOrder(
        order_id=1,
        contract=WireContract(symbol="EUR"),
        order=WireOrder(action="BUY", total_quantity=Decimal(25000), limit_price=Decimal("1.085")),
    )
    assert list(server.receive(client.start(7) + client.encode(order))) == [StartApi(client_id=7), order]
    answers = (NextValidId(order_id=1), ManagedAccounts(accounts="DU1,"), ErrorMessage(about=-1, code=2104, text="ok"))
    assert list(client.receive(server.encode(*answers))) == list(answers)


def test_a_client_refuses_what_is_no_answer_to_its_greeting() -> None:
    with pytest.raises(WireError, match="not an answer to the greeting"):
        list(ClientSession().receive(frame(("hello",))))


NOTHING = ["", "1.7976931348623157e+308", "1.7976931348623157E308", "2147483647", "9223372036854775807"]


@pytest.mark.parametrize("nothing", [*NOTHING, "170141183460469231731687303715884105727"])
def test_every_spelling_of_nothing_is_none(nothing: str) -> None:
    fields = list(encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157))
    for place in (17, 19, 20, 51, 69, 92):  # quantity, limit, aux, minimum quantity, trail stop, trigger
        fields[place] = nothing
    request = decode_request(fields, 157)
    assert isinstance(request, PlaceOrder)
    order = request.order
    told = (order.total_quantity, order.limit_price, order.aux_price, order.min_quantity, order.trail_stop_price)
    assert told == (None,) * 5
    assert order.trigger_price is None


def test_a_client_that_leaves_every_field_empty_is_understood() -> None:
    """@stoqey/ib writes nothing for whatever is not set, numbers and flags included."""
    count = len(encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157))
    request = decode_request(("3", "1", *[""] * (count - 2)), 157)
    assert isinstance(request, PlaceOrder)
    assert (request.order.total_quantity, request.order.parent_id, request.order.transmit) == (None, 0, False)


@pytest.mark.parametrize(
    "text", ["1.085", "1.0", "0.0", "25000", "1e-05", "-2.5e-07", "1e+16", "0.0001", "123456789.12345"]
)
def test_a_float_is_written_again_as_python_wrote_it(text: str) -> None:
    fields = list(encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157))
    fields[19] = text
    assert encode(decode_request(fields, 157), 157) == tuple(fields)


def test_zero_stays_zero() -> None:
    fields = list(encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157))
    fields[19], fields[20] = "0", "0.0"
    request = decode_request(fields, 157)
    assert isinstance(request, PlaceOrder)
    assert (request.order.limit_price, request.order.aux_price) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    "number",
    ["abc", "NaN", "sNaN", "Infinity", "-inf", "1_000", " 1", "١", "1" * 65, "1e999999999", "1e-400", "0x10", "--1"],
)
def test_what_is_no_number_is_named(number: str) -> None:
    fields = list(encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157))
    fields[19] = number
    with pytest.raises(WireError) as caught:
        decode_request(fields, 157)
    assert (caught.value.message_id, caught.value.field, caught.value.value) == (3, "order.limit_price", number)


def test_a_short_request_names_the_first_field_that_is_missing() -> None:
    fields = encode(PlaceOrder(order_id=1, contract=WireContract(), order=WireOrder()), 157)
    with pytest.raises(WireError, match=r"message 3: order\.limit_price: message ends before this field"):
        decode_request(fields[:19], 157)


def test_fields_behind_the_end_are_ignored() -> None:
    assert decode_request(("49", "1", "more", "and more"), 157) == RequestCurrentTime()


def test_unknown_messages_keep_their_fields() -> None:
    assert decode_request(("9999", "a", "b"), 157) == Unsupported(message_id=9999, fields=("a", "b"))


@pytest.mark.parametrize("fields", [(), ("",), ("x",), ("-1",), ("1" * 10,), ("²",)])
def test_what_has_no_id_is_refused(fields: tuple[str, ...]) -> None:
    with pytest.raises(WireError):
        decode_request(fields, 157)


@pytest.mark.parametrize(("version", "text"), [(162, "1"), (163, "1.5")])
def test_sizes_have_fractions_only_from_163_on(version: int, text: str) -> None:
    assert encode(TickSize(request_id=1, tick_type=0, size=Decimal("1.5")), version)[-1] == text
