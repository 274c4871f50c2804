"""The first time that a path comes back from its extreme, exact to the second, without walking the path.

Nodes of the bridge are visited from left to right. One that cannot reach the stop, however far its own extreme moves
it, is put aside unopened; it matters only as far as it may hold the extreme. What was put aside is opened, the most
promising first, when a later node cannot be judged without the exact extreme.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count

from runner.gateway.hours import OPEN_SLOTS, SLOT, locate
from runner.gateway.path import FINE, Node, Path, Stretch, root
from runner.gateway.trails import LOWEST, Drawdown, Terms

_SHORT = 4 * 3600  # seconds for which the spreads of each slot are looked at
Span = tuple[int, int]
Aside = tuple[int, int, Stretch, Node, Span]  # -highest, order, bridge, node, what of it counts


class Heights:
    """One side of the market over a path, as heights: sign * (path + offset of the slot) // FINE."""

    def __init__(self, path: Path, sign: int, offsets: tuple[int, ...]) -> None:
        self.path, self.sign, self._offsets = path, sign, offsets
        self._least, self._most = min(offsets), max(offsets)

    def at(self, at: int, price: int) -> int:
        """Return the height of a path price at that second, which is one of trading."""
        return self.sign * ((price + self._offsets[locate(at)[1] // SLOT]) // FINE)

    def bounds(self, stretch: Stretch, node: Node) -> Span:
        """Return the lowest and the highest height that a node can hold."""
        left, right, first, last, _, _ = node
        length = right - left
        reach = self.path.bound(stretch, length)
        least, most = self._least, self._most
        if length <= _SHORT:
            least, most = self._offsets_in(left, length)
        low = (min(first, last) - reach + least) // FINE
        high = (max(first, last) + reach + most) // FINE
        return (low, high) if self.sign > 0 else (-high, -low)

    def _offsets_in(self, start: int, length: int) -> Span:
        since = locate(start)[1]
        last = (since + length - 1) // SLOT
        if last >= OPEN_SLOTS:
            return self._least, self._most
        part = self._offsets[since // SLOT : last + 1]
        return min(part), max(part)


class Extreme:
    """The greatest height of what has been seen, known as exactly as was asked for."""

    def __init__(self, heights: Heights) -> None:
        self._heights = heights
        self._aside: list[Aside] = []
        self._order = count()
        self.known = LOWEST  # the greatest height for certain

    @property
    def most(self) -> int:
        """The greatest height there can be in what was seen."""
        return max(self.known, -self._aside[0][0]) if self._aside else self.known

    def see(self, height: int) -> None:
        """Take in the height of one second."""
        self.known = max(self.known, height)

    def put(self, stretch: Stretch, node: Node, span: Span, high: int) -> None:
        """Take in a node, of which only the seconds in span count, unopened if it is of any interest."""
        left = node[0]
        if span[0] <= left < span[1]:
            self.see(self._heights.at(left, node[2]))
        if high > self.known and node[1] - left > 1:
            heappush(self._aside, (-high, next(self._order), stretch, node, span))

    def settle(self) -> int:
        """Return the greatest height, exactly."""
        while self._aside:
            self.open()
        return self.known

    def open(self) -> None:
        """Open the most promising of what was put aside."""
        high, _, stretch, node, span = heappop(self._aside)
        if -high <= self.known:
            self._aside.clear()
            return
        for half in halves(self._heights.path, stretch, node):
            if half[1] > span[0] and half[0] < span[1]:
                self.put(stretch, half, span, self._heights.bounds(stretch, half)[1])


def halves(path: Path, stretch: Stretch, node: Node) -> tuple[Node, Node]:
    """Return the two halves of a node of at least two seconds."""
    start, end, first, last, begun, ended = node
    middle, price, now = path.middle(stretch, node)
    return (start, middle, first, price, begun, now), (middle, end, price, last, now, ended)


def extreme(heights: Heights, spans: Iterable[Span]) -> int | None:
    """Return the greatest height in the spans, None if there are none."""
    best = Extreme(heights)
    for start, end in spans:
        for stretch, span in _bridges(heights.path, start, end):
            best.put(stretch, root(stretch), span, heights.bounds(stretch, root(stretch))[1])
    found = best.settle()
    return None if found == LOWEST else found


def _bridges(path: Path, start: int, end: int) -> Iterable[tuple[Stretch, Span]]:
    while start < end:
        stretch = path.stretch(start)
        yield stretch, (start, min(end, stretch.end))
        start = stretch.end


class Search:
    """The search for the first drawdown; what it has seen so far stays when it goes on in a later span."""

    def __init__(self, heights: Heights, terms: Terms) -> None:
        self._heights, self._terms = heights, terms
        self._extreme = Extreme(heights)

    def first(self, spans: Iterable[Span]) -> Drawdown | None:
        """Return the first drawdown in the spans, which are of trading and ascend."""
        for start, end in spans:
            for stretch, span in _bridges(self._heights.path, start, end):
                if (found := self._walk(stretch, span)) is not None:
                    return found
        return None

    def meets(self, at: int, height: int) -> Drawdown | None:
        """Look at one second."""
        best = self._extreme
        best.see(height)
        while height <= self._terms.stop(best.most):
            if best.most == best.known:
                return self._terms.told(at, best.known)
            best.open()
        return None

    def _walk(self, stretch: Stretch, span: Span) -> Drawdown | None:
        start, end = span
        stack = [root(stretch)]
        while stack:
            node = stack.pop()
            left, right = node[0], node[1]
            if right <= start or left >= end:
                continue
            low, high = self._heights.bounds(stretch, node)
            if self._is_harmless(low, high):
                self._extreme.put(stretch, node, span, high)
            elif right - left > 1:
                stack += reversed(halves(self._heights.path, stretch, node))
            elif (found := self.meets(left, self._heights.at(left, node[2]))) is not None:
                return found
        return None

    def _is_harmless(self, low: int, high: int) -> bool:
        """Tell whether heights within these bounds cannot meet the stop, wherever in them the extreme moves it."""
        best, terms = self._extreme, self._terms
        if low <= terms.stop(max(best.known, high)):
            return False
        while best.most > best.known and low <= terms.stop(max(best.most, high)):
            best.open()
        return low > terms.stop(max(best.most, high))
