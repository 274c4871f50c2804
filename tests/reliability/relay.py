"""Passes connections on to a gateway frame by frame; ends one within an order, or is slow with answers."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress

LENGTH = struct.Struct("!I")
GREETING = 4  # bytes of the sign before the length of the first frame
ORDER = b"3\0"  # how the frame of an order begins, in text
COMPLETED = b"101\0"  # and one of the list of completed orders


class CuttingRelay:
    """Listens on a loopback port; `target` is the gateway's."""

    def __init__(self, target: int, *, pause: float = 0.0) -> None:
        """Begin to listen; before each completed order that comes back there is a pause of so many seconds."""
        self._target, self._pause = target, pause
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
            back = threading.Thread(target=self._pass_answers, args=(server, client), daemon=True)
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

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        waiting = bytearray()
        with suppress(OSError):
            while data := server.recv(65536):
                waiting += data
                while len(waiting) >= LENGTH.size and len(waiting) >= (
                    end := LENGTH.size + LENGTH.unpack_from(waiting)[0]
                ):
                    frame = bytes(waiting[:end])
                    del waiting[:end]
                    if frame[LENGTH.size :].startswith(COMPLETED):
                        time.sleep(self._pause)
                    client.sendall(frame)
            client.shutdown(socket.SHUT_RDWR)
