"""Metrics: what a lane counts, which plans have a label, how often a journal is looked at, and the page about them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="metrics are an extra: pip install 'fxrun[metrics]'")

from runner.cli.figures import Figures
from runner.cli.observing import LaneView
from runner.core.events import FireDone, FireState, OrderChanged
from runner.core.histogram import BOUNDS, Histogram
from runner.core.order_state import OrderState
from runner.core.ticket import OrderType, Role, Side
from runner.core.times import stamp
from runner.errors import Problem
from runner.journal.control import Ledger, UsageError
from runner.journal.database import JournalFailed
from runner.journal.rows import FireRow
from runner.journal.store import Journal
from runner.metrics import look, table
from runner.metrics.look import Looker
from runner.plan import load
from runner.plan.model import Plan

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
SENT = OrderChanged(
    plan="p", order="main", fire="f", order_ref="ref", role=Role.ENTRY, time=NOW, state=OrderState.SENT,
    contract="EUR.USD", side=Side.BUY, quantity=Decimal(1), order_type=OrderType.MARKET, filled=Decimal(0),
    remaining=Decimal(1),
)  # fmt: skip


def test_a_value_is_counted_in_the_first_bound_that_it_does_not_exceed() -> None:
    one = Histogram()
    for seconds in (0.0, 0.001, 0.0011, 60.0, 61.0):
        one.add(seconds)
    *counts, total = one.told()
    assert (counts[0], counts[1], counts[-2], counts[-1], sum(counts)) == (2, 1, 1, 1, 5)
    assert total == pytest.approx(121.0021)
    assert list(BOUNDS) == sorted(BOUNDS)


def counts(told: object) -> float:
    assert isinstance(told, list)
    return sum(told[:-1])


def test_an_order_is_timed_from_its_leaving_to_the_first_word_and_none_that_never_came() -> None:
    figures = Figures(lambda: NOW, Histogram(), ())
    for state in (OrderState.SENT, OrderState.WORKING, OrderState.FILLED):
        figures.take(replace(SENT, state=state))
    assert counts(figures.told()["round_trip"]) == 1
    figures.take(SENT)
    figures.take(replace(SENT, state=OrderState.UNKNOWN))
    figures.take(replace(SENT, state=OrderState.WORKING))
    assert counts(figures.told()["round_trip"]) == 1


def test_only_a_fire_that_was_sent_is_late() -> None:
    figures = Figures(lambda: NOW, Histogram(), [1, 2])
    for state in FireState:
        figures.take(FireDone(plan="p", order="main", fire="f", time=NOW - timedelta(seconds=2), state=state))
    told = figures.told()
    assert (counts(told["lateness"]), told["waiting"]) == (1, 2)
    assert isinstance(told["lateness"], list)
    assert told["lateness"][-1] == 2


@dataclass
class Serving:
    """A service with one lane."""

    journal: Path
    plans: tuple[Plan, ...] = ()
    asked: int = 0

    def lanes(self) -> Sequence[LaneView]:
        self.asked += 1
        return (
            LaneView(
                name="simulate", mode="simulate", journal=self.journal, is_ready=True, is_alive=True, plans=self.plans
            ),
        )

    def problems(self) -> Sequence[Problem]:
        return ()


def test_plans_beyond_the_first_share_one_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MOST_PLANS", 2)
    journal, names = tmp_path / "fxrun.db", ["d", "a", "c", "b"]
    with closing(Journal(str(journal))) as written:
        written.open_run(NOW)
        for name in names:
            (tmp_path / name).write_text(f"plan: {name}\ncontract: EUR.USD\nside: buy\nsize: 1\n")
            dues = [NOW - timedelta(days=days) for days in (0, 2)]
            written.record_unsent(
                FireRow(plan=name, order="main", fire=stamp(due), due=due, state=FireState.MISSED, reason="late")
                for due in dues
            )
    plans = tuple(load(str(tmp_path / name)) for name in names)
    (one,) = Looker(Serving(journal, plans), lambda: NOW + timedelta(hours=1)).lanes()
    assert one.held is not None
    assert one.held.plan_fires == {("a", "missed"): 1, ("b", "missed"): 1, (table.OTHERS, "missed"): 2}
    assert one.held.fires == {"missed": 8}


def test_a_dear_look_is_not_repeated_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = Serving(tmp_path / "there-is-none.db")
    looker = Looker(serving, lambda: NOW)
    monkeypatch.setattr(look, "REST", 1e9)
    assert [one.held for one in looker.lanes()] == [None], "a journal that is not there is none to fail at"
    looker.lanes()
    assert serving.asked == 1


def test_who_only_reads_a_journal_cannot_write_it(tmp_path: Path) -> None:
    journal = tmp_path / "fxrun.db"
    Journal(str(journal)).close()
    with Ledger(journal, only_reads=True) as ledger:
        assert ledger.count_orders() == {}
        with pytest.raises(JournalFailed):
            ledger.halt("no", NOW, cancel=False)
    with pytest.raises(UsageError):
        Ledger(tmp_path / "none.db", only_reads=True)


def test_the_page_has_the_rows_of_the_table() -> None:
    assert table.markdown() in PAGE.read_text(encoding="utf-8"), "renew it with: python docs/generate.py"


def test_names_keep_the_conventions_of_prometheus() -> None:
    names = [one.name for one in table.METRICS]
    assert len(set(names)) == len(names)
    for one in table.METRICS:
        assert one.name.startswith("fxrun_")
        assert one.name.endswith("_total") == (one.kind is table.Kind.COUNTER)
        assert one.name.endswith("_seconds") == (one.kind is table.Kind.HISTOGRAM)
        assert not {"account", "order", "order_ref", "fire"} & set(one.labels)
