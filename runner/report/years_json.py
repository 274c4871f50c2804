"""A run of years for programs: what stands under `performance` in the summary; money and rates are strings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from runner.core.money import EXACT, cents, plain
from runner.report.years import Against, Performance, Year

_RATE = Decimal("0.000001")


def record(run: Performance) -> dict[str, object]:
    """Return the figures as JSON values; amounts of money to the hundredth, pips and percent to six decimals."""
    return {
        "currency": run.currency,
        "synthetic_intraday_path": run.is_synthetic,
        "commission": _amounts(run.commission),
        "spread": _amounts(run.spread),
        "against_reference": {name: _against(one) for name, one in run.against.items()},
        "years": [_year(year) for year in run.years],
        "worst_month": None
        if run.worst_month is None
        else {"month": run.worst_month[0], "result": _money(run.worst_month[1])},
        "longest_drawdown": None
        if run.longest is None
        else {
            "since": run.longest.since.isoformat(),
            "until": None if run.longest.until is None else run.longest.until.isoformat(),
            "days": run.longest.days,
        },
        "deepest_drawdown": None
        if run.deepest is None
        else {"day": run.deepest[0].isoformat(), "amount": _money(run.deepest[1])},
    }


def _year(year: Year) -> dict[str, object]:
    return {
        "year": year.year,
        "fills": year.fills,
        "balances": _amounts(year.balances),
        "worth": None if year.worth is None else _money(year.worth),
        "result": None if year.result is None else _money(year.result),
    }


def _against(one: Against) -> dict[str, str]:
    return {"pips": _rate(one.pips), "percent": _rate(one.percent)}


def _amounts(by_name: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: _money(by_name[name]) for name in sorted(by_name)}


def _money(amount: Decimal) -> str:
    return plain(cents(amount))


def _rate(value: Decimal) -> str:
    return plain(value.quantize(_RATE, context=EXACT))
