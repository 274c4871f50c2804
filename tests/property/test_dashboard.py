"""What the dashboard draws: ticks where fires are and nowhere else, and a line that ends where the report does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")

from runner.cli.observing import LaneView
from runner.core.ticket import Side
from runner.dashboard import look, results, timeline
from runner.journal.rows import ExecutionRow
from runner.plan import load
from runner.plan.model import Plan
from runner.report import pnl
from runner.schedule import fires

NOW = datetime(2026, 3, 27, 13, 7, 42, tzinfo=UTC)  # a clock change lies within the week
SCHEDULES = st.one_of(
    st.integers(1, 200_000).map(lambda seconds: f"{{every: {seconds}s}}"),
    st.sampled_from(
        [
            '{cron: "30 9 * * mon-fri", timezone: America/New_York}',
            '{cron: "*/7 8-16 * * mon-fri", timezone: Europe/London}',
            '{cron: "0 0 29 2 *", timezone: Europe/Berlin}',
            '{cron: "30 2 * * *", timezone: Europe/Berlin}',
        ]
    ),
)


def plan_of(folder: Path, schedule: str) -> Plan:
    file = folder / "plan.yaml"
    file.write_text(f"plan: p\ncontract: EUR.USD\nside: buy\nsize: 1\nschedule: {schedule}\n")
    return load(str(file))


def look_at(plan: Plan) -> look.Look:
    view = LaneView(
        name="simulate", mode="simulate", journal=Path("none.db"), is_ready=True, is_alive=True, plans=(plan,)
    )
    return look.at_lane(view, NOW)


@settings(max_examples=60, deadline=None)
@given(schedule=SCHEDULES, span=st.sampled_from(["day", "week"]))
def test_ticks_are_where_fires_are(tmp_path_factory: pytest.TempPathFactory, schedule: str, span: str) -> None:
    plan = plan_of(tmp_path_factory.mktemp("plan"), schedule)
    found = timeline.timeline(timeline.Agenda().next([look_at(plan)], NOW), NOW, span)
    until = NOW + timeline.SPANS[span]
    step = (until - NOW) / timeline.WIDTH * timeline.STEP
    due = list(fires(plan.instructions[0].schedule, NOW, until))
    expected = {(at - NOW) // step for at in due}
    drawn = [
        start // timeline.STEP + number
        for row in found.rows
        for start, width in row.ticks
        for number in range(width // timeline.STEP)
    ]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == expected
    assert [one.at for one in found.next][:1] == [
        next(fires(plan.instructions[0].schedule, NOW, datetime.max.replace(tzinfo=UTC)))
    ]


def test_what_is_due_next_is_asked_anew_only_once_it_is_past(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "{every: 60s}")
    agenda = timeline.Agenda()
    seen = [agenda.next([look_at(plan)], NOW + timedelta(seconds=second))[0].at for second in range(0, 180, 10)]
    assert seen == sorted(seen)
    assert all(at >= NOW + timedelta(seconds=10 * number) for number, at in enumerate(seen))
    assert len(set(seen)) == 4


executions = st.lists(
    st.builds(
        ExecutionRow,
        order_ref=st.just("r"),
        plan=st.sampled_from(["a", "b"]),
        exec_id=st.uuids().map(str),
        contract=st.sampled_from(["EUR.USD", "GBP.USD", "USD.JPY", "AAPL.STK.USD"]),
        side=st.sampled_from(Side),
        price=st.decimals("0.5", "200", places=5),
        quantity=st.integers(1, 100_000).map(Decimal),
        at=st.integers(0, 10_000_000).map(lambda second: NOW + timedelta(seconds=second)),
        commission=st.one_of(st.none(), st.decimals("0", "9", places=2)),
        commission_currency=st.just("USD"),
        multiplier=st.sampled_from([Decimal(1), Decimal(50)]),
    ),
    max_size=40,
).map(lambda rows: sorted(rows, key=lambda row: row.at))


@given(rows=executions)
def test_the_line_ends_where_the_report_does(rows: list[ExecutionRow]) -> None:
    same = {row.contract: row.multiplier for row in rows}  # a contract has one multiplier
    rows = [row for row in rows if row.multiplier == same[row.contract]]
    found = results.results(rows)
    by_currency = {name: total for name, total in pnl.realized(rows).items() if total}
    assert {curve.currency: curve.total for curve in found.curves if curve.total} == by_currency
    assert found.holdings == pnl.holdings(rows)
    costs = sum((row.commission for row in rows if row.commission is not None), Decimal(0))
    assert sum(found.commission.values(), Decimal(0)) == costs
    for curve in found.curves:
        assert curve.lowest <= curve.total <= curve.highest
        assert curve.lowest <= 0 <= curve.highest
        columns = [int(text) for text in re.findall(r"H(\d+)", curve.path)]
        rows_ = [int(text) for text in re.findall(r"V(\d+)", curve.path)]
        assert columns == sorted(columns)
        assert columns[-1] == results.WIDTH
        assert all(0 <= row <= results.HEIGHT for row in rows_)


def test_a_long_journal_is_not_worked_out_at_each_look(tmp_path: Path) -> None:
    """It is done anew once that has cost a tenth of the time that went by."""
    now = iter([0.0, 2.0, 5.0, 21.9, 22.1, 22.1, 22.2])
    accounts = results.Accounts(lambda: next(now))
    first = accounts.of(tmp_path / "none.db", 1)
    assert accounts.of(tmp_path / "none.db", 2) is first
    assert accounts.of(tmp_path / "none.db", 3) is first
    assert accounts.of(tmp_path / "none.db", 4) is not first
