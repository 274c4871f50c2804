"""Reading a CSV file of quotes or candles into arrays; what it may hold is said in `runner.gateway.quotes`."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NoReturn, TextIO

from runner.errors import PlanInvalid, Problem
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.quotes_columns import Readers, columns

DIGITS = 8
ANY_PAIR = ""
_QUOTE = ("bid", "ask")
_CANDLE = ("open", "high", "low", "close")
_LONGEST_LINE = 4096
_EXPECTED = "time,bid,ask or time,open,high,low,close, and optionally pair"
_EPOCH = re.compile(r"\d{8,12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(r"(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(?:Z|([+-])(\d\d):(\d\d))?", re.ASCII)
_TIME_FORM = "YYYY-MM-DD HH:MM:SS with Z or +HH:MM if it is not UTC, or epoch seconds"
_PRICE = re.compile(r"(\d{1,9})(?:\.(\d{0,40}))?", re.ASCII)
_PAIR = re.compile(r"([A-Z]{3})[./]?([A-Z]{3})", re.ASCII)
_EARLIEST, _LATEST = 31_536_000, 221_845_392_000  # the years 1971 to 8999


class _Wrong(Exception):
    """A field of a row is wrong: its place in the row and the message."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place, self.message = place, message


@dataclass(slots=True)
class Table:
    """The rows of one pair: epoch seconds, and columns of prices in 10**-8 (bid, ask or open, high, low, close)."""

    columns: Sequence[array[int]]
    times: array[int] = field(default_factory=lambda: array("q"))

    @property
    def is_candles(self) -> bool:
        """True if the columns are open, high, low and close."""
        return len(self.columns) == len(_CANDLE)


@dataclass(frozen=True, slots=True)
class _Header:
    """Where the columns are."""

    time: int
    prices: tuple[int, ...]
    pair: int | None
    width: int


