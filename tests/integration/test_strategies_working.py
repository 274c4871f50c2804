"""Fires that are gone on with, on a real gateway in virtual time: children, unfilled entries, conditions, closing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from runner.core.events import FireDone, FireState, Noticed
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.ticket import OrderType, Side
from runner.engine.working import EDITED, GONE, Working
from runner.gateway.fills import FillModel
from runner.journal.rows import OrderRow
from tests.integration.test_strategies import START, Desk, at_work, read

HEAD = 'plan: p\ncontract: EUR.USD\nside: buy\nsize: 60_000\nschedule: {at: "2026-03-02T10:00Z"}\n'


def told(rows: list[OrderRow]) -> list[tuple[str, Decimal, str, Decimal]]:
    return [(row.ticket.key.role, row.ticket.quantity, row.state.value, row.filled) for row in rows]


def notices(desk: Desk) -> list[str]:
    return [event.text for event in desk.events if isinstance(event, Noticed) and event.code == 0]


# --- slices


FAR = "order: {type: limit, price: bid - 200 pips}\n"  # never fills


def test_children_are_sent_one_after_the_other_each_at_its_time(tmp_path: Path) -> None:
    with at_work() as desk:
        rows = desk.run(read(HEAD + "slices: {count: 6, over: 1h}", tmp_path), timedelta(hours=3))
        assert told(rows) == [(f"slice-{n}", Decimal(10_000), "filled", Decimal(10_000)) for n in range(1, 7)]
        times = [execution.at.minute for execution in desk.journal.executions()]
        assert times == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("carry", [20_000, 40_000, 60_000]),
        ("drop", [20_000, 20_000, 20_000]),
    ],
)
def test_what_a_child_leaves_is_carried_or_dropped(rest: str, expected: list[int], tmp_path: Path) -> None:
    with at_work() as desk:
        plan = read(HEAD + FAR + f"slices: {{count: 3, over: 30m, rest: {rest}}}", tmp_path)
        rows = desk.run(plan, timedelta(hours=3))
        assert [row.ticket.quantity for row in rows] == expected
        assert {row.state for row in rows} == {OrderState.CANCELLED}
        assert "60000 EUR not filled" in notices(desk)[-1]
        assert desk.journal.works.open() == ()


def test_what_a_child_leaves_is_crossed(tmp_path: Path) -> None:
    with at_work() as desk:
        plan = read(HEAD + FAR + "slices: {count: 3, over: 30m, rest: cross}", tmp_path)
        rows = desk.run(plan, timedelta(hours=3))
        assert [(role, quantity, filled) for role, quantity, _, filled in told(rows)] == [
            ("slice-1", 20_000, 0),
            ("slice-2", 20_000, 0),
            ("cross-2", 20_000, 20_000),
            ("slice-3", 20_000, 0),
            ("cross-3", 20_000, 20_000),
            ("cross-4", 20_000, 20_000),
        ]
        assert notices(desk) == []


def test_a_child_that_a_limit_denies_is_carried(tmp_path: Path) -> None:
    with at_work() as desk:
        plan = read(HEAD + "slices: {count: 3, over: 30m}", tmp_path)
        rows = desk.run(plan, timedelta(hours=3), Limits(max_daily_quantity=Decimal(45_000)))
        assert [(state, quantity) for _, quantity, state, _ in told(rows)] == [
            ("filled", 20_000),
            ("filled", 20_000),
            ("denied", 20_000),
        ]
        assert any("slice-3 was denied: too much EUR in one UTC day" in text for text in notices(desk))
        assert any("20000 EUR not filled" in text for text in notices(desk))


def test_children_are_no_fires_and_a_daily_number_of_fires_does_not_stop_them(tmp_path: Path) -> None:
    with at_work() as desk:
        plan = read(HEAD + "slices: {count: 3, over: 30m}", tmp_path)
        rows = desk.run(plan, timedelta(hours=3), Limits(max_fires_per_day=1))
        assert {row.state for row in rows} == {OrderState.FILLED}
        assert len(rows) == 3


def test_a_child_of_unknown_outcome_stops_its_fire_and_lets_the_run_end(tmp_path: Path) -> None:
    with at_work(FillModel(silence=100)) as desk:
        plan = read(HEAD + "slices: {count: 3, over: 30m}", tmp_path)
        (row,) = desk.run(plan, None)
        assert row.state is OrderState.UNKNOWN
        assert desk.time.now() < START + timedelta(days=2)
        (work,) = desk.journal.works.open()  # it is somebody's to say what became of it
        assert work.fire.plan == "p"


def test_a_fire_is_skipped_while_the_one_before_it_is_still_worked(tmp_path: Path) -> None:
    text = HEAD.replace('{at: "2026-03-02T10:00Z"}', "{every: 1h}") + "slices: {count: 3, over: 90m}"
    with at_work() as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=4, minutes=30))
        assert [(fire.time.hour, fire.state.value) for fire in desk.fires()] == [
            (9, "sent"), (10, "skipped"), (11, "sent"), (12, "skipped"), (13, "sent"),
        ]  # fmt: skip
        assert len(rows) == 3 + 3 + 1  # the last one had only begun
        assert {fire.reason for fire in desk.fires()} == {None, "overlap: an earlier fire is still being worked"}


# --- unfilled


def test_an_entry_that_does_not_fill_is_cancelled(tmp_path: Path) -> None:
    with at_work() as desk:
        rows = desk.run(read(HEAD + FAR + "unfilled: {after: 10m, then: cancel}", tmp_path), timedelta(hours=2))
        assert told(rows) == [("entry", 60_000, "cancelled", 0)]
        assert "60000 EUR not filled: the order is cancelled" in notices(desk)[-1]


def test_an_entry_is_left_where_the_plan_says_so(tmp_path: Path) -> None:
    with at_work() as desk:
        rows = desk.run(read(HEAD + FAR + "unfilled: {after: 10m, then: leave}", tmp_path), timedelta(hours=2))
        assert [state for _, _, state, _ in told(rows)] == ["working"]


def test_what_is_left_crosses_the_spread_once_its_cancel_is_confirmed(tmp_path: Path) -> None:
    with at_work() as desk:
        rows = desk.run(read(HEAD + FAR + "unfilled: {after: 10m, then: cross}", tmp_path), timedelta(hours=2))
        assert told(rows) == [("entry", 60_000, "cancelled", 0), ("entry-1", 60_000, "filled", 60_000)]
        assert rows[1].ticket.order_type is OrderType.MARKET
        (execution,) = desk.journal.executions()
        assert (execution.at.hour, execution.at.minute) == (10, 10)


def test_a_limit_follows_the_market(tmp_path: Path) -> None:
    text = HEAD + "order: {type: limit, price: bid - 30 pips}\nunfilled: {after: 10m, then: reprice}"
    with at_work() as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=4))
        assert len(rows) > 2
        assert sum(row.filled for row in rows) <= 60_000
        assert len({row.ticket.limit_price for row in rows}) > 2
        alive = [row for row in rows if not row.state.is_done]
        assert len(alive) <= 1
        for before, after in pairwise(rows):
            assert after.ticket.quantity == before.ticket.quantity - before.filled


# --- conditions


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{spread: 0.1 pips}", "when: the spread of"),
        ("{above: 3}", "is not above 3"),
        ("{below: 0.1}", "is not below 0.1"),
        ("{position: open}", "when: the position is 0, not open"),
        ('{window: {opens: "11:00", closes: "12:00"}}', "when: it is 10:00, not within 11:00 to 12:00"),
    ],
)
def test_a_condition_that_does_not_hold_skips_the_fire(when: str, reason: str, tmp_path: Path) -> None:
    with at_work() as desk:
        rows = desk.run(read(HEAD + f"when: {when}", tmp_path), timedelta(hours=2))
        assert rows == []
        (fire,) = desk.fires()
        assert fire.state is FireState.SKIPPED
        assert reason in (fire.reason or "")


def test_a_fire_waits_for_its_conditions(tmp_path: Path) -> None:
    text = HEAD + 'when: {window: {opens: "10:20", closes: "12:00"}, within: 30m}'
    with at_work() as desk:
        (row,) = desk.run(read(text, tmp_path), timedelta(hours=2))
        assert row.state is OrderState.FILLED
        (execution,) = desk.journal.executions()
        assert (execution.at.hour, execution.at.minute) == (10, 20)


def test_an_order_comes_after_another_one_has_filled(tmp_path: Path) -> None:
    text = """\
