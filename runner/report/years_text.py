"""A run of years for people: a table by year, and a line each for cost, prices and bad times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from runner.core.money import EXACT
from runner.report.blotter import ABSENT, Column, Table, amounts, money
from runner.report.years import Against, Drawdown, Performance, Year

SYNTHETIC = "synthetic intraday path"
_PIPS, _PERCENT = Decimal("0.01"), Decimal("0.0001")


def by_year(run: Performance) -> Table:
    """Return money at the end of each year, by currency, and what it was worth."""
    names = sorted(
        {name for year in run.years for name in year.balances}, key=lambda name: (name == run.currency, name)
    )
    columns = [Column("year"), Column("fills", right=True), *(Column(name, right=True) for name in names)]
    columns += [Column(f"{word} ({run.currency})", right=True) for word in ("worth", "result")]
    title = _marked("By year: money at its end, from nothing; worth at the ECB's reference rates", run)
    return Table(title=title, columns=tuple(columns), rows=tuple(_row(year, names) for year in run.years))


def _row(year: Year, names: list[str]) -> tuple[str, ...]:
    balances = [money(year.balances.get(name, Decimal(0))) for name in names]
    figures = [ABSENT if amount is None else money(amount) for amount in (year.worth, year.result)]
    return (str(year.year), str(year.fills), *balances, *figures)


def lines(run: Performance) -> list[str]:
    """Return the rest, a line each; what depends on prices within a day that were made up says so."""
    told = [f"cost: commission {amounts(run.commission)}; beyond the middle of the quote {amounts(run.spread)}"]
    if run.against:
        told.append(f"against the ECB's reference rate of the day, on average: {_against(run.against)}")
    if run.worst_month is not None:
        month, change = run.worst_month
        told.append(f"worst month: {month}, {money(change)} {run.currency}")
    if run.longest is not None and run.deepest is not None:
        told.append(f"longest drawdown: {_spell(run.longest)}; deepest {_deep(run.deepest)} {run.currency}")
    return [_marked(line, run) for line in told]


def _marked(text: str, run: Performance) -> str:
    return f"{text} ({SYNTHETIC})" if run.is_synthetic else text


def _against(by_pair: Mapping[str, Against]) -> str:
    return ", ".join(f"{name} {_worse(one)}" for name, one in by_pair.items())


def _worse(one: Against) -> str:
    pips, percent = one.pips.quantize(_PIPS, context=EXACT), one.percent.quantize(_PERCENT, context=EXACT)
    if not pips:
        return "the same"
    return f"{abs(pips)} pips, {abs(percent)} % {'worse' if pips > 0 else 'better'}"


def _spell(spell: Drawdown) -> str:
    days = f"{spell.days:_} days"
    return f"{spell.since} to {spell.until}, {days}" if spell.until else f"since {spell.since}, {days}, not made good"


def _deep(deepest: tuple[date, Decimal]) -> str:
    day, amount = deepest
    return f"on {day}, {money(-amount)}"
