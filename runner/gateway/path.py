"""The synthetic price path of one pair: a pure function of (seed, pair, second), in integers only.

Between two fixings of the ECB the path is a bridge: the middle second of an interval lies on the line between its ends,
displaced by a hash of that second that is bounded by the square root of the activity around it; then the halves, down
to single seconds. Activity is time that runs faster in busy hours. Before the first and after the last fixing the path
goes on in tiles of four years, whose ends are drawn around the outermost rate, with long moves damped.

Any second is reached in 17 steps (27 outside the fixings), and how far an interval can leave its ends is known without
walking it, so a first touch is found by branch and bound.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from math import isqrt
from typing import NamedTuple

from runner.gateway.hours import OPEN_SLOTS, SLOT, locate
from runner.gateway.rates import Anchors

FINE = 256  # path units in a tenth of a pip
_TILE = 1 << 27  # seconds, 4.25 years
_BLOCK = 32  # days skipped at once by a search
_SHORT = 4 * 3600  # seconds for which the spreads of each slot are looked at
_WINDOW = 16  # days before and after that decide how lively a day is
_MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15

# Activity of each New York hour; a second outside trading hours counts 1, which makes the gap over a weekend.
_HOURS = (8, 8, 16, 24, 24, 24, 24, 20, 36, 36, 36, 36, 20, 20, 20, 12, 8, 4, 4, 8, 8, 8, 8, 8)
_BUSIEST = max(_HOURS)


def slot_hour(slot: int) -> int:
    """Return the New York hour in which the slot of the trading week lies."""
    return (slot + 69) // 4 % 24


_GAIN = [0 if slot % 96 == 95 else _HOURS[slot_hour(slot)] - 1 for slot in range(OPEN_SLOTS)]
_GAINED = [0, *accumulate(gain * SLOT for gain in _GAIN)]
_WEEK_GAIN = _GAINED[-1]
_DAY = (_WEEK_GAIN + OPEN_SLOTS * SLOT) // 5  # activity of one trading day


def activity(at: int) -> int:
    """Return the market's own time at that second; it grows by at least 1 a second."""
    week, since = locate(at)
    slot = since // SLOT
    if slot >= OPEN_SLOTS:
        return at + (week + 1) * _WEEK_GAIN
    return at + week * _WEEK_GAIN + _GAINED[slot] + _GAIN[slot] * (since - slot * SLOT)


def mix(value: int) -> int:
    """Scramble 64 bits (the finalizer of splitmix64)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key_of(seed: int, name: str) -> int:
    """Return the 64 bits from which everything about a pair is drawn."""
    key = mix((seed + GOLDEN) & _MASK)
    for byte in name.encode():
        key = mix((key + byte * GOLDEN) & _MASK)
    return key


class Stretch(NamedTuple):
    """A bridge between two known prices: seconds, path units; `sigma` a day's liveliness, `cap` the longest move."""

    start: int
    end: int
    first: int
    last: int
    sigma: int
    cap: int


# An interval of a bridge: its first second and the one after it, the prices there, the activities there.
Node = tuple[int, int, int, int, int, int]


