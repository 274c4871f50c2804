"""A report from the history of a journal: every figure is worked out here, and none while it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runner.journal.rows import History
from runner.report import equity
from runner.report.fills import Account, deals, plan_lines
from runner.report.known import Cross, Marks, Prices, Quotes, Rates, account_currency, prices_of
from runner.report.lines import FillLine, Mark, Period, Report, Source
from runner.report.outcomes import day_lines, fire_lines
from runner.report.totals import totals_of
from runner.report.verdict import verdict
from runner.report.worlds import ends_of, worlds_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What is known beside the journal: of a simulated run the market, the reference rates, the account's currency."""

    marks: Marks = field(default_factory=dict)
    cross: Cross | None = None
    currency: str | None = None
    prices_are: str = ""  # words on the prices, such as: synthetic intraday path, seed 1


def build(history: History, period: Period, background: Background, *, title: str, source: str) -> Report:
    """Work out a report of a period."""
    quotes = Quotes(history)
    contracts = {order.ticket.order_ref: order.ticket.contract for order in history.orders}
    prices = prices_of(history, quotes, background.marks, contracts)
    currency, told = account_currency(history, background.currency)
    rates = Rates(currency, history, prices, background.cross)
    worlds = worlds_of(history.mode, history.runs, period.until)
    seen = [(fire.run, fire.due) for fire in history.fires] + [(row.run, row.at) for row in history.executions]
    ends = ends_of(worlds, seen)
    account = Account(period, quotes, rates)
    dealt = list(deals(history, period, worlds))
    lines = tuple(line for line in map(account.take, dealt) if period.has(line.at))
    curve = equity.walk(dealt, prices, rates, period=period, ends=ends)
    fires = fire_lines(history, period)
    orders = tuple(order for order in history.orders if period.has(order.fire_due))
    ended = Prices({name: _until(prices.of(name), period) for name in prices.contracts()})
    plans = tuple(plan_lines(account, ended, ends))
    totals = totals_of(fires, orders, lines, plans=plans, exposure=curve.held, unlisted=history.unlisted)
    unrated = curve.unrated if currency is not None else set()
    unrated |= {line.currency for line in lines if currency is not None and line.realized_in_account is None}
    return Report(
        title=title,
        source=source,
        mode=history.mode,
        account=history.account,
        period=period,
        currency=currency,
        currency_told=told,
        prices_told=_told(ended, background),
        fires=fires,
        days=day_lines(fires),
        orders=orders,
        fills=lines,
        plans=plans,
        totals=totals,
        equity=tuple(curve.points.values()) if currency is not None else (),
        trough=curve.trough if currency is not None else None,
        unrated=tuple(sorted(unrated)),
        exposure=tuple(curve.exposure.values()),
        paths=_paths(ended, period, lines),
        verdict=verdict(totals, is_simulated=worlds.is_simulated, unrated=unrated),
    )


def _until(marks: Sequence[Mark], period: Period) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if period.is_before_end(mark.at))


def _paths(prices: Prices, period: Period, lines: Iterable[FillLine]) -> Mapping[str, tuple[Mark, ...]]:
    traded = {line.contract for line in lines}
    return {
        name: tuple(mark for mark in prices.of(name) if period.has(mark.at))
        for name in prices.contracts()
        if name in traded
    }


def _told(prices: Prices, background: Background) -> str:
    """Say what equity is marked with."""
    used = {mark.source for name in prices.contracts() for mark in prices.of(name)}
    words = [source.value for source in reversed(Source) if source in used]
    told = "marked with " + ", ".join(words) if words else "no price is known"
    return f"{told} ({background.prices_are})" if background.prices_are else told
