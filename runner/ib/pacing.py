"""At most so many messages in any window: a TWS hangs up on clients that send more than fifty in a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LIMIT = 45
WINDOW = 1.1  # seconds; a second at the TWS may be a little less than one here
_LEAST = 5
_GRAIN = 0.001  # seconds slept at least, so that rounding cannot make it turn round and round


class Pacer:
    """Lets messages through one at a time, from any thread; whoever is too early waits."""

    def __init__(
        self,
        limit: int = LIMIT,
        window: float = WINDOW,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = limit
        self._window = window
        self._now = now
        self._sleep = sleep
        self._sent: deque[float] = deque(maxlen=limit)
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Return once one more message may leave, and count it."""
        with self._turn:
            while self._is_full() and (left := self._sent[-self.limit] + self._window - self._now()) >= 0:
                self._sleep(max(left, _GRAIN))
            self._sent.append(self._now())

    def delay(self) -> float:
        """Return the seconds that a message would wait now."""
        return max(0.0, self._sent[-self.limit] + self._window - self._now()) if self._is_full() else 0.0

    def slow_down(self) -> None:
        """Halve the limit: the TWS counted more than we did."""
        self.limit = max(_LEAST, self.limit // 2)

    def _is_full(self) -> bool:
        return len(self._sent) >= self.limit
