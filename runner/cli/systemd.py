"""What systemd is told of a service: ready, alive, stopping. Nothing where no systemd listens.

The protocol is sd_notify(3): datagrams of KEY=VALUE lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

_MICRO = 1_000_000


class Notifier:
    """Sends to systemd what it waits for; each of its calls may be made as often as one likes."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET")
        pid = os.environ.get("WATCHDOG_PID")
        wanted = os.environ.get("WATCHDOG_USEC", "") if pid in (None, str(os.getpid())) else ""
        self._every = int(wanted) / _MICRO / 2 if wanted.isdecimal() else None
        self._sent: float | None = None
        self._is_ready = False
        self._status = ""

    def ready(self, status: str) -> None:
        """Say that it works, and in a few words what it does."""
        if not self._is_ready or status != self._status:
            self._is_ready, self._status = True, status
            self._send(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Say that it lives, twice in the time that systemd allows for it."""
        now = time.monotonic()
        if self._every is not None and (self._sent is None or now - self._sent >= self._every):
            self._sent = now
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that it is about to end."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(text.encode(), address)
