"""What a run of years came to: its cost, its prices against the reference rates, money over time, its bad times.

Everything is counted from executions in one ledger of currencies: a purchase of EUR.USD adds euros and takes dollars
away, a commission takes away what it was charged in. What the ledger is worth on a day is said in one currency, at the
reference rates of that day, or of the last day before it that had any.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Protocol

from runner.core.fx import Pair
from runner.core.money import EXACT
from runner.journal.rows import ExecutionRow
from runner.report.summary import commissions

ZERO = Decimal(0)
ONE_DAY = timedelta(days=1)
BASE = "USD"  # what several quote currencies are added up in
_PERCENT = 100
Middle = Callable[[str, datetime], Decimal | None]  # the middle of the quote of a pair at an instant, if there is one


class Rates(Protocol):
    """Daily reference rates."""

    def days(self, start: date, until: date) -> Sequence[date]:
        """Return the days of [start, until) that have rates, ascending."""
        ...

    def cross(self, base: str, quote: str, day: date) -> Decimal | None:
        """Return what one unit of base costs in quote, on that day or the last one before it; None if not known."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """How much worse than a reference executions were, on average by quantity: dearer bought, or cheaper sold."""

    pips: Decimal
    percent: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """One calendar year (UTC): its executions, and money at its end, by currency; `worth` is in the run's currency."""

    year: int
    fills: int
    balances: Mapping[str, Decimal]
    worth: Decimal | None
    result: Decimal | None  # by how much worth changed in the year


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawdown:
    """The time from a highest worth to the day it was reached again; `until` is None if it never was."""

    since: date
    until: date | None
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Performance:
    """A run in figures; `currency` is that of worth and results, the maps are by currency or by pair.

    `is_synthetic`: prices within the day are made up, and with them all that is not a count, a position or a rate.
    """

    currency: str
    is_synthetic: bool
    commission: Mapping[str, Decimal]
    spread: Mapping[str, Decimal]  # by quote currency; what prices lay beyond the middle of the quote
    against: Mapping[str, Against]  # by pair; the reference rate of the day
    years: tuple[Year, ...]
    worst_month: tuple[str, Decimal] | None  # 2008-10, and by how much worth changed in it
    longest: Drawdown | None
    deepest: tuple[date, Decimal] | None  # the day, and how far worth was below its highest so far


@dataclass(slots=True)
class _Ledger:
    balances: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def take(self, row: ExecutionRow) -> None:
        base, quote = _pair(row)
        units = row.side.sign * row.quantity
        self.balances[base] += units
        self.balances[quote] -= units * row.price
        if row.commission is not None and row.commission_currency is not None:
            self.balances[row.commission_currency] -= row.commission

    def worth(self, currency: str, day: date, rates: Rates) -> Decimal | None:
        total = ZERO
        for name, amount in self.balances.items():
            rate = rates.cross(name, currency, day) if amount else ZERO
            if rate is None:
                return None
            total += amount * rate
        return total


def performance(
    executions: Sequence[ExecutionRow], start: date, until: date, *, rates: Rates, middle: Middle, is_synthetic: bool
) -> Performance | None:
    """Work out the figures of the executions of a run over [start, until); None without any of currency pairs."""
    rows = sorted((row for row in executions if _is_pair(row)), key=lambda row: row.at)
    if not rows:
        return None
    with localcontext(EXACT):
        currency = _currency(rows)
        worth = list(_curve(rows, rates, currency, rates.days(start, until)))
        longest, deepest = _drawdowns(worth, start)
        return Performance(
            currency=currency,
            is_synthetic=is_synthetic,
            commission=commissions(rows),
            spread=_spread(rows, middle),
            against=_against(rows, rates),
            years=tuple(_years(rows, worth, start, until)),
            worst_month=min(_changes(worth, "%Y-%m"), key=lambda one: one[1], default=None),
            longest=longest,
            deepest=deepest,
        )


def _pair(row: ExecutionRow) -> tuple[str, str]:
    base, _, quote = row.contract.partition(".")
    return base, quote