plan: p
contract: EUR.USD
side: buy
size: 60_000
orders:
  - {id: first, schedule: {at: "2026-03-02T10:00Z"}}
  - {id: main, side: sell, when: {after: first}, schedule: {at: ["2026-03-02T09:30Z", "2026-03-02T10:30Z"]}}
"""
    with at_work() as desk:
        desk.run(read(text, tmp_path), timedelta(hours=2))
        assert [(fire.state, fire.reason) for fire in desk.fires()] == [
            (FireState.SKIPPED, "when: first has not filled"),
            (FireState.SENT, None),
        ]


# --- closing


def test_closing_ends_the_exits_first(tmp_path: Path) -> None:
    text = """\
plan: p
contract: EUR.USD
orders:
  - {id: first, side: buy, size: 60_000, schedule: {at: "2026-03-02T10:00Z"},
     bracket: {take_profit: 300 pips, stop_loss: 300 pips}}
  - {id: main, flatten: {open_orders: cancel}, schedule: {at: "2026-03-02T11:00Z"}}
"""
    with at_work(FillModel(partial=100)) as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=4))
        assert [(row.ticket.key.role, row.state.value) for row in rows] == [
            ("entry", "filled"),
            ("take_profit", "cancelled"),
            ("stop_loss", "cancelled"),
            ("entry", "filled"),
        ]
        assert rows[-1].ticket.side is Side.SELL
        assert desk.journal.works.position("p", "EUR.USD") == 0


def test_closing_gives_up_what_is_still_being_worked(tmp_path: Path) -> None:
    text = """\
