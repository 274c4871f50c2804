"""A plan closes what it holds when somebody halts: once for each halt, never more than it has, through kills.

Each story is told by the truth of a gateway in a process of its own: a bracket has filled its entry and guards it with
two exits, then `fxrun halt` is typed.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.core.ids import halt_of
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.rows import FireRow
from runner.journal.store import Journal
from tests.reliability.processes import FXRUN, ROOT, WEDNESDAY, GatewayProcess

PLAN = """\
plan: guard
contract: EUR.USD
orders:
  - {id: in, side: buy, size: 30_000, bracket: {take_profit: 1.9, stop_loss: 0.5}}
  - {id: out, flatten: {open_orders: cancel, on: halt}}
"""
CLOSED = Decimal(0)
ALL = Decimal(30_000)


def signed(execution: dict[str, Any]) -> Decimal:
    return Decimal(str(execution["quantity"])) * (1 if execution["side"] in ("BUY", "BOT") else -1)


def words(fire: FireRow) -> str:
    return "" if fire.state is None else fire.state.value


@dataclass
class Story:
    """A folder with a plan and a journal, and the gateway that its runners trade at."""

    folder: Path
    gateway: GatewayProcess
    runners: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def journal(self) -> Path:
        return self.folder / "j.db"

    def run(self, crash: str = "", seconds: int | None = None) -> subprocess.Popen[bytes]:
        """Start a runner, which ends by itself once the plan holds nothing, or after some seconds."""
        command = [*FXRUN, str(self.folder / "p.yaml"), "--rehearsal", f"127.0.0.1:{self.gateway.port}", "--json"]
        command += ["--journal", str(self.journal)]
        if seconds is not None:
            until = datetime.now(UTC) + timedelta(seconds=seconds)
            command += ["--until", until.strftime("%Y-%m-%dT%H:%M:%SZ")]
        environ = {**os.environ, "FXRUN_CRASH_AT": crash}
        with (self.folder / "out.txt").open("a") as out:
            self.runners.append(subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=out))
        return self.runners[-1]

    def wait(self, runner: subprocess.Popen[bytes], *codes: int) -> None:
        assert runner.wait(90) in codes, self.said()

    def said(self) -> str:
        return (self.folder / "out.txt").read_text()

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [*FXRUN, *words, "--journal", str(self.journal)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.gateway.lines() if line["event"] == kind]

    def position(self) -> Decimal:
        return sum(
            (
                Decimal(str(e["quantity"])) * (1 if e["side"] in ("BUY", "BOT") else -1)
                for e in self.events("execution")
            ),
            Decimal(0),
        )

    def is_guarded(self) -> bool:
        return self.position() == ALL and len(self.events("order")) == 3 and self.exits() == ["held", "working"]

    def exits(self) -> list[str]:
        found = Ledger(self.journal).orders()
        return sorted(row.state.value for row in found if row.ticket.key.role != "entry")

    def answers(self) -> list[FireRow]:
        """Return the fires that answered a halt, oldest first."""
        return [fire for fire in reversed(Ledger(self.journal).fires("guard", 50)) if halt_of(fire.fire) is not None]

    def judge(self) -> None:
        """Check what holds after every story: no order was taken twice, and the plan never went beyond flat."""
        taken = Counter(line["order_ref"] for line in self.events("order"))
        assert set(taken.values()) == {1}
        total = Decimal(0)
        for line in self.events("execution"):
            total += signed(line)
            assert CLOSED <= total <= ALL
        assert check(self.journal) == ()


@contextmanager
def story(folder: Path, text: str = PLAN) -> Iterator[Story]:
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    gateway = GatewayProcess(folder, "--fill", "depth=100", "--from", WEDNESDAY.strftime("%Y-%m-%dT%H:%M:%SZ"))
    gateway.start()
    made = Story(folder, gateway)
    try:
        yield made
    finally:
        for runner in made.runners:
            if runner.poll() is None:
                runner.kill()
            runner.wait(20)
        gateway.stop()


def test_a_halt_ends_the_exits_first_and_closes_what_the_plan_holds_once(tmp_path: Path) -> None:
    with story(tmp_path) as told:
        runner = told.run()
        told.until(told.is_guarded)
        assert "guard/out closes what its plan holds: its runner does it now" in told.command("halt")
        told.wait(runner, 0)
        assert told.position() == CLOSED
        assert told.exits() == ["cancelled", "cancelled"]
        (fire,) = told.answers()
        assert (words(fire), fire.order) == ("sent", "out")
        assert "out answers the halt: sent" in told.command("status")
        kinds = [line["event"] for line in told.gateway.lines() if line["event"] in ("cancel", "execution")]
        assert kinds[1:3] == ["cancel", "cancel"]  # the entry's execution, both ends, and then the order that closes
        told.judge()
        again = told.run()  # the halt holds, and was answered
        told.wait(again, 0)
        told.judge()
        assert len(told.events("order")) == 4


def test_a_halt_that_nobody_runs_at_is_answered_by_the_next_runner_or_missed(tmp_path: Path) -> None:
    with story(tmp_path, PLAN.replace("on: halt}", "on: halt}, misfire: {deadline: 12s}")) as told:
        runner = told.run()
        told.until(told.is_guarded)
        runner.kill()
        runner.wait(20)
        assert "done by a runner that starts within its deadline" in told.command("halt")
        time.sleep(13)
        told.run(seconds=6).wait(60)
        (missed,) = told.answers()
        assert (words(missed), missed.reason) == ("missed", "fxrun was not running")
        assert told.position() == ALL
        assert told.exits() == ["held", "working"]  # they go on guarding it
        told.command("resume")
        told.command("halt")  # lifted before anybody saw it
        told.command("resume")
        told.command("halt")
        told.wait(told.run(), 0)
        assert [words(fire) for fire in told.answers()] == ["missed", "skipped", "sent"]
        assert told.position() == CLOSED
        told.judge()


def test_a_halt_that_the_runner_made_closes_nothing_and_neither_does_one_typed_on_top(tmp_path: Path) -> None:
    with story(tmp_path) as told:
        runner = told.run()
        told.until(told.is_guarded)
        runner.kill()
        runner.wait(20)
        journal = Journal(str(told.journal), private=True)
        journal.set_halt("two orders at the broker carry one identity", datetime.now(UTC))
        journal.close()
        assert "nothing is closed by it: two orders at the broker" in told.command("halt")
        told.run(seconds=8).wait(60)
        assert told.answers() == []
        assert told.position() == ALL
        told.command("resume")
        told.command("halt")
        told.wait(told.run(), 0)
        assert told.position() == CLOSED
        told.judge()


AROUND = ("before_claim", "in_claim", "after_claim_commit", "before_first_order", "after_last_order",
          "after_sent_record")  # fmt: skip
POINTS = [*(f"{point}:2" for point in AROUND), "before_cancel:1", "before_cancel:2", "after_cancel:1", "after_cancel:2"]
OFTEN = ("after_last_order:2", "after_cancel:1")


@pytest.mark.parametrize(
    "crash", [pytest.param(at, marks=pytest.mark.slow if at in OFTEN else pytest.mark.long, id=at) for at in POINTS]
)
def test_a_kill_at_each_point_of_an_answer_closes_once(crash: str, tmp_path: Path) -> None:
    with story(tmp_path) as told:
        first = told.run(crash)
        told.until(told.is_guarded)
        told.command("halt")
        told.wait(first, -9)
        has_left = crash not in ("after_claim_commit:2", "before_first_order:2")
        told.wait(told.run(seconds=None if has_left else 15), 0 if has_left else 6)
        told.judge()
        assert len(told.answers()) == 1
        if not has_left:  # the gateway's day is not the runner's, so nothing proves that it never arrived
            assert told.position() == ALL
            told.command("resolve", "fx1:guard", "--as", "lost", "--yes")
            told.command("halt")  # said again, it closes what is still there
            told.wait(told.run(), 0)
            told.judge()
        assert told.position() == CLOSED


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_kills_at_any_moment_of_an_answer_close_once(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    with story(tmp_path) as told:
        runner = told.run()
        told.until(told.is_guarded)
        told.command("halt")
        for _ in range(2):
            time.sleep(draw.uniform(0.0, 2.5))
            runner.kill()
            runner.wait(20)
            runner = told.run()
        told.wait(runner, 0)
        told.judge()
        assert len(told.answers()) == 1
        assert told.position() == CLOSED
