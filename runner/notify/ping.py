"""A dead man's switch: a web address that is fetched each minute while all is well, so that silence alarms."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable

from runner.errors import UsageError

EVERY = 60.0
_TIME_OUT = 10.0


class Ping:
    """Fetches the address on a thread of its own; what comes of it is noted when that changes."""

    def __init__(
        self, url: str, is_well: Callable[[], bool], note: Callable[[str], None], *, every: float = EVERY
    ) -> None:
        """Raises UsageError for what is no address of http or https."""
        if not url.startswith(("https://", "http://")):
            raise UsageError("notify.ping: what it names holds no address of http or https; expected https://...")
        self._url, self._is_well, self._note, self._every = url, is_well, note, every
        self._end = threading.Event()
        self._works = True
        threading.Thread(target=self._work, name="ping", daemon=True).start()

    def close(self) -> None:
        """Fetch it no more."""
        self._end.set()

    def _work(self) -> None:
        while not self._end.is_set():
            well = self._is_well()
            if well:
                self._fetch()
            self._end.wait(self._every if well else min(1.0, self._every))

    def _fetch(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=_TIME_OUT) as answer:
                answer.read(1024)
            fault = ""
        except urllib.error.HTTPError as error:
            fault = f"it answers {error.code}"
        except (OSError, ValueError, http.client.HTTPException) as error:
            fault = type(getattr(error, "reason", error)).__name__
        if self._works is bool(fault):
            self._works = not fault
            self._note(f"ping: fails ({fault}); it is tried each minute" if fault else "ping: works again")
