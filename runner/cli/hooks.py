"""Commands of the user's that are told of events: one line of JSON on stdin each, beside the run and never in its way.

The line is `{"type", "plan", "order", "fire", "order_ref", "reason", "time", ...}`, null where an event has none.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from runner.cli.marks import as_told

MOST_WAITING = 100
TIME_OUT = 30.0  # seconds that one command may take
CLOSING = 5.0
_FIELDS = ("plan", "order", "fire", "order_ref", "reason", "time")


class Hooks:
    """Tells commands of events on a thread of its own; `tell` and `close` raise nothing and `tell` never waits."""

    def __init__(
        self,
        commands: Mapping[str, tuple[str, ...]],
        note: Callable[[str], None],
        *,
        time_out: float = TIME_OUT,
        closing: float = CLOSING,
    ) -> None:
        """Take the command of each event, program and arguments; `note` is told once of each kind of failure."""
        self._commands = dict(commands)
        self._note = note
        self._time_out = time_out
        self._closing = closing
        self._waiting: queue.Queue[tuple[str, bytes] | None] = queue.Queue(MOST_WAITING)
        self._noted: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._closed = False
        self._given_up = False

    def tell(self, event: str, fields: Mapping[str, object]) -> None:
        """Start the command of an event, if it has one; at once, or after those that are still waiting."""
        if event not in self._commands or self._closed:
            return
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="hooks", daemon=True)
                self._worker.start()
        try:
            self._waiting.put_nowait((event, _line(event, fields)))
        except queue.Full:
            self._fail(
                event, "full", f"{MOST_WAITING} events are waiting for their commands already; some are left out"
            )

    def close(self) -> None:
        """Wait, for five seconds at most, until what was told has been passed on; may be called again."""
        if self._closed or self._worker is None:
            self._closed = True
            return
        self._closed = True
        deadline = time.monotonic() + self._closing
        with suppress(queue.Full):
            self._waiting.put(None, timeout=self._closing)
        self._worker.join(max(0.0, deadline - time.monotonic()))
        if self._worker.is_alive():
            self._given_up = True
            self._fail("", "closing", f"not every command was done within {self._closing:g} s of the end of the run")

    def _work(self) -> None:
        while (told := self._waiting.get()) is not None and not self._given_up:
            event, line = told
            try:
                self._run(event, line)
            except (OSError, ValueError) as fault:
                self._fail(event, "start", f"its command cannot be started ({fault})")

    def _run(self, event: str, line: bytes) -> None:
        command = self._commands[event]
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
        ) as process:
            try:
                process.communicate(line, self._time_out)
            except subprocess.TimeoutExpired:
                _end(process)
                self._fail(event, "time-out", f"its command was ended: it took longer than {self._time_out:g} s")
                return
        if process.returncode:
            self._fail(event, "exit", f"its command ended with exit code {process.returncode}")

    def _fail(self, event: str, kind: str, what: str) -> None:
        with self._lock:
            if (event, kind) in self._noted:
                return
            self._noted.add((event, kind))
        with suppress(OSError, ValueError):
            self._note(f"hook {event}: {what}" if event else f"hooks: {what}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and what it has started."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _line(event: str, fields: Mapping[str, object]) -> bytes:
    told = {"type": event, **dict.fromkeys(_FIELDS), **{name: as_told(value) for name, value in fields.items()}}
    return json.dumps({**told, "type": event}).encode() + b"\n"
