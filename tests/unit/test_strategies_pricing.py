"""Prices and sizes as a plan writes them, worked out by hand at one quote and one account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.price import Anchor, PriceExpr, Unit, fixed
from runner.core.size import SizeExpr, SizeKind, units
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce
from runner.plan.model import Instruction, OrderTerms
from strategies import Denied, bracket, expand, needs, pricing
from strategies.pricing import Market

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRE = "2026-03-02T09:00:00Z"
EURUSD = ContractSpec(symbol="EUR", currency="USD")
KNOWN = Snapshot(
    now=NOW,
    quote=Quote(Decimal("1.08503"), Decimal("1.08511"), NOW),
    cash={"USD": Decimal("10000.50"), "EUR": Decimal("4000")},
    net_liquidation=Decimal(50_000),
    account_currency="CHF",
    rates={"USD": Decimal("0.9"), "EUR": Decimal("0.97"), "CHF": Decimal(1)},
)
PLAIN = Instruction(
    plan="p", order="main", contract=EURUSD, side=Side.BUY, size=units(Decimal(25_000)), order_type=OrderType.MARKET
)


def at(anchor: Anchor | None, offset: str, unit: Unit = Unit.PIPS) -> PriceExpr:
    return PriceExpr(anchor, Decimal(offset), unit)


def market(side: Side = Side.BUY, snapshot: Snapshot = KNOWN) -> Market:
    return Market(contract=EURUSD, side=side, snapshot=snapshot)


@pytest.mark.parametrize(
    ("written", "side", "expected"),
    [
        (fixed(Decimal("1.0851")), Side.BUY, "1.0851"),
        (at(Anchor.BID, "-5"), Side.BUY, "1.08450"),  # 1.08503 - 0.0005 = 1.08453, down
        (at(Anchor.BID, "-5"), Side.SELL, "1.08455"),  # up
        (at(Anchor.ASK, "20"), Side.BUY, "1.08710"),  # 1.08711, a buy stop nearer to the market
        (at(Anchor.MID, "0.1", Unit.PERCENT), Side.SELL, "1.08620"),  # 1.08507 * 1.001 = 1.08615507
        (at(Anchor.MID, "-0.1", Unit.PERCENT), Side.BUY, "1.08395"),  # 1.08398493
        (at(Anchor.BID, "0.0002", Unit.PRICE), Side.SELL, "1.08525"),  # 1.08523
    ],
)
def test_a_price_is_rounded_to_the_side_that_is_no_worse(written: PriceExpr, side: Side, expected: str) -> None:
    assert pricing.price(written, market(side)) == Decimal(expected)


@given(
    st.decimals("-500", "500", places=3), st.sampled_from(Side), st.sampled_from([Anchor.BID, Anchor.ASK, Anchor.MID])
)
def test_rounding_never_makes_a_price_worse_than_written(pips: Decimal, side: Side, anchor: Anchor) -> None:
    exact = {"bid": "1.08503", "ask": "1.08511", "mid": "1.08507"}[anchor.value]
    written = Decimal(exact) + pips * Decimal("0.0001")
    found = pricing.price(PriceExpr(anchor, pips, Unit.PIPS), market(side))
    assert 0 <= (written - found) * side.sign < Decimal("0.00005")
    assert found % Decimal("0.00005") == 0


@pytest.mark.parametrize("quote", [None, Quote(Decimal(0), Decimal("1.08"), NOW), Quote(Decimal(2), Decimal(1), NOW)])
def test_without_a_sound_quote_nothing_is_priced(quote: Quote | None) -> None:
    with pytest.raises(Denied, match=r"no quote of EUR\.USD"):
        pricing.price(at(Anchor.BID, "-5"), market(snapshot=replace(KNOWN, quote=quote)))


def test_a_price_that_comes_to_nothing_is_denied() -> None:
    with pytest.raises(Denied, match=r"comes to -0\.91497"):
        pricing.price(at(Anchor.BID, "-20000"), market())


@pytest.mark.parametrize(
    ("size", "side", "order_price", "expected"),
    [
        (SizeExpr(Decimal("0.25"), SizeKind.LOTS), Side.BUY, None, "25000"),
        (SizeExpr(Decimal("123.5")), Side.BUY, None, "123.5"),
        (SizeExpr(Decimal(30_000), SizeKind.MONEY, "EUR"), Side.BUY, None, "30000"),
        (SizeExpr(Decimal(30_000), SizeKind.MONEY, "USD"), Side.BUY, None, "27646"),  # / 1.08511 = 27646.97
        (SizeExpr(Decimal(30_000), SizeKind.MONEY, "USD"), Side.SELL, None, "27649"),  # / 1.08503 = 27649.01
        (SizeExpr(Decimal(30_000), SizeKind.MONEY, "USD"), Side.BUY, "1.08", "27777"),  # / 1.08 = 27777.7
        (SizeExpr(Decimal(50), SizeKind.CASH), Side.BUY, None, "4608"),  # 5000.25 / 1.08511 = 4608.06
        (SizeExpr(Decimal(50), SizeKind.CASH), Side.SELL, None, "2000"),
    ],
)
def test_a_size_is_rounded_down_to_whole_units(
    size: SizeExpr, side: Side, order_price: str | None, expected: str
) -> None:
    reference = None if order_price is None else Decimal(order_price)
    assert pricing.quantity(size, market(side), reference) == Decimal(expected)


@pytest.mark.parametrize(
    ("size", "snapshot", "told"),
    [
        (SizeExpr(Decimal(1), SizeKind.MONEY, "USD"), KNOWN, "a size of 1 USD does not come to a single unit"),
        (SizeExpr(Decimal(1), SizeKind.MONEY, "GBP"), KNOWN, "means nothing for EUR.USD: expected EUR or USD"),
        (SizeExpr(Decimal(50), SizeKind.CASH), replace(KNOWN, cash={}), "the account's cash is not known"),
        (SizeExpr(Decimal(50), SizeKind.CASH), replace(KNOWN, cash={"CHF": Decimal(9)}), "no USD to pay with"),
        (SizeExpr(Decimal(1), SizeKind.RISK), KNOWN, "a size by risk needs a stop-loss"),
    ],
)
def test_a_size_that_cannot_be_worked_out_is_denied(size: SizeExpr, snapshot: Snapshot, told: str) -> None:
    with pytest.raises(Denied, match=told):
        pricing.quantity(size, market(snapshot=snapshot), None)


# --- a single order


def test_the_order_of_a_plan_with_all_its_terms() -> None:
    written = replace(
        PLAIN,
        order_type=OrderType.LIMIT,
        limit_price=at(Anchor.BID, "-5"),
        size=SizeExpr(Decimal(30_000), SizeKind.MONEY, "USD"),
        time_in_force=TimeInForce.GTD,
        terms=OrderTerms(until=timedelta(hours=2), good_after=NOW + timedelta(minutes=5), outside_rth=True),
    )
    assert needs(written) is Need.QUOTE
    (ticket,) = expand(written, FIRE, KNOWN)
    assert (ticket.limit_price, ticket.quantity) == (Decimal("1.0845"), Decimal(27_662))  # 30000 / 1.0845 = 27662.5
    assert ticket.terms.good_till == datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    assert ticket.terms.good_after == datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    assert ticket.terms.outside_rth


@pytest.mark.parametrize(
    ("trail", "amount", "percent"), [(at(None, "12.3"), "0.0012", None), (at(None, "0.4", Unit.PERCENT), None, "0.4")]
)
def test_a_trailing_order_keeps_its_distance(trail: PriceExpr, amount: str | None, percent: str | None) -> None:
    written = replace(PLAIN, order_type=OrderType.TRAILING_STOP, terms=OrderTerms(trail=trail))
    (ticket,) = expand(written, FIRE, Snapshot(now=NOW))
    assert ticket.trail is not None
    assert (ticket.trail.amount, ticket.trail.percent) == tuple(
        None if each is None else Decimal(each) for each in (amount, percent)
    )


# --- brackets


def with_exits(side: Side = Side.BUY, **exits: PriceExpr) -> Instruction:
    return replace(PLAIN, side=side, strategy="bracket", parameters=exits)


def prices(tickets: tuple[OrderTicket, ...]) -> dict[str, Decimal | None]:
    return {ticket.role.value: ticket.stop_price or ticket.limit_price for ticket in tickets}


@pytest.mark.parametrize(
    ("side", "profit", "loss"),
    # entry 1.08511: stop 25 pips below at 1.08261, up to 1.08265; R 0.00246; 2R above at 1.09003, up to 1.09005
    # entry 1.08503: stop 25 pips above at 1.08753, down to 1.08750; R 0.00247; 2R below at 1.08009, down to 1.08005
    [(Side.BUY, "1.09005", "1.08265"), (Side.SELL, "1.08005", "1.0875")],
)
def test_exits_of_a_market_entry_count_from_the_quote(side: Side, profit: str, loss: str) -> None:
    for take_profit in (at(None, "2", Unit.R), at(Anchor.ENTRY, "2", Unit.R)):
        written = with_exits(side, take_profit=take_profit, stop_loss=at(None, "25"))
        assert needs(written) is Need.QUOTE
        tickets = expand(written, FIRE, KNOWN)
        assert prices(tickets) == {"entry": None, "take_profit": Decimal(profit), "stop_loss": Decimal(loss)}
        assert [ticket.side for ticket in tickets] == [side, side.opposite, side.opposite]


def test_exits_of_a_limit_entry_count_from_its_limit() -> None:
    written = replace(
        with_exits(take_profit=at(None, "1", Unit.PERCENT), stop_loss=at(None, "0.5", Unit.PERCENT)),
        order_type=OrderType.LIMIT,
        limit_price=fixed(Decimal("1.0800")),
    )
    assert needs(written) is Need.NOTHING
    found = prices(expand(written, FIRE, Snapshot(now=NOW)))
    assert found == {"entry": Decimal("1.08"), "take_profit": Decimal("1.0908"), "stop_loss": Decimal("1.0746")}


def test_plain_exits_of_a_market_entry_need_no_quote() -> None:
    written = with_exits(take_profit=fixed(Decimal("1.095")), stop_loss=fixed(Decimal("1.08")))
    assert needs(written) is Need.NOTHING
    assert prices(expand(written, FIRE, Snapshot(now=NOW)))["stop_loss"] == Decimal("1.08")


def test_a_risk_of_the_account_sets_the_size() -> None:
    written = replace(
        with_exits(stop_loss=fixed(Decimal("1.08"))),
        size=SizeExpr(Decimal("0.5"), SizeKind.RISK),
        order_type=OrderType.LIMIT,
        limit_price=fixed(Decimal("1.085")),
    )
    assert needs(written) is Need.ACCOUNT
    entry, stop = expand(written, FIRE, KNOWN)
    assert entry.quantity == stop.quantity == Decimal(55_555)  # 250 CHF / (0.005 USD * 0.9 CHF) = 55555.5
    with pytest.raises(Denied, match="tells no rate of USD"):
        expand(written, FIRE, replace(KNOWN, rates={}))
    with pytest.raises(Denied, match="net liquidation value is not known"):
        expand(written, FIRE, Snapshot(now=NOW))


def test_a_trailing_stop_is_what_r_counts_from() -> None:
    written = with_exits(take_profit=at(None, "1", Unit.R), trailing_stop=at(None, "20"))
    entry, profit, stop = expand(written, FIRE, KNOWN)
    assert (stop.order_type, stop.role, stop.parent) == (OrderType.TRAILING_STOP, Role.STOP_LOSS, entry.order_ref)
    assert stop.trail is not None
    assert stop.trail.amount == Decimal("0.002")
    assert profit.limit_price == Decimal("1.0871")  # entry 1.08511, stop 1.08311 up to 1.08315; R 0.00196; 1.08707, up


@pytest.mark.parametrize(
    ("exits", "told"),
    [
        (
            {"stop_loss": fixed(Decimal("1.09")), "take_profit": at(None, "9")},
            r"stop-loss 1\.09 does not lie below the entry at 1\.08511",
        ),
        ({"take_profit": at(Anchor.BID, "0")}, r"take-profit 1\.08505 does not lie above the entry"),
        ({"take_profit": at(None, "2", Unit.R)}, "R is the distance to the stop-loss, and there is none"),
        ({"stop_loss": at(None, "1", Unit.R)}, "cannot be counted in R"),
        ({"trailing_stop": at(Anchor.BID, "0")}, "a trailing stop needs a distance"),
    ],
)
def test_exits_that_mean_nothing_are_denied(exits: dict[str, PriceExpr], told: str) -> None:
    with pytest.raises(Denied, match=told):
        expand(with_exits(**exits), FIRE, KNOWN)


def test_without_a_quote_a_bracket_that_needs_one_is_denied() -> None:
    with pytest.raises(Denied):
        expand(with_exits(take_profit=at(None, "2", Unit.R), stop_loss=at(None, "25")), FIRE, Snapshot(now=NOW))
    assert bracket.needs(with_exits(stop_loss=at(None, "25"))) is Need.QUOTE
