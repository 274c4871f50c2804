"""What a soak is judged by: the gateway's truth, what its owner had to do, and what the process took."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.order_state import OrderState
from runner.gateway.book import Entry
from runner.gateway.truth import TruthFile
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.export import lines
from runner.wire.messages import CancelOrder, PlaceOrder, Request
from tests.reliability.oracle import OURS, Bounds, Circumstances, Fire, Verdict, judge, unfounded
from tests.reliability.soak_faults import Mischief, midnights
from tests.reliability.world import Rows, rows_of

HALT = "the owner of the soak halts"
WARM_UP = 1 / 6  # of the time: caches fill, a gateway keeps executions of seven days
MORE_HANDLES = MORE_THREADS = 2
MORE_MEMORY = 0.10  # of what was taken at the end of the warm-up
SHORT, SPARE = 7 * 86400, 10_240  # a soak of fewer seconds may take so many kilobytes more: its caches still fill
ALWAYS_WRONG = ("doubled: ", "over_limit: ")
SHOWN = 40


class Written(TruthFile):
    """The truth in a file; not forced to the disk at every line, since it is this process that would be gone, too."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.orders = 0
        self._path = path

    def frame(self, at: int, client_id: int | None, request: Request | None) -> None:
        """Note a message about orders; of others there are millions."""
        if isinstance(request, PlaceOrder | CancelOrder):
            super().frame(at, client_id, request)

    def order(self, at: int, entry: Entry) -> None:
        """Note and count."""
        self.orders += 1
        super().order(at, entry)

    def commit(self) -> None:
        """Hand everything to the system."""
        while self._waiting:
            del self._waiting[: self._file.write(self._waiting)]

    def about(self, order_ref: str) -> list[dict[str, Any]]:
        """Return what was noted of one order so far."""
        with self._path.open() as file:
            return [json.loads(line) for line in file if order_ref in line and line.endswith("\n")]

    def everything(self) -> list[dict[str, Any]]:
        """Return all that was noted."""
        with self._path.open() as file:
            return [json.loads(line) for line in file if line.endswith("\n")]


@dataclass(slots=True)
class Owner:
    """Whose money it is: halts, cancels, and says what became of an order that stays unknown."""

    journal: Path
    truth: Written
    halts: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    resolved: dict[str, datetime] = field(default_factory=dict)
    lifted: Counter[str] = field(default_factory=Counter)  # pauses, and halts that were not ours
    reasons: Counter[str] = field(default_factory=Counter)  # why orders that had to be resolved were unknown
    cancels: int = 0
    _unknown: set[str] = field(default_factory=set)  # at the last look

    def halt(self, now: datetime, *, cancel: bool) -> None:
        """Halt all sending."""
        with Ledger(self.journal) as ledger:
            if ledger.halted() is None:
                ledger.halt(HALT, now, cancel=cancel)
                self.halts.append((now, None))

    def resume(self, now: datetime) -> None:
        """Lift our own halt."""
        with Ledger(self.journal) as ledger:
            if self.halts and self.halts[-1][1] is None:
                ledger.resume(now, None)
                self.halts[-1] = (self.halts[-1][0], now)

    def cancel(self, plan: str, now: datetime) -> None:
        """Have the orders of a plan cancelled."""
        with Ledger(self.journal) as ledger:
            ledger.ask_cancel(plan, now)
            self.cancels += 1

    def look(self, now: datetime) -> None:
        """Lift what the runner stopped, and resolve what was unknown at the last look, too."""
        with Ledger(self.journal) as ledger:
            for plan, reason in ledger.pauses().items():
                self.lifted[f"pause: {_shape(reason)}"] += 1
                ledger.resume(now, plan)
            if (halt := ledger.halted()) is not None and halt.reason != HALT:
                self.lifted[f"halt: {_shape(halt.reason)}"] += 1
                ledger.resume(now, None)
            unknown = {row.ticket.order_ref: row for row in ledger.orders(states=[OrderState.UNKNOWN])}
            for ref in sorted(unknown.keys() & self._unknown):
                row = unknown.pop(ref)
                ledger.resolve(ref, self._became(ref, row.ticket.quantity), now, "the owner")
                self.reasons[_shape(row.note)] += 1
                self.resolved[ref] = now
            self._unknown = set(unknown)

    def _became(self, ref: str, quantity: Decimal) -> str:
        latest = {
            one["exec_id"].rpartition(".")[0]: one for one in self.truth.about(ref) if one["event"] == "execution"
        }
        filled = sum((Decimal(one["quantity"]) for one in latest.values()), Decimal(0))
        return "filled" if filled >= quantity else "lost"


