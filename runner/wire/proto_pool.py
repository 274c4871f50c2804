"""The message classes, made from the descriptors beside them when the first is needed.

They live in a pool of their own: ibapi 10.x fills the default one, in the same process, with names of its own.
google.protobuf is imported here and nowhere else, and only by the first message of a version that has protobuf.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from runner.wire.errors import WireError

PACKAGE = "fxrun.wire"
DESCRIPTORS = Path(__file__).parent / "proto" / "messages.binpb"


@lru_cache(maxsize=1)
def _pool() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool  # type: ignore[import-untyped]

    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


@lru_cache(maxsize=256)
def _class(name: str) -> Any:
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


def serialize(name: str, values: dict[str, Any]) -> bytes:
    """Return the bytes of a message."""
    data: bytes = _class(name)(**values).SerializeToString()
    return data


def parse(name: str, data: bytes) -> Any:
    """Return the message that data hold."""
    from google.protobuf import message

    try:
        return _class(name).FromString(data)
    except message.DecodeError:
        raise WireError(f"not a protobuf message {name}") from None
