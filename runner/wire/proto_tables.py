"""The protobuf messages by id and by type, each with the version since which it is one."""

from __future__ import annotations

from collections.abc import Mapping

from runner.wire.proto_answers import PROTO_ANSWERS
from runner.wire.proto_layout import Shape
from runner.wire.proto_requests import PROTO_REQUESTS
from runner.wire.switches import ANSWERS_SINCE, REQUESTS_SINCE

__all__ = ["BY_MESSAGE", "PROTO_ANSWERS", "PROTO_REQUESTS"]

_TABLES = ((PROTO_REQUESTS, REQUESTS_SINCE), (PROTO_ANSWERS, ANSWERS_SINCE))
BY_MESSAGE: Mapping[type, tuple[int, int, Shape]] = {  # since which version, its id, its parts
    shape.message: (since[message_id], message_id, shape)
    for table, since in _TABLES
    for message_id, shape in table.items()
}
