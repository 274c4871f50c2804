"""Limits, halt and pause where orders are really sent: what the gateway has is what they let through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.core.limits import Amount, Limits
from runner.engine import run
from runner.engine.desk import Rules
from runner.schedule.policy import FirePolicy
from tests.reliability.field import MARKET, RESTING, at, every, open_field, soon


def test_b02_a_day_limit_counts_claims_over_runs(tmp_path: Path) -> None:
    rules = Rules(limits={"p": Limits(max_daily_quantity=Decimal(75_000))})
    with open_field(tmp_path) as field:
        for wanted in (2, 1, 0):
            with field.runner(every(1), rules=rules) as runner:
                if wanted:
                    runner.wait(lambda wanted=wanted: len(runner.fires(FireState.SENT)) >= wanted, "the next order")  # type: ignore[misc]
                else:
                    runner.wait(lambda: runner.fires(FireState.DENIED), "a denied fire")
        assert sum(field.created().values()) <= 3
        assert sum(order.quantity for order in field.gateway.orders()) <= 75_000
        (reason,) = {event.reason for event in runner.fires(FireState.DENIED)}
        assert reason is not None
        assert "limits.max_daily_quantity" in reason


def test_b07_a_plan_that_had_its_fires_is_paused_until_somebody_resumes_it(tmp_path: Path) -> None:
    rules = Rules(limits={"p": Limits(max_fires_per_day=2)})
    with open_field(tmp_path) as field:
        with field.runner(every(1), every(1, plan="q"), rules=rules) as runner:
            runner.wait(lambda: len(runner.fires(FireState.DENIED)) >= 3, "denied fires")
        sent = [event.plan for event in runner.fires(FireState.SENT)]
        assert sent.count("p") == 2
        assert sent.count("q") >= 4
        assert runner.alarms.count("halt") == 1
        assert "fxrun resume p" in (runner.fires(FireState.DENIED)[-1].reason or "")


def test_b01_a_notional_is_held_against_a_fresh_quote_and_a_collar_against_its_side(tmp_path: Path) -> None:
    """25,000 EUR cost more than 20,000 USD and less than 60,000; half of the market is far outside of a collar."""
    small, large = (
        Limits(max_notional=(Amount(Decimal(20_000), "USD"),)),
        Limits(max_notional=(Amount(Decimal(60_000), "USD"),), price_collar=Decimal("0.05")),
    )
    rules = Rules(limits={"small": small, "large": large, "far": large})
    with open_field(tmp_path) as field:
        due = soon(4)
        orders = [at(due, plan="small"), at(due, plan="large"), at(due, plan="far", instruction=RESTING)]
        with field.runner(*orders, rules=rules) as runner:
            runner.wait(lambda: field.gateway.executions(), "the order within its limit")
            runner.wait(lambda: len(runner.fires(FireState.DENIED)) == 2, "the others to be denied")
        reasons = {event.plan: event.reason or "" for event in runner.fires(FireState.DENIED)}
        assert "limits.max_notional" in reasons["small"]
        assert "limits.price_collar" in reasons["far"]
        assert [order.order_ref[:9] for order in field.gateway.orders()] == ["fx1:large"]
        assert MARKET.size.units == field.gateway.orders()[0].quantity


def test_orders_of_others_count_or_halt_where_the_settings_say_so(tmp_path: Path) -> None:
    """One entered by hand: counted, it takes the only place of its side; in the way, it halts; it is never touched."""
    rules = Rules(limits={"p": Limits(max_open_orders=1)}, counts_foreign=True)
    with open_field(tmp_path) as field:
        field.gateway.fault("hand_order", pair="EUR.USD", side="BUY", quantity=30_000, type="LMT", price=0.5, tif="GTC")
        with field.runner(every(1), rules=rules) as runner:
            runner.wait(lambda: runner.fires(FireState.DENIED), "a fire to be denied for the place that is taken")
        assert "limits.max_open_orders" in (runner.fires(FireState.DENIED)[0].reason or "")
        with field.runner(every(1), stops_at_foreign=True) as runner:
            runner.wait(lambda: "halt" in runner.alarms, "the halt")
            runner.wait(lambda: runner.fires(FireState.DENIED), "a fire to be denied for the halt")
        assert runner.alarms.count("halt") == 1
        assert [(order.client_id, order.status) for order in field.gateway.orders() if not order.order_ref] == [
            (0, "Submitted")
        ]


def test_how_far_fires_were_looked_at_is_written_down_as_time_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start after a crash looks at what came after that, and not at all the years of a schedule."""
    monkeypatch.setattr(run, "PROGRESS", timedelta(seconds=1))
    policy = FirePolicy(deadline=timedelta(seconds=1))
    with open_field(tmp_path) as field:
        with field.runner(replace(every(1), policy=policy)) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) >= 6, "some fires")
        sent = [event.time for event in runner.fires(FireState.SENT)]
        known = field.evaluated("p", "main")
        assert known is not None
        assert sent[0] < known < sent[-1]
