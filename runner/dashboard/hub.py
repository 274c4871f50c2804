"""What the open pages are told as it happens: that something has changed, and each fill.

`tell` is called from the service's thread and never waits; everything else runs in the server's loop.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

QUIET = 10.0  # seconds after which a page is told to look in any case; it shows that the connection stands, too
PAUSE = 0.2  # seconds between two messages to one page
WATCH = 0.5  # seconds between two looks at whether the journals have changed
_MOST = 50  # fills that wait for one page


class _Page:
    """One open page."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.fills: deque[Mapping[str, object]] = deque(maxlen=_MOST)


class Hub:
    """The open pages; `mark` returns something that is another thing once the journals have changed."""

    def __init__(self, mark: Callable[[], object]) -> None:
        self._mark = mark
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[_Page] = set()
        self._waiting: deque[Mapping[str, object]] = deque(maxlen=_MOST)
        self._is_called = False
        self._is_closed = False

    # --- from any thread

    def tell(self, fill: Mapping[str, object] | None = None) -> None:
        """Say that something has changed, and which fill that was."""
        if fill is not None:
            self._waiting.append(fill)
        if self._loop is not None and not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._spread)

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        self.tell()

    # --- in the loop

    async def watch(self) -> None:
        """Tell of what changes the journals without a word, such as a command beside the service."""
        self._loop = asyncio.get_running_loop()
        before = None
        while True:
            await asyncio.sleep(WATCH)
            if self._pages and (now := self._mark()) != before:
                before = now
                self._spread()

    def _spread(self) -> None:
        self._is_called = False
        fills, self._waiting = list(self._waiting), deque(maxlen=_MOST)
        for page in self._pages:
            page.fills.extend(fills)
            page.event.set()

    async def stream(self) -> AsyncIterator[str]:
        """Yield the messages for one page, as server-sent events, until the server closes."""
        page = _Page()
        self._pages.add(page)
        try:
            yield _message("open", {})
            while not self._is_closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(page.event.wait(), QUIET)
                page.event.clear()
                while page.fills:
                    yield _message("fill", page.fills.popleft())
                yield _message("changed", {})
                await asyncio.sleep(PAUSE)
        finally:
            self._pages.discard(page)


def _message(event: str, fields: Mapping[str, object]) -> str:
    return f"event: {event}\ndata: {json.dumps(fields)}\n\n"  # JSON in ASCII has no line end in it
