"""Messages to frames and back at one version: text with its id in words, text behind a raw id, or protobuf."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, cast

from runner.wire.answers import Answer
from runner.wire.codec import decode_answer, decode_request, fields_of
from runner.wire.errors import WireError
from runner.wire.frames import frame, join_fields, split_fields, wrap
from runner.wire.proto_pool import parse, serialize
from runner.wire.requests import Request, Unsupported
from runner.wire.switches import PROTOBUF_OFFSET, RAW_IDS_SINCE
from runner.wire.unoffered import from_protobuf

_ID = struct.Struct("!i")


def write(message: Request | Answer, version: int) -> bytes:
    """Return the frame of a message."""
    if version < RAW_IDS_SINCE:
        return frame(fields_of(message, version))
    if isinstance(message, Unsupported) and message.protobuf is not None:
        return _protobuf(message.message_id, message.protobuf)
    from runner.wire.proto_tables import BY_MESSAGE  # which no older version needs

    found = BY_MESSAGE.get(type(message))
    if found is not None and version >= found[0]:
        _, message_id, shape = found
        return _protobuf(message_id, serialize(shape.name, shape.give(message)))
    number, *fields = fields_of(message, version)
    return wrap(_ID.pack(int(number)) + join_fields(fields, int(number)))


def _protobuf(message_id: int, data: bytes) -> bytes:
    return wrap(_ID.pack(message_id + PROTOBUF_OFFSET) + data)


def read_request(body: bytes, version: int) -> Request:
    """Read a frame's body as a client sent it; as `decode_request` does."""
    return cast(Request, _read(body, version, decode_request, is_answer=False))


def read_answer(body: bytes, version: int) -> Answer:
    """Read a frame's body as a server sent it; as `decode_answer` does."""
    return cast(Answer, _read(body, version, decode_answer, is_answer=True))


def _read(body: bytes, version: int, decode: Callable[[Any, int], Any], *, is_answer: bool) -> Any:
    if version < RAW_IDS_SINCE:
        return decode(split_fields(body), version)
    if len(body) < _ID.size:
        raise WireError("a frame without an id")
    (message_id,) = _ID.unpack_from(body)
    if message_id < 0:
        raise WireError("not a message id", value=str(message_id))
    rest = body[_ID.size :]
    if message_id <= PROTOBUF_OFFSET:  # a client may say in text what it could say in protobuf
        return decode((str(message_id), *split_fields(rest)), version)
    return _read_protobuf(message_id - PROTOBUF_OFFSET, rest, is_answer=is_answer)


def _read_protobuf(message_id: int, data: bytes, *, is_answer: bool) -> Any:
    from runner.wire.proto_tables import PROTO_ANSWERS, PROTO_REQUESTS

    shape = (PROTO_ANSWERS if is_answer else PROTO_REQUESTS).get(message_id)
    try:
        if shape is not None:
            return shape.take(parse(shape.name, data))
        unknown = parse("AnyRequest", data)
    except WireError as error:
        raise WireError(error.problem, message_id=message_id, field=error.field, value=error.value) from None
    first = unknown.reqId if unknown.HasField("reqId") else None
    if is_answer:
        return Unsupported(message_id=message_id, protobuf=data)
    return from_protobuf(message_id, data, first)
