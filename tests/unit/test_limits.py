"""Limits as values: two of them joined bind wherever either does, and stretches of the day have an end."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.limits import NO_LIMITS, Amount, Limits, Window
from runner.core.outage import Outage
from runner.core.standing import Quote, Standing, Tally
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.risk.checks import Proposal, denial

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")

NUMBERS = st.one_of(st.none(), st.decimals(min_value="0.01", max_value="5000", places=2))
COUNTS = st.one_of(st.none(), st.integers(min_value=0, max_value=5))
AMOUNTS = st.lists(
    st.builds(
        Amount, st.decimals(min_value="0.01", max_value="5000", places=2), st.sampled_from(["EUR", "USD", "CHF"])
    ),
    max_size=3,
    unique_by=lambda amount: amount.currency,
).map(tuple)
CLOCKS = st.times().map(lambda clock: clock.replace(microsecond=0))
WINDOWS = st.lists(
    st.builds(Window, CLOCKS, CLOCKS, st.sampled_from([ZoneInfo("UTC"), NEW_YORK])), max_size=2, unique=True
).map(tuple)
PAIRS = st.one_of(st.none(), st.frozensets(st.sampled_from(["EUR.USD", "USD.JPY", "EUR.GBP"])))
LIMITS = st.builds(
    Limits,
    max_quantity=NUMBERS,
    max_daily_quantity=NUMBERS,
    max_notional=AMOUNTS,
    max_daily_notional=AMOUNTS,
    max_open_orders=COUNTS,
    max_fires_per_day=COUNTS,
    max_orders_per_minute=COUNTS,
    price_collar=st.one_of(st.none(), st.decimals(min_value="0.001", max_value="0.5", places=3)),
    pairs=PAIRS,
    windows=WINDOWS,
)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    """Draw an order and a standing, without limits."""
    pair = draw(st.sampled_from(["EUR.USD", "USD.JPY", "EUR.GBP"]))
    symbol, currency = pair.split(".")
    order = OrderTicket(
        key=OrderKey(plan="demo", order="main", fire="once", role="entry"),
        role=Role.ENTRY,
        contract=ContractSpec(symbol=symbol, currency=currency),
        side=draw(st.sampled_from(Side)),
        quantity=draw(st.decimals(min_value="1", max_value="6000", places=2)),
        order_type=OrderType.LIMIT,
        limit_price=draw(st.decimals(min_value="0.5", max_value="2", places=2)),
    )
    standing = Standing(
        now=NOW,
        today={pair: Tally(draw(st.decimals(min_value="1", max_value="3000", places=2)), Decimal(1))},
        open_orders=draw(st.integers(min_value=0, max_value=5)),
        fires_today=draw(st.integers(min_value=0, max_value=5)),
        last_minute=draw(st.integers(min_value=0, max_value=5)),
    )
    return Proposal(tickets=(order,), limits=NO_LIMITS, standing=standing, quote=Quote(Decimal(1), Decimal(1), NOW))


@given(LIMITS, LIMITS)
def test_it_does_not_matter_whose_limits_come_first(one: Limits, two: Limits) -> None:
    assert one.stricter(two) == two.stricter(one)


@given(LIMITS, LIMITS, LIMITS)
def test_nor_how_three_are_joined(one: Limits, two: Limits, three: Limits) -> None:
    assert one.stricter(two).stricter(three) == one.stricter(two.stricter(three))


@given(LIMITS, LIMITS)
def test_joining_again_changes_nothing(one: Limits, two: Limits) -> None:
    joined = one.stricter(two)
    assert joined.stricter(one) == joined.stricter(two) == joined.stricter(NO_LIMITS) == joined


@given(LIMITS, LIMITS, proposals())
def test_joined_limits_allow_exactly_what_both_allow(one: Limits, two: Limits, proposal: Proposal) -> None:
    def allows(limits: Limits) -> bool:
        return denial(replace(proposal, limits=limits)) is None

    assert allows(one.stricter(two)) == (allows(one) and allows(two))


def test_every_limit_is_joined() -> None:
    tight = Limits(
        max_quantity=Decimal(1),
        max_daily_quantity=Decimal(1),
        max_notional=(Amount(Decimal(1), "USD"),),
        max_daily_notional=(Amount(Decimal(1), "USD"),),
        max_open_orders=1,
        max_fires_per_day=1,
        max_orders_per_minute=1,
        price_collar=Decimal("0.01"),
        pairs=frozenset({"EUR.USD"}),
        windows=(Window(time(8), time(9), NEW_YORK),),
    )
    assert all(getattr(tight, field.name) != getattr(NO_LIMITS, field.name) for field in fields(Limits))
    assert NO_LIMITS.stricter(tight) == tight.stricter(NO_LIMITS) == tight


def test_of_two_amounts_of_a_currency_the_smaller_binds() -> None:
    one = Limits(max_notional=(Amount(Decimal(5), "USD"),))
    two = Limits(max_notional=(Amount(Decimal(9), "EUR"), Amount(Decimal(4), "USD")))
    assert one.stricter(two).max_notional == (Amount(Decimal(9), "EUR"), Amount(Decimal(4), "USD"))


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-Infinity", "-1"])
def test_b01_a_limit_that_nothing_can_be_held_against_is_none(bad: str) -> None:
    for key in ("max_quantity", "max_daily_quantity", "price_collar"):
        with pytest.raises(ValueError, match="not a limit"):
            Limits(**{key: Decimal(bad)})
    for key in ("max_notional", "max_daily_notional"):
        with pytest.raises(ValueError, match="not a limit"):
            Limits(**{key: (Amount(Decimal(bad), "USD"),)})
    for key in ("max_open_orders", "max_fires_per_day", "max_orders_per_minute"):
        with pytest.raises(ValueError, match="not a limit"):
            Limits(**{key: -1})


def test_which_limits_want_a_quote() -> None:
    amount = (Amount(Decimal(1), "USD"),)
    for limits in (Limits(price_collar=Decimal(1)), Limits(max_notional=amount), Limits(max_daily_notional=amount)):
        assert limits.needs_quote
    assert not Limits(max_quantity=Decimal(1), max_open_orders=1, pairs=frozenset({"EUR.USD"})).needs_quote


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-11-25T05:14:59Z", None),
        ("2026-11-25T05:15:00Z", "2026-11-25T06:45:00Z"),
        ("2026-11-25T06:44:59Z", "2026-11-25T06:45:00Z"),
        ("2026-11-25T06:45:00Z", None),
        ("2026-07-01T04:15:00Z", "2026-07-01T05:45:00Z"),  # in summer an hour earlier
    ],
)
def test_c13_an_outage_has_an_end(at: str, end: str | None) -> None:
    outage = Outage(at=time(0, 15), zone=NEW_YORK, lasts=timedelta(minutes=90))
    found = outage.end_of(datetime.fromisoformat(at))
    assert found == (None if end is None else datetime.fromisoformat(end))
    assert outage.covers(datetime.fromisoformat(at)) is (end is not None)


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-11-28T03:59:59Z", False),  # Friday 22:59:59 in New York
        ("2026-11-28T04:00:00Z", True),
        ("2026-11-28T07:59:59Z", True),  # Saturday 02:59:59
        ("2026-11-28T08:00:00Z", False),
        ("2026-11-29T05:00:00Z", False),  # Sunday 00:00: the one of Saturday does not begin
        ("2026-11-27T05:00:00Z", False),
    ],
)
def test_s08_an_outage_of_one_weekday_reaches_over_midnight(at: str, covered: bool) -> None:
    outage = Outage(at=time(23), zone=NEW_YORK, lasts=timedelta(hours=4), days=frozenset({4}))
    assert outage.covers(datetime.fromisoformat(at)) is covered


def test_an_outage_at_a_skipped_time_begins_at_the_end_of_the_gap() -> None:
    outage = Outage(at=time(2, 30), zone=NEW_YORK, lasts=timedelta(minutes=10))
    assert outage.end_of(datetime(2026, 3, 8, 7, 5, tzinfo=UTC)) == datetime(2026, 3, 8, 7, 10, tzinfo=UTC)


def test_a_window_is_read_in_its_zone_and_over_midnight() -> None:
    night = Window(time(22), time(6), NEW_YORK)
    assert night.covers(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    assert night.covers(datetime(2026, 11, 25, 10, 59, tzinfo=UTC))
    assert not night.covers(datetime(2026, 11, 25, 11, 0, tzinfo=UTC))
    assert not night.covers(datetime(2026, 11, 25, 2, 59, tzinfo=UTC))
