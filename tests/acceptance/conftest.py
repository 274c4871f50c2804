"""A relay between a client and a gateway that writes down what passes, and can cut the gateway's voice off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest


class Relay:
    """Listens on a loopback port and passes one connection on; `requests` and `answers` are the bytes seen."""

    def __init__(self, target: int, *, mute_after: bytes | None = None) -> None:
        """Pass on to loopback port `target`; once `mute_after` was seen in the requests, no answer passes any more."""
        self._target = target
        self._mute_after = mute_after
        self.muted = threading.Event()
        self.requests = bytearray()
        self.answers = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            client, _ = self._listener.accept()
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                back = threading.Thread(target=self._pass_answers, args=(server, client), daemon=True)
                back.start()
                self._pass_requests(client, server)
                back.join()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                self.requests += data
                if self._mute_after is not None and self._mute_after in self.requests:
                    self.muted.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self.muted.is_set():
                    continue
                self.answers += data
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening; does nothing the second time."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


@pytest.fixture
def relay() -> Iterator[Callable[..., Relay]]:
    """Make relays that are closed when the test ends."""
    made: list[Relay] = []

    def make(target: int, *, mute_after: bytes | None = None) -> Relay:
        made.append(Relay(target, mute_after=mute_after))
        return made[-1]

    yield make
    for one in made:
        one.close()
