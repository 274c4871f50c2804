"""Talking to a real ibapi, frame by frame."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.wire.frames import FrameBuffer
from runner.wire.proto_pool import parse
from runner.wire.proto_tables import PROTO_ANSWERS, PROTO_REQUESTS
from tests.conformance import table
from tests.conformance.generations import Generation

SCRIPT = Path(__file__).with_name("ibapi_oracle.py")
Heard = tuple[str, list[Any]]


class Oracle:
    """A process in which one generation of ibapi lives; the same suite runs over each."""

    def __init__(self, generation: Generation, python: Path) -> None:
        self.generation = generation
        self.versions = generation.versions
        self._process = subprocess.Popen(
            [str(python), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def _ask(self, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(jobs) + "\n")
        self._process.stdin.flush()
        replies: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        for job, reply in zip(jobs, replies, strict=True):
            assert "error" not in reply, (self.name, job, reply)
        return replies

    def send(self, version: int, method: str, *args: Any) -> bytes:
        """Return the bytes that EClient's method writes."""
        return self.send_all([(version, method, list(args))])[0]

    def send_all(self, calls: Sequence[tuple[int, str, list[Any]]]) -> list[bytes]:
        """Return the bytes that EClient's methods write, one call after the other."""
        replies = self._ask([{"version": version, "call": [method, args]} for version, method, args in calls])
        wires = []
        for (version, method, _), reply in zip(calls, replies, strict=True):
            assert reply["heard"] == [], (self.name, version, method, reply["heard"])
            wires.append(bytes.fromhex(reply["sent"]))
            table.note("asks", version, wires[-1], self.generation.letter)
        return wires

    def hear(self, version: int, data: bytes) -> list[Heard]:
        """Return the callbacks that ibapi's decoder makes of a frame."""
        return self.hear_all([(version, data)])[0]

    def hear_all(self, frames: Sequence[tuple[int, bytes]]) -> list[list[Heard]]:
        """Return the callbacks for each of the frames; the first of its kind is also read byte by byte."""
        jobs = [
            {"version": version, "hear": data.hex(), "bytewise": table.is_new("is told", version, data)}
            for version, data in frames
        ]
        replies = self._ask(jobs)
        for version, data in frames:
            table.note("is told", version, data, self.generation.letter)
        return [[(name, args) for name, args in reply["heard"]] for reply in replies]

    @property
    def name(self) -> str:
        """The version of this ibapi."""
        return self.generation.name

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    @property
    def is_old(self) -> bool:
        """True for the generation before 10."""
        return self.generation.letter == "a"

    @property
    def has_external_user(self) -> bool:
        """True for the one generation that names users of its own, and cancels all without more words."""
        return self.generation.letter == "c"


PYTHON = Path(sys.executable)


def body_of(wire: bytes) -> bytes:
    """Cut one frame whole, byte by byte and with a tail, and return the body that all three agree on."""
    whole, dribble, tailed = FrameBuffer(), FrameBuffer(), FrameBuffer()
    whole.feed(wire)
    body = whole.next_body()
    assert body is not None
    assert whole.next_body() is None
    found = []
    for at in range(len(wire)):
        dribble.feed(wire[at : at + 1])
        found.append(dribble.next_body())
    assert found == [None] * (len(wire) - 1) + [body]
    tailed.feed(wire + b"\0\0")
    assert (tailed.next_body(), tailed.next_body()) == (body, None)
    return body


UNKNOWN_FIELD = b"\xfa\x7f\x01x"  # number 2047, one byte of text


def with_tail(body: bytes, wire: bytes, version: int) -> bytes:
    """Return a body with more behind it than this version has, as a later one may."""
    return body + (UNKNOWN_FIELD if is_protobuf(wire, version) else b"more\x00\x00")


def is_protobuf(wire: bytes, version: int) -> bool:
    """Tell whether a frame holds protobuf."""
    return version >= 201 and int.from_bytes(wire[4:8], "big") > 200


def same_bytes(ours: bytes, theirs: bytes, version: int, *, of_server: bool = False) -> bool:
    """Tell whether two frames are one, but in protobuf for the order of a map and for what is zero or empty."""
    if not is_protobuf(theirs, version):
        return ours == theirs
    if ours[4:8] != theirs[4:8]:
        return False
    message_id = int.from_bytes(theirs[4:8], "big") - 200
    table = PROTO_ANSWERS if of_server else PROTO_REQUESTS
    if message_id not in table:
        return ours == theirs
    name = table[message_id].name
    return bool(_said(parse(name, ours[8:])) == _said(parse(name, theirs[8:])))


def _said(message: Any) -> dict[str, Any]:
    found = {}
    for descriptor, value in message.ListFields():
        item = _said(value) if hasattr(value, "ListFields") else value
        if item:
            found[descriptor.name] = item
    return found
