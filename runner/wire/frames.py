"""Frames: a length of four bytes, then a body; up to version 200 that is fields of text, each ended by a zero byte."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from runner.wire.errors import WireError

MAX_SIZE = 0xFFFFFF
_LENGTH = struct.Struct("!I")


class FrameBuffer:
    """Collects bytes and yields each complete frame as a tuple of fields; costs the same whatever the pieces."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0

    def receive(self, data: bytes) -> Iterator[tuple[str, ...]]:
        """Take data in at once, and yield the frames that are complete as they are asked for."""
        self.feed(data)
        return self._frames()

    def feed(self, data: bytes) -> None:
        """Take data in."""
        self._data += data

    def _frames(self) -> Iterator[tuple[str, ...]]:
        while (body := self.next_body()) is not None:
            yield split_fields(body)

    def take(self, prefix: bytes) -> bool | None:
        """Drop prefix from the front; None if too little is here to tell, False if something else is."""
        found = bytes(self._data[self._start : self._start + len(prefix)])
        if not prefix.startswith(found):
            return False
        if len(found) < len(prefix):
            return None
        self._start += len(prefix)
        return True

    def next_body(self) -> bytes | None:
        """Return the bytes of the next complete frame, or None."""
        if len(self._data) - self._start < _LENGTH.size:
            self._drop_consumed()
            return None
        (size,) = _LENGTH.unpack_from(self._data, self._start)
        if size > MAX_SIZE:
            raise WireError(f"frame of {size} bytes, at most {MAX_SIZE} are allowed")
        begin = self._start + _LENGTH.size
        if len(self._data) < begin + size:
            self._drop_consumed()
            return None
        self._start = begin + size
        return bytes(self._data[begin : begin + size])

    def _drop_consumed(self) -> None:
        # once per receive and not per frame: deleting from the front moves all that follows
        if self._start:
            del self._data[: self._start]
            self._start = 0


def split_fields(body: bytes) -> tuple[str, ...]:
    """Cut a frame's body into fields; bytes that are not UTF-8 become U+FFFD, so that no later stage trips on them."""
    parts = body.decode("utf-8", errors="replace").split("\0")
    if not parts[-1]:
        parts.pop()
    return tuple(parts)


def frame(fields: Sequence[str]) -> bytes:
    """Write one frame."""
    return wrap(join_fields(fields))


def join_fields(parts: Sequence[str], message_id: int | None = None) -> bytes:
    """Write fields one behind the other; the first is the message's id unless that is given."""
    text = "\0".join(parts) + "\0" if parts else ""
    if text.count("\0") != len(parts):
        raise WireError("a field holds a zero byte", message_id=_id_of(parts) if message_id is None else message_id)
    return text.encode("utf-8", errors="replace")


def _id_of(parts: Sequence[str]) -> int | None:
    return int(parts[0]) if parts and parts[0].isdecimal() else None


def wrap(body: bytes) -> bytes:
    """Put the length before a body."""
    if len(body) > MAX_SIZE:
        raise WireError(f"frame of {len(body)} bytes, at most {MAX_SIZE} are allowed")
    return _LENGTH.pack(len(body)) + body