def _is_pair(row: ExecutionRow) -> bool:
    return all(len(name) == 3 and name.isalpha() for name in _pair(row))


def _currency(rows: Iterable[ExecutionRow]) -> str:
    quotes = {_pair(row)[1] for row in rows}
    return quotes.pop() if len(quotes) == 1 else BASE


# --- what it cost


def _beyond(row: ExecutionRow, reference: Decimal) -> Decimal:
    """Return how much more an execution cost, or how much less it brought, than at another price."""
    return row.side.sign * (row.price - reference) * row.quantity


def _spread(rows: Iterable[ExecutionRow], middle: Middle) -> Mapping[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if (price := middle(row.contract, row.at)) is not None:
            totals[_pair(row)[1]] += _beyond(row, price)
    return dict(sorted(totals.items()))


def _against(rows: Iterable[ExecutionRow], rates: Rates) -> Mapping[str, Against]:
    beyond: dict[str, Decimal] = defaultdict(Decimal)
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    value: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if (rate := rates.cross(*_pair(row), row.at.date())) is not None:
            beyond[row.contract] += _beyond(row, rate)
            quantity[row.contract] += row.quantity
            value[row.contract] += rate * row.quantity
    return {
        name: Against(
            pips=beyond[name] / quantity[name] / Pair(*name.split(".")).pip_size,
            percent=beyond[name] / value[name] * _PERCENT,
        )
        for name in sorted(beyond)
    }


# --- what it was worth

Curve = Sequence[tuple[date, Decimal]]


def _curve(
    rows: Sequence[ExecutionRow], rates: Rates, currency: str, days: Iterable[date]
) -> Iterator[tuple[date, Decimal]]:
    """Yield the worth of the ledger at the end of each day, where every rate that it takes is known."""
    ledger, taken = _Ledger(), 0
    for day in days:
        while taken < len(rows) and rows[taken].at.date() <= day:
            ledger.take(rows[taken])
            taken += 1
        if (worth := ledger.worth(currency, day, rates)) is not None:
            yield day, worth


def _last_of(curve: Curve, form: str) -> Mapping[str, Decimal]:
    """Return the last worth in each month or year of a curve."""
    return {day.strftime(form): worth for day, worth in curve}


def _changes(curve: Curve, form: str) -> Iterator[tuple[str, Decimal]]:
    """Yield by how much worth changed in each month or year; before the first it was nothing."""
    before = ZERO
    for name, worth in _last_of(curve, form).items():
        yield name, worth - before
        before = worth


def _years(rows: Sequence[ExecutionRow], curve: Curve, start: date, until: date) -> Iterator[Year]:
    ledger = _Ledger()
    fills = Counter(row.at.year for row in rows)
    worth, changes = _last_of(curve, "%Y"), dict(_changes(curve, "%Y"))
    left = iter([*rows, None])
    row = next(left)
    for year in range(start.year, max(rows[-1].at.year, (until - ONE_DAY).year) + 1):
        while row is not None and row.at.year <= year:
            ledger.take(row)
            row = next(left)
        name = str(year)
        yield Year(
            year=year,
            fills=fills[year],
            balances=dict(ledger.balances),
            worth=worth.get(name),
            result=changes.get(name),
        )


def _drawdowns(curve: Curve, start: date) -> tuple[Drawdown | None, tuple[date, Decimal] | None]:
    """Return the longest time below a highest worth and the deepest point below one; it was nothing at the start."""
    spells: list[Drawdown] = []
    peak, at, deepest = ZERO, start, (start, ZERO)
    is_below = False
    for day, worth in curve:
        if worth >= peak:
            if is_below:
                spells.append(Drawdown(since=at, until=day, days=(day - at).days))
            peak, at, is_below = worth, day, False
        else:
            is_below = True
            deepest = max(deepest, (day, peak - worth), key=lambda one: one[1])
    if is_below:
        spells.append(Drawdown(since=at, until=None, days=(curve[-1][0] - at).days))
    longest = max(spells, key=lambda spell: spell.days, default=None)
    return longest, deepest if deepest[1] else None
