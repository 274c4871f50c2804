"""One process that trades for a month of its time, while something goes wrong every few minutes.

    python -m tests.reliability.soak --days 30 --seed 1
    python -m tests.reliability.soak --wall 3600 --seed 1

Virtual time with a fault every one to ten minutes of it, or the wall's with one every five to sixty seconds. The run
is ended and begun again on the same journal every six hours; halts, cancels and a person who looks at what stays
unknown come in between. At the end the journal is held against what the gateway wrote down, and what the process
takes of memory, handles and threads against what it took at the beginning.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue

from runner.cli.carrying import make_desk
from runner.cli.session import Session
from runner.core.clock import Clock, VirtualTime
from runner.core.events import Event, FireDone, Noticed, OrderChanged, Severity
from runner.engine.clock import Inbox
from runner.engine.desk import Desk, Rules
from runner.engine.run import Run
from runner.engine.span import Span
from runner.gateway.anomalies import Anomalies
from runner.gateway.faults_trouble import Agenda
from runner.gateway.fills import FillModel
from runner.gateway.market import SyntheticMarket
from runner.gateway.plugin_gateway import open_instant
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.standalone import FastTime
from runner.ib.connection import Connection
from runner.journal.store import Journal
from runner.lifecycle.link import LinkState
from tests.reliability import soak_plans
from tests.reliability.planted import FAULTS
from tests.reliability.soak_clock import ErrandClock, PatientClock
from tests.reliability.soak_faults import Mischief
from tests.reliability.soak_judge import Case, Found, Owner, Usage, Written

PLANTED = ("send-before-commit", "retry-on-silence", "end-as-empty")
START = datetime(2025, 1, 6, 0, 0, tzinfo=UTC)  # a Monday
ACCOUNT = "DU1234567"
CASH = {"USD": Decimal(10**10)}
ODDITIES = Anomalies(
    duplicate_status=10, duplicate_open_order=10, duplicate_execution=10, missing_status=5,
    fill_before_acknowledgement=10, fill_after_cancel=5, warning=5, commission_first=10, unanswered=1,
    pending_cancel=20,
)  # fmt: skip
Act = Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long what takes, in seconds of the time that passes."""

    lasts: float  # all of it, the calm end included
    faults: tuple[float, float] = (60, 600)
    longest: float = 600  # of what a fault may last
    restart: float = 6 * 3600
    away: float = 1800  # at most, between two runs
    person: float = 1800
    halts: tuple[float, float] = (12 * 3600, 36 * 3600)
    halted: tuple[float, float] = (600, 2400)
    cancels: tuple[float, float] = (4 * 3600, 10 * 3600)
    hour: int = 3600
    sample: float = 3600
    calm: float = 1800
    is_virtual: bool = True


def on_the_wall(seconds: float) -> Pace:
    """Return the pace of a soak on the wall clock: an hour of it has five minutes."""
    return Pace(
        lasts=seconds, faults=(5, 60), longest=60, restart=seconds / 4, away=10, person=60, halts=(240, 480),
        halted=(10, 60), cancels=(90, 240), hour=300, sample=30, calm=min(60, seconds / 4), is_virtual=False,
    )  # fmt: skip


@dataclass(slots=True)
class Told:
    """What the runs said, counted."""

    events: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)  # the alarms

    def take(self, event: Event) -> None:
        """Count one."""
        match event:
            case FireDone():
                self.events[f"fire {event.state.value}"] += 1
            case OrderChanged():
                self.events[f"order {event.state.value}"] += 1
            case Noticed():
                self.events["account"] += ACCOUNT in event.text
                if event.severity is Severity.ERROR:
                    self.words[" ".join(event.text.split())[:60]] += 1


