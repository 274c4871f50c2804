"""A report in a few tables for a terminal; the files have the rest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from runner.core.money import plain
from runner.core.times import stamp
from runner.report.blotter import ABSENT, Column, Table, amounts, money, price_of, units
from runner.report.lines import Outcome, Period, PlanLine, Report, Totals


def header(report: Report) -> list[str]:
    """Return what the report is of, and its verdict, a line each."""
    return [
        report.title,
        f"{report.source}, {report.mode or 'no run yet'}, {words(report.period)}",
        *(sentence.text for sentence in report.verdict),
    ]


def words(period: Period) -> str:
    """Say which time a report is of."""
    start = "the beginning" if period.start is None else stamp(period.start)
    return f"from {start} to {'now' if period.until is None else stamp(period.until)}"


def tables(report: Report) -> Sequence[Table]:
    """Return the tables."""
    return [_outcomes(report), _plans(report), _totals(report)]


def _outcomes(report: Report) -> Table:
    plans = sorted({line.plan for line in report.fires})
    columns = (Column("plan"), *(Column(outcome.value, right=True) for outcome in Outcome))
    rows = [(plan, *(str(_count(report, plan, outcome)) for outcome in Outcome)) for plan in plans]
    return Table(title="Fires", columns=columns, rows=tuple(rows))


def _count(report: Report, plan: str, outcome: Outcome) -> int:
    return sum(line.counts.get(outcome, 0) for line in report.days if line.plan == plan)


def _plans(report: Report) -> Table:
    right = ("fills", "position", "average price", "realized", "unrealized", "slippage", "half-spread", "commission")
    columns = (Column("plan"), Column("contract"), *(Column(title, right=True) for title in right))
    rows = tuple(_plan(line) for line in report.plans)
    return Table(title="Profit and loss (first in, first out, before commission)", columns=columns, rows=rows)


def _plan(line: PlanLine) -> tuple[str, ...]:
    return (
        line.plan if line.run is None else f"{line.plan} (run {line.run})",
        line.contract,
        str(line.fills),
        units(line.position),
        price_of(line.contract, line.average_price),
        _amount(line.realized, line.currency),
        _amount(line.unrealized, line.currency),
        _amount(line.slippage, line.currency),
        _amount(line.half_spread, line.currency),
        amounts(line.commission),
    )


def _amount(amount: Decimal | None, currency: str) -> str:
    return ABSENT if amount is None else f"{money(amount)} {currency}"


def _totals(report: Report) -> Table:
    return Table(title="Totals", columns=(Column("figure"), Column("amount")), rows=tuple(figures(report)))


def figures(report: Report) -> list[tuple[str, str]]:
    """Return the figures of the whole, each with its name."""
    totals = report.totals
    found = [("fires", _fires(totals)), ("lateness of orders", lateness(report))]
    found += [("realized", amounts(totals.realized)), ("realized in account currency", in_account(report))]
    found += [("commission", amounts(totals.commission)), ("exposure at the end", amounts(totals.held))]
    if report.equity:
        found.append(("equity", f"{money(report.equity[-1].equity)} {report.currency}"))
    if report.trough is not None:
        found.append(("deepest drawdown", f"{money(report.trough.amount)} {report.currency}, {_spell(report)}"))
    return found


def _fires(totals: Totals) -> str:
    return ", ".join(f"{count:_} {outcome.value}" for outcome, count in totals.outcomes.items() if count) or ABSENT


def lateness(report: Report) -> str:
    """Return by how much orders left later than they were due: in the middle, and at worst."""
    known = sorted((late, line.due) for line in report.fires if (late := line.seconds_late) is not None)
    if not known:
        return ABSENT
    worst, due = known[-1]
    if not worst:
        return "none"
    return f"median {plain(known[len(known) // 2][0])} s, worst {plain(worst)} s (due {stamp(due)})"


def in_account(report: Report) -> str:
    """Return what was realized in account currency, or why that is not said."""
    total = report.totals.realized_in_account
    if report.currency is None:
        return f"account currency {report.currency_told}"
    if total is None:
        return f"not known: no rate of {', '.join(report.unrated)} when something was realized"
    return f"{money(total)} {report.currency}"


def _spell(report: Report) -> str:
    trough = report.trough
    if trough is None:
        return ABSENT
    end = "not made good" if trough.until is None else f"made good {trough.until:%Y-%m-%d}"
    if trough.since.date() == trough.at.date():
        return f"{trough.since:%Y-%m-%d %H:%M:%S} to {trough.at:%H:%M:%S}, {end}"
    return f"{trough.since:%Y-%m-%d} to {trough.at:%Y-%m-%d}, {end}"