def _shape(reason: str) -> str:
    """Return a reason without the orders and numbers that it names."""
    words = ("..." if word.startswith(OURS) or word.strip(",").isdecimal() else word for word in reason.split())
    return " ".join(words)[:110]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What the process takes: kilobytes, handles, threads."""

    at: float  # seconds since the start
    memory: int
    handles: int
    threads: int


@dataclass(slots=True)
class Usage:
    """Samples of what the process takes."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def last(self) -> str:
        """The last sample, in words."""
        one = self.samples[-1]
        return f"{one.memory / 1024:.1f} MB, {one.handles} handles, {one.threads} threads"

    def sample(self, at: float) -> None:
        """Take one."""
        status = Path("/proc/self/status").read_text()
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        handles = len(list(Path("/proc/self/fd").iterdir()))
        self.samples.append(Sample(at=at, memory=memory, handles=handles, threads=threading.active_count()))

    def ends(self) -> tuple[Sample, Sample] | None:
        """Return the most that was taken at the end of the warm-up, and at the end; None if there is too little."""
        last = self.samples[-1].at if self.samples else 0.0
        early = [one for one in self.samples if WARM_UP / 2 * last <= one.at <= WARM_UP * last]
        late = [one for one in self.samples if one.at >= (1 - WARM_UP / 2) * last]
        return (_most(early), _most(late)) if early and late else None

    def faults(self) -> list[str]:
        """Return what has grown."""
        if (ends := self.ends()) is None:
            return ["too short to see whether anything grows"]
        first, last = ends
        grown = []
        if last.handles > first.handles + MORE_HANDLES:
            grown.append(f"handles have grown from {first.handles} to {last.handles}")
        if last.threads > first.threads + MORE_THREADS:
            grown.append(f"threads have grown from {first.threads} to {last.threads}")
        spare = SPARE if last.at < SHORT else 0
        if last.memory > first.memory * (1 + MORE_MEMORY) + spare:
            grown.append(f"memory has grown from {first.memory} to {last.memory} kB")
        return grown


def _most(samples: Sequence[Sample]) -> Sample:
    return Sample(
        at=samples[-1].at,
        memory=max(one.memory for one in samples),
        handles=max(one.handles for one in samples),
        threads=max(one.threads for one in samples),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What came of it."""

    verdict: Verdict
    faults: tuple[str, ...]
    resolved: int
    resolved_there: int  # of them at the gateway
    doubled: int  # of all orders, also of those that a person had to look at

    def report(self) -> list[str]:
        """Return the figures as lines."""
        resolved = f"resolved by the owner {self.resolved}, of them at the gateway {self.resolved_there}"
        return [self.verdict.line, f"{resolved}; doubled, with these, {self.doubled}", *self.faults[:SHOWN]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What is judged."""

    journal: Path
    truth: Written
    owner: Owner
    mischief: Mischief
    usage: Usage
    fires: Sequence[Fire]
    bounds: Bounds
    start: datetime
    end: datetime
    told: Mapping[str, int]  # what the runs said, counted

    def judged(self) -> Found:
        """Hold the journal against the truth, and the end against the beginning."""
        rows, truth, resolved = rows_of(self.journal), self.truth.everything(), self.owner.resolved
        about, told = self._about(rows, self.end), list(lines(self.journal))
        verdict = judge(
            (line for line in truth if line.get("order_ref") not in resolved),
            (line for line in told if line["order_ref"] not in resolved),
            self.fires,
            about,
        )
        whole = judge(truth, told, self.fires, about)  # what a person said of an order makes no second one right
        faults = [
            *verdict.faults,
            *(fault for fault in whole.faults if fault.startswith(ALWAYS_WRONG) and fault not in verdict.faults),
            *(fault for ref, at in resolved.items() for fault in self._unfounded(truth, rows, ref, at)),
            *self._sent_while_halted(truth, rows),
            *(f"the runner stopped: {what} ({count})" for what, count in self.owner.lifted.items() if _is_bad(what)),
            *(f"journal check: {fault}" for fault in check(self.journal)),
            *self._untold(rows),
            *self.usage.faults(),
        ]
        there = {str(line["order_ref"]) for line in truth if line["event"] == "order" and "order_ref" in line}
        return Found(
            verdict=verdict,
            faults=tuple(faults),
            resolved=len(resolved),
            resolved_there=len(there & resolved.keys()),
            doubled=whole.doubled,
        )

    def _about(self, rows: Rows, until: datetime) -> Circumstances:
        forgotten = [*self.mischief.forgotten, *midnights(self.start, until)]
        return Circumstances(
            recorded=rows.recorded,
            claims=rows.claims,
            bounds=self.bounds,
            forgotten=[at for at in forgotten if at <= until],
            restarted=[at for at in self.mischief.restarted if at <= until],
            emptied=self.mischief.emptied,
        )

    def _unfounded(self, truth: Iterable[Mapping[str, Any]], rows: Rows, ref: str, at: datetime) -> list[str]:
        """I7, as of when the owner had to look."""
        until = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return unfounded((line for line in truth if line["time"] <= until), [ref], self._about(rows, at))

    def _sent_while_halted(self, truth: Iterable[Mapping[str, Any]], rows: Rows) -> list[str]:
        """I5: what was claimed while all was halted did not arrive."""
        refs = {str(line["order_ref"]) for line in truth if line["event"] == "order" and "order_ref" in line}
        return [
            f"{ref}: claimed at {claim.at}, halted at {begin}, and sent"
            for ref, claim in rows.claims.items()
            if ref in refs
            for begin, end in self.owner.halts
            if begin < claim.at < (end or self.end)
        ]

    def _untold(self, rows: Rows) -> list[str]:
        """I9: each fire that came to nothing was told of."""
        counted = Counter(row.state for row in rows.recorded)
        wrong = [
            f"fires {state}: {counted[state]} in the journal, {self.told.get(f'fire {state}', 0)} told of"
            for state in ("missed", "denied")
            if counted[state] > self.told.get(f"fire {state}", 0)
        ]
        return wrong + ([f"{count} notices name the account"] if (count := self.told.get("account")) else [])


def _is_bad(what: str) -> bool:
    """Tell whether something that the runner stopped at must not happen in a soak."""
    return what.startswith("halt:") or "two orders at the broker" in what
