"""A gateway's truth in memory: every request that it understood, every order that it took."""

from __future__ import annotations

import time
from typing import TypeVar

from runner.gateway.book import Entry
from runner.gateway.truth import Truth
from runner.wire.messages import Request

R = TypeVar("R", bound=Request)


class Witness(Truth):
    """Keeps what came in, in its order."""

    def __init__(self) -> None:
        self.requests: list[tuple[float, Request]] = []  # with the seconds of time.monotonic at which it was read
        self.orders: list[Entry] = []

    def frame(self, at: int, client_id: int | None, request: Request | None) -> None:
        """Keep a request, and when it came."""
        if request is not None:
            self.requests.append((time.monotonic(), request))

    def order(self, at: int, entry: Entry) -> None:
        """Keep an order."""
        self.orders.append(entry)

    def of(self, *kinds: type[R]) -> list[R]:
        """Return the requests of some kinds."""
        return [request for _, request in self.requests if isinstance(request, kinds)]
