"""The dashboard as the service has it: a socket on loopback, a token, and a thread that answers.

The token is drawn at each start. It is shown in the fragment of an address, which no browser sends anywhere, and kept
in a file that only its owner can read; a log never gets it.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import uvicorn

from runner.cli import loopback
from runner.cli.observing import Record, Serving
from runner.dashboard.app import application
from runner.dashboard.guard import Rules
from runner.dashboard.hub import Hub
from runner.dashboard.reader import Reader
from runner.errors import UsageError

FILE = "fxrun-dashboard.url"  # beside the journals
_BYTES = 32
_MOST_CONNECTIONS = 64
_MOST_HEADERS = 16_384  # bytes
_CLOSING = 1.0
_ADDRESS = re.compile(rf"http://{re.escape(loopback.HOST)}:(\d{{1,5}})/")


class Dashboard:
    """An observer of a service; the server runs on a thread of its own."""

    def __init__(self, serving: Serving, port: int, *, allow_control: bool, now: Callable[[], datetime]) -> None:
        """Listen on a port, 0 for one that the system picks; raises ConnectionFailed if it is in use."""
        self._socket = loopback.listening(port, "--dashboard")
        self.port: int = self._socket.getsockname()[1]
        token = secrets.token_urlsafe(_BYTES)
        self.address = f"http://{loopback.HOST}:{self.port}/#token={token}"
        self.file = _free(serving.lanes()[0].journal.with_name(FILE), self.port)
        _write(self.file, f"{self.address}\n")
        self._reader = Reader(serving, allow_control=allow_control, now=now)
        self._hub = Hub(self._reader.mark)
        app = application(self._reader, self._hub, Rules(token=token, allow_control=allow_control))
        self._server = _server(app)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="dashboard", daemon=True
        )
        self._thread.start()

    def happened(self, lane: str, record: Record) -> None:
        """Pass on that something has happened."""
        self._hub.tell(self._reader.take(lane, record))

    def close(self) -> None:
        """End the streams and the server; the file with the address goes."""
        self._hub.close()
        self._server.should_exit = True
        self._thread.join(2 * _CLOSING)
        self.file.unlink(missing_ok=True)


def _server(app: Callable[..., object]) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            interface="asgi3",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            h11_max_incomplete_event_size=_MOST_HEADERS,
            timeout_graceful_shutdown=int(_CLOSING),
        )
    )


def _free(file: Path, port: int) -> Path:
    """Return where to write the address: beside the file of another service of this folder that still listens."""
    if file.is_symlink() or not file.is_file():
        return file
    try:
        found = _ADDRESS.match(file.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        found = None
    if found is None or int(found[1]) == port:
        return file
    with suppress(OSError), socket.create_connection((loopback.HOST, int(found[1])), timeout=_CLOSING):
        return file.with_name(f"{file.stem}-{port}{file.suffix}")
    return file


def _write(file: Path, text: str) -> None:
    """Write a file that nobody else can read, in place of one that was left behind, and never through a link."""
    try:
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be written ({error.strerror}), and --dashboard keeps its address there"
        ) from None
    with open(descriptor, "w", encoding="ascii") as stream:  # noqa: PTH123 (a descriptor is no path)
        stream.write(text)
