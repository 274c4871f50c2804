"""Every type of order, time in force, condition and quantity: when each is held, let go, filled or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway import offers
from runner.gateway.deadlines import instant
from runner.wire.messages import (
    AttachedOrders,
    CancelOrder,
    CommissionReport,
    ErrorMessage,
    ExecutionDetails,
    OpenOrder,
    OrderCondition,
    OrderStatus,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestOpenOrders,
    WireContract,
    WireOrder,
)
from tests.integration.gateway_peer import EURUSD, START, errors, kinds, only, order, prices, staged, statuses

STILL = (0, "1.0850", "1.0852")
AAPL = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
GTC = {"time_in_force": "GTC"}


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


WAVE = (
    STILL, (60, "1.0860", "1.0862"), (120, "1.0853", "1.0855"), (180, "1.0849", "1.0851"), (240, "1.0840", "1.0842"),
    (300, "1.0847", "1.0849"), (360, "1.0851", "1.0853"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "kind", "rest", "filled_at", "price"),
    [
        ("SELL", "TRAIL", {"stop": "0.0010"}, 180, "1.0849"),  # from 1.0860 down
        ("SELL", "TRAIL", {"trailing_percent": Decimal("0.1")}, 180, "1.0849"),
        ("SELL", "TRAIL", {"stop": "0.0010", "trail_stop_price": Decimal("1.0851")}, 0, "1.0850"),
        ("SELL", "TRAIL", {"stop": "0.0020", "trail_stop_price": Decimal("1.0830")}, 240, "1.0840"),
        ("BUY", "TRAIL", {"stop": "0.0009"}, 360, "1.0853"),  # from 1.0842 up; the first stop was 1.0861 before
        ("SELL", "TRAIL LIMIT", {"stop": "0.0010", "limit_price_offset": Decimal("0.0002")}, 180, "1.0849"),
        ("SELL", "TRAIL LIMIT", {"stop": "0.0010", "limit_price_offset": Decimal("0")}, 360, "1.0850"),
        ("BUY", "MIT", {"stop": "1.0851"}, 180, "1.0851"),
        ("SELL", "MIT", {"stop": "1.0860"}, 60, "1.0860"),
        ("BUY", "LIT", {"stop": "1.0851", "limit": "1.0851"}, 180, "1.0851"),
        ("BUY", "LIT", {"stop": "1.0855", "limit": "1.0845"}, 240, "1.0845"),
        ("SELL", "LIT", {"stop": "1.0860", "limit": "1.0870"}, None, ""),
    ],
)
def test_where_each_is_filled(action, kind, rest, filled_at, price, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    start = WAVE if "trail_stop_price" in rest or kind != "TRAIL" or action == "SELL" else (STILL, *WAVE[2:])
    with staged(prices(tmp_path, *start)) as stage:
        client = stage.client()
        told = client.ask(order(1, action, kind, **rest, **GTC))
        if filled_at != 0:
            (first, *_) = only(OrderStatus, told)
            assert (first.status, first.why_held) == ("PreSubmitted", "trigger")
        stage.pass_until(after(3600))
        done = [one.execution for one in only(ExecutionDetails, [*told, *client.ask()])]
        if filled_at is None:
            assert not done
        else:
            assert [(one.price, one.time) for one in done] == [
                (Decimal(price), f"{after(filled_at):%Y%m%d %H:%M:%S} UTC")
            ]  # fmt: skip


def test_a_trailing_limit_that_is_triggered_rests_at_its_limit(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        client.ask(order(1, "SELL", "TRAIL LIMIT", stop="0.0010", limit_price_offset=Decimal("-0.0005"), **GTC))
        stage.pass_until(after(200))
        told = client.ask()
        assert statuses(told) == [(1, "Submitted")]
        assert only(OpenOrder, told)[0].order.limit_price == Decimal("1.0855")


def test_a_trailing_limit_by_two_prices(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        terms = {"trail_stop_price": Decimal("1.0840"), "limit": "1.0838"}
        client.ask(order(1, "SELL", "TRAIL LIMIT", stop="0.0010", **terms, **GTC))
        stage.pass_until(after(200))
        told = client.ask()
        assert only(OpenOrder, told)[0].order.limit_price == Decimal("1.0848"), "the stop stood at 1.0850"
        assert only(ExecutionDetails, told)[0].execution.price == Decimal("1.0849")


def test_a_trailing_stop_waits_for_the_first_quote(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (60, "1.0860", "1.0862"), *WAVE[2:])) as stage:
        client = stage.client()
        (opened,) = only(OpenOrder, client.ask(order(1, "SELL", "TRAIL", stop="0.0010", **GTC)))
        assert opened.order.trail_stop_price is None
        stage.pass_until(after(3600))
        (done,) = only(ExecutionDetails, client.ask())
        assert (done.execution.price, done.execution.time) == (Decimal("1.0849"), "20250305 14:33:00 UTC")


def test_a_modified_trail_begins_anew(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        client.ask(order(1, "SELL", "TRAIL", stop="0.0050", **GTC))
        stage.pass_until(after(130))
        told = client.ask(order(1, "SELL", "TRAIL", stop="0.0004", **GTC))
        assert statuses(told) == [(1, "PreSubmitted")]
        stage.pass_until(after(190))
        assert only(ExecutionDetails, client.ask())[0].execution.price == Decimal("1.0849")


def test_a_trailing_stop_is_told_where_it_stands(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        wanted = order(1, "SELL", "TRAIL", stop="0.0020", **GTC)
        (opened,) = only(OpenOrder, client.ask(wanted))
        assert opened.order.trail_stop_price == Decimal("1.0830")
        again = replace(wanted, order=replace(wanted.order, trail_stop_price=opened.order.trail_stop_price))
        stage.pass_until(after(100))
        for told in (client.ask(RequestOpenOrders()), client.ask(again), client.ask(wanted)):
            assert only(OpenOrder, told)[0].order.trail_stop_price == Decimal("1.0840")
        stage.pass_until(after(3600))
        assert only(ExecutionDetails, client.ask())[0].execution.price == Decimal("1.0840")


# --- times


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20250305 15:30:00", "2025-03-05T15:30:00Z"),
        ("20250305-15:30:00", "2025-03-05T15:30:00Z"),
        ("20250305 15:30:00 UTC", "2025-03-05T15:30:00Z"),
        ("20250305 10:30:00 US/Eastern", "2025-03-05T15:30:00Z"),
        ("20250305  10:30:00 America/New_York", "2025-03-05T15:30:00Z"),
        ("20250305 10:30:00 EST", "2025-03-05T15:30:00Z"),
        ("20250705 10:30:00 EST", "2025-07-05T14:30:00Z"),
        ("20250306 00:30:00 Japan", "2025-03-05T15:30:00Z"),
        ("20250306 00:30:00 JST", "2025-03-05T15:30:00Z"),
        ("20250305 15:30", "2025-03-05T15:30:00Z"),
        ("20250305", "2025-03-05T23:59:59Z"),
        ("20250305 25:30:00", None),
        ("20251305 15:30:00", None),
        ("tomorrow", None),
        ("20250305 15:30:00 Nowhere/City", None),
        ("20250305 15:30:00 ../../etc/passwd", None),
        ("20250305 15:30:00 America", None),
        ("20250305-15:30:00 US/Eastern", None),
        ("", None),
    ],
)
def test_instants(text: str, at: str | None) -> None:
    assert instant(text) == (None if at is None else int(datetime.fromisoformat(at).timestamp()))


def test_good_till_a_date(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        terms = {"limit": "1.0840", "time_in_force": "GTD"}
        client.ask(order(1, "BUY", "LMT", good_till_date="20250307 10:00:00 US/Eastern", **terms))
        due = datetime(2025, 3, 7, 15, 0, tzinfo=UTC)
        assert stage.pass_until(START + timedelta(days=9)) == [due]
        assert statuses(client.ask()) == [(1, "Cancelled")]
        assert errors(client.ask(order(9, "BUY", "LMT", **terms))) == [(9, 334)]
        assert errors(client.ask(order(10, "BUY", "LMT", good_till_date="20250101 10:00:00", **terms))) == [(10, 334)]
        assert errors(client.ask(order(11, "BUY", "LMT", good_till_date="soon", **terms))) == [(11, 391)]
        assert errors(client.ask(order(12, "BUY", "LMT", limit="1.0", good_till_date="20350101"))) == [(12, 321)]


@pytest.mark.parametrize("kind", ["MKT", "LMT", "STP"])
def test_good_after_a_time(kind: str, tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        told = client.ask(order(1, "BUY", kind, limit="1.0852", stop="1.0852", good_after_time="20250305-15:00:00"))
        assert statuses(told) == [(1, "PreSubmitted")]
        assert only(OpenOrder, told)[0].order.good_after_time == "20250305-15:00:00"
        assert stage.pass_until(after(1800)) == [after(1800)]
        told = client.ask()
        assert statuses(told)[-1] == (1, "Filled")
        assert only(ExecutionDetails, told)[0].execution.time == "20250305 15:00:00 UTC"
        assert errors(client.ask(order(2, good_after_time="later"))) == [(2, 391)]
        assert statuses(client.ask(order(3, good_after_time="20200101 00:00:00")))[-1] == (3, "Filled")


def test_a_day_order_that_begins_tomorrow_lasts_tomorrow(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="1.0", good_after_time="20250306-15:00:00"))
        begins, ends = (datetime(2025, 3, 6, hour, tzinfo=UTC) for hour in (15, 22))
        assert stage.pass_until(START + timedelta(days=5)) == [begins, ends]
        assert statuses(client.ask()) == [(1, "Submitted"), (1, "Cancelled")]


def test_outside_regular_hours_means_nothing_to_a_pair() -> None:
    with staged() as stage:
        told = stage.client().ask(order(1, outside_rth=True))
        assert errors(told) == [(1, 2109)]
        assert statuses(told)[-1] == (1, "Filled")


def test_a_stock_before_the_bell() -> None:
    early = datetime(2025, 3, 5, 13, 0, tzinfo=UTC)  # 8:00 in New York
    with staged(start=early) as stage:
        client = stage.client()
        ten = {"contract": AAPL, "total_quantity": Decimal(10), "time_in_force": "GTC"}
        told = client.ask(order(1, **ten), order(2, outside_rth=True, **ten))
        assert [one for one in statuses(told) if one[1] != "Submitted"] == [(1, "PreSubmitted"), (2, "Filled")]
        assert errors(told) == [(1, 399)]
        assert only(ErrorMessage, told)[0].text.startswith("Order Message:\nBUY 10 AAPL NASDAQ")
        bell = datetime(2025, 3, 5, 14, 30, tzinfo=UTC)
        assert stage.pass_until(bell) == [bell]
        told = client.ask()
        assert statuses(told)[-1] == (1, "Filled")
        assert only(ExecutionDetails, told)[0].contract.symbol == "AAPL"
        assert only(CommissionReport, told)[0].commission == 1


# --- money instead of units


def test_so_many_dollars_worth(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (60, "1.0838", "1.0840"))) as stage:
        client = stage.client()
        dollars = {"total_quantity": Decimal(0), "cash_quantity": Decimal(50_000)}
        told = client.ask(order(1, **dollars))
        assert statuses(told) == [(1, "Submitted"), (1, "Filled")]
        (done,) = only(ExecutionDetails, told)
        assert done.execution.shares == 46_074  # 50,000 / 1.0852, rounded down
        assert (only(OpenOrder, told)[0].order.total_quantity, only(OpenOrder, told)[0].order.cash_quantity) == (
            0,
            50_000,
        )
        client.ask(order(2, "SELL", "LMT", limit="1.0900", **dollars))
        client.ask(order(3, "BUY", "LMT", limit="1.0840", **dollars))
        assert errors(client.ask(order(3, "BUY", "LMT", limit="1.0841", **dollars))) == [(3, 10241)]
        stage.pass_until(after(60))
        told = client.ask()
        assert only(ExecutionDetails, told)[0].execution.shares == 46_125
        (preview,) = client.ask(order(4, what_if=True, **dollars))
        assert isinstance(preview, OpenOrder)
        assert (preview.order_state.init_margin_change or 0) > 1000


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (order(1, cash_quantity=Decimal(1000)), 10244),  # beside a quantity
        (order(1, "BUY", "STP", stop="1.1", cash_quantity=Decimal(1000), total_quantity=Decimal(0)), 10244),
        (order(1, contract=AAPL, cash_quantity=Decimal(1000), total_quantity=Decimal(0)), 10244),
        (order(1, cash_quantity=Decimal("10.001"), total_quantity=None), 321),
        (order(1, cash_quantity=Decimal(-5), total_quantity=None), 321),
        (order(1, total_quantity=Decimal("1.5")), 10318),
        (order(1, total_quantity=Decimal("1.5"), contract=AAPL), 10243),
        (order(1, contract=WireContract(symbol="EUR", security_type="FUT", exchange="CME")), 200),
        (order(1, "BUY", "TRAIL", stop="0.001", trailing_percent=Decimal(1)), 321),
        (order(1, "BUY", "TRAIL", trailing_percent=Decimal(100)), 159),
        (order(1, "BUY", "TRAIL", stop="0.001", trail_stop_price=Decimal("1.00001")), 110),
        (order(1, "BUY", "TRAIL LIMIT", stop="0.001"), 321),
        (order(1, "BUY", "LIT", stop="1.1"), 321),
        (order(1, "BUY", "MIT"), 321),
        (order(1, "BUY", "MIT", stop="1.00001"), 110),
        (order(1, min_quantity=30_000), 321),
        (order(1, oca_group="g", oca_type=4), 321),
        (order(1, trigger_method=5), 146),
        *[(order(1, "BUY", kind), 387) for kind in ("MOC", "LOC", "PEG MKT", "VOL", "REL", "MIDPRICE", "BOX TOP", "")],
    ],
)  # fmt: skip
def test_refused(wanted: PlaceOrder, code: int) -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(wanted)
        assert (kinds(told), errors(told)) == (["ErrorMessage"], [(1, code)])
        assert only(OpenOrder, client.ask(RequestAllOpenOrders())) == []


@pytest.mark.parametrize("field", offers.REFUSED)
def test_what_is_not_offered_is_refused_and_not_left_out(field: str) -> None:
    default = getattr(WireOrder(), field)
    filled: object = "x" if isinstance(default, str) else 1
    if isinstance(default, bool | tuple):
        filled = True if isinstance(default, bool) else ("something",)
    assert offers.refusal(WireOrder(**{field: filled})) == offers.REFUSED[field]  # type: ignore[arg-type]
    assert offers.refusal(WireOrder()) is None


# --- conditions


def price_is(level: str, *, above: bool, con_id: int = 12087792, join: str = "a", method: int = 0) -> OrderCondition:
    return OrderCondition(
        kind=1, conjunction=join, is_more=above, price=Decimal(level), contract_id=con_id, exchange="IDEALPRO",
        trigger_method=method,
    )  # fmt: skip


def time_is(text: str, *, after: bool = True, join: str = "a") -> OrderCondition:
    return OrderCondition(kind=3, conjunction=join, is_more=after, time=text)


@pytest.mark.parametrize(
    ("conditions", "released"),
    [
        ((price_is("1.0860", above=True),), 60),
        ((price_is("1.0845", above=False),), 240),
        ((price_is("1.0840", above=True),), 0),
        ((time_is("20250305 14:35:00"),), 300),
        ((time_is("20250305-14:29:00"),), 0),
        ((time_is("20250305 14:35:00", after=False),), 0),
        ((price_is("1.0852", above=False), time_is("20250305 14:33:30")), 210),
        ((price_is("1.0860", above=True), time_is("20250305 14:32:30")), None),
        ((price_is("1.0860", above=True, join="o"), time_is("20250305 14:35:00")), 60),
        ((price_is("1.2", above=True), price_is("1.1", above=True, join="o"), time_is("20250305 14:35:00")), 300),
    ],
)
def test_an_order_is_held_until_its_conditions_are_met(
    conditions: tuple[OrderCondition, ...], released: int | None, tmp_path: Path
) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        told = client.ask(order(1, conditions=conditions))
        if released != 0:
            assert statuses(told) == [(1, "PreSubmitted")]
            (opened,) = only(OpenOrder, told)
            assert opened.order.conditions == conditions
        stops = stage.pass_until(after(3600))
        told += client.ask()
        if released is None:
            assert not only(ExecutionDetails, told)
        else:
            (done,) = only(ExecutionDetails, told)
            assert done.execution.time == f"{after(released):%Y%m%d %H:%M:%S} UTC"
            assert stops == ([after(released)] if released else [])


def test_an_order_that_its_conditions_call_off(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        terms = {"conditions": (price_is("1.0860", above=True),), "conditions_cancel_order": True}
        told = client.ask(order(1, "BUY", "LMT", limit="1.0500", **terms))
        assert statuses(told) == [(1, "Submitted")]
        assert stage.pass_until(after(600)) == [after(60)]
        told = client.ask()
        assert (statuses(told), errors(told)) == ([(1, "Cancelled")], [(1, 202)])
        assert statuses(client.ask(order(2, **{**terms, "conditions": (time_is("20250305-14:00:00"),)})))[-1] == (
            2,
            "Cancelled",
        )


def test_a_condition_on_another_instrument() -> None:
    with staged() as stage:
        client = stage.client()
        usdjpy = 15016059
        market = stage.gateway.call(lambda venue: venue.market)
        now = market.quote("USD.JPY", int(START.timestamp()))
        assert now is not None
        level = str(now.ask + Decimal("0.2"))
        client.ask(order(1, conditions=(price_is(level, above=True, con_id=usdjpy),), **GTC))
        stage.pass_until(START + timedelta(days=3))
        (done,) = only(ExecutionDetails, client.ask())
        at = int(datetime.strptime(done.execution.time, "%Y%m%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp())
        before, then = (market.quote("USD.JPY", second) for second in (at - 1, at))
        assert before is not None
        assert then is not None
        assert before.ask < Decimal(level) <= then.ask
        assert done.contract.local_symbol == "EUR.USD"


def test_changed_conditions_hold_anew(tmp_path: Path) -> None:
    with staged(prices(tmp_path, *WAVE)) as stage:
        client = stage.client()
        first = order(1, "BUY", "LMT", limit="1.0500", conditions=(price_is("1.0860", above=True),))
        client.ask(first)
        stage.pass_until(after(70))
        assert statuses(client.ask()) == [(1, "Submitted")]
        told = client.ask(order(1, "BUY", "LMT", limit="1.0500", conditions=(price_is("1.2", above=True),)))
        assert statuses(told) == [(1, "PreSubmitted")]
        assert statuses(client.ask(order(1, "BUY", "LMT", limit="1.0500"))) == [(1, "Submitted")]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (OrderCondition(kind=4, percent=Decimal(30)), 321),
        (OrderCondition(kind=5, symbol="EUR", security_type="CASH", exchange="IDEALPRO"), 321),
        (OrderCondition(kind=6, volume=100, contract_id=12087792), 321),
        (OrderCondition(kind=7, percent=Decimal(1), contract_id=12087792), 321),
        (time_is("whenever"), 337),
        (price_is("1.0", above=True, con_id=77), 147),
        (price_is("1.0", above=True, method=5), 146),
        (price_is("-1.0", above=True), 361),
    ],
)
def test_refused_conditions(condition: OrderCondition, code: int) -> None:
    with staged() as stage:
        assert errors(stage.client().ask(order(1, conditions=(condition,)))) == [(1, code)]


def test_too_many_conditions() -> None:
    with staged() as stage:
        client = stage.client()
        assert errors(client.ask(order(1, conditions=(price_is("1.2", above=True),) * 21))) == [(1, 321)]
        assert errors(client.ask(order(2, conditions=(price_is("1.2", above=True),) * 20))) == []


def test_a_held_order_is_cancelled_like_any_other(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(order(1, conditions=(price_is("1.2", above=True),)))
        assert statuses(client.ask(CancelOrder(order_id=1))) == [(1, "Cancelled")]
        assert stage.settled().next_event is None
        assert client.ask(RequestOpenOrders())[:-1] == []


@pytest.mark.parametrize("kind", ["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"])
def test_what_if_for_every_type(kind: str) -> None:
    rest = {"limit_price_offset": Decimal("0.001")} if kind == "TRAIL LIMIT" else {}
    with staged() as stage:
        client = stage.client()
        (told,) = client.ask(
            order(1, "BUY", kind, limit="1.0000", stop="1.0000", what_if=True, contract=EURUSD, **rest)
        )
        assert isinstance(told, OpenOrder)
        assert told.order_state.commission == 2
        assert (told.order_state.init_margin_change or 0) > 600
        assert client.ask(RequestOpenOrders())[:-1] == []


def test_orders_that_the_server_should_attach() -> None:
    with staged() as stage:
        client = stage.client(max_version=226)
        told = client.ask(replace(order(1), attached=AttachedOrders(stop_loss_id=2, stop_loss_type="PRESET")))
        assert (kinds(told), errors(told)) == (["ErrorMessage"], [(1, 321)])


ABSURD = [Decimal("1e300"), Decimal("1e-300"), Decimal("0.000000001")]


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("what_if", [False, True])
def test_a_number_that_nobody_can_read_back_is_refused(tmp_path: Path, value: Decimal, what_if: bool) -> None:
    """What is taken is told again, to whoever asks; a client must not stumble over another's order."""
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        fields = (
            {"aux_price": value}, {"trailing_percent": value}, {"stop": "0.0010", "trail_stop_price": value},
        )  # fmt: skip
        requests = [order(number, "SELL", "TRAIL", what_if=what_if, **each) for number, each in enumerate(fields, 1)]
        requests += [
            order(4, "SELL", "TRAIL LIMIT", what_if=what_if, stop="0.0010", limit_price_offset=value),
            order(5, "BUY", "LMT", what_if=what_if, limit_price=value),
            order(6, "BUY", "MKT", what_if=what_if, conditions=(price_is(str(value), above=True),)),
        ]
        told = client.ask(*requests, RequestAllOpenOrders())
        assert {about for about, _ in errors(told)} == {1, 2, 3, 4, 5, 6}
        assert not only(OpenOrder, told)
