"""The grammar of `on:`, letter case aside.

phrase   = days "at" times | session
days     = "daily" | ["every"] weekdays | ["the"] ordinals ["last"] unit ["of" period] | "day" numbers ["of" period]
weekdays = "day" | "weekday" | "business day" | a weekday {("," | "and") a weekday}       each also in the plural
ordinals = ("first" | "2nd" | "3rd" | ... | "last") {("," | "and") one more}               `2nd last`: from the end
unit     = a weekday | "day" | "weekday" | "business day"
period   = ["the" | "each" | "every"] ("month" | "quarter" | "year") | a month {("," | "and") a month}
times    = HH:MM {("," | "and") HH:MM}
session  = ("market" | "session") ("open" | "close") [("+" | "-") duration]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TypeVar

from runner.core.times import parse_duration
from runner.schedule.phrase import ALL_DAYS, WEEKDAYS, Anchor, DayRule, Period, PhraseError, SessionRule

EXAMPLES = "last business day of month at 15:55, first friday at 13:30, weekdays at 09:30 or session close - 10m"
_LONGEST = 200
_TOKEN = re.compile(r"\s*(?P<token>[A-Za-z0-9:.]+|\S)")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_NUMBER = re.compile(r"([1-9][0-9]{0,2})(st|nd|rd|th)?", re.ASCII)
_WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WEEKDAYS = {word: n for n, name in enumerate(_WEEKDAY_NAMES) for word in (name, f"{name}s", name[:3])}
_MONTHS = {word: n for n, name in enumerate(_MONTH_NAMES, 1) for word in (name, name[:3])} | {"sept": 9}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_PERIODS = {period.name.lower(): period for period in Period}
_MOST = {  # how many of a unit a period can have
    "day": {Period.MONTH: 31, Period.QUARTER: 92, Period.YEAR: 366},
    "weekday": {Period.MONTH: 23, Period.QUARTER: 66, Period.YEAR: 262},
    "of one name": {Period.MONTH: 5, Period.QUARTER: 14, Period.YEAR: 53},
}
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str  # in small letters; empty at the end
    place: int


@dataclass(frozen=True, slots=True)
class _Unit:
    weekdays: frozenset[int]
    business: bool

    @property
    def kind(self) -> str:
        if self.weekdays == ALL_DAYS:
            return "day"
        return "weekday" if self.weekdays == WEEKDAYS else "of one name"


_UNITS = {"day": _Unit(ALL_DAYS, False), "weekday": _Unit(WEEKDAYS, False), "business": _Unit(WEEKDAYS, True)}
_UNITS |= {f"{word}s": unit for word, unit in _UNITS.items() if word != "business"}


def parse_phrase(text: str) -> DayRule | SessionRule:
    """Read one phrase; raises PhraseError with the place at which it stops making sense."""
    if len(text) > _LONGEST:
        raise PhraseError(f"expected at most {_LONGEST} characters in place of {len(text)}", _LONGEST)
    return _Reader(text).phrase()


class _Reader:
    """Reads the words of a phrase from left to right, one look ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = [_Word(found["token"].lower(), found.start("token")) for found in _TOKEN.finditer(text)]
        self._words.append(_Word("", len(text.rstrip())))
        self._at = 0

    # --- words

    @property
    def _next(self) -> _Word:
        return self._words[self._at]

    def _take(self) -> _Word:
        word = self._next
        self._at = min(self._at + 1, len(self._words) - 1)
        return word

    def _accept(self, *choices: str) -> bool:
        if self._next.text not in choices:
            return False
        self._take()
        return True

    def _refuse(self, expected: str, known: Iterable[str] = (), word: _Word | None = None) -> PhraseError:
        word = word or self._next
        shown = word.text if word.text.isprintable() else ascii(word.text)[1:-1]
        there = f'in place of "{shown}"' if word.text else "at its end"
        return PhraseError(f"expected {expected} {there}{_meant(word.text, known)}", word.place)

    def _listed(self, one: Callable[[], _Value]) -> list[_Value]:
        """Read one or more of something, with commas or `and` between them."""
        found = [one()]
        while self._accept(",", "and"):
            self._accept("and")
            found.append(one())
        return found

    # --- phrases

    def phrase(self) -> DayRule | SessionRule:
        rule: DayRule | SessionRule
        rule = self._session() if self._next.text in ("market", "session") else self._days()
        if self._next.text:
            raise self._refuse("the end" if isinstance(rule, DayRule) else "+, - or the end")
        return rule

    def _days(self) -> DayRule:
        if self._accept("daily"):
            return self._timed(_UNITS["day"])
        if self._accept("every", "each"):
            return self._timed(self._unit_or_names())
        self._accept("on")
        self._accept("the")
        if self._is_ordinal(self._next.text):
            return self._counted(self._listed(self._ordinal), self._unit())
        if self._next.text == "day" and self._at + 1 < len(self._words) and self._words[self._at + 1].text != "at":
            self._take()
            return self._counted(self._listed(self._day_number), _UNITS["day"])
        return self._timed(self._unit_or_names())

    def _timed(self, unit: _Unit) -> DayRule:
        times = self._times()
        return DayRule(text=self._said, times=times, weekdays=unit.weekdays, business=unit.business)

    @property
    def _said(self) -> str:
        return " ".join(self._text.split())

    def _counted(self, ordinals: Sequence[tuple[int, _Word]], unit: _Unit) -> DayRule:
        period, months = self._period() if self._accept("of", "in") else (Period.MONTH, frozenset(range(1, 13)))
        _check_ordinals(ordinals, unit, period, months)
        times = self._times()
        return DayRule(
            text=self._said,
            times=times,
            weekdays=unit.weekdays,
            business=unit.business,
            ordinals=tuple(sorted({number for number, _ in ordinals})),
            period=period,
            months=months,
        )

    # --- days

    def _unit_or_names(self) -> _Unit:
        if self._next.text in _WEEKDAYS:
            return _Unit(frozenset(self._listed(self._weekday)), False)
        return self._unit(more=("daily", "first", "last", "market open", "session close"))

    def _unit(self, more: Iterable[str] = ()) -> _Unit:
        word = self._next
        if word.text in _WEEKDAYS:
            return _Unit(frozenset({self._weekday()}), False)
        if word.text not in _UNITS:
            expected = "a weekday, day, weekday or business day"
            if self._at == 0:
                expected = f"words such as {EXAMPLES}"
            raise self._refuse(expected, [*_UNITS, *_WEEKDAYS, *more])
        self._take()
        if word.text == "business" and not self._accept("day", "days"):
            raise self._refuse("day, after business,", ("day", "days"))
        return _UNITS[word.text]

    def _weekday(self) -> int:
        if self._next.text not in _WEEKDAYS:
            raise self._refuse("a weekday such as friday", _WEEKDAYS)
        return _WEEKDAYS[self._take().text]

    def _is_ordinal(self, text: str) -> bool:
        return text in _ORDINALS or _NUMBER.fullmatch(text) is not None

    def _ordinal(self) -> tuple[int, _Word]:
        word = self._next
        if not self._is_ordinal(word.text):
            raise self._refuse("first, 2nd, 3rd or last", _ORDINALS)
        self._take()
        number = _ORDINALS.get(word.text) or _number(word)
        if number > 0 and self._accept("last"):
            number = -number
        return number, word

    def _day_number(self) -> tuple[int, _Word]:
        word = self._next
        if _NUMBER.fullmatch(word.text) is None:
            raise self._refuse("at HH:MM or the number of a day such as 15")
        return _number(self._take()), word

    def _period(self) -> tuple[Period, frozenset[int]]:
        if self._next.text in _MONTHS:
            return Period.MONTH, frozenset(self._listed(self._month))
        self._accept("the", "each", "every")
        if self._next.text not in _PERIODS:
            raise self._refuse("month, quarter, year or the name of a month", [*_PERIODS, *_MONTH_NAMES])
        return _PERIODS[self._take().text], frozenset(range(1, 13))

    def _month(self) -> int:
        if self._next.text not in _MONTHS:
            raise self._refuse("the name of a month", _MONTH_NAMES)
        return _MONTHS[self._take().text]

    # --- times

    def _times(self) -> tuple[time, ...]:
        if not self._accept("at"):
            raise self._refuse("at HH:MM", ("at", "and", "of"))
        return tuple(sorted(set(self._listed(self._clock))))

    def _clock(self) -> time:
        if _CLOCK.fullmatch(self._next.text) is None:
            raise self._refuse("a time of day from 00:00 to 23:59, as HH:MM,")
        return time.fromisoformat(self._take().text)

    # --- sessions

    def _session(self) -> SessionRule:
        which = self._take().text
        if self._next.text not in ("open", "opens", "close", "closes"):
            raise self._refuse(f"open or close, after {which},", ("open", "close"))
        anchor = Anchor(f"{which} {self._take().text.removesuffix('s')}")
        return SessionRule(text=self._said, anchor=anchor, offset=self._offset())

    def _offset(self) -> timedelta:
        if self._next.text not in ("+", "-"):
            return timedelta()
        sign = 1 if self._take().text == "+" else -1
        word = self._next
        try:
            length = parse_duration(word.text)
        except ValueError:
            raise self._refuse("a duration such as 5m or 1h") from None
        if length >= timedelta(days=1):
            raise self._refuse("less than a day, such as 5m or 1h,")
        self._take()
        return sign * length


