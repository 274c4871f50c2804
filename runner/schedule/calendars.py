"""On which days banks and exchanges are closed: calendars by name, from the library `holidays`.

The library is imported when a day of a calendar is first asked for, and not before. A calendar knows the holidays of
the years that the library covers, for most from 1999 or before to 2100; outside them it closes weekends alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_SATURDAY = 5
_WEEKEND = {5: "weekend: Saturday", 6: "weekend: Sunday"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the library has a calendar: a market by its code, or a country with a part of it."""

    market: str | None = None
    country: str | None = None
    part: str | None = None
    categories: tuple[str, ...] = ("public",)
    without: frozenset[str] = frozenset()  # names of days on which banks are open


CALENDARS: Mapping[str, Source] = {
    "TARGET": Source(market="XECB"),
    "NewYork": Source(market="XFED"),
    "London": Source(country="GB", part="ENG"),
    "Tokyo": Source(country="JP", categories=("public", "bank")),
    "Zurich": Source(market="XSWX", without=frozenset({"Christmas Eve", "New Year's Eve"})),
    "Sydney": Source(country="AU", part="NSW", categories=("public", "bank")),
    "Toronto": Source(
        country="CA", part="ON", categories=("public", "government", "optional"), without=frozenset({"Easter Monday"})
    ),
    "Wellington": Source(country="NZ", part="WGN"),
    "NYSE": Source(market="XNYS"),
    "Nasdaq": Source(market="NASDAQ"),
    "LSE": Source(market="XLON"),
    "JPX": Source(market="XJPX"),
    "SIX": Source(market="XSWX"),
    "ASX": Source(market="XASX"),
    "TSX": Source(market="XTSE"),
}
_BY_LOWER = {name.lower(): name for name in CALENDARS}


class UnknownCalendar(ValueError):
    """A name that no calendar has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no calendar is called {name}")
        self.name = name


def calendar_names(text: str) -> tuple[str, ...]:
    """Return the names that `TARGET+NewYork` joins, as CALENDARS spells them; raises UnknownCalendar."""
    names = []
    for part in text.split("+"):
        word = part.strip()
        if (name := _BY_LOWER.get(word.lower())) is None:
            raise UnknownCalendar(word)
        names.append(name)
    return tuple(dict.fromkeys(names))


class Calendar:
    """What closes on a day, by any of some calendars."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._years: dict[int, dict[date, str]] = {}

    def closed(self, day: date) -> str | None:
        """Return why a day is no business day: `holiday: Good Friday (TARGET)`, `weekend: Sunday`; else None."""
        if (weekday := day.weekday()) >= _SATURDAY:
            return _WEEKEND[weekday]
        if (year := self._years.get(day.year)) is None:
            year = self._years[day.year] = self._year(day.year)
        return year.get(day)

    def is_business(self, day: date) -> bool:
        """Tell whether a day is a weekday that no calendar closes."""
        return self.closed(day) is None

    def _year(self, year: int) -> dict[date, str]:
        found: dict[date, str] = {}
        for name in self._names:
            for day, holiday in _holidays(name, year).items():
                found.setdefault(day, f"holiday: {holiday} ({name})")
        return found


@lru_cache(maxsize=64)
def calendar_of(names: tuple[str, ...]) -> Calendar:
    """Return the calendar that joins calendars; without names it is that of weekends alone."""
    return Calendar(names)


@lru_cache(maxsize=4096)
def _holidays(name: str, year: int) -> Mapping[date, str]:
    source = CALENDARS[name]
    found = _known(source, year, source.categories)
    return {day: said for day, said in found.items() if said not in source.without}


@lru_cache(maxsize=4096)
def short_days(name: str, year: int) -> frozenset[date]:
    """Return the days of a year on which an exchange closes early."""
    try:
        return frozenset(_known(CALENDARS[name], year, ("half_day",)))
    except ValueError:  # a calendar that knows no short days
        return frozenset()


def _known(source: Source, year: int, categories: tuple[str, ...]) -> dict[date, str]:
    import holidays

    found: Mapping[date, str]
    if source.market is not None:
        found = holidays.financial_holidays(
            source.market, years=year, expand=False, language="en_US", categories=categories
        )
    else:
        country = source.country or ""
        found = holidays.country_holidays(
            country, subdiv=source.part, years=year, expand=False, language="en_US", categories=categories
        )
    return dict(found.items())
