"""`--log frames`: every message in and out as one line, with the names of its fields.

It reads along on each connection: the bytes that came and the bytes that went, as they were, so that text and protobuf
look alike and what nobody could read is there too. Nothing is done, and nothing costs, unless it is asked for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from runner.errors import FxrunError, UsageError
from runner.gateway.framelog_text import text, unreadable, words
from runner.wire.bodies import read_answer, read_request
from runner.wire.errors import WireError
from runner.wire.frames import FrameBuffer
from runner.wire.messages import StartApi
from runner.wire.session import MIN_VERSION, PREFIX
from runner.wire.switches import RAW_IDS_SINCE

_IN, _OUT = "in ", "out"
_ACCOUNT = re.compile(r"(?<![A-Z0-9])(DU|DF|U|F)\d{2,}(\d{3})(?![A-Za-z0-9])", re.ASCII)
_OFFER = re.compile(rb"v\d{1,5}(?:\.\.(\d{1,5}))?|v(\d{1,5})", re.ASCII)


class FrameLog:
    """Where the lines go: stderr, or the end of a file."""

    def __init__(self, now: Callable[[], datetime], path: Path | None = None) -> None:
        """Open the file; raises UsageError if it cannot be written to."""
        self._now = now
        self._path = path
        self._taps = 0
        try:
            self._file: TextIO | None = path.open("a", encoding="utf-8", errors="backslashreplace") if path else None
        except OSError as error:
            raise UsageError(f"--log frames={path}: cannot be written: {error.strerror}") from None

    def tap(self, max_version: int) -> Tap:
        """Return what reads along on one more connection."""
        self._taps += 1
        return Tap(self._put, f"#{self._taps}", max_version)

    def _put(self, line: str) -> None:
        now = self._now()
        self.note(f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z {line}")

    def note(self, line: str) -> None:
        """Write a line that has its time already."""
        file = self._file or sys.stderr
        try:
            file.write(_ACCOUNT.sub(_masked, line) + "\n")
            file.flush()
        except (OSError, ValueError) as error:
            raise FxrunError(f"--log frames: cannot be written: {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()


class Tap:
    """Reads along on one connection: `came` before its session acts on the bytes, `went` once it has spoken."""

    def __init__(self, put: Callable[[str], None], name: str, max_version: int) -> None:
        self._put = put
        self._client = name  # the connection's number, until it has said its client id
        self._max_version = max_version
        self._version = 0
        self._in, self._out = FrameBuffer(), FrameBuffer()
        self._has_prefix = False
        self._is_welcomed = False
        self._lost: set[str] = set()  # the ways on which nothing tells any more where a frame begins

    def came(self, data: bytes) -> None:
        """Log what a client sent."""
        self._in.feed(data)
        if not self._has_prefix and not self._take_prefix(data):
            return
        for body in self._bodies(_IN, self._in):
            if self._version:
                self._say(_IN, body, read_request)
            else:
                self._agree(body)

    def went(self, data: bytes) -> None:
        """Log what was said to it."""
        self._out.feed(data)
        for body in self._bodies(_OUT, self._out):
            if self._is_welcomed:
                self._say(_OUT, body, read_answer)
            else:
                self._is_welcomed = True
                version, time, *_ = (*body.decode("utf-8", "replace").split("\0"), "")
                self._put(f"{_OUT} {self._client} greeting version={text(version)} time={text(time)}")

    def _take_prefix(self, data: bytes) -> bool:
        found = self._in.take(PREFIX)
        if found is False and _IN not in self._lost:
            self._lost.add(_IN)
            self._put(f"{_IN} {self._client} {unreadable(data, 'not the greeting of a client')}")
        self._has_prefix = bool(found)
        return self._has_prefix

    def _agree(self, body: bytes) -> None:
        self._put(f"{_IN} {self._client} greeting {text(body.decode('utf-8', 'replace'))}")
        match = _OFFER.match(body)
        highest = re.findall(rb"\d+", match[0])[-1] if match else b"0"
        self._version = min(int(highest), self._max_version)
        if self._version < MIN_VERSION:
            self._lost |= {_IN, _OUT}  # the session hangs up

    def _say(self, way: str, body: bytes, read: Callable[[bytes, int], Any]) -> None:
        try:
            message = read(body, self._version)
        except WireError as error:
            told = unreadable(body, str(error))
        else:
            raw = f"({int.from_bytes(body[:4])})" if self._version >= RAW_IDS_SINCE else ""
            told = words(message, raw)
            if isinstance(message, StartApi) and self._client.startswith("#"):
                self._client = str(message.client_id)
        self._put(f"{way} {self._client} {told}")

    def _bodies(self, way: str, buffer: FrameBuffer) -> Iterator[bytes]:
        try:
            while way not in self._lost and (body := buffer.next_body()) is not None:
                yield body
        except WireError as error:
            self._lost.add(way)
            self._put(f"{way} {self._client} unreadable: {error}")


def _masked(match: re.Match[str]) -> str:
    return f"{match[1]}***{match[2]}"