def read(path: Path) -> dict[str, Table]:
    """Return the table of each pair that the file names, or one under ANY_PAIR; raises UsageError at what is wrong."""
    if not path.is_file():
        _fail(
            path,
            1,
            1,
            f"the file of quotes {'is none' if path.exists() else 'does not exist'}; expected the path of a CSV file",
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if (table := _plain(file)) is not None:
                return {ANY_PAIR: table}
            file.seek(0)
            return _tables(path, file)
    except OSError as error:
        _fail(path, 1, 1, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        _fail(path, 1, 1, "not UTF-8 text")


def _fail(path: Path, line: int, column: int, message: str) -> NoReturn:
    raise PlanInvalid([Problem(str(path), line, column, message)]) from None


def _plain(file: TextIO) -> Table | None:
    """Read a plain file of one instrument whole columns at a time, None for one that is not plain."""
    names = file.readline(_LONGEST_LINE)
    try:
        header = _header(names.removesuffix("\n").split(","))
    except _Wrong:
        return None
    if header.pair is not None or not names.endswith("\n") or '"' in names:
        return None
    readers = Readers(_midnight, _clock, _seconds, _price, (_EARLIEST, _LATEST))
    found = columns(file, header.width, header.time, header.prices, longest=_LONGEST_LINE, readers=readers)
    return None if found is None else Table(found[1:], found[0])


def _tables(path: Path, file: TextIO) -> dict[str, Table]:
    rows = csv.reader(_lines(file))
    row: list[str] = []
    tables: dict[str, Table] = {}
    try:
        row = next(rows, [])
        header = _header(row)
        for row in rows:
            if row:
                _add(tables, header, row)
        if not tables:
            raise _Wrong(0, "no rows; expected at least one after the line of column names")
    except _Wrong as wrong:
        _fail(path, max(rows.line_num, 1), 1 + sum(len(text) + 1 for text in row[: wrong.place]), wrong.message)
    except csv.Error as error:
        _fail(path, rows.line_num + 1, 1, f"not CSV: {error}")
    return tables


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line of {_LONGEST_LINE} characters or more")
        yield line


def _header(row: Sequence[str]) -> _Header:
    names = [text.strip().lower() for text in row]
    for place, name in enumerate(names):
        if name in ("time", "pair", *_QUOTE, *_CANDLE) and name in names[:place]:
            raise _Wrong(place, f"the column {name} is there twice")
    wanted = _QUOTE if "bid" in names or "ask" in names else _CANDLE
    for name in ("time", *wanted):
        if name not in names:
            raise _Wrong(0, f"no column {name}; expected {_EXPECTED}")
    pair = names.index("pair") if "pair" in names else None
    return _Header(names.index("time"), tuple(map(names.index, wanted)), pair, len(names))


def _add(tables: dict[str, Table], header: _Header, row: Sequence[str]) -> None:
    if len(row) != header.width:
        raise _Wrong(0, f"{len(row)} fields; expected {header.width}, as in the first line")
    try:
        pair = ANY_PAIR if header.pair is None else _pair(row[header.pair])
        at = _time(row[header.time])
        prices = [_price(row[place]) for place in header.prices]
    except ValueError:
        _blame(header, row)
    if (table := tables.get(pair)) is None:
        table = tables[pair] = Table([array("q") for _ in header.prices])
    if table.times and at <= table.times[-1]:
        raise _Wrong(header.time, f"the time {row[header.time]} is not after the one before; expected ascending times")
    _check(header, prices)
    table.times.append(at)
    for column, price in zip(table.columns, prices, strict=True):
        column.append(price)


def _check(header: _Header, prices: Sequence[int]) -> None:
    if len(prices) == len(_QUOTE):
        if prices[0] > prices[1]:
            raise _Wrong(header.prices[0], "the bid is above the ask")
        return
    first, high, low, last = prices
    if high < max(first, low, last):
        raise _Wrong(header.prices[1], "the high is below another price of the candle")
    if low > min(first, last):
        raise _Wrong(header.prices[2], "the low is above another price of the candle")


def _blame(header: _Header, row: Sequence[str]) -> NoReturn:
    """Raise what is wrong with the first field of the row that has no meaning."""
    parsers: dict[int, Callable[[str], object]] = {header.time: _time, **dict.fromkeys(header.prices, _price)}
    if header.pair is not None:
        parsers[header.pair] = _pair
    for place in sorted(parsers):
        try:
            parsers[place](row[place])
        except ValueError as error:
            raise _Wrong(place, str(error)) from None
    raise AssertionError(f"nothing is wrong with {row}")


@lru_cache(1024)
def _pair(text: str) -> str:
    name = text.strip().upper()
    if name in INSTRUMENTS:
        return name
    if (match := _PAIR.fullmatch(name)) is None:
        raise ValueError(f"{text[:40]!r} is not a pair nor anything else that is listed; expected one such as EUR.USD")
    return f"{match[1]}.{match[2]}"


def _time(text: str) -> int:
    text = text.strip()
    try:
        at = _midnight(text[:10]) + _clock(text[10:]) if text[4:5] == "-" else _seconds(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a time; expected {_TIME_FORM}") from None
    if not _EARLIEST <= at < _LATEST:
        raise ValueError(f"the time {text} is out of range; expected the years 1971 to 8999")
    return at


def _seconds(text: str) -> int:
    if _EPOCH.fullmatch(text) is None:
        raise ValueError
    return int(text)


@lru_cache(1024)
def _midnight(text: str) -> int:
    if _DATE.fullmatch(text) is None:
        raise ValueError
    return (date.fromisoformat(text).toordinal() - 719_163) * 86_400


@lru_cache(1 << 17)
def _clock(text: str) -> int:
    """Seconds after midnight UTC that a time of day with its offset is."""
    if (match := _CLOCK.fullmatch(text)) is None:
        raise ValueError
    hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
    sign, offset_hour, offset_minute = match[4], int(match[5] or 0), int(match[6] or 0)
    if max(hour, offset_hour) > 23 or max(minute, second, offset_minute) > 59:
        raise ValueError
    east = offset_hour * 3600 + offset_minute * 60
    return hour * 3600 + minute * 60 + second + (east if sign == "-" else -east)


@lru_cache(1 << 16)
def _price(text: str) -> int:
    if (match := _PRICE.fullmatch(text.strip())) is None:
        raise ValueError(f"{text[:40]!r} is not a price; expected a decimal number such as 1.08505")
    part = (match[2] or "").rstrip("0")
    if len(part) > DIGITS:
        raise ValueError(f"the price {text[:40]} has over {DIGITS} decimals")
    if (price := int(match[1] + part.ljust(DIGITS, "0"))) == 0:
        raise ValueError("the price is zero")
    return price
