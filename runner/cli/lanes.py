"""What `fxrun serve` starts and looks after: a process for live plans, one for simulated ones.

They are processes so that nothing of one can reach the other. A lane that ends is started again, after 1, 2, 4 to 60
seconds, and one that hangs is killed and started again: its journal says what it had claimed. One that never got
as far as carrying out plans, and says by its code why (usage, refusal, no connection, a journal in use), ends the
service.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from runner.cli import output
from runner.cli.figures import FIGURES
from runner.cli.observing import Record
from runner.cli.roll import Order
from runner.plan.model import Plan

FINAL = frozenset({2, 3, 5, 75})  # exit codes that another start would end with, too
SILENT = 20.0  # seconds without a sign of life after which a lane counts as stuck
HANGS = 45.0  # after which it is killed; a journal that another program holds is waited for thirty
BEGINS = 300.0  # the same for one that has not begun yet: ten thousand plans are read first
DRAIN = 10.0  # seconds that a lane may take to stop
_MOST = 1 << 16
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STEADY = 600.0  # seconds after which a lane that dies is started again at once


@dataclass(slots=True)
class Lane:
    """One lane: its process, while there is one, and the plans that it is to have."""

    name: str
    command: Sequence[str]
    take: Callable[[str, Record], None]  # is told what happens: the name of the lane, and a line of its --json
    plans: dict[str, Plan] = field(default_factory=dict)
    ended: int | None = None  # the code that ends the service
    figures: Record | None = None  # what it has counted since its start
    _process: subprocess.Popen[bytes] | None = None
    _orders: queue.SimpleQueue[Order | None] = field(default_factory=queue.SimpleQueue)
    _alive: int = -1
    _beat: float | None = None  # when it gave its last sign of life, None before its first
    _started: float = 0.0
    _pause: float = _FIRST_PAUSE
    _again_at: float = 0.0
    _heard: bytes = b""  # the beginning of a line
    _was_ready: bool = False  # at any time

    def tell(self, order: Order) -> None:
        """Pass on what has changed; a lane that does not run gets all its plans when it starts."""
        for name in order.gone:
            self.plans.pop(name, None)
        self.plans.update((plan.name, plan) for plan in order.plans)
        if self._process is not None:
            self._orders.put(order)

    @property
    def is_ready(self) -> bool:
        """True once it carries out its plans."""
        return self._beat is not None

    @property
    def is_alive(self) -> bool:
        """True if there is a process, and it has not been silent for too long."""
        return self._process is not None and not self.is_stuck

    @property
    def is_stuck(self) -> bool:
        """True if there is a process that has been silent for too long."""
        return self._process is not None and self._silence >= SILENT

    @property
    def _silence(self) -> float:
        """Seconds since its last sign of life."""
        return time.monotonic() - (self._beat or self._started)

    def tend(self) -> None:
        """Start it, start it again, take in its signs of life."""
        if self._process is None:
            if self.ended is None and time.monotonic() >= self._again_at:
                self._start()
            return
        self._listen()
        if (code := self._process.poll()) is not None:
            self._close()
            self._take_end(code)
        elif self._silence >= (HANGS if self.is_ready else BEGINS):
            output.note(f"fxrun: the lane {self.name} has said nothing for {self._silence:.0f} s and is killed")
            self._process.kill()
            self._beat = time.monotonic()  # until its end is seen

    def _start(self) -> None:
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        process = subprocess.Popen(
            [*self.command, "--alive", str(theirs)], stdin=subprocess.PIPE, pass_fds=(theirs,), start_new_session=True
        )
        os.close(theirs)
        self._process, self._alive, self._beat, self._started = process, ours, None, time.monotonic()
        self._heard = b""
        self._orders = queue.SimpleQueue()
        self._orders.put(Order(plans=tuple(self.plans.values())))
        threading.Thread(target=_write, args=(process, self._orders), name=self.name, daemon=True).start()

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            while heard := os.read(self._alive, _MOST):
                self._beat, self._was_ready = time.monotonic(), True
                *lines, self._heard = (self._heard + heard).split(b"\n")
                for line in filter(None, lines):
                    with suppress(ValueError):  # one that was cut off by the end of its process
                        self._take(json.loads(line))

    def _take(self, record: Record) -> None:
        if record.get("type") == FIGURES:
            self.figures = record
        else:
            self.take(self.name, record)

    def _take_end(self, code: int) -> None:
        if code == 0 or (code in FINAL and not self._was_ready):
            self.ended = code
            return
        if time.monotonic() - self._started > _STEADY:
            self._pause = _FIRST_PAUSE
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        output.note(f"fxrun: the lane {self.name} {how}; it is started again in {self._pause:.0f} s")
        self._again_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def stop(self) -> None:
        """Ask it to stop: it claims nothing any more from then on."""
        if self._process is not None:
            self._orders.put(None)
            self._process.terminate()

    def wait(self, deadline: float) -> int:
        """Return its exit code; one that has not stopped at the deadline is killed."""
        if self._process is None:
            return self.ended or 0
        try:
            code = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            output.note(f"fxrun: the lane {self.name} did not stop within {DRAIN:.0f} s and was killed")
            self._process.kill()
            self._process.wait()
            code = 1
        self._close()
        if code == -signal.SIGTERM:  # it was told to stop before it had begun
            return 0
        return code if code >= 0 else 1

    def _close(self) -> None:
        self._listen()  # what it said last
        self._orders.put(None)
        os.close(self._alive)
        self._process = None


def _write(process: subprocess.Popen[bytes], orders: queue.SimpleQueue[Order | None]) -> None:
    """Pass orders on until there are no more; what a lane that has died does not read is lost with it."""
    assert process.stdin is not None
    with suppress(OSError, ValueError):
        while (order := orders.get()) is not None:
            pickle.dump(order, process.stdin)
            process.stdin.flush()
    with suppress(OSError):
        process.stdin.close()


def command(folder: str, lane: str, options: Mapping[str, str | bool | None]) -> list[str]:
    """Return the command line of a lane."""
    words = [sys.executable, "-m", "runner", "serve", folder, "--lane", lane]
    for name, value in options.items():
        if value is True:
            words.append(name)
        elif value not in (None, False):
            words += [name, str(value)]
    return words
