"""What denies an order: each limit one below, at and one above it, and everything that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli.advice import odd_lot
from runner.core.contract import ContractSpec
from runner.core.fx import IDEALPRO_PAIRS, Pair
from runner.core.ids import OrderKey
from runner.core.limits import NO_LIMITS, Amount, Limits, Window, largest_order
from runner.core.size import units
from runner.core.standing import Arming, Quote, Standing, Tally
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.plan.model import Instruction, Mode, Plan
from runner.risk.checks import (
    CHECKS,
    OLDEST_QUOTE,
    ArmingWanted,
    Proposal,
    bar,
    denial,
    is_used_up,
    needs_quote,
    priced,
)
from runner.settings.model import DEFAULT_LIMITS

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
QUOTE = Quote(Decimal("1.0999"), Decimal("1.1001"), NOW)
NOTHING = Standing(now=NOW)
UNSOUND = [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal(0), Decimal(-1)]


def ticket(
    quantity: int | Decimal = 1000,
    *,
    role: Role = Role.ENTRY,
    side: Side = Side.BUY,
    pair: str = "EUR.USD",
    limit: str | None = None,
    stop: str | None = None,
) -> OrderTicket:
    kinds = {(False, False): OrderType.MARKET, (True, False): OrderType.LIMIT, (False, True): OrderType.STOP}
    symbol, currency = pair.split(".")
    return OrderTicket(
        key=OrderKey(plan="demo", order="main", fire="once", role=role.value),
        role=role,
        contract=ContractSpec(symbol=symbol, currency=currency),
        side=side,
        quantity=Decimal(quantity),
        order_type=kinds.get((limit is not None, stop is not None), OrderType.STOP_LIMIT),
        limit_price=None if limit is None else Decimal(limit),
        stop_price=None if stop is None else Decimal(stop),
    )


def judge(
    *tickets: OrderTicket,
    limits: Limits = NO_LIMITS,
    standing: Standing = NOTHING,
    quote: Quote | None = QUOTE,
    wanted: ArmingWanted | None = None,
) -> str | None:
    return denial(
        Proposal(tickets=tickets or (ticket(),), limits=limits, standing=standing, quote=quote, arming_wanted=wanted)
    )


def bracket(quantity: int = 1000, **more: str) -> tuple[OrderTicket, ...]:
    return (
        ticket(quantity, **more),  # type: ignore[arg-type]
        ticket(quantity, role=Role.TAKE_PROFIT, side=Side.SELL, limit="1.2"),
        ticket(quantity, role=Role.STOP_LOSS, side=Side.SELL, stop="1.0"),
    )


def test_without_limits_a_sound_order_is_allowed() -> None:
    assert judge() is None
    assert judge(*bracket()) is None
    assert judge(quote=None) is None


def amounts(value: int, currency: str) -> tuple[Amount, ...]:
    return (Amount(Decimal(value), currency),)


def today(**pairs: tuple[int, int | None]) -> Standing:
    tallies = {
        name.replace("_", "."): Tally(Decimal(quantity), None if notional is None else Decimal(notional))
        for name, (quantity, notional) in pairs.items()
    }
    return replace(NOTHING, today=tallies)


@pytest.mark.parametrize("over", [-1, 0, 1], ids=["below", "at", "above"])
@pytest.mark.parametrize(
    ("name", "limits", "orders"),
    [
        ("max_quantity", Limits(max_quantity=Decimal(1000)), lambda over: (ticket(1000 + over),)),
        ("max_quantity", Limits(max_quantity=Decimal(1000)), lambda over: bracket(1000 + over)),
        ("max_notional", Limits(max_notional=amounts(2000, "USD")), lambda over: (ticket(2000 + over, limit="1"),)),
        ("max_notional", Limits(max_notional=amounts(2000, "EUR")), lambda over: (ticket(2000 + over, limit="7"),)),
        ("max_notional", Limits(max_notional=amounts(2000, "USD")), lambda over: (ticket(2000 + over, stop="1"),)),
    ],
)
def test_b01_a_limit_of_one_order_allows_what_equals_it(name: str, limits: Limits, orders: object, over: int) -> None:
    reason = judge(*orders(over), limits=limits)  # type: ignore[operator]
    assert (reason is None) == (over <= 0)
    assert reason is None or f"limits.{name}" in reason


@pytest.mark.parametrize("over", [-1, 0, 1], ids=["below", "at", "above"])
@pytest.mark.parametrize(
    ("name", "limits", "standing"),
    [
        ("max_daily_quantity", Limits(max_daily_quantity=Decimal(3000)), today(EUR_USD=(2000, None))),
        (
            "max_daily_quantity",
            Limits(max_daily_quantity=Decimal(3000)),
            today(EUR_GBP=(500, 1), EUR_USD=(1500, 1), USD_JPY=(9000, 1), GBP_USD=(9000, 1)),
        ),
        ("max_daily_notional", Limits(max_daily_notional=amounts(3000, "USD")), today(EUR_USD=(7, 2000))),
        (
            "max_daily_notional",
            Limits(max_daily_notional=amounts(3000, "USD")),
            today(EUR_USD=(7, 1500), USD_JPY=(300, None), GBP_USD=(7, 200)),
        ),
        ("max_daily_notional", Limits(max_daily_notional=amounts(3000, "EUR")), today(EUR_GBP=(2000, None))),
    ],
)
def test_b01_a_limit_of_a_day_counts_what_was_claimed(name: str, limits: Limits, standing: Standing, over: int) -> None:
    reason = judge(ticket(1000 + over, limit="1"), limits=limits, standing=standing)
    assert (reason is None) == (over <= 0)
    assert reason is None or f"limits.{name}" in reason


def test_b01_exits_are_no_quantity_of_a_day_and_undo_one() -> None:
    limits = Limits(max_daily_quantity=Decimal(1000), max_daily_notional=amounts(1100, "USD"))
    assert judge(*bracket(1000, limit="1.1"), limits=limits) is None


def test_b01_an_exit_that_is_worth_too_much_denies_its_entry() -> None:
    limits = Limits(max_notional=amounts(1150, "USD"))
    reason = judge(*bracket(1000, limit="1.1"), limits=limits)
    assert reason is not None
    assert "its take-profit is worth too much: 1200 USD, limits.max_notional is 1150 USD" in reason


@pytest.mark.parametrize("over", [-1, 0, 1], ids=["below", "at", "above"])
@pytest.mark.parametrize(
    ("name", "limits", "count"),
    [
        ("max_open_orders", Limits(max_open_orders=15), {"open_orders": 14}),
        ("max_fires_per_day", Limits(max_fires_per_day=3), {"fires_today": 2}),
        ("max_orders_per_minute", Limits(max_orders_per_minute=30), {"last_minute": 29}),
    ],
)
def test_b01_counts_allow_what_equals_the_limit(name: str, limits: Limits, count: dict[str, int], over: int) -> None:
    standing = replace(NOTHING, **{key: value + over for key, value in count.items()})  # type: ignore[arg-type]
    reason = judge(limits=limits, standing=standing)
    assert (reason is None) == (over <= 0)
    assert reason is None or f"limits.{name}" in reason


def test_b06_the_sixteenth_open_order_of_a_side_is_denied_by_default() -> None:
    for working, allowed in ((13, True), (14, True), (15, False), (20, False)):
        assert (judge(limits=DEFAULT_LIMITS, standing=replace(NOTHING, open_orders=working)) is None) is allowed


def test_b06_every_order_of_a_bracket_counts() -> None:
    assert judge(*bracket(), limits=Limits(max_orders_per_minute=2)) is not None
    assert judge(*bracket(), limits=Limits(max_orders_per_minute=3)) is None
    assert judge(*bracket(), limits=Limits(max_open_orders=1)) is not None  # two exits would work on the other side
    assert judge(*bracket(), limits=Limits(max_open_orders=2)) is None


@pytest.mark.parametrize("unsound", UNSOUND, ids=str)
def test_b01_a_quantity_that_is_no_amount_is_denied(unsound: Decimal) -> None:
    limits = Limits(max_quantity=Decimal(1000), max_daily_quantity=Decimal(1000), max_notional=amounts(9, "USD"))
    for held_against in (NO_LIMITS, limits):
        reason = judge(ticket(unsound), limits=held_against)
        assert reason is not None
        assert "no sound quantity" in reason


@pytest.mark.parametrize("unsound", UNSOUND, ids=str)
@pytest.mark.parametrize("key", ["limit", "stop"])
def test_b01_a_price_that_is_no_price_is_denied(unsound: Decimal, key: str) -> None:
    for held_against in (NO_LIMITS, Limits(price_collar=Decimal("0.02"), max_notional=amounts(9999, "USD"))):
        reason = judge(ticket(**{key: str(unsound)}), limits=held_against)  # type: ignore[arg-type]
        assert reason is not None
        assert f"no sound {key} price" in reason


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT])
def test_b01_a_type_without_its_price_is_denied(kind: OrderType) -> None:
    reason = judge(replace(ticket(), order_type=kind))
    assert reason is not None
    assert kind.value in reason


def test_b01_a_fire_without_orders_is_denied() -> None:
    assert denial(Proposal(tickets=(), limits=NO_LIMITS, standing=NOTHING, quote=None)) is not None


QUOTES_THAT_FAIL = [
    None,
    *(Quote(bad, Decimal("1.1"), NOW) for bad in UNSOUND),
    *(Quote(Decimal("1.1"), bad, NOW) for bad in UNSOUND),
    Quote(Decimal("1.0"), Decimal("1.0"), NOW - OLDEST_QUOTE - timedelta(seconds=1)),
]


@pytest.mark.parametrize("quote", QUOTES_THAT_FAIL, ids=str)
@pytest.mark.parametrize(
    ("order", "limits"),
    [
        (ticket(1), Limits(max_notional=amounts(10**9, "USD"))),
        (ticket(1), Limits(max_daily_notional=amounts(10**9, "USD"))),
        (ticket(1, limit="1.1"), Limits(price_collar=Decimal("0.99"))),
        (ticket(1, stop="1.1"), Limits(price_collar=Decimal("0.99"))),
    ],
)
def test_b01_what_needs_a_quote_is_denied_without_one(order: OrderTicket, limits: Limits, quote: Quote | None) -> None:
    assert needs_quote([order], limits)
    reason = judge(order, limits=limits, quote=quote)
    assert reason is not None
    assert "quote" in reason


@pytest.mark.parametrize(
    ("order", "limits", "needed"),
    [
        (ticket(), NO_LIMITS, False),
        (ticket(), Limits(price_collar=Decimal("0.02")), False),
        (ticket(limit="1"), Limits(price_collar=Decimal("0.02")), True),
        (ticket(limit="1"), Limits(max_notional=amounts(9, "USD")), False),
        (ticket(), Limits(max_notional=amounts(9, "USD")), True),
        (ticket(), Limits(max_daily_notional=amounts(9, "USD")), True),
        (ticket(limit="1", role=Role.TAKE_PROFIT), Limits(price_collar=Decimal("0.02")), False),
    ],
)
def test_a_quote_is_asked_for_only_where_one_is_needed(order: OrderTicket, limits: Limits, needed: bool) -> None:
    assert needs_quote([order], limits) is needed
    if not needed:
        assert "quote" not in (judge(order, limits=limits, quote=None) or "")


def test_b01_a_day_with_an_order_of_unknown_price_is_not_counted_on() -> None:
    limits = Limits(max_daily_notional=amounts(10**9, "USD"))
    reason = judge(limits=limits, standing=today(EUR_USD=(1, None)))
    assert reason is not None
    assert "an order of EUR.USD was sent today without a known price" in reason


def test_b01_a_notional_in_a_third_currency_is_denied() -> None:
    for limits in (Limits(max_notional=amounts(10**9, "CHF")), Limits(max_daily_notional=amounts(10**9, "CHF"))):
        reason = judge(limits=limits)
        assert reason is not None
        assert "EUR.USD cannot be counted in CHF: expected a limit in EUR or USD" in reason
    reason = judge(limits=Limits(max_daily_notional=amounts(10**9, "USD")), standing=today(EUR_GBP=(1, 1)))
    assert reason is not None
    assert "what EUR.GBP has traded today cannot be counted in USD" in reason


def test_both_of_two_notionals_bind() -> None:
    limits = Limits(max_notional=(Amount(Decimal(1000), "EUR"), Amount(Decimal(5000), "USD")))
    assert judge(ticket(1000), limits=limits) is None
    assert "EUR" in (judge(ticket(1001), limits=limits) or "")
    assert "USD" in (judge(ticket(1000, limit="6"), limits=limits) or "")


@pytest.mark.parametrize(
    ("side", "price", "allowed"),
    [
        (Side.BUY, "102.00", True),  # 2 % above the ask of 100.00
        (Side.BUY, "102.01", False),
        (Side.BUY, "98.00", True),
        (Side.BUY, "97.99", False),
        (Side.SELL, "101.00", False),  # the bid is 99.00
        (Side.SELL, "100.98", True),
        (Side.SELL, "97.02", True),
        (Side.SELL, "97.01", False),
    ],
)
@pytest.mark.parametrize("kind", ["limit", "stop"])
def test_b01_the_collar_is_around_the_side_that_would_be_dealt_at(
    side: Side, price: str, allowed: bool, kind: str
) -> None:
    limits = Limits(price_collar=Decimal("0.02"))
    quote = Quote(Decimal("99.00"), Decimal("100.00"), NOW)
    reason = judge(ticket(side=side, **{kind: price}), limits=limits, quote=quote)  # type: ignore[arg-type]
    assert (reason is None) is allowed
    assert allowed or "limits.price_collar is 2%" in (reason or "")


def test_the_collar_says_how_far_from_which_side() -> None:
    limits, quote = Limits(price_collar=Decimal("0.02")), Quote(Decimal("50.00"), Decimal("100.00"), NOW)
    buy = judge(ticket(limit="103"), limits=limits, quote=quote)
    sell = judge(ticket(side=Side.SELL, limit="52"), limits=limits, quote=quote)
    assert "103 is 3.00% from the ask 100, limits.price_collar is 2%" in (buy or "")
    assert "52 is 4.00% from the bid 50, limits.price_collar is 2%" in (sell or "")


def test_the_collar_looks_at_both_prices_of_an_entry_and_at_no_exit() -> None:
    limits = Limits(price_collar=Decimal("0.02"))
    assert judge(ticket(limit="1.1", stop="1.3"), limits=limits) is not None
    assert judge(ticket(limit="1.3", stop="1.1"), limits=limits) is not None
    assert judge(*bracket(limit="1.1"), limits=limits) is None


def test_a_quote_of_sixty_seconds_is_just_young_enough() -> None:
    quote = replace(QUOTE, at=NOW - OLDEST_QUOTE)
    assert judge(ticket(limit="1.1"), limits=Limits(price_collar=Decimal("0.02")), quote=quote) is None


def test_only_the_pairs_that_are_named_may_be_traded() -> None:
    limits = Limits(pairs=frozenset({"EUR.USD", "USD.JPY"}))
    assert judge(limits=limits) is None
    reason = judge(ticket(pair="GBP.USD"), limits=limits)
    assert reason is not None
    assert "limits.pairs has EUR.USD, USD.JPY" in reason
    assert judge(limits=Limits(pairs=frozenset())) is not None


@pytest.mark.parametrize(
    ("opens", "closes", "covered"),
    [("14:30", "14:31", True), ("14:29", "14:30", False), ("22:00", "14:31", True), ("15:00", "14:30", False)],
)
def test_orders_keep_to_the_hours(opens: str, closes: str, covered: bool) -> None:
    window = Window(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo("UTC"))
    reason = judge(limits=Limits(windows=(window,)))
    assert (reason is None) is covered
    assert covered or "limits.window is" in (reason or "")


def test_all_windows_bind_each_in_its_zone() -> None:
    day = Window(time(9), time(17), ZoneInfo("America/New_York"))  # 14:00 to 22:00 UTC in winter
    late = Window(time(15), time(20), ZoneInfo("UTC"))
    assert judge(limits=Limits(windows=(day,))) is None
    assert judge(limits=Limits(windows=(day, late))) is not None
    summer = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    assert judge(limits=Limits(windows=(day,)), standing=Standing(now=summer)) is None


STANDING = {
    "owner": (replace(NOTHING, is_owner=False), "another runner has taken over this journal"),
    "halt": (replace(NOTHING, halt="by hand"), "halted: by hand; fxrun resume lifts it"),
    "pause": (replace(NOTHING, pause="three misses"), "paused: three misses; fxrun resume demo lifts it"),
    "unknown": (replace(NOTHING, unknown=("fx1:demo:a", "fx1:demo:b")), "fx1:demo:a and 1 more"),
}


@pytest.mark.parametrize("name", STANDING)
def test_b03_what_stops_all_sending_comes_first(name: str) -> None:
    standing, words = STANDING[name]
    tight = Limits(max_quantity=Decimal(1), max_open_orders=0, price_collar=Decimal(0))
    for limits in (NO_LIMITS, tight):
        assert words in (judge(limits=limits, standing=standing) or "")


def test_one_unknown_order_is_named_alone() -> None:
    reason = judge(standing=replace(NOTHING, unknown=("fx1:demo:a",)))
    assert "is unknown: fx1:demo:a; find out at the broker, then fxrun resolve fx1:demo:a" in (reason or "")


WANTED = ArmingWanted("ab" * 32, "U1234567")
ARMED = Arming(
    plan="demo",
    digest=WANTED.digest,
    account=WANTED.account,
    at=NOW - timedelta(days=1),
    until=NOW + timedelta(days=1),
)


@pytest.mark.parametrize(
    ("arming", "words"),
    [
        (ARMED, None),
        (None, "not armed"),
        (replace(ARMED, digest="cd" * 32), "edited since it was armed"),
        (replace(ARMED, account="U7654321"), "another account"),
        (replace(ARMED, until=NOW), "armed until 2026-11-25T14:30:00Z"),
        (replace(ARMED, until=NOW - timedelta(seconds=1)), "arm it again"),
        (replace(ARMED, until=NOW + timedelta(microseconds=1)), None),
    ],
)
def test_b09_only_what_was_armed_is_sent(arming: Arming | None, words: str | None) -> None:
    reason = judge(standing=replace(NOTHING, arming=arming), wanted=WANTED)
    assert (reason is None) is (words is None)
    assert words is None or words in (reason or "")
    assert "U1234567" not in (reason or "")
    assert "U7654321" not in (reason or "")


def test_b09_a_run_that_wants_no_arming_needs_none() -> None:
    assert judge(standing=replace(NOTHING, arming=replace(ARMED, until=NOW))) is None


def test_b07_the_fire_after_the_last_of_a_day_is_denied_and_known_for_what_it_is() -> None:
    limits = Limits(max_fires_per_day=2)
    for fires, used_up in ((0, False), (1, False), (2, True), (3, True)):
        standing = replace(NOTHING, fires_today=fires)
        assert is_used_up(limits, standing) is used_up
        assert (judge(limits=limits, standing=standing) is not None) is used_up
    assert not is_used_up(NO_LIMITS, replace(NOTHING, fires_today=10**6))


@pytest.mark.parametrize(
    ("order", "quote", "price"),
    [
        (ticket(), QUOTE, "1.1001"),
        (ticket(side=Side.SELL), QUOTE, "1.0999"),
        (ticket(), None, None),
        (ticket(limit="1.2"), QUOTE, "1.2"),
        (ticket(stop="1.3"), None, "1.3"),
        (ticket(limit="1.2", stop="1.3"), QUOTE, "1.2"),
        (ticket(side=Side.SELL, limit="1.0"), QUOTE, "1.0999"),  # fills at the bid
        (ticket(side=Side.SELL, limit="1.0"), None, "1.0"),
        (ticket(side=Side.SELL, limit="1.2"), QUOTE, "1.2"),
    ],
)
def test_a_ticket_is_counted_with_the_price_it_may_cost(
    order: OrderTicket, quote: Quote | None, price: str | None
) -> None:
    assert priced(order, quote) == (None if price is None else Decimal(price))


BASES = sorted({pair.split(".")[0] for pair in IDEALPRO_PAIRS})


def _first_pair(base: str) -> str:
    return next(pair for pair in IDEALPRO_PAIRS if pair.startswith(base))


def _warnings(pair: str, quantity: Decimal) -> list[str]:
    symbol, currency = pair.split(".")
    instruction = Instruction(
        plan="demo",
        order="main",
        contract=ContractSpec(symbol=symbol, currency=currency),
        side=Side.BUY,
        size=units(quantity),
        order_type=OrderType.MARKET,
    )
    plan = Plan(name="demo", mode=Mode.LIVE, file="demo.yaml", digest="", instructions=(instruction,))
    return [problem.message for problem in odd_lot(plan, instruction)]


@pytest.mark.parametrize("base", BASES)
def test_b04_below_the_minimum_is_warned_of_and_sent(base: str) -> None:
    pair = _first_pair(base)
    least = Pair(*pair.split(".")).minimum
    assert least is not None
    for quantity, warned in ((least - 1, True), (least, False), (least + 1, False)):
        assert bool(_warnings(pair, quantity)) is warned
        assert judge(ticket(quantity, pair=pair)) is None


@pytest.mark.parametrize("base", BASES)
def test_b04_above_the_maximum_is_denied(base: str) -> None:
    pair, most = _first_pair(base), largest_order(base)
    assert most is not None
    for quantity, allowed in ((most - 1, True), (most, True), (most + 1, False)):
        reason = judge(ticket(quantity, pair=pair))
        assert (reason is None) is allowed
        assert allowed or "too large for IDEALPRO" in (reason or "")


def test_b04_sizes_are_those_of_the_base_currency() -> None:
    assert judge(ticket(6_000_000, pair="USD.JPY")) is None  # far below JPY's smallest order, were it counted in yen
    assert "7000000" in (judge(ticket(8_000_000, pair="USD.JPY")) or "")
    assert _warnings("USD.JPY", Decimal(25_000)) == []
    assert "25000 USD" in _warnings("USD.JPY", Decimal(24_999))[0]
    assert largest_order("XXX") is None


POSITIVE = st.decimals(min_value="0.01", max_value="1000000", places=2)


@given(quantity=POSITIVE, limit=POSITIVE, price=POSITIVE, before=POSITIVE)
def test_b01_no_order_above_a_limit_gets_through(
    quantity: Decimal, limit: Decimal, price: Decimal, before: Decimal
) -> None:
    order = ticket(quantity, limit=str(price))
    standing = replace(NOTHING, today={"EUR.USD": Tally(before, before)})
    cases: Iterable[tuple[Limits, Decimal]] = (
        (Limits(max_quantity=limit), quantity),
        (Limits(max_daily_quantity=limit), before + quantity),
        (Limits(max_notional=(Amount(limit, "USD"),)), quantity * price),
        (Limits(max_daily_notional=(Amount(limit, "USD"),)), before + quantity * price),
    )
    for limits, figure in cases:
        assert (judge(order, limits=limits, standing=standing, quote=None) is None) == (figure <= limit)


def test_b01_no_sum_is_rounded_down_to_its_limit() -> None:
    large = Decimal(10) ** 20
    standing = replace(NOTHING, today={"EUR.USD": Tally(large, large)})
    for limits in (Limits(max_daily_quantity=large), Limits(max_daily_notional=(Amount(large, "USD"),))):
        assert judge(ticket(Decimal("0.00000001"), limit="1"), limits=limits, standing=standing) is not None


def test_b01_a_quote_next_to_nothing_denies_in_words() -> None:
    quote = Quote(Decimal("1E-40"), Decimal("1E-40"), NOW)
    reason = judge(ticket(limit="1000000"), limits=Limits(price_collar=Decimal("0.02")), quote=quote)
    assert "limits.price_collar is 2%" in (reason or "")


def test_no_check_is_asked_twice() -> None:
    assert len(set(CHECKS)) == len(CHECKS)


def test_b06_exits_that_work_already_count_on_their_side() -> None:
    """A bracket adds one order on the entry's side and two on the other, where those of earlier ones still work."""
    limits = Limits(max_open_orders=15)
    for opposite, allowed in ((13, True), (14, False)):
        standing = replace(NOTHING, open_opposite=opposite)
        assert (judge(*bracket(), limits=limits, standing=standing) is None) is allowed
        assert judge(limits=limits, standing=standing) is None  # an entry alone adds nothing to that side