class Goal:
    """What a search looks for: sign * price >= sign * (level + offsets[slot]), path units, in trading hours."""

    __slots__ = ("_levels", "easiest", "sign")

    def __init__(self, sign: int, level: int, offsets: tuple[int, ...]) -> None:
        self.sign = sign
        self._levels = [sign * (level + offset) for offset in offsets]
        self.easiest = min(self._levels)  # sign * price below this meets the goal in no slot

    def easiest_in(self, start: int, end: int) -> int:
        """Return the same for the seconds from start to end alone; they are few."""
        since = locate(start)[1]
        last = (since + end - start - 1) // SLOT
        return self.easiest if last >= OPEN_SLOTS else min(self._levels[since // SLOT : last + 1])

    def met(self, at: int, price: int) -> bool:
        """Tell whether price meets the goal at that second."""
        slot = locate(at)[1] // SLOT
        if slot >= OPEN_SLOTS or slot % 96 == 95:
            return False
        return self.sign * price >= self._levels[slot]


@cache
def _reach(length: int) -> int:
    """How far a bridge of that many seconds can leave its ends, for sigma = 2**32 and no cap; rounded up."""
    if length < 2:
        return 0
    return isqrt((3 * _BUSIEST * length << 64) // (4 * _DAY)) + 1 + _reach((length + 1) // 2)


@cache
def _unit(rate: int, length: int) -> int:
    """How far the middle of that many seconds of even activity can be displaced, for sigma = 2**32."""
    left = length >> 1
    return isqrt((3 * rate * left * (length - left) << 64) // (length * _DAY))


@cache
def _capped_reach(length: int, sigma: int, cap: int) -> int:
    if length < 2:
        return 0
    own = (sigma * (_reach(length) - _reach((length + 1) // 2)) >> 32) + 1
    return min(own, cap) + _capped_reach((length + 1) // 2, sigma, cap)


@cache
def _halvings(length: int) -> list[tuple[int, int, int, int, int]]:
    """Say how that many seconds are halved, wholes before their parts: first, end, middle, length before it, length."""
    done: list[tuple[int, int, int, int, int]] = []
    todo = [(0, length)]
    for left, right in todo:
        if right - left > 1:
            middle = left + (right - left >> 1)
            done.append((left, right, middle, middle - left, right - left))
            todo += [(left, middle), (middle, right)]
    return done


class Path:
    """The path of one pair."""

    def __init__(self, seed: int, name: str, fixings: Anchors) -> None:
        """Prices of the fixings are in path units."""
        self._key = key_of(seed, name)
        self._times, self._prices = fixings.times, fixings.prices
        moves = (abs(after - before) for before, after in zip(self._prices, self._prices[1:], strict=False))
        self._moved = [0, *accumulate(moves)]
        self._blocks: dict[int, tuple[int, int]] = {}

    def price(self, at: int) -> int:
        """Return the price at that second."""
        stretch = self.stretch(at)
        start, end, first, last, begun, ended = node = root(stretch)
        while start != at:
            middle, price, now = self.middle(stretch, node)
            if at < middle:
                end, last, ended = middle, price, now
            else:
                start, first, begun = middle, price, now
            node = (start, end, first, last, begun, ended)
        return first

    def first(self, goal: Goal, start: int, end: int) -> int | None:
        """Return the first second of [start, end) that meets the goal."""
        while start < end:
            if (skipped := self._skip(goal, start)) > start:
                start = skipped
                continue
            stretch = self.stretch(start)
            if (found := self._search(goal, stretch, start, end)) is not None:
                return found
            start = stretch.end
        return None

    def track(self, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return seconds of the open span [start, end), ascending, and the prices there.

        They are points of the bridge that lie at most apart from one another, with those that are wanted among them;
        all seconds if apart is 1. Each costs one step.
        """
        times: list[int] = []
        prices: list[int] = []
        at, end = span
        while at < end:
            stretch = self.stretch(at)
            for start, part in self._runs(stretch, span, apart, wanted):
                times += range(start, start + len(part))
                prices += part
            at = stretch.end
        return times, prices

    def _runs(
        self, stretch: Stretch, span: tuple[int, int], apart: int, wanted: Sequence[int]
    ) -> Iterator[tuple[int, list[int]]]:
        """Yield runs of consecutive seconds: where they begin, and their prices."""
        start, end = span
        stack = [root(stretch)]
        while stack:
            node = stack.pop()
            left, right, first, last, begun, ended = node
            if right <= start or left >= end:
                continue
            if apart == 1 and start <= left and right <= end and left // SLOT == (right - 1) // SLOT:
                yield left, self._seconds(stretch, node)
            elif right - left > apart or _holds(wanted, left, right):
                middle, price, now = self.middle(stretch, node)
                stack.append((middle, right, price, last, now, ended))
                stack.append((left, middle, first, price, begun, now))
            elif left >= start:
                yield left, [first]

    def _seconds(self, stretch: Stretch, node: Node) -> list[int]:
        """Return the price of every second of a node with even activity: what `middle` says, without its detours."""
        start, end, first, last, begun, ended = node
        rate = (ended - begun) // (end - start)
        prices = [first] * (end - start) + [last]
        key = self._key + start * GOLDEN
        most: dict[int, int] = {}
        for left, right, middle, before, length in _halvings(end - start):
            if length not in most:
                most[length] = min(stretch.sigma * _unit(rate, length) >> 32, stretch.cap)
            price, limit = prices[left], most[length]
            moved = (mix((key + middle * GOLDEN) & _MASK) * (2 * limit + 1) >> 64) - limit
            prices[middle] = price + (prices[right] - price) * before // length + moved
        prices.pop()
        return prices

    def _search(self, goal: Goal, stretch: Stretch, start: int, end: int) -> int | None:
        """Walk the nodes of a bridge from left to right, leaving out those that cannot meet the goal."""
        sign, easiest = goal.sign, goal.easiest
        stack = [root(stretch)]
        while stack:
            node = stack.pop()
            left, right, first, last, begun, ended = node
            length = right - left
            if right <= start or left >= end or ended - begun == length:  # all of it closed: activity 1 a second
                continue
            most = max(sign * first, sign * last) + self.bound(stretch, length)
            if most < easiest or (length <= _SHORT and most < goal.easiest_in(left, right)):
                continue
            if length > 1:
                middle, price, now = self.middle(stretch, node)
                stack.append((middle, right, price, last, now, ended))
                stack.append((left, middle, first, price, begun, now))
            elif goal.met(left, first):
                return left
        return None

    def middle(self, stretch: Stretch, node: Node) -> tuple[int, int, int]:
        """Return the second in the middle of a node, the price and the activity there."""
        start, end, first, last, begun, ended = node
        length, whole = end - start, ended - begun
        middle = start + (length >> 1)
        if start // SLOT == (end - 1) // SLOT:  # quarter hours are aligned, and activity is even in each
            rate = whole // length
            before = (length >> 1) * rate
            most = stretch.sigma * _unit(rate, length) >> 32
        else:
            before = activity(middle) - begun
            most = isqrt(3 * stretch.sigma * stretch.sigma * before * (whole - before) // (whole * _DAY))
        if most > stretch.cap:
            most = stretch.cap
        moved = (mix((self._key + middle * GOLDEN) & _MASK) * (2 * most + 1) >> 64) - most
        return middle, first + (last - first) * before // whole + moved, begun + before

    def bound(self, stretch: Stretch, length: int) -> int:
        """Return how far that many seconds of a bridge can leave the prices at their ends."""
        if length > 1 << 20:
            return _capped_reach(length, stretch.sigma, stretch.cap)
        return (stretch.sigma * _reach(length) >> 32) + 1

    def _skip(self, goal: Goal, at: int) -> int:
        """Return the end of the block of days around at if nothing in it can meet the goal, else at."""
        times = self._times
        if not times[0] <= at < times[-1]:
            return at
        block = (bisect_right(times, at) - 1) // _BLOCK
        if block not in self._blocks:
            self._blocks[block] = self._range(block)
        low, high = self._blocks[block]
        if (high if goal.sign > 0 else -low) >= goal.easiest:
            return at
        return times[min((block + 1) * _BLOCK, len(times) - 1)]

    def _range(self, block: int) -> tuple[int, int]:
        """The lowest and highest price that the days of a block can reach."""
        days = range(block * _BLOCK, min((block + 1) * _BLOCK, len(self._times) - 1))
        margin = max(self.bound(s, s.end - s.start) for s in map(self._day, days))
        prices = self._prices[days.start : days.stop + 1]
        return min(prices) - margin, max(prices) + margin

    def stretch(self, at: int) -> Stretch:
        """Return the bridge in which the second lies."""
        index = bisect_right(self._times, at) - 1
        if 0 <= index < len(self._times) - 1:
            return self._day(index)
        return self._after(at) if index >= 0 else self._before(at)

    def _day(self, index: int) -> Stretch:
        price = self._prices[index]
        return Stretch(
            self._times[index], self._times[index + 1], price, self._prices[index + 1], self._sigma(index), price // 28
        )

    def _sigma(self, index: int) -> int:
        """Liveliness of a day: the mean absolute move from fixing to fixing around it, as a standard deviation."""
        low, high = max(0, index - _WINDOW), min(len(self._moved) - 1, index + _WINDOW)
        return max((self._moved[high] - self._moved[low]) * 5 // (4 * (high - low)), 8 * FINE)

    def _after(self, at: int) -> Stretch:
        edge, price = self._times[-1], self._prices[-1]
        tile = (at - edge) // _TILE
        start = edge + tile * _TILE
        ends = self._drawn(start, price) if tile else price, self._drawn(start + _TILE, price)
        return Stretch(start, start + _TILE, *ends, self._sigma(len(self._moved) - 1), price // 28)

    def _before(self, at: int) -> Stretch:
        edge, price = self._times[0], self._prices[0]
        tile = (edge - 1 - at) // _TILE
        end = edge - tile * _TILE
        ends = self._drawn(end - _TILE, price), self._drawn(end, price) if tile else price
        return Stretch(end - _TILE, end, *ends, self._sigma(0), price // 28)

    def _drawn(self, at: int, price: int) -> int:
        """The end of a tile: within a tenth of the outermost rate."""
        most = price // 10
        return price - most + (mix((self._key ^ _MASK) + at * GOLDEN & _MASK) * (2 * most + 1) >> 64)


def _holds(wanted: Sequence[int], left: int, right: int) -> bool:
    """Tell whether a point behind the first of [left, right) is wanted."""
    place = bisect_right(wanted, left)
    return place < len(wanted) and wanted[place] < right


def root(stretch: Stretch) -> Node:
    """Return the whole of a bridge."""
    start, end, first, last, _, _ = stretch
    return start, end, first, last, activity(start), activity(end)
