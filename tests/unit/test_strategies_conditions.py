"""Conditions of a fire, held against what is known then: the words of the first that does not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from runner.core.contract import ContractSpec
from runner.core.price import PriceExpr, Unit
from runner.core.size import units
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderType, Side
from runner.plan.model import Instruction, When
from strategies import conditions, needs

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)  # 14:00 in Berlin
KNOWN = Snapshot(now=NOON, quote=Quote(Decimal("1.08500"), Decimal("1.08512"), NOON), position=Decimal(-5))
ORDER = Instruction(
    plan="p", order="main", contract=ContractSpec(symbol="EUR", currency="USD"), side=Side.BUY,
    size=units(Decimal(1)), order_type=OrderType.MARKET,
)  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")


def _pips(count: str) -> PriceExpr:
    return PriceExpr(None, Decimal(count), Unit.PIPS)


NIGHT = When(opens=time(22), closes=time(6))


@pytest.mark.parametrize(
    ("when", "told"),
    [
        (When(above=Decimal("1.08505")), None),
        (When(above=Decimal("1.08506")), "the price of 1.08506 is not above 1.08506"),
        (When(below=Decimal("1.08507")), None),
        (When(below=Decimal("1.08506")), "the price of 1.08506 is not below 1.08506"),
        (When(spread=_pips("1.2")), None),
        (When(spread=_pips("1.1")), "the spread of 1.2 pips is above 1.1"),
        (When(position="open"), None),
        (When(position="flat"), "the position is -5, not flat"),
        (When(after="hedge"), "hedge has not filled"),
        (When(opens=time(12), closes=time(13)), None),
        (When(opens=time(11), closes=time(12)), "it is 12:00, not within 11:00 to 12:00"),
        (When(opens=time(14), closes=time(15), zone=BERLIN), None),
        (When(opens=time(12), closes=time(14), zone=BERLIN), "it is 14:00, not within 12:00 to 14:00"),
        (NIGHT, "it is 12:00, not within 22:00 to 06:00"),
        (When(position="flat", spread=_pips("1")), "the position is -5, not flat"),
    ],
)
def test_a_condition_at_noon(when: When, told: str | None) -> None:
    assert conditions.unmet(replace(ORDER, when=when), KNOWN, has_filled=False) == told


@pytest.mark.parametrize("hour", [22, 23, 0, 5])
def test_a_window_over_midnight(hour: int) -> None:
    known = replace(KNOWN, now=NOON.replace(hour=hour))
    assert conditions.unmet(replace(ORDER, when=NIGHT), known, has_filled=False) is None


def test_without_a_quote_no_price_holds() -> None:
    for when in (When(above=Decimal(1)), When(spread=Decimal(9))):
        written = replace(ORDER, when=when)
        assert needs(written) is Need.QUOTE
        told = conditions.unmet(written, replace(KNOWN, quote=None), has_filled=False)
        assert told == "there is no quote of EUR.USD"
    assert needs(replace(ORDER, when=When(position="flat"))) is Need.POSITION
    assert conditions.unmet(replace(ORDER, when=When(after="hedge")), KNOWN, has_filled=True) is None
    assert conditions.unmet(ORDER, KNOWN, has_filled=False) is None