class Soak:
    """The gateway, the journal, and the runs on it, one after the other."""

    def __init__(self, folder: Path, pace: Pace, seed: int, say: Callable[[str], None]) -> None:
        self._pace = pace
        self._draw = random.Random(seed)
        self._say = say
        self._seed = seed
        self.journal = folder / "journal.db"
        self.truth = Written(folder / "truth.jsonl")
        market = SyntheticMarket(seed)
        self._virtual = VirtualTime(START)
        now = datetime.now(UTC)
        theirs: Clock = self._virtual if pace.is_virtual else FastTime(1, open_instant(market, now))
        settings = GatewaySettings(
            account=ACCOUNT,
            cash=CASH,
            seed=seed,
            anomalies=ODDITIES,
            fill_model=FillModel(depth=1_000_000, partial=20, reject=1),
        )
        self.gateway = Gateway(market, theirs, settings, truth=self.truth)
        self._port = self.gateway.start()
        self.start = START if pace.is_virtual else now.replace(microsecond=0) + timedelta(seconds=1)
        self.end = self.start + timedelta(seconds=pace.lasts)
        self.lines = soak_plans.lines(pace.hour)
        self.told = Told()
        self.usage = Usage()
        self.owner = Owner(self.journal, self.truth)
        self.runs = self.steps = 0
        self._errands = Agenda()
        self.mischief = Mischief(self.gateway, self._errands, seed, pace.longest, pace.hour // 12)
        self._run: Run | None = None

    # --- what happens beside the runs

    def plan(self) -> None:
        """Plan everything that happens beside the runs."""
        pace = self._pace
        last = self.end - timedelta(seconds=pace.calm)
        self._every(pace.faults, self._go_wrong, last)
        self._every((pace.restart, pace.restart), self._stop, last)
        self._every(pace.halts, self._halt, last)
        self._every(pace.cancels, lambda: self.owner.cancel("rests", self.now()), last)
        self._every((pace.person, pace.person), lambda: self.owner.look(self.now()), self.end)
        self._every((pace.sample, pace.sample), self._sample, self.end)
        self._errands.plan(last, lambda: self.mischief.tell({"do": "calm"}))
        self._errands.plan(last, lambda: self.owner.resume(self.now()))

    def _every(self, apart: tuple[float, float], act: Act, last: datetime) -> None:
        def come(due: datetime) -> None:
            if due < last:
                act()
                following(due)

        def following(before: datetime) -> None:
            due = before + timedelta(seconds=self._draw.uniform(*apart))
            self._errands.plan(due, lambda: come(due))

        following(self.start)

    def now(self) -> datetime:
        """Return the time that passes."""
        return self._virtual.now() if self._pace.is_virtual else datetime.now(UTC)

    def _go_wrong(self) -> None:
        self.mischief.happen(self.now())

    def _stop(self) -> None:
        if self._run is not None:
            self._run.stop()

    def _halt(self) -> None:
        now = self.now()
        self.owner.halt(now, cancel=self._draw.random() < 0.5)
        lasts = timedelta(seconds=self._draw.uniform(*self._pace.halted))
        self._errands.plan(now + lasts, lambda: self.owner.resume(self.now()))

    def _sample(self) -> None:
        at = (self.now() - self.start).total_seconds()
        self.usage.sample(at)
        if int(at / self._pace.sample) % 24 == 0:
            self._say(f"{at / 86400:6.2f} days: {self.truth.orders} orders, {self.runs} runs, {self.usage.last}")

    # --- the runs

    def go(self) -> None:
        """Run until the end, one run after the other."""
        self.plan()
        last = self.end - timedelta.resolution  # the last instant of a run
        while self.now() < last:
            self._one_run()
            if self.now() < last:
                self._pass_time(self._draw.choice((0, 1, self._pace.away * self._draw.random())))

    def _one_run(self) -> None:
        self.runs += 1
        with closing(Journal(str(self.journal), private=True)) as journal:
            journal.bind("rehearsal", ACCOUNT)
            with self._session() as (session, desk_of):
                start = session.clock.now()
                journal.open_run(start)
                desk = desk_of(journal)
                journal.adopt_open_orders()
                desk.tracker.adopt(journal.open_orders())
                run = Run(
                    soak_plans.plans(self.lines), Span(start=start, until=self.end), session.clock, desk, lambda _: None
                )
                self._run = run
                run.go()
                run.finish()
                self._run = None
                assert run.lost is None, run.lost

    @contextmanager
    def _session(self) -> Iterator[tuple[Session, Callable[[Journal], Desk]]]:
        inbox: Inbox = SimpleQueue()
        is_virtual = self._pace.is_virtual
        connection = Connection(
            "127.0.0.1", self._port, client_id=1, publish=inbox.put, timeout=1.0 if is_virtual else 5.0,
            paced=not is_virtual,
        )  # fmt: skip
        clock: PatientClock | ErrandClock
        if is_virtual:
            clock = PatientClock(self._virtual, self.gateway, connection, inbox, self._errands)
        else:
            clock = ErrandClock(inbox, self._errands)
        session = Session(connection=connection, account=ACCOUNT, clock=clock)

        def desk_of(journal: Journal) -> Desk:
            names = [line.instruction.plan for line in self.lines]
            rules = Rules(limits=dict.fromkeys(names, soak_plans.LIMITS), resend=soak_plans.RESENDING)
            desk = make_desk(
                session, journal, self.told.take, rules=rules, supervised=True, seed=self._draw.randrange(2**32)
            )
            if isinstance(clock, PatientClock):
                clock.is_opening = lambda: desk.link.state is LinkState.CONNECTING
            return desk

        try:
            yield session, desk_of
        finally:
            connection.close()
            clock.close()
            self.steps += clock.steps

    def _pass_time(self, seconds: float) -> None:
        """Let time pass while no run is there; what happens beside the runs waits for the next one."""
        if not self._pace.is_virtual:
            time.sleep(seconds)
            return
        until = min(self.now() + timedelta(seconds=seconds), self.end - timedelta(seconds=self._pace.calm / 2))
        while self.now() < until:
            upcoming = self.gateway.meter.reading().next_event
            self._virtual.set(max(self.now(), min(until, upcoming or until)))
            self.gateway.call(lambda _: None)
            self.gateway.call(lambda _: None)

    def judge(self) -> Found:
        """Hold the journal against the truth, and the end against the beginning."""
        return Case(
            journal=self.journal,
            truth=self.truth,
            owner=self.owner,
            mischief=self.mischief,
            usage=self.usage,
            fires=soak_plans.due(self.lines, self.start, self.end),
            bounds=soak_plans.bounds(self.lines),
            start=self.start,
            end=self.end,
            told=self.told.events,
        ).judged()

    def table(self) -> list[str]:
        """Return what was done, as lines."""
        injected = ", ".join(f"{name} {count}" for name, count in sorted(self.mischief.counts.items()))
        stopped = [f"lifted {count} times: {what}" for what, count in self.owner.lifted.most_common()]
        ends = self.usage.ends()
        grown = [] if ends is None else [f"the most at the end of the warm-up: {ends[0]}", f"and at the end: {ends[1]}"]
        return [
            f"{self.runs} runs, {self.steps} steps, {len(self.owner.halts)} halts, {self.owner.cancels} cancels",
            f"injected {sum(self.mischief.counts.values())}: {injected}",
            f"told: {', '.join(f'{what} {count}' for what, count in sorted(self.told.events.items()))}",
            *(f"error {count} times: {text}" for text, count in self.told.words.most_common(12)),
            *stopped,
            *(f"unknown for good {count} times: {why}" for why, count in self.owner.reasons.most_common()),
            *grown,
        ]


def campaign(pace: Pace, seed: int, folder: Path, say: Callable[[str], None]) -> tuple[Soak, Found]:
    """Run it and judge."""
    soak = Soak(folder, pace, seed, say)
    try:
        soak.go()
    finally:
        soak.gateway.stop()
    return soak, soak.judge()


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=30, help="of virtual time")
    parser.add_argument("--wall", type=float, help="seconds on the wall clock, in place of virtual time")
    parser.add_argument("--restart", type=float, default=6, help="hours after which the run is ended and begun again")
    parser.add_argument("--planted", choices=PLANTED, help="a fault put into fxrun, that is to be found")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    if given.planted:
        FAULTS[given.planted]()
    print(f"seed {given.seed}")
    if given.wall is None:
        pace = Pace(lasts=given.days * 86400, restart=given.restart * 3600)
    else:
        pace = on_the_wall(given.wall)
    began, used = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="fxrun-") as folder:
        soak, found = campaign(pace, given.seed, Path(folder), lambda text: print(text, file=sys.stderr, flush=True))
    took, used = time.monotonic() - began, time.process_time() - used
    print(*soak.table(), *found.report(), sep="\n")
    print(f"seed {given.seed}: {len(found.faults)} faults; {took:.0f} s, of the processor {used:.0f} s")
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
