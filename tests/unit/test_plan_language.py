"""Orders in the full language: what each key becomes, and which of them do not go together."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ibapi.order import Order

from runner.core.price import Anchor, PriceExpr, Unit, fixed
from runner.core.size import SizeExpr, SizeKind
from runner.core.ticket import OrderType, TimeInForce
from runner.errors import Problem
from runner.plan.build import build
from runner.plan.ib_fields import ALLOWED, FORBIDDEN
from runner.plan.model import Instruction, OrderTerms, Remedy, Unfilled, When
from runner.plan.source import parse
from runner.plan.validate import validate

TOP = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
ROUND = TOP.replace("25_000", "risk 1%")


def problems(text: str) -> list[Problem]:
    return validate(parse("plan.yaml", text, text.encode()))[1]


def only(text: str) -> Instruction:
    source = parse("plan.yaml", text, text.encode())
    drafts, found = validate(source)
    assert found == []
    (instruction,) = build(source, drafts).instructions
    return instruction


def pips(anchor: Anchor | None, number: int) -> PriceExpr:
    return PriceExpr(anchor, Decimal(number), Unit.PIPS)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0.25 lots", SizeExpr(Decimal("0.25"), SizeKind.LOTS)),
        ("30_000 USD", SizeExpr(Decimal(30000), SizeKind.MONEY, "USD")),
        ("20_000 EUR", SizeExpr(Decimal(20000), SizeKind.MONEY, "EUR")),
        ("50% of cash", SizeExpr(Decimal(50), SizeKind.CASH)),
        ("25_000", SizeExpr(Decimal(25000))),
    ],
)
def test_sizes_arrive(written: str, size: SizeExpr) -> None:
    assert only(TOP.replace("25_000", written)).size == size


@pytest.mark.parametrize(
    ("order", "kind", "changes"),
    [
        ("type: limit, price: bid - 5 pips", OrderType.LIMIT, {"limit_price": pips(Anchor.BID, -5)}),
        ("type: market_if_touched, stop: 1.08", OrderType.MARKET_IF_TOUCHED, {"stop_price": fixed(Decimal("1.08"))}),
        (
            "type: Limit_If_Touched, stop: 1.08, price: mid",
            OrderType.LIMIT_IF_TOUCHED,
            {"stop_price": fixed(Decimal("1.08")), "limit_price": PriceExpr(Anchor.MID, Decimal(0))},
        ),
        (
            "type: trailing_stop, trail: 0.3%",
            OrderType.TRAILING_STOP,
            {"terms": OrderTerms(trail=PriceExpr(None, Decimal("0.3"), Unit.PERCENT))},
        ),
        (
            "type: trailing_limit, trail: 15 pips, limit_offset: 2 pips",
            OrderType.TRAILING_LIMIT,
            {"terms": OrderTerms(trail=pips(None, 15), limit_offset=pips(None, 2))},
        ),
    ],
)
def test_order_types_arrive(order: str, kind: OrderType, changes: dict[str, Any]) -> None:
    instruction = only(f"{TOP}order: {{{order}}}\n")
    assert instruction.order_type is kind
    for name in ("limit_price", "stop_price", "terms"):
        assert getattr(instruction, name) == changes.get(name, OrderTerms() if name == "terms" else None)


def test_terms_arrive() -> None:
    order = (
        "type: limit, price: 1.085, tif: gtd, until: 2h, good_after: 2027-03-01 14:00, outside_rth: true,"
        " all_or_none: true, min_quantity: 20_000, ib: {triggerMethod: 2, hidden: true, extOperator: me,"
        " nbboPriceCap: 1.2}"
    )
    found = only(f"{TOP}order: {{{order}}}\nschedule: {{every: 1h, timezone: Europe/Berlin}}\n")
    assert found.time_in_force is TimeInForce.GTD
    assert found.terms == OrderTerms(
        until=timedelta(hours=2),
        good_after=datetime(2027, 3, 1, 13, tzinfo=UTC),
        outside_rth=True,
        all_or_none=True,
        min_quantity=Decimal(20000),
        extra=(("extOperator", "me"), ("hidden", True), ("nbboPriceCap", Decimal("1.2")), ("triggerMethod", 2)),
    )


def test_exits_unfilled_and_when_arrive() -> None:
    found = only(
        ROUND + "order: {type: limit, price: bid}\n"
        "bracket: {take_profit: 2R, stop_loss: 25 pips}\n"
        "unfilled: {after: 10m, then: reprice}\n"
        "when: {above: 1.05, below: 1.15, spread: 2 pips, position: flat, within: 30m,"
        " window: {opens: 08:00, closes: 17:00}}\nschedule: {every: 1h, timezone: Europe/London}\n"
    )
    assert found.strategy == "bracket"
    assert found.parameters == {
        "take_profit": PriceExpr(None, Decimal(2), Unit.R),
        "stop_loss": PriceExpr(None, Decimal(25), Unit.PIPS),
    }
    assert found.unfilled == Unfilled(after=timedelta(minutes=10), then=Remedy.REPRICE)
    assert found.when == When(
        above=Decimal("1.05"),
        below=Decimal("1.15"),
        spread=PriceExpr(None, Decimal(2), Unit.PIPS),
        position="flat",
        opens=time(8),
        closes=time(17),
        zone=ZoneInfo("Europe/London"),
        within=timedelta(minutes=30),
    )


@pytest.mark.parametrize(
    ("more", "column", "words"),
    [
        ("order: {type: limit, price: bid - 5 pipz}", 37, 'did you mean "pips"?'),
        ("order: {type: limit, price: 20 pips}", 29, "is a distance; expected a price such as bid - 20 pips"),
        ("order: {type: limit, price: entry + 2 pips}", 29, "counts from an entry"),
        ("order: {type: limit, price: bid - 2R}", 29, "counts from an entry"),
        ("order: {type: limit}", 15, 'a limit order without a price: found no "price"'),
        ("order: {type: stop}", 15, 'found no "stop"; expected stop: with the price that triggers it'),
        ("order: {type: limit_if_touched, price: 1.1}", 15, 'found no "stop"'),
        ("order: {type: trailing_stop}", 15, 'a trailing_stop order without a distance: found no "trail"'),
        ("order: {type: trailing_limit, trail: 5 pips}", 15, 'found no "limit_offset"'),
        ("order: {type: trailing_stop, trail: 2R}", 37, "expected a distance such as 15 pips or 0.3%"),
        ("order: {type: trailing_stop, trail: bid}", 37, "expected a distance such as 15 pips or 0.3%"),
        ("order: {type: trailing_limit, trail: 5 pips, limit_offset: 1%}", 60, "expected a distance such as 15 pips"),
        ("order: {type: market, trail: 5 pips}", 23, "of type trailing_stop or trailing_limit for it"),
        ("order: {type: market, limit_offset: 5 pips}", 23, "of type trailing_limit for it"),
        ("order: {type: market, tif: GTD}", 28, 'found no "until"; expected until: with a time'),
        ("order: {type: market, until: 2h}", 23, 'found "until" with tif DAY; expected tif: GTD'),
        ("order: {type: market, tif: GTD, until: soon}", 40, "a span from the fire on as 2h"),
        ("order: {type: market, tif: GTD, until: 2027-02-30}", 40, "2027-02-30"),
        ("order: {type: market, tif: GTD, until: 1h, good_after: 1h}", 56, "good_after not before until"),
        ("order: {type: market, min_quantity: 25_001}", 37, "expected at most the size of 25000"),
        ("order: {type: market, min_quantity: 0.5}", 37, "expected whole units"),
        ("order: {type: market, outside_rth: yes}", 36, "true or false"),
        ("order: {type: market, ib: {orderRef: x}}", 28, "it is the order's identity"),
        ("order: {type: market, ib: {totalQuantity: 5}}", 28, "it has a key of the plan: size"),
        ("order: {type: market, ib: {hiden: true}}", 28, 'did you mean "hidden"?'),
        ("order: {type: market, ib: {hidden: 1}}", 36, "found 1; expected true or false"),
        ("order: {type: market, ib: {triggerMethod: 1.5}}", 43, "expected a whole number"),
        ("order: {type: market, ib: {extOperator: 5}}", 41, "in quotes if it looks like a number"),
        ("order: {type: market, ib: {nbboPriceCap: x}}", 42, 'found "x"; expected a number'),
        ("order: {type: market, ib: {}}", 27, "is empty"),
        ("bracket: {take_profit: 2R}", 24, "expected a stop_loss beside it"),
        ("bracket: {stop_loss: 2R, take_profit: 1.2}", 22, "is counted in what it decides"),
        ("bracket: {stop_loss: 20 pips, take_profit: bid + 2R}", 44, "does not count from the entry"),
        ("bracket: {stop_loss: 20 pips, trailing_stop: 20 pips}", 31, "keys of bracket that exclude each other"),
        ("bracket: {trailing_stop: bid}", 26, "is not a distance: found bid"),
        ("bracket: {trailing_stop: 1.08}", 26, "bracket.trailing_stop is an amount: found 1.08"),
        ("order: {type: trailing_stop, trail: 0.002}", 37, "order.trail is an amount: found 0.002; expected pips"),
        ("bracket: {take_profit: entry - 20 pips}", 24, "above the entry of the buy"),
        ("bracket: {stop_loss: entry + 20 pips}", 22, "below the entry of the buy"),
        ("bracket: {take_profit: -1}", 24, "expected a number greater than 0"),
        ("bracket: {take_profit: 1000001}", 24, "expected at most 1000000"),
        ("bracket: {take_profit: 1.10003}", 24, "off the half-pip grid"),
        ("unfilled: {after: 10m, then: reprice}\norder: {type: limit, price: 1.085}", 30, "found a price of 1.085"),
        ("unfilled: {after: 10m, then: cross}", 30, "a market order has no better price"),
        ("unfilled: {after: 10m}", 11, 'found no "then"'),
        ("unfilled: {after: soon, then: leave}", 19, "a duration such as 90s"),
        ("target: {}", 9, "found none of them; expected position or percent"),
        ("target: {position: 1, percent: 2}", 23, 'found "position" and "percent"'),
        ("convert: {from: eur}", 17, "convert.from is not of the right form"),
        ("invest: {amount: 500}", 18, "expected text"),
        ("ladder: {count: 5, from: bidd, to: bid}", 26, 'did you mean "bid"?'),
        ("ladder: {count: 5, from: 20 pips, to: bid}", 26, "does not count from an entry"),
        ("ladder: {count: 5, from: bid, to: entry}", 35, "does not count from an entry"),
        ("target: {position: 30_000 GBP}", 20, "expected units, lots, or such as 500 EUR or 500 USD"),
        ("target: {position: 50% of cash}", 20, "does not fit EUR.USD"),
        ("invest: {amount: 500 EUR}", 18, "expected an amount such as 500 USD"),
        ("convert: {from: GBP}", 17, "expected EUR or USD"),
        ("unfilled: {after: 10m, then: crss}", 30, 'did you mean "cross"?'),
        ("when: {above: 1.2, below: 1.1}", 27, "expected below to be the larger one"),
        ("when: {spread: 0.5%}", 16, "when.spread is not in pips"),
        ("when: {spread: 2}", 16, "when.spread is an amount: found 2; expected pips, such as 2 pips"),
        ("when: {window: {opens: 08:00, closes: 08:00}}", 39, "an empty window"),
        ("when: {after: main}", 15, "orders that wait for one another"),
        ("when: {after: hedge}", 15, 'when.after names no order: found "hedge"'),
        ("when: {}", 7, "is empty"),
    ],
)
def test_what_does_not_go_together(more: str, column: int, words: str) -> None:
    found = problems(f"{TOP}{more}\n")
    assert [(p.line, p.column) for p in found] == [(5, column)], [p.message for p in found]
    assert words in found[0].message


@pytest.mark.parametrize(
    ("size", "column", "words"),
    [
        ("risk 1%", 7, "a size of risk without a stop"),
        ("30_000 GBP", 7, "found GBP; expected one of the pair's: EUR or USD"),
        ("30_000 usd", 14, 'did you mean "USD"?'),
        ("0.000000001", 7, "finer than any market trades"),
        ('"25000"', 7, "without quotes"),
    ],
)
def test_sizes_that_do_not_fit(size: str, column: int, words: str) -> None:
    (found,) = problems(TOP.replace("25_000", size))
    assert (found.line, found.column) == (4, column)
    assert words in found.message


def test_a_limit_of_the_plan_counts_lots_in_units() -> None:
    (found,) = problems(TOP.replace("25_000", "0.25 lots") + "limits: {max_quantity: 24_999}\n")
    assert "found 25000; expected at most the limits.max_quantity of 24999" in found.message


def test_orders_wait_for_orders_of_the_plan_and_not_in_a_circle() -> None:
    text = TOP + "orders:\n  - {id: a, when: {after: %s}}\n  - {id: b, when: {after: a}}\n  - id: c\n"
    assert problems(text % "c") == []
    assert ["wait for one another" in p.message for p in problems(text % "b")] == [True, True]
    (found,) = problems(text % "d")
    assert (found.line, found.column) == (6, 27)


def test_a_time_of_a_plan_without_schedule_is_utc() -> None:
    found = only(TOP + "order: {type: market, tif: GTD, until: 2027-03-01 17:00}\n")
    assert found.terms.until == datetime(2027, 3, 1, 17, tzinfo=UTC)


def test_a_bare_date_of_an_end_includes_that_day() -> None:
    order = "order: {type: market, tif: GTD, until: 2027-03-27, good_after: 2027-03-27}\n"
    found = only(TOP + order + "schedule: {every: 1d, timezone: Europe/Berlin}\n").terms
    assert found.good_after == datetime(2027, 3, 26, 23, tzinfo=UTC)
    assert found.until == datetime(2027, 3, 27, 23, tzinfo=UTC)


def test_every_field_of_order_is_allowed_or_refused() -> None:
    """A field that a newer ibapi brings is refused; whoever meets one here decides, and says why."""
    fields = set(vars(Order()))
    assert fields - ALLOWED - set(FORBIDDEN) == set()
    assert ALLOWED.isdisjoint(FORBIDDEN)
    refused = (
        "orderRef orderId permId clientId parentId transmit whatIf account action totalQuantity cashQty ocaGroup"
        " ocaType orderType lmtPrice auxPrice tif goodTillDate goodAfterTime faGroup faProfile faMethod faPercentage"
        " minQty allOrNone outsideRth trailStopPrice trailingPercent lmtPriceOffset"
    )
    assert set(refused.split()) <= set(FORBIDDEN)


def test_a_field_that_nobody_has_looked_at_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Order.__init__

    def newer(self: Order) -> None:
        made(self)
        self.doubleTheSize = False

    monkeypatch.setattr(Order, "__init__", newer)
    (found,) = problems(TOP + "order: {type: market, ib: {doubleTheSize: true}}\n")
    assert "an unknown field of Order" in found.message