def _number(word: _Word) -> int:
    """Return the number of 3rd or 15; raises PhraseError for 3st."""
    found = _NUMBER.fullmatch(word.text)
    if found is None:
        raise PhraseError(f'expected a number in place of "{word.text}"', word.place)
    number = int(found[1])
    teen = number % 100 // 10 == 1
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    if found[2] not in (None, ending):
        raise PhraseError(f'expected {number}{ending} in place of "{word.text}"', word.place)
    return number


def _check_ordinals(ordinals: Sequence[tuple[int, _Word]], unit: _Unit, period: Period, months: frozenset[int]) -> None:
    most = _MOST[unit.kind][period]
    if unit.kind == "day" and period is Period.MONTH:
        most = max(_MONTH_DAYS[month - 1] for month in months)
    for number, word in ordinals:
        if abs(number) > most:
            expected = f"expected at most {most}, as no {_span(period)} has more,"
            raise PhraseError(f'{expected} in place of "{word.text}"', word.place)


def _span(period: Period) -> str:
    return "such month" if period is Period.MONTH else period.name.lower()


def _meant(word: str, known: Iterable[str]) -> str:
    import difflib  # only when there is something to suggest

    close = difflib.get_close_matches(word[:20], list(known), n=1, cutoff=0.6) if len(word) > 2 else []
    return f'; did you mean "{close[0]}"?' if close else ""
