"""The figures of a report from histories written by hand: slippage, first in first out, rates, outcomes, equity."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from runner.core.contract import ContractSpec
from runner.core.events import FireState
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.journal.rows import Arrival, ExecutionRow, History, PastFire, PastOrder, RateRow
from runner.report.build import Background, build
from runner.report.lines import Mark, Outcome, Period, Report, Source

T0 = datetime(2025, 1, 6, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAIR = ContractSpec(symbol="EUR", currency="USD")
FUTURE = ContractSpec(symbol="EUR", currency="USD", sec_type="FUT", local_symbol="6EH5", multiplier=Decimal(125_000))


def order(
    number: int, side: Side, quantity: str, *, plan: str = "p", contract: ContractSpec = PAIR, **changes: Any
) -> PastOrder:
    due = T0 + number * HOUR
    role = changes.pop("role", Role.ENTRY)
    key = OrderKey(plan=plan, order="main", fire=f"{number:04}", role=role.value)
    ticket = OrderTicket(
        key=key, role=role, contract=contract, side=side, quantity=Decimal(quantity), order_type=OrderType.MARKET
    )
    fields: dict[str, Any] = {
        "ticket": ticket, "state": OrderState.FILLED, "filled": Decimal(quantity), "average_price": None,
        "perm_id": number, "closed_with_run": False, "note": "", "run": 1, "fire_due": due,
    }  # fmt: skip
    return PastOrder(**{**fields, **changes})


def fire(row: PastOrder, **changes: Any) -> PastFire:
    key = row.ticket.key
    fields: dict[str, Any] = {
        "plan": key.plan, "order": key.order, "fire": key.fire, "due": row.fire_due, "state": FireState.SENT,
        "reason": None, "run": row.run, "claimed_at": None,
    }  # fmt: skip
    return PastFire(**{**fields, **changes})


def execution(row: PastOrder, price: str, *, after: timedelta = timedelta(), **changes: Any) -> ExecutionRow:
    fields: dict[str, Any] = {
        "order_ref": row.ticket.order_ref, "plan": row.ticket.key.plan, "exec_id": f"{row.perm_id}.01",
        "contract": row.ticket.contract.name, "side": row.ticket.side, "price": Decimal(price),
        "quantity": row.ticket.quantity, "at": row.fire_due + after, "commission": Decimal(2),
        "commission_currency": "USD", "run": row.run,
    }  # fmt: skip
    return ExecutionRow(**{**fields, **changes})


def history(orders: list[PastOrder], executions: list[ExecutionRow], **changes: Any) -> History:
    fields: dict[str, Any] = {
        "mode": "live", "account": "U***567", "runs": (), "fires": tuple(map(fire, orders)), "orders": tuple(orders),
        "executions": tuple(executions), "arrivals": (), "works": (), "rates": (), "unlisted": (),
    }  # fmt: skip
    return History(**{**fields, **changes})


def arrival(row: PastOrder, bid: str, ask: str, late: timedelta = timedelta()) -> Arrival:
    key, at = row.ticket.key, row.fire_due + late
    quote = Quote(Decimal(bid), Decimal(ask), at)
    return Arrival(plan=key.plan, order=key.order, fire=key.fire, attempt=1, at=at, quote=quote)


def report(found: History, period: Period | None = None, **background: Any) -> Report:
    return build(found, period or Period(), Background(**background), title="t", source="j.db")


def test_slippage_is_worse_when_positive_and_only_said_of_entries_with_a_quote() -> None:
    bought, sold, exit_, bare = (
        order(0, Side.BUY, "1000"),
        order(1, Side.SELL, "1000"),
        order(2, Side.BUY, "1000", role=Role.STOP_LOSS),
        order(3, Side.SELL, "1000"),
    )
    prices = ("1.1003", "1.0999", "1.2", "1.1")
    rows = [execution(row, price) for row, price in zip((bought, sold, exit_, bare), prices, strict=True)]
    arrivals = tuple(arrival(row, "1.1000", "1.1002") for row in (bought, sold, exit_))
    found = report(history([bought, sold, exit_, bare], rows, arrivals=arrivals))
    assert [line.slippage for line in found.fills] == [Decimal("0.0001"), Decimal("0.0001"), None, None]
    assert [line.slippage_amount for line in found.fills] == [Decimal("0.1"), Decimal("0.1"), None, None]
    assert [line.half_spread_amount for line in found.fills] == [Decimal("0.1"), Decimal("0.1"), None, None]
    assert [line.effect for line in found.fills] == ["opens", "closes", "opens", "closes"]
    (plan,) = found.plans
    assert (plan.slippage, plan.half_spread, plan.unmeasured) == (Decimal("0.2"), Decimal("0.2"), 1)
    assert "1 fill without a quote at the fire: no slippage is said of them." in {s.text for s in found.verdict}


def test_what_is_closed_counts_in_the_period_of_its_closing_and_what_was_opened_before_it_is_known() -> None:
    rows = [order(0, Side.BUY, "1000"), order(30, Side.SELL, "400"), order(60, Side.SELL, "900")]
    fills = [execution(row, price) for row, price in zip(rows, ("1.10", "1.12", "1.15"), strict=True)]
    second = report(history(rows, fills), Period(start=T0 + 24 * HOUR, until=T0 + 48 * HOUR))
    (plan,) = second.plans
    assert (plan.fills, plan.bought, plan.sold, plan.realized) == (1, Decimal(0), Decimal(400), Decimal(8))
    assert (plan.position, plan.average_price) == (Decimal(600), Decimal("1.1"))
    assert [line.exec_id for line in second.fills] == ["30.01"]
    whole = report(history(rows, fills)).plans[0]
    assert (whole.realized, whole.position) == (Decimal(38), Decimal(-300))  # 400 * 0.02 + 600 * 0.05, then short
    edge = report(history(rows, fills), Period(until=rows[2].fire_due))
    assert [line.exec_id for line in edge.fills] == ["0.01", "30.01"]  # the end is not included


def test_a_multiplier_counts_and_a_future_is_exposure_in_its_currency() -> None:
    rows = [order(0, Side.BUY, "2", contract=FUTURE), order(1, Side.SELL, "1", contract=FUTURE)]
    found = report(history(rows, [execution(rows[0], "1.0800"), execution(rows[1], "1.0810")]))
    assert [line.value for line in found.fills] == [Decimal("270000"), Decimal("135125")]
    assert found.plans[0].realized == Decimal("125")
    assert found.exposure[-1].amounts == {"USD": Decimal("135125")}
    assert found.equity[-1].equity == Decimal("246")  # 125 closed, 125 open at the last price, less 4


def test_each_simulated_run_has_books_of_its_own() -> None:
    rows = [order(0, Side.BUY, "1000", run=1), order(1, Side.SELL, "1000", run=2)]
    fills = [execution(rows[0], "1.10"), execution(rows[1], "1.20")]
    apart = report(history(rows, fills, mode="simulate"))
    assert [(line.run, line.position, line.realized) for line in apart.plans] == [
        (1, Decimal(1000), Decimal(0)),
        (2, Decimal(-1000), Decimal(0)),
    ]
    (together,) = report(history(rows, fills)).plans
    assert (together.position, together.realized) == (Decimal(0), Decimal(100))


YEN = ContractSpec(symbol="EUR", currency="JPY")


def _yen() -> tuple[list[PastOrder], list[ExecutionRow]]:
    rows = [order(0, Side.BUY, "1000", contract=YEN), order(2, Side.SELL, "1000", contract=YEN)]
    return rows, [execution(rows[0], "160"), execution(rows[1], "162")]


def test_the_rate_is_the_last_that_was_told_and_never_a_later_one() -> None:
    rows, fills = _yen()
    rates = [
        RateRow(at=T0 + after * HOUR, currency="JPY", rate=Decimal(rate), account_currency="USD")
        for after, rate in ((0, "0.006"), (1, "0.0065"), (3, "0.009"))
    ]
    found = report(history(rows, fills, rates=tuple(rates)))
    assert (found.currency, found.currency_told) == ("USD", "told by the account")
    line = found.fills[-1]
    assert line.rate is not None
    assert (line.rate.value, line.rate.at, line.rate.told_by) == (Decimal("0.0065"), T0 + HOUR, "the account")
    assert line.realized_in_account == found.plans[0].realized_in_account == Decimal("13")


def test_without_a_rate_amounts_stay_in_their_currency_and_it_is_said() -> None:
    rows, fills = _yen()
    late = RateRow(at=T0 + 3 * HOUR, currency="JPY", rate=Decimal("0.009"), account_currency="USD")
    found = report(history(rows, fills, rates=(late,)))
    assert found.fills[-1].realized_in_account is None
    assert found.plans[0].realized_in_account is None
    assert found.unrated == ("JPY",)
    assert any("No rate of JPY" in sentence.text for sentence in found.verdict)
    nobody = report(history(rows, [execution(row, "160", commission=None) for row in rows]))
    assert nobody.currency == "JPY"  # the only one there is
    two = report(history(rows, fills))
    assert (two.currency, two.currency_told) == (None, "not known: the account told none")
    assert two.equity == ()


def test_a_price_of_the_very_pair_is_a_rate_and_else_the_reference_rate_of_a_simulated_run() -> None:
    rows, fills = _yen()
    pair = order(1, Side.BUY, "1000", contract=ContractSpec(symbol="USD", currency="JPY"))
    found = report(history([rows[0], pair, rows[1]], [fills[0], execution(pair, "160"), fills[1]]), currency="USD")
    assert found.fills[-1].rate is not None
    assert found.fills[-1].rate.told_by == "USD.JPY, fill"
    assert found.fills[-1].realized_in_account == Decimal("12.5")
    told = report(history(rows, fills), currency="USD", cross=lambda base, quote, at: (Decimal("0.01"), at))
    assert told.fills[-1].realized_in_account == Decimal(20)
    assert told.fills[-1].rate is not None
    assert told.fills[-1].rate.told_by.startswith("ECB")


def test_equity_falls_and_rises_with_the_prices_that_are_known() -> None:
    row = order(0, Side.BUY, "1000")
    marks = [Mark(T0 + n * HOUR, Decimal(price), Source.PATH) for n, price in ((1, "1.2"), (2, "1.05"), (3, "1.3"))]
    found = report(history([row], [execution(row, "1.10")]), marks={"EUR.USD": marks})
    assert [(point.equity, point.drawdown) for point in found.equity] == [
        (Decimal("-2"), Decimal("-2")),  # the commission
        (Decimal("98"), Decimal("0")),
        (Decimal("-52"), Decimal("-150")),
        (Decimal("198"), Decimal("0")),
    ]
    assert found.trough is not None
    assert (found.trough.amount, found.trough.since) == (Decimal(150), T0 + HOUR)
    assert (found.trough.at, found.trough.until) == (T0 + 2 * HOUR, T0 + 3 * HOUR)
    assert found.exposure[-1].amounts == {"EUR": Decimal(1000), "USD": Decimal(-1100)}
    later = report(history([row], [execution(row, "1.10")]), Period(start=T0 + 2 * HOUR), marks={"EUR.USD": marks})
    assert [point.equity for point in later.equity] == [Decimal(-150), Decimal(100)]  # counted from 98


def test_outcomes_are_the_worst_of_their_orders_and_a_day_the_worst_of_its_fires() -> None:
    rows = [
        order(0, Side.BUY, "1"),
        order(1, Side.BUY, "1", state=OrderState.EXPIRED),
        order(2, Side.BUY, "1", state=OrderState.REJECTED, note="201 no"),
        order(24, Side.BUY, "1", state=OrderState.UNKNOWN),
        order(25, Side.BUY, "1", state=OrderState.DENIED, note="limits.max_quantity"),
        order(48, Side.BUY, "1"),
        order(49, Side.BUY, "1"),
        order(72, Side.BUY, "1"),
    ]
    states = {
        4: FireState.DENIED, 5: FireState.SKIPPED, 6: FireState.MISSED, 7: None,
    }  # fmt: skip
    fires = tuple(fire(row, state=states.get(place, FireState.SENT)) for place, row in enumerate(rows))
    found = report(history(rows, [], fires=fires))
    assert [line.outcome for line in found.fires] == [
        Outcome.DONE, Outcome.DONE, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.DENIED, Outcome.SKIPPED, Outcome.MISSED,
        Outcome.UNKNOWN,
    ]  # fmt: skip
    assert [(line.day, line.outcome) for line in found.days] == [
        (date(2025, 1, 6), Outcome.REJECTED),
        (date(2025, 1, 7), Outcome.UNKNOWN),
        (date(2025, 1, 8), Outcome.MISSED),
        (date(2025, 1, 9), Outcome.UNKNOWN),
    ]
    assert not found.is_well
    words = [sentence.text for sentence in found.verdict]
    assert words[0] == "Something needs your attention."
    assert any(text.startswith("1 order of unknown outcome") for text in words)
    assert any(text.startswith("1 fire missed") for text in words)


def test_lateness_is_when_the_orders_left_against_when_they_were_due() -> None:
    rows = [order(0, Side.BUY, "1"), order(1, Side.BUY, "1"), order(2, Side.BUY, "1")]
    fires = (
        fire(rows[0]),
        fire(rows[1], claimed_at=rows[1].fire_due + timedelta(seconds=2)),
        fire(rows[2], state=FireState.MISSED, claimed_at=rows[2].fire_due + timedelta(seconds=70)),
    )
    late = arrival(rows[0], "1", "1", late=timedelta(milliseconds=250))
    found = report(history(rows, [], fires=fires, arrivals=(late,)))
    assert [line.seconds_late for line in found.fires] == [Decimal("0.25"), Decimal(2), None]


def test_nothing_is_said_to_be_well_where_nothing_happened() -> None:
    found = report(history([], []))
    assert [sentence.level for sentence in found.verdict] == ["note"]
    assert found.plans == found.equity == found.exposure == ()


def test_an_execution_that_the_broker_took_back_needs_attention() -> None:
    row = order(0, Side.BUY, "1")
    found = report(history([row], [execution(row, "1.1")], unlisted=("0.01",)))
    assert not found.is_well


def test_what_was_not_known_before_the_period_is_no_gap_in_it() -> None:
    rows, fills = _yen()
    rate = RateRow(at=T0 + HOUR, currency="JPY", rate=Decimal("0.005"), account_currency="USD")
    later = report(history(rows, fills, rates=(rate,)), Period(start=T0 + 90 * HOUR / 60))
    assert later.unrated == ()
    assert [point.equity for point in later.equity] == [Decimal(8)]  # 2,000 yen, less a commission of 2


def test_equity_counts_from_what_it_was_worth_when_the_period_began() -> None:
    """The yen that were made before are worth something else by then: that is no result of the period."""
    rows, fills = _yen()
    rates = [
        RateRow(at=T0 + after * HOUR, currency="JPY", rate=Decimal(rate), account_currency="USD")
        for after, rate in ((0, "0.005"), (5, "0.006"), (7, "0.007"))
    ]
    last = order(6, Side.BUY, "1000", contract=YEN)
    found = report(
        history([*rows, last], [*fills, execution(last, "162", commission=None)], rates=tuple(rates)),
        Period(start=T0 + 330 * HOUR / 60),
        marks={"EUR.JPY": [Mark(T0 + 8 * HOUR, Decimal("162"), Source.PATH)]},
    )
    assert [point.equity for point in found.equity] == [Decimal(0), Decimal(2)]  # 2,000 yen at 0.006, then at 0.007


def test_an_exit_has_no_slippage_and_none_is_missed_of_it() -> None:
    row, out = order(0, Side.BUY, "1000"), order(1, Side.SELL, "1000", role=Role.STOP_LOSS)
    fills = [execution(row, "1.1"), execution(out, "1.2")]
    found = report(history([row, out], fills, arrivals=(arrival(row, "1", "1.1"),)))
    assert (found.totals.unmeasured, found.plans[0].unmeasured) == (0, 0)
    assert not any("without a quote" in sentence.text for sentence in found.verdict)


def test_nobody_is_sent_to_resolve_what_ended_with_a_simulated_gateway() -> None:
    row = order(0, Side.BUY, "1", state=OrderState.UNKNOWN, closed_with_run=True)
    said = [sentence.text for sentence in report(history([row], [], mode="simulate")).verdict]
    assert any("1 order of unknown outcome" in text for text in said)
    assert not any("resolve" in text for text in said)
    assert any("fxrun resolve" in sentence.text for sentence in report(history([row], [])).verdict)
