"""Bars that are kept up to date: the one that is being made, and each as it closes."""

from __future__ import annotations

from collections.abc import Iterator

from runner.gateway.history import Piece, bar_of, pieces
from runner.gateway.history_query import Query
from runner.gateway.market import Market
from runner.wire.messages import Bar


class LiveBars:
    """The end of a series of bars that grows with time."""

    def __init__(self, query: Query, market: Market, at: int) -> None:
        """Begin with the bar in which the second before at lies."""
        self._query = query
        self._market = market
        self._seen = self._begun(at)  # the seconds before it are in the bar
        self._piece: Piece | None = None
        self._told: Bar | None = None
        for _ in self.grown(at - 1):
            pass

    def _begun(self, at: int) -> int:
        """Return the beginning of the bar, so that all of it is read."""
        opening = next(self._query.hours.before(at)).opening
        if self._query.is_daily:
            return opening
        last = self._query.hours.last_open(at - 1)
        return max(opening, last - last % self._query.size)

    def grown(self, at: int) -> Iterator[Bar]:
        """Yield the bars that the seconds up to and with at have changed, oldest first, each as it stands."""
        for session in self._query.hours.within(self._seen, at + 1):
            for decimals, more in pieces(self._query, self._market, session):
                whole = self._with(more)
                if self._piece is not None and whole.start != self._piece.start:
                    self._told = None
                self._piece = whole
                bar = bar_of(self._query, whole, decimals)
                if bar != self._told:
                    self._told = bar
                    yield bar
        self._seen = max(self._seen, at + 1)

    def _with(self, more: Piece) -> Piece:
        """Return the bar that these seconds belong to, as far as it goes."""
        if self._piece is None or self._piece.end != more.start or self._is_first(more.start):
            return more
        return self._piece.and_then(more)

    def _is_first(self, at: int) -> bool:
        """Tell whether a bar begins at that second."""
        if self._query.is_daily:
            return self._query.hours.current(at).opening == at
        return at % self._query.size == 0