plan: p
contract: EUR.USD
orders:
  - {id: first, side: buy, size: 60_000, schedule: {at: "2026-03-02T10:00Z"}, slices: {count: 6, over: 1h}}
  - {id: main, flatten: {open_orders: cancel}, schedule: {at: "2026-03-02T10:25Z"}}
"""
    with at_work() as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=4))
        assert [row.ticket.key.role for row in rows] == ["slice-1", "slice-2", "slice-3", "entry"]
        assert rows[-1].ticket.quantity == 30_000
        assert desk.journal.works.position("p", "EUR.USD") == 0


def test_a_bracket_whose_entry_does_not_fill_ends_with_its_exits(tmp_path: Path) -> None:
    text = HEAD + FAR + "bracket: {take_profit: 2R, stop_loss: 25 pips}\nunfilled: {after: 10m, then: cancel}"
    with at_work() as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=2))
        assert {row.state for row in rows} == {OrderState.CANCELLED}
        assert len(rows) == 3


def test_one_of_a_group_cancels_the_other(tmp_path: Path) -> None:
    text = """\
plan: p
contract: EUR.USD
size: 25_000
oca: {group: breakout}
orders:
  - {id: main, side: buy, order: {type: stop, stop: ask + 15 pips, tif: GTC}}
  - {id: below, side: sell, order: {type: stop, stop: bid - 15 pips, tif: GTC}}
schedule: {at: "2026-03-02T10:00Z"}
"""
    with at_work() as desk:
        rows = desk.run(read(text, tmp_path), timedelta(hours=48))
        assert sorted(row.state.value for row in rows) == ["cancelled", "filled"]
        assert len({row.ticket.oca_group for row in rows}) == 1
        assert len(desk.journal.executions()) == 1


# --- what stops


def test_a_halt_leaves_an_entry_where_it_is_and_sends_no_child(tmp_path: Path) -> None:
    """What is placed while halted would be denied, so nothing is cancelled for it either."""
    text = """\
plan: p
contract: EUR.USD
side: buy
size: 60_000
limits: {max_quantity: 100_000}
orders:
  - {id: main, order: {type: limit, price: bid - 200 pips}, unfilled: {after: 10m, then: cross}}
  - {id: sliced, slices: {count: 3, over: 30m}}
schedule: {at: "2026-03-02T10:00Z"}
"""
    with at_work() as desk:
        plan = read(text, tmp_path)
        desk.on_event = lambda event: (
            desk.journal.set_halt("a look", START) if isinstance(event, FireDone) and event.order == "sliced" else None
        )
        rows = desk.run(plan, timedelta(hours=3), plan.limits)
        assert [(row.ticket.key.role, row.state.value) for row in rows] == [
            ("entry", "working"),
            ("slice-1", "filled"),
        ]
        assert any("40000 EUR not filled" in text for text in notices(desk))


def test_an_edited_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    with at_work() as desk:
        plan = read(HEAD + FAR + "unfilled: {after: 2h, then: cross}", tmp_path)
        desk.run(plan, timedelta(hours=1, minutes=30))
        (work,) = desk.journal.works.open()
        assert work.digest == plan.digest
    for digest, instructions, told in (
        ("other", {("p", "main"): plan.instructions[0]}, EDITED),
        (plan.digest, {}, GONE),
    ):
        with at_work() as desk:
            desk.run(plan, timedelta(hours=1, minutes=30))
            assert desk.made is not None
            desk.made.digests = {"p": digest}
            working = Working(desk.made, instructions)
            working.take_up()
            assert working.is_idle
            assert told in notices(desk)[-1]
            assert desk.journal.works.open() == ()
            assert [row.state for row in desk.journal.orders()] == [OrderState.WORKING]
