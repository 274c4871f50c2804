"""Prices and rates as they were known at an instant: never one from later on, and none where nobody told any."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from runner.core.contract import ContractSpec, currency_of
from runner.core.ids import OrderKey
from runner.core.money import EXACT
from runner.core.standing import Quote
from runner.journal.rows import History
from runner.report.lines import Mark, Rate, Source

# what one unit of the first costs in the second by the ECB's rates that were fixed last by an instant, and when
Cross = Callable[[str, str, datetime], tuple[Decimal, datetime] | None]
Marks = Mapping[str, Sequence[Mark]]
Fire = tuple[str, str, str]
_ONE, _TWO = Decimal(1), Decimal(2)
_RANK = {source: rank for rank, source in enumerate(Source)}


def middle(quote: Quote) -> Decimal:
    """Return what lies between bid and ask."""
    return EXACT.divide(EXACT.add(quote.bid, quote.ask), _TWO)


class Quotes:
    """The quote at each fire: as it was noted when the orders left, else as a strategy was told it."""

    def __init__(self, history: History) -> None:
        self._noted = {(a.plan, a.order, a.fire, a.attempt): a.quote for a in history.arrivals}
        self._known = {(w.fire.plan, w.fire.order, w.fire.fire): w.snapshot.quote for w in history.works}

    def of(self, key: OrderKey) -> Quote | None:
        """Return the quote at the fire of an order, None if the journal has none."""
        noted = self._noted.get((key.plan, key.order, key.fire, key.attempt))
        return noted or self._known.get((key.plan, key.order, key.fire))


class Prices:
    """Of each contract what is known of its price, by time."""

    def __init__(self, marks: Marks) -> None:
        self._marks = {
            contract: tuple(sorted(known, key=lambda mark: (mark.at, _RANK[mark.source])))
            for contract, known in marks.items()
        }
        self._times = {contract: [mark.at for mark in known] for contract, known in self._marks.items()}

    def at(self, contract: str, at: datetime) -> Mark | None:
        """Return the last mark at or before an instant."""
        place = bisect_right(self._times.get(contract, ()), at)
        return self._marks[contract][place - 1] if place else None

    def last(self, contract: str, at: datetime | None) -> Mark | None:
        """Return the last mark at or before an instant, or (None) of all."""
        known = self._marks.get(contract)
        return self.at(contract, known[-1].at if at is None else at) if known else None

    def of(self, contract: str) -> tuple[Mark, ...]:
        """Return all that is known of a contract, oldest first."""
        return self._marks.get(contract, ())

    def contracts(self) -> Sequence[str]:
        """Name the contracts, sorted."""
        return sorted(self._marks)


def prices_of(history: History, quotes: Quotes, more: Marks, contracts: Mapping[str, ContractSpec]) -> Prices:
    """Gather the prices of fills, of quotes at fires, and what else is known; `contracts` is by order_ref."""
    marks: dict[str, list[Mark]] = defaultdict(list)
    for contract, known in more.items():
        marks[contract] += known
    for row in history.executions:
        marks[contracts[row.order_ref].name].append(Mark(row.at, row.price, Source.FILL))
    seen = set()
    for order in history.orders:
        quote = quotes.of(order.ticket.key)
        if quote is not None and (found := (order.ticket.contract.name, quote.at)) not in seen:
            seen.add(found)
            marks[order.ticket.contract.name].append(Mark(quote.at, middle(quote), Source.QUOTE))
    return Prices(marks)


class Rates:
    """What currencies are worth in the account's, by who told it last: the account, or a price of that very pair.

    Where neither has, the reference rate that was fixed last, if there is one.
    """

    def __init__(self, currency: str | None, history: History, prices: Prices, cross: Cross | None) -> None:
        self.currency = currency
        self._cross = cross
        self._prices = prices
        told: dict[str, list[Rate]] = defaultdict(list)
        for row in history.rates:
            if row.account_currency == currency:
                told[row.currency].append(Rate(row.rate, row.at, "the account"))
        for work in history.works:
            if work.snapshot.account_currency == currency:
                for name, value in work.snapshot.rates.items():
                    told[name].append(Rate(value, work.snapshot.now, "the account"))
        self._told = {name: sorted(rates, key=lambda rate: rate.at) for name, rates in told.items()}
        self._times = {name: [rate.at for rate in rates] for name, rates in self._told.items()}

    def of(self, name: str, at: datetime) -> Rate | None:
        """Return the rate of a currency that was known at an instant; None if none was."""
        if name == self.currency:
            return Rate(_ONE, at, "")
        found = max(self._candidates(name, at), key=lambda rate: rate.at, default=None)
        return found or self._reference(name, at)

    def _candidates(self, name: str, at: datetime) -> Iterable[Rate]:
        place = bisect_right(self._times.get(name, ()), at)
        if place:
            yield self._told[name][place - 1]
        for pair, is_inverse in ((f"{name}.{self.currency}", False), (f"{self.currency}.{name}", True)):
            mark = self._prices.at(pair, at)
            if mark is not None and mark.price and mark.source is not Source.REFERENCE:
                value = EXACT.divide(_ONE, mark.price) if is_inverse else mark.price
                yield Rate(value, mark.at, f"{pair}, {mark.source.value}")

    def _reference(self, name: str, at: datetime) -> Rate | None:
        if self._cross is None or self.currency is None:
            return None
        found = self._cross(name, self.currency, at)
        return None if found is None else Rate(*found, "ECB reference rate")


def account_currency(history: History, default: str | None) -> tuple[str | None, str]:
    """Return the currency of the account and who told it; `default` is that of a simulated account."""
    told = [row.account_currency for row in history.rates[-1:]]
    told += [work.snapshot.account_currency for work in history.works if work.snapshot.account_currency][-1:]
    if told:
        return told[0], "told by the account"
    if default is not None:
        return default, "of the simulated account"
    used = {currency_of(row.contract) for row in history.executions}
    used |= {row.commission_currency for row in history.executions if row.commission and row.commission_currency}
    if len(used) == 1:
        return used.pop(), "the only one that occurs; the account told none"
    return None, "not known: the account told none"
