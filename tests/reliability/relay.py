"""Passes connections on to a gateway, frame by frame, and ends one within the frame of an order when told to."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

LENGTH = struct.Struct("!I")
GREETING = 4  # bytes of the sign before the length of the first frame
ORDER = b"3\0"  # how the frame of an order begins, in text


class CuttingRelay:
    """Listens on a loopback port; `target` is the gateway's."""

    def __init__(self, target: int) -> None:
        """Begin to listen."""
        self._target = target
        self._byte: int | None = None
        self._is_over = False
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut_next_order(self, byte: int) -> None:
        """Let so many bytes of the next order through, and end its connection; `done` is set then."""
        self.done.clear()
        self._byte = byte

    def close(self) -> None:
        """Take no connection any more."""
        self._is_over = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._is_over:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._target)) as server:
            back = threading.Thread(target=_pass, args=(server, client), daemon=True)
            back.start()
            with suppress(OSError):
                self._pass_requests(client, server)
            for end in (server, client):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        waiting, skip = bytearray(), GREETING
        while data := client.recv(65536):
            waiting += data
            while len(waiting) >= skip + LENGTH.size:
                end = skip + LENGTH.size + LENGTH.unpack_from(waiting, skip)[0]
                if len(waiting) < end:
                    break
                frame, skip = bytes(waiting[:end]), 0
                del waiting[:end]
                if self._byte is not None and frame[LENGTH.size :].startswith(ORDER):
                    server.sendall(frame[: self._byte])
                    self._byte = None
                    self.done.set()
                    return
                server.sendall(frame)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
