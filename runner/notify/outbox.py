"""One receiver of messages: a queue with an end, a thread, a pace, and patience with those who do not answer."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.notify.words import FILL, Event, Message, message_of
from runner.settings.notify import Pace

Deliver = Callable[[Message], bool]
MOST_WAITING = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Seconds: what a burst is gathered for, from one attempt to the next, and until a message is given up."""

    gather: float = 1.0
    pause: float = 2.0
    longest_pause: float = 60.0
    give_up: float = 900.0


class Outbox:
    """Sends on a thread of its own; `put` never waits, and what fails is noted once until it works again."""

    def __init__(
        self, deliver: Deliver, pace: Pace, note: Callable[[str], None], patience: Patience | None = None
    ) -> None:
        """`deliver` says whether it has worked, and may take its time; `note` is told of trouble and of its end."""
        self._deliver, self._pace, self._note = deliver, pace, note
        self._patience = patience or Patience()
        self._events: deque[Event] = deque()
        self._letters: deque[Message] = deque()  # messages that are not gathered
        self._left_out = 0
        self._sent: dict[bool, deque[float]] = {True: deque(), False: deque()}  # by: is it about fills only
        self._wake = threading.Condition()
        self._closed = False
        self._failing = False
        self.taken = self.failed = 0  # attempts
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take something to be told; the oldest fills go where there are too many."""
        with self._wake:
            self._events.append(event)
            if len(self._events) > MOST_WAITING:
                self._left_out += 1
                self._events.remove(next((one for one in self._events if one.kind == FILL), self._events[0]))
            self._wake.notify()

    def leave_out(self, count: int) -> None:
        """Say with the next message how many more have happened that could not be told."""
        with self._wake:
            self._left_out += count

    def post(self, message: Message) -> None:
        """Take a message that is sent as it is, whatever the pace."""
        with self._wake:
            self._letters.append(message)
            self._wake.notify()

    def close(self, deadline: float) -> None:
        """Send what waits, until time.monotonic() is the deadline."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (message := self._next()) is not None:
            self._send(message)

    def _next(self) -> Message | None:
        """Wait for something to send, and take all of it that the pace allows; None at the end."""
        with self._wake:
            while not self._letters:
                ready = self._allowed(time.monotonic())
                if ready:
                    self._wake.wait_for(lambda: self._closed, self._patience.gather)
                    return self._gathered()
                if self._closed:
                    return None
                self._wake.wait(1.0 if self._events else None)
            return self._letters.popleft()

    def _allowed(self, now: float) -> Sequence[Event]:
        for sent in self._sent.values():
            while sent and now - sent[0] >= self._pace.within.total_seconds():
                sent.popleft()
        free = {about_fills: len(sent) < self._pace.messages for about_fills, sent in self._sent.items()}
        return [event for event in self._events if free[event.kind == FILL]]

    def _gathered(self) -> Message:
        now = time.monotonic()
        taken = self._allowed(now)
        kept = set(map(id, taken))
        self._events = deque(event for event in self._events if id(event) not in kept)
        for about_fills in {event.kind == FILL for event in taken}:
            self._sent[about_fills].append(now)
        left_out, self._left_out = self._left_out, 0
        return message_of(taken, left_out)

    def _send(self, message: Message) -> None:
        began, pause = time.monotonic(), self._patience.pause
        while not self._deliver(message):
            self.failed += 1
            self._say(failing=True)
            if self._closed or time.monotonic() - began > self._patience.give_up:
                return
            with self._wake:
                self._wake.wait_for(lambda: self._closed, pause)
            pause = min(2 * pause, self._patience.longest_pause)
        self.taken += 1
        self._say(failing=False)

    def _say(self, *, failing: bool) -> None:
        if failing is not self._failing:
            self._failing = failing
            self._note(
                "does not take messages; it is tried again for 15 minutes each" if failing else "takes messages again"
            )
