"""Callbacks in any order, doubled and dropped: does every order end where it truly is?

    python -m tests.reliability.permutations --examples 100000 --seed 1 --jobs 2

Each example lets one to three orders live (`stories.py`), mangles what a TWS would say of them, and feeds that to the
real tracker over a real journal. Then a pass asks the broker, and state, filled quantity, average price and commissions
must be the truth's. Until then nothing is taken back, neither a quantity nor an end, but by a correction. In every
third example the whole log is fed once more, which must change nothing (R18). `--plant` breaks the tracker on purpose,
to show that it is noticed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import repeat
from multiprocessing import get_context
from random import Random

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from runner.core.clock import VirtualTime
from runner.core.facts import (
    CompletedOrdersEnd,
    ExecutionSeen,
    ExecutionsEnd,
    Fact,
    NoticeSeen,
    OpenOrdersEnd,
    OrderStatusSeen,
)
from runner.core.order_state import Change, OrderState
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from runner.lifecycle import followed as following
from runner.lifecycle.followed import Execution, Followed, revision_of
from runner.lifecycle.reconcile import Gathering
from runner.lifecycle.tracker import Tracker
from tests.reliability.stories import CLOSE, ENDINGS, START, Shape, Story, noise, story

CHUNK = 2_000  # examples that one seed draws
SHARED = 250  # examples that use one journal
PASS = 7  # the request id of the question for executions
ANSWERS = ("Cancelled", "PendingCancel")
Entry = tuple[Story | None, Fact | str]
Standing = tuple[OrderState, Decimal, Decimal | None, dict[str, Decimal | None]]


@dataclass(frozen=True, kw_only=True)
class Mangle:
    """What is done to the callbacks."""

    drop: float
    double: float
    is_shuffled: bool
    restarts: bool
    has_noise: bool
    seed: int


def shape_of(number: int) -> Shape:
    """Read a drawn number as the shape of an order: one draw instead of four, since drawing takes most of the time."""
    number, ending = divmod(number, len(ENDINGS))
    number, fills = divmod(number, 5)
    number, corrections = divmod(number, len(CORRECTIONS))
    return Shape(ending=ENDINGS[ending], fills=fills, corrections=CORRECTIONS[corrections], seed=number)


def mangle_of(number: int) -> Mangle:
    """Read a drawn number as what is done to the callbacks."""
    number, drop = divmod(number, len(DROPS))
    number, double = divmod(number, len(DOUBLES))
    number, order = divmod(number, 4)
    number, restarts = divmod(number, 3)
    number, has_noise = divmod(number, 2)
    return Mangle(
        drop=DROPS[drop], double=DOUBLES[double], is_shuffled=order != 0, restarts=restarts == 0,
        has_noise=has_noise == 1, seed=number,
    )  # fmt: skip


CORRECTIONS = (0, 0, 1, 2, 3)
DROPS = (0.0, 0.2, 0.5, 0.9)
DOUBLES = (0.0, 0.3, 0.8)
shapes = st.integers(0, 2**40).map(shape_of)
mangles = st.integers(0, 2**40).map(mangle_of)


class Example:
    """One example: its stories, the real tracker, and what was found wrong."""

    def __init__(self, journal: Journal, plan: str, drawn: Sequence[Shape], mangle: Mangle) -> None:
        self.random = Random(mangle.seed)
        self.mangle = mangle
        self.journal = journal
        self.stories = [story(shape, number, plan) for number, shape in enumerate(drawn, 1)]
        self.clock = VirtualTime(START)
        self.wrong: list[str] = []
        self.seen: dict[str, OrderRow] = {}
        self.tracker = self._tracker()
        for told in self.stories:
            self._send(told)
        is_late = any(shape.ending == "expired" for shape in drawn)
        self.clock.set((CLOSE if is_late else START) + timedelta(minutes=1))

    def _tracker(self) -> Tracker:
        return Tracker(self.journal, self.clock, lambda _: None, client_id=1)

    def _send(self, told: Story) -> None:
        key = told.ticket.key
        fire = FireRow(plan=key.plan, order=key.order, fire=key.fire, due=START, state=None, reason=None)
        self.journal.claim(fire, [told.ticket])
        self.tracker.follow(
            OrderRow(
                ticket=told.ticket, state=OrderState.PLANNED, filled=Decimal(0), average_price=None, perm_id=None,
                closed_with_run=False, note="",
            )
        )  # fmt: skip
        self.journal.record_sent([(told.ticket, told.order_id)], client_id=1)
        self.tracker.sent([told.ticket], {told.order_id: told.ticket.order_ref})

    # --- what is fed

    def log(self) -> list[Entry]:
        """Return what arrives, and when we ask for a cancel."""
        entries: list[Entry] = []
        for told in self.stories:
            for said in told.said:
                must = isinstance(said, NoticeSeen) and not told.is_named
                if must or self.random.random() >= self.mangle.drop:
                    entries.append((told, said))
        if self.mangle.has_noise:
            entries += [(None, fact) for fact in noise(self.stories, self.random)]
        entries += [e for e in entries if e[1] != "cancel" and self.random.random() < self.mangle.double]
        if self.mangle.is_shuffled:
            self.random.shuffle(entries)
        return self._asked_first(entries)

    def _asked_first(self, entries: list[Entry]) -> list[Entry]:
        """Put each cancel before its answers: nobody is told that a cancel was done which nobody asked for."""
        for told in self.stories:
            if "cancel" not in told.said:
                continue
            rest = [e for e in entries if e != (told, "cancel")]
            answers = (at for at, (whose, fact) in enumerate(rest) if whose is told and _answers_cancel(fact))
            rest.insert(next(answers, len(rest)), (told, "cancel"))
            entries = rest
        return entries

    def feed(self, entries: Sequence[Entry]) -> None:
        """Hand it to the tracker, one after the other."""
        for whose, fact in entries:
            if not isinstance(fact, str):
                self.tracker.handle(fact)
            elif whose is not None:
                self.tracker.cancel_asked(whose.ticket.order_ref)
            self._watch(fact)

    def _watch(self, fact: Fact | str) -> None:
        """Hold that nothing was taken back, unless by a correction: no quantity, and no end."""
        for told in self.stories:
            ref = told.ticket.order_ref
            row = self.tracker.row(ref)
            before = self.seen.get(ref, row)
            self.seen[ref] = row
            if row is before:
                continue
            corrects = isinstance(fact, ExecutionSeen) and fact.order_ref == ref and revision_of(fact.exec_id)[0] > 1
            if not corrects and (row.filled < before.filled or (before.state.is_done and not row.state.is_done)):
                self.wrong.append(f"{before.state} {before.filled} became {row.state} {row.filled} with {fact}")

    def restart(self) -> None:
        """Go on in a new process: what the journal has is all that is known."""
        self.tracker = self._tracker()
        rows = [self.journal.order(told.ticket.order_ref) for told in self.stories]
        self.tracker.adopt([row for row in rows if row is not None and not row.state.is_done])

    def ask(self) -> list[Entry]:
        """Ask the broker, and hand the answers in; returns them."""
        self.clock.set(self.clock.now() + timedelta(seconds=10))
        gathering = Gathering(
            session=2, client_id=1, next_order_id=1, executions_request=PASS, asked_at=self.clock.now()
        )
        lists: tuple[list[Fact], list[Fact], list[Fact]] = ([], [], [])
        for told in self.stories:
            for answers, said in zip(lists, told.answers(), strict=True):
                answers.extend(said)
        parts = [
            [*lists[0], OpenOrdersEnd()],
            [*lists[1], ExecutionsEnd(request_id=PASS)],
            [*lists[2], CompletedOrdersEnd()],
        ]
        self.random.shuffle(parts)
        answered: list[Entry] = [(None, fact) for part in parts for fact in part]
        for _, fact in answered:
            assert not isinstance(fact, str)
            gathering.take(fact)
            self.tracker.handle(fact)
        self.tracker.reconciled(gathering.evidence(self.clock.now()))
        return answered

    # --- what is found

    def standing(self, told: Story) -> Standing:
        ref = told.ticket.order_ref
        row = self.journal.order(ref)
        assert row is not None
        costs = {seen.exec_id.rpartition(".")[0]: seen.commission for seen in self.journal.executions_of(ref)}
        return row.state, row.filled, row.average_price, costs

    def judge(self, when: str) -> None:
        for told in self.stories:
            truth: Standing = (told.state, told.filled, told.average, {**told.costs})
            found = self.standing(told)
            if found != truth:
                self.wrong.append(f"{when}: {told.shape}: {found} instead of {truth}")

    def run(self) -> list[str]:
        """Do it all; returns what is wrong."""
        log = self.log()
        self.feed(log)
        if self.mangle.restarts:
            self.restart()
        answered = self.ask()
        self.judge("after the pass")
        if not self.wrong and self.mangle.seed % 3 == 0:
            self._again([*log, *answered])
        return self.wrong

    def _again(self, whole: Sequence[Entry]) -> None:
        """Feed the recorded log once more (R18)."""
        for _, fact in whole:
            if not isinstance(fact, str):
                self.tracker.handle(fact)
        self.ask()
        self.judge("fed twice")


def _answers_cancel(fact: Fact | str) -> bool:
    if isinstance(fact, OrderStatusSeen):
        return fact.status in ANSWERS
    return isinstance(fact, NoticeSeen) and fact.code in (202, 161, 10147, 10148)


# --- faults that are planted


def _sum_revisions(self: Followed, seen: ExecutionSeen) -> None:
    self.executions[seen.exec_id] = Execution(seen.exec_id, seen.price, seen.quantity)


def _believe_statuses(self: Followed, filled: Decimal | None) -> None:
    if filled is not None and filled.is_finite() and filled <= self.ticket.quantity:
        self.reported = filled


def _revive(self: Followed, change: Change) -> bool:
    revived = change is Change.ACKNOWLEDGED
    self.base, fits = (OrderState.WORKING, True) if revived else following.advance(self.base, change)
    return fits


PLANTS: dict[str, tuple[str, Callable[..., object]]] = {
    "sum": ("take_execution", _sum_revisions),  # both revisions of a correction are summed
    "status": ("report", _believe_statuses),  # the last status decides how much was filled
    "revive": ("apply", _revive),  # an acknowledgement counts whatever came before it
}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Break the tracker as a name of `PLANTS` says, while the block runs."""
    if name is None:
        yield
        return
    method, fault = PLANTS[name]
    right = getattr(Followed, method)
    setattr(Followed, method, fault)
    try:
        yield
    finally:
        setattr(Followed, method, right)


