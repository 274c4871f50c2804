"""Requests without layout: each known by name, with the id that its refusal should carry."""

from __future__ import annotations

import pytest

from runner.wire import messages as m
from runner.wire.bodies import read_answer, read_request, write
from runner.wire.codec import decode_answer, decode_request
from runner.wire.layout_requests import REQUESTS
from runner.wire.unoffered import UNOFFERED

# where the id stands in text, counted by hand: behind a version field, or first
BEHIND_A_VERSION = {10, 11, 21, 23, 50, 51, 52, 53, 54, 55, 56, 57, 67, 68, 69, 70}
FIRST = {78, 79, 83, 84, 86, 88, 89, 96, 97, 98, 100, 101, 102, 103}
WITHOUT = {12, 13, 18, 24, 65, 66, 72, 73, 82, 85}
IN_PROTOBUF_ONLY = {106, 107, 108, 109}


def test_every_known_id_is_either_read_or_named() -> None:
    assert not set(UNOFFERED) & set(REQUESTS)
    assert set(UNOFFERED) | set(REQUESTS) == {*range(1, 26), *range(49, 60), *range(61, 110)}
    assert len({kind.name for kind in UNOFFERED.values()}) == len(UNOFFERED)


@pytest.mark.parametrize("message_id", sorted(UNOFFERED))
def test_the_id_of_a_request_in_text(message_id: int) -> None:
    for version in (100, 142, 143, 156, 157, 178, 200):
        request = decode_request((str(message_id), "31", "32", "33", "34"), version)
        expected: int | None = 32
        if message_id in FIRST | IN_PROTOBUF_ONLY or (message_id == 22 and version >= 143):
            expected = 31
        elif message_id in WITHOUT or (message_id == 19 and version < 157):
            expected = None
        elif message_id == 19:
            expected = 34
        else:
            assert message_id in BEHIND_A_VERSION or message_id == 22
        assert isinstance(request, m.Unsupported)
        assert (request.request_id, request.name) == (expected, UNOFFERED[message_id].name)
        assert request.is_cancel == request.name.startswith(("Cancel", "Unsubscribe"))


@pytest.mark.parametrize("message_id", sorted(UNOFFERED))
def test_the_id_of_a_request_in_protobuf(message_id: int) -> None:
    request = read_request((200 + message_id).to_bytes(4, "big") + b"\x08\x1f", 226)
    assert isinstance(request, m.Unsupported)
    assert request.request_id == (None if message_id in WITHOUT else 31)
    assert request.name == UNOFFERED[message_id].name


@pytest.mark.parametrize("text", ["", "x", "1.5", "99999999999", "-2147483649", "1" * 80, "٣"])
def test_what_is_no_id_is_none(text: str) -> None:
    request = decode_request(("96", text), 178)
    assert isinstance(request, m.Unsupported)
    assert request.request_id is None


def test_an_unknown_request_has_no_name() -> None:
    assert decode_request(("9999", "5"), 178) == m.Unsupported(message_id=9999, fields=("5",))
    in_protobuf = read_request((9999).to_bytes(4, "big") + b"\x08\x05", 226)
    assert in_protobuf == m.Unsupported(message_id=9799, protobuf=b"\x08\x05", request_id=5)


def test_an_answer_without_layout_is_not_taken_for_a_request() -> None:
    assert decode_answer(("12", "1", "5"), 178) == m.Unsupported(message_id=12, fields=("1", "5"))
    assert read_answer((212).to_bytes(4, "big") + b"\x08\x05", 226) == m.Unsupported(
        message_id=12, protobuf=b"\x08\x05"
    )


@pytest.mark.parametrize("version", [178, 205, 226])
def test_a_request_without_layout_passes_on_unchanged(version: int) -> None:
    request = read_request(write(m.Unsupported(message_id=88, fields=("7", "a")), version)[4:], version)
    assert read_request(write(request, version)[4:], version) == request
