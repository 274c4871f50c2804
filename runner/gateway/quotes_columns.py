"""The quick way through a CSV file of one instrument: whole columns at a time.

It takes only what is plain. Whatever is odd (a quoted field, a blank line, a price that is none, times that do not
ascend) is left to the reader that goes row by row, which knows what may be and where something is wrong.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import islice
from operator import le, lt
from typing import TextIO

_CHUNK = 1 << 20  # characters
_MOST = 1 << 17  # texts whose meaning is remembered
_ODD = ('"', "\r", "\n\n")
Column = Sequence[str]


class _Known(dict[str, int]):
    """What texts mean, looked up by the million; what is not known yet is read. Raises ValueError as reading does."""

    def __init__(self, read: Callable[[str], int]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> int:
        value = self._read(text)
        if len(self) >= _MOST:
            self.clear()
        self[text] = value
        return value


class Readers:
    """How a time and a price are read from text; both raise ValueError. Of a time, date and clock are read apart."""

    def __init__(
        self, midnight: Callable[[str], int], clock: Callable[[str], int], seconds: Callable[[str], int],
        price: Callable[[str], int], between: tuple[int, int],
    ) -> None:  # fmt: skip
        self._midnight, self._clock, self._seconds = _Known(midnight), _Known(clock), seconds
        self.price = _Known(price).__getitem__
        self.earliest, self.latest = between

    def times(self, column: Column) -> list[int]:
        """Read a column of times, all of which have the form of the first."""
        if column[0][4:5] != "-":
            return [*map(self._seconds, column)]
        midnight, clock = self._midnight, self._clock
        return [midnight[text[:10]] + clock[text[10:]] for text in column]


def columns(
    file: TextIO, width: int, time: int, prices: Sequence[int], *, longest: int, readers: Readers
) -> list[array[int]] | None:
    """Return the times and then the prices of all rows that are left in a file, None if it is not plain.

    A row has `width` fields; `time` and `prices` are the places of those that count.
    """
    found = [array("q") for _ in (time, *prices)]
    while chunk := file.read(_CHUNK):
        rest = "" if chunk.endswith("\n") else file.readline(longest)
        fields = None if len(rest) == longest else _fields(chunk + rest, width)
        if fields is None or not _take(found, [fields[place::width] for place in (time, *prices)], readers):
            return None
    return found if found[0] else None


def _fields(chunk: str, width: int) -> list[str] | None:
    """Return all fields of whole rows one after the other, None if some row has another number of them."""
    if any(odd in chunk for odd in _ODD) or chunk.startswith("\n"):
        return None
    body = chunk.removesuffix("\n")
    rows = body.count("\n") + 1
    fields = body.replace("\n", ",\n").split(",")
    if len(fields) != rows * width:
        return None
    starts = fields[width::width]
    if not all(text.startswith("\n") for text in starts):  # as many as there are line ends, so no other field has one
        return None
    fields[width::width] = [text[1:] for text in starts]
    return fields


def _take(found: list[array[int]], texts: list[Column], readers: Readers) -> bool:
    """Add the rows of a chunk; False, and nothing is added, if one of them means nothing."""
    try:
        times = array("q", readers.times(texts[0]))
        prices = [array("q", map(readers.price, column)) for column in texts[1:]]
    except ValueError:
        return False
    before = found[0][-1] if found[0] else readers.earliest - 1
    is_ascending = before < times[0] and all(map(lt, times, islice(times, 1, None))) and times[-1] < readers.latest
    if not is_ascending or not _is_sound(prices):
        return False
    for column, more in zip(found, (times, *prices), strict=True):
        column += more
    return True


def _is_sound(prices: Sequence[array[int]]) -> bool:
    """Tell whether no bid is above its ask, and no high or low within its candle."""
    if len(prices) == 2:
        return all(map(le, *prices))
    first, high, low, last = prices
    return all(all(map(le, low, price)) and all(map(le, price, high)) for price in (first, last))