# --- the campaign


class Campaign:
    """Counts over all examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, other: Campaign) -> None:
        """Take in what another counted."""
        self.counts.update(other.counts)
        self.wrong += other.wrong

    def take(self, journal: Journal, drawn: Sequence[Shape], mangle: Mangle) -> None:
        """Carry out one example."""
        self.counts["examples"] += 1
        example = Example(journal, f"p{self.counts['examples']}", drawn, mangle)
        found = example.run()
        self.counts["orders"] += len(drawn)
        self.counts["callbacks"] += sum(len(told.said) for told in example.stories)
        self.counts["executions"] += sum(len(told.fills) for told in example.stories)
        self.counts["corrections"] += sum(len(f.revisions) - 1 for told in example.stories for f in told.fills)
        self.counts.update(f"state {told.state.value}" for told in example.stories)
        self.counts["wrong"] += bool(found)
        self.wrong += [f"{text} | {mangle}" for text in found]


def campaign(examples: int, first_seed: int, plant: str | None = None, jobs: int = 1) -> Campaign:
    """Run that many examples and return what was counted; hypothesis draws them, in chunks of a seed each."""
    starts = range(0, examples, CHUNK)
    sizes = [min(CHUNK, examples - start) for start in starts]
    seeds = [first_seed + number for number in range(len(starts))]
    done = Campaign()
    if jobs == 1:
        parts = map(chunk, sizes, seeds, repeat(plant))
    else:
        parts = ProcessPoolExecutor(jobs, get_context("spawn")).map(chunk, sizes, seeds, repeat(plant))
    for part in parts:
        done.add(part)
        print(f"{done.counts['examples']} examples, {done.counts['wrong']} wrong", file=sys.stderr, flush=True)
    return done


def chunk(examples: int, number: int, plant: str | None) -> Campaign:
    """Run the examples of one seed."""
    done = Campaign()
    journals: list[Journal] = []

    @seed(number)
    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate], verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(shapes, min_size=1, max_size=3), mangles)
    def example(drawn: list[Shape], mangle: Mangle) -> None:
        if done.counts["examples"] % SHARED == 0:
            journals.append(Journal(":memory:"))
            journals[-1].open_run(START)
        done.take(journals[-1], drawn, mangle)

    with planted(plant):
        example()
    for journal in journals:
        journal.close()
    return done


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign from the command line; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes; what is drawn does not depend on it")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="break the tracker, to see that it is noticed")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    done = campaign(asked.examples, asked.seed, asked.plant, asked.jobs)
    for text in done.wrong[:20]:
        print(f"wrong: {text}", file=sys.stderr)
    counts = dict(sorted(done.counts.items())) | {"wrong": done.counts["wrong"]}
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"seed": asked.seed, "plant": asked.plant, **counts, "seconds": seconds}))
    return 1 if done.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
