"""One connection's protocol without its socket: greeting, version, then messages; both ends of it.

The greeting is ``API\\0`` and a frame that says ``v100..178`` and perhaps connect options. The server answers with its
version and time, and from there on everything is messages. Bytes may come in any pieces: requests piped behind the
greeting are read once the version is chosen, before the client has seen the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from runner.wire.answers import Answer
from runner.wire.bodies import read_answer, read_request, write
from runner.wire.errors import WireError
from runner.wire.frames import FrameBuffer, frame, split_fields, wrap
from runner.wire.market_answers import HistoricalData, HistoricalDataEnd
from runner.wire.requests import Request, StartApi

PREFIX = b"API\0"
MIN_VERSION = 100
MAX_VERSION = 226
TEXT_VERSION = 178  # what a client of ours speaks unless told otherwise: the newest that every text client knows
HISTORY_END_SINCE = 196
_OFFER = re.compile(r"v(\d{1,5})(?:\.\.(\d{1,5}))?(?: (.*))?", re.ASCII | re.DOTALL)


class SessionState(Enum):
    """Where a server's session stands."""

    GREETING = "greeting"
    OPEN = "open"
    REFUSED = "refused"


class ServerSession:
    """The server's end: bytes in, requests out; answers in, bytes out."""

    def __init__(self, max_version: int = MAX_VERSION) -> None:
        self._max_version = min(max_version, MAX_VERSION)
        self._buffer = FrameBuffer()
        self._prefix_seen = False
        self.state = SessionState.GREETING
        self.reason = ""
        self.version: int | None = None
        self.connect_options = ""
        self.client_id: int | None = None
        self.optional_capabilities = ""

    @property
    def started(self) -> bool:
        """True once startApi has come."""
        return self.client_id is not None

    def receive(self, data: bytes) -> Iterator[Request]:
        """Take data in and read the greeting at once, and yield the requests as they are asked for.

        A WireError about one request leaves the session open: the next call goes on behind that request. One about
        the framing itself refuses it, for nothing tells where the next frame begins.
        """
        if self.state is SessionState.REFUSED:
            return iter(())
        self._buffer.feed(data)
        if self.state is SessionState.GREETING:
            self._greet()
        return self._requests()

    def _requests(self) -> Iterator[Request]:
        while self.state is SessionState.OPEN and (body := self._next_body()) is not None:
            request = read_request(body, self._agreed())
            if isinstance(request, StartApi):
                self.client_id = request.client_id
                self.optional_capabilities = request.optional_capabilities
            yield request

    def _greet(self) -> None:
        if not self._prefix_seen:
            found = self._buffer.take(PREFIX)
            if found is False:
                self._refuse("the client does not greet as a TWS API client of version 100 or later does")
            self._prefix_seen = bool(found)
        if self._prefix_seen and (body := self._next_body()) is not None:
            self._choose(body.rstrip(b"\0").decode("utf-8", errors="replace"))

    def _next_body(self) -> bytes | None:
        try:
            return self._buffer.next_body()
        except WireError as error:
            self._refuse(error.problem)
            raise

    def _choose(self, offer: str) -> None:
        match = _OFFER.fullmatch(offer)
        if match is None:
            self._refuse(f"not an offer of versions: {offer[:40]!r}")
            return
        lowest = int(match[1])
        highest = int(match[2] or match[1])
        version = min(highest, self._max_version)
        if version < max(lowest, MIN_VERSION):
            self._refuse(
                f"no common version: {lowest} to {highest} offered, {MIN_VERSION} to {self._max_version} served"
            )
            return
        self.version = version
        self.connect_options = match[3] or ""
        self.state = SessionState.OPEN

    def _refuse(self, reason: str) -> None:
        self.state = SessionState.REFUSED
        self.reason = reason

    def handshake_reply(self, time_text: str) -> bytes:
        """Return the answer to the greeting; clients lose what is not sent in one piece, or in one piece with more."""
        return frame((str(self._agreed()), time_text))

    def encode(self, *answers: Answer) -> bytes:
        """Return the bytes of answers; bars are followed by their end where a version tells it apart."""
        version = self._agreed()
        return b"".join(write(each, version) for answer in answers for each in _in_parts(answer, version))

    def _agreed(self) -> int:
        if self.version is None:
            raise WireError("no version is agreed on yet")
        return self.version


def _in_parts(answer: Answer, version: int) -> tuple[Answer, ...]:
    if version < HISTORY_END_SINCE or not isinstance(answer, HistoricalData):
        return (answer,)
    return answer, HistoricalDataEnd(request_id=answer.request_id, start=answer.start, end=answer.end)


class ClientSession:
    """The client's end, for tests and for a relay that reads along."""

    def __init__(
        self, min_version: int = MIN_VERSION, max_version: int = TEXT_VERSION, connect_options: str = ""
    ) -> None:
        self._offer = f"v{min_version}..{max_version}" + (f" {connect_options}" if connect_options else "")
        self._buffer = FrameBuffer()
        self.version: int | None = None
        self.server_time = ""

    def greeting(self) -> bytes:
        """Return the first bytes of the connection."""
        return PREFIX + wrap(self._offer.encode())

    def start(self, client_id: int) -> bytes:
        """Return the bytes of startApi."""
        return self.encode(StartApi(client_id=client_id))

    def encode(self, *requests: Request) -> bytes:
        """Return the bytes of requests."""
        if self.version is None:
            raise WireError("no version is agreed on yet")
        version = self.version
        return b"".join(write(request, version) for request in requests)

    def receive(self, data: bytes) -> Iterator[Answer]:
        """Take data in at once, and yield its answers as they are asked for."""
        self._buffer.feed(data)
        return self._answers()

    def _answers(self) -> Iterator[Answer]:
        while (body := self._buffer.next_body()) is not None:
            if self.version is None:
                self._agree(split_fields(body))
            else:
                yield read_answer(body, self.version)

    def _agree(self, fields: tuple[str, ...]) -> None:
        if len(fields) < 2 or not (fields[0].isascii() and fields[0].isdecimal() and len(fields[0]) <= 5):
            raise WireError("not an answer to the greeting", value="|".join(fields))
        self.version, self.server_time = int(fields[0]), fields[1]