# --- what answers a halt

HALTED = replace(NOTHING, halt="enough", halted_at=NOW)


def closing(standing: Standing, limits: Limits = NO_LIMITS, *, halt: datetime = NOW) -> str | None:
    proposal = Proposal(tickets=(ticket(1000),), limits=limits, standing=standing, quote=QUOTE, halt=halt)
    return denial(proposal)


def test_a_halt_lets_through_what_answers_it_and_no_other_order() -> None:
    assert closing(HALTED) is None
    assert (judge(standing=HALTED) or "").startswith("halted: enough")
    for standing in (NOTHING, replace(HALTED, halted_at=NOW + timedelta(microseconds=1))):
        assert (closing(standing) or "").startswith("the halt was lifted, or followed by another one")


def test_an_answer_to_a_halt_is_held_by_owner_unknown_and_sizes_and_not_by_counts_over_time() -> None:
    assert "another runner" in (closing(replace(HALTED, is_owner=False)) or "")
    assert "unknown" in (closing(replace(HALTED, unknown=("fx1:p:x",))) or "")
    assert "limits.max_quantity" in (closing(HALTED, Limits(max_quantity=Decimal(999))) or "")
    counted = Limits(max_fires_per_day=1, max_daily_quantity=Decimal(1), max_orders_per_minute=1)
    busy = replace(HALTED, pause="has fired often enough", fires_today=9, last_minute=9)
    assert closing(busy, counted) is None


def test_what_counts_open_orders_does_not_bar_an_order_that_comes_once_they_have_ended() -> None:
    limits, standing = Limits(max_open_orders=1), replace(NOTHING, open_orders=1)
    proposal = Proposal(tickets=(ticket(1000),), limits=limits, standing=standing, quote=QUOTE)
    assert "limits.max_open_orders" in (denial(proposal) or "")
    assert bar(proposal) is None
    assert "limits.max_quantity" in (bar(replace(proposal, limits=Limits(max_quantity=Decimal(1)))) or "")
