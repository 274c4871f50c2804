"""What the pages are made from: the lanes looked at anew for each, and the fills that have just been heard of."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from runner.cli import foretold
from runner.cli.foretold import Foretold
from runner.cli.observing import Record, Serving
from runner.cli.standing import ArmingState, wants_somebody
from runner.core.ticket import Side
from runner.core.times import parse_time
from runner.dashboard import attention, look
from runner.dashboard.attention import Item
from runner.dashboard.look import Look
from runner.dashboard.results import Accounts, Results
from runner.dashboard.timeline import Agenda, Next, Timeline, timeline
from runner.errors import FxrunError, Problem
from runner.journal.control import Ledger
from runner.journal.rows import ExecutionRow, FireRow
from runner.plan.model import Plan
from runner.report.blotter import price_of

REASON = "halted from the dashboard"
_MOST_PLANS, _MOST_FILLS, _MOST_FIRES = 60, 12, 30
_MOST_LIVE = 100
_UNNAMED = "New"  # a lane that no page has shown yet, and whose journal is not waited for
_LONGEST_SOURCE = 1 << 20  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """One execution, and the lane that it came from."""

    look: Look
    row: ExecutionRow


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanLine:
    """One plan in the list of all."""

    look: Look
    plan: Plan
    arming: ArmingState | None
    pause: str | None
    last: FireRow | None
    next: Next | None

    @property
    def is_warning(self) -> bool:
        """True if somebody should do something about it."""
        return wants_somebody(self.arming, self.pause)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The first page."""

    at: datetime
    looks: tuple[Look, ...]
    attention: tuple[Item, ...]
    timeline: Timeline
    fills: tuple[Fill, ...]
    results: tuple[tuple[Look, Results | None], ...]
    plans: tuple[PlanLine, ...]
    all_plans: int
    allow_control: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanPage:
    """The page of one plan."""

    at: datetime
    line: PlanLine
    source: tuple[str, ...]  # lines
    problems: Mapping[int, str]  # of the file as it is now, by line
    foretold: tuple[tuple[str, Foretold | None, str | None], ...]  # order, its next fire, or why that cannot be told
    fires: tuple[FireRow, ...]
    results: Results | None
    allow_control: bool


class Reader:
    """Used by the server's threads; one look at a time."""

    def __init__(self, serving: Serving, *, allow_control: bool, now: Callable[[], datetime]) -> None:
        self._serving = serving
        self._allow_control = allow_control
        self._now = now
        self._lock = threading.Lock()
        self._agenda = Agenda()
        self._accounts = Accounts()
        self._labels: dict[str, str] = {}  # of lanes, by their names
        self._live: deque[tuple[str, ExecutionRow]] = deque(maxlen=_MOST_LIVE)

    def take(self, lane: str, record: Record) -> Mapping[str, object] | None:
        """Keep a fill that a lane has told; returns what the pages are told of it, None for anything else."""
        if record.get("type") != "fill":
            return None
        told = {key: str(value) for key, value in record.items()}
        row = ExecutionRow(
            order_ref=told["order_ref"], plan=told["plan"], exec_id=told["exec_id"], contract=told["contract"],
            side=Side(told["side"].upper()), price=Decimal(told["price"]), quantity=Decimal(told["quantity"]),
            at=parse_time(told["time"], UTC), commission=None, commission_currency=None,
        )  # fmt: skip
        self._live.append((lane, row))
        return {
            "lane": self._label(lane),
            **{key: told[key] for key in ("plan", "contract", "side", "quantity", "time")},
            "price": price_of(row.contract, row.price),
        }

    def _label(self, lane: str) -> str:
        """Name a lane as the last page did: nothing of a rehearsal or a paper account is called live."""
        return self._labels.get(lane, _UNNAMED)

    def mark(self) -> object:
        """Return something that is another thing once a journal, a lane or a file has changed."""
        lanes = self._serving.lanes()
        stamps = [_stamp(file) for lane in lanes for file in (lane.journal, Path(f"{lane.journal}-wal"))]
        lives = [(lane.is_ready, lane.is_alive, lane.plans) for lane in lanes]
        return lives, stamps, self._serving.problems(), self._accounts.done

    # --- pages

    def overview(self, span: str, words: str = "") -> Overview:
        """Look at everything; `words` are those that the names of listed plans must have in them."""
        with self._lock:
            now = self._now()
            looks = self._looks(now)
            coming = self._agenda.next(looks, now)
            lines, count = _lines(looks, coming, words)
            return Overview(
                at=now,
                looks=looks,
                attention=tuple(attention.items(looks, self._serving.problems())),
                timeline=timeline(coming, now, span),
                fills=self._fills(looks),
                results=tuple((one, self._results(one)) for one in looks),
                plans=lines,
                all_plans=count,
                allow_control=self._allow_control,
            )

    def plan(self, lane: str, name: str) -> PlanPage | None:
        """Look at a plan; None if it is not carried out."""
        with self._lock:
            now = self._now()
            found = next(((one, plan) for one in self._looks(now) if one.name == lane
                          for plan in one.plans if plan.name == name), None)  # fmt: skip
            if found is None:
                return None
            one, plan = found
            coming = [each for each in self._agenda.next([one], now) if each.plan.name == name]
            return PlanPage(
                at=now,
                line=_line(one, plan, coming[0] if coming else None, look.last_fires(one.view.journal, [name])),
                source=_source(Path(plan.file)),
                problems=_by_line(plan.file, self._serving.problems()),
                foretold=tuple((each.order, *_foretold(plan, each.order, now)) for each in plan.instructions),
                fires=look.fires_of(one.view.journal, name, _MOST_FIRES),
                results=self._accounts.of(one.view.journal, _last(one), name),
                allow_control=self._allow_control,
            )

    def _looks(self, now: datetime) -> tuple[Look, ...]:
        looks = tuple(look.at_lane(view, now) for view in self._serving.lanes())
        self._labels = {one.name: one.label for one in looks}
        return looks

    def _results(self, one: Look) -> Results | None:
        return self._accounts.of(one.view.journal, _last(one))

    def _fills(self, looks: Sequence[Look]) -> tuple[Fill, ...]:
        """Return the latest fills: those of the journals, and before them what was heard of and is not there yet."""
        by_name = {one.name: one for one in looks}
        known = {_root(row.exec_id) for one in looks for row in one.held.fills}
        heard = [(lane, row) for lane, row in list(self._live) if lane in by_name and _root(row.exec_id) not in known]
        stored = [Fill(look=one, row=row) for one in looks for row in one.held.fills]
        found = stored + [Fill(look=by_name[lane], row=row) for lane, row in heard]
        return tuple(sorted(found, key=lambda fill: fill.row.at, reverse=True)[:_MOST_FILLS])

    # --- control

    def halt(self, lanes: Sequence[str], *, cancel: bool) -> list[str]:
        """Halt lanes as `fxrun halt` does; returns what was done. One that cannot be is in no other's way.

        Raises FxrunError, with what was done and what was not, if one of them cannot be halted.
        """
        done, problems = [], []
        for view in self._serving.lanes():
            if view.name in lanes:
                try:
                    with Ledger(view.journal) as ledger:
                        ledger.halt(REASON, self._now(), cancel=cancel)
                    done.append(f"{self._label(view.name)} is halted")
                except FxrunError as error:
                    problems.append(f"{self._label(view.name)} is not halted: {error}")
        if problems:
            raise FxrunError("; ".join([*done, *problems]))
        return done

    def resume(self, lane: str, plan: str | None) -> list[str]:
        """Lift the halt of a lane, or the pause of a plan, as `fxrun resume` does; raises FxrunError."""
        for view in self._serving.lanes():
            if view.name == lane:
                with Ledger(view.journal) as ledger:
                    is_lifted = ledger.resume(self._now(), plan)
                return [f"{plan or self._label(lane)} {'is resumed' if is_lifted else 'was not stopped'}"]
        return []


def _lines(looks: Sequence[Look], coming: Sequence[Next], words: str) -> tuple[tuple[PlanLine, ...], int]:
    """Return the plans to list, what needs somebody first, then by what is due next; and how many match."""
    first = {(one.look.name, one.plan.name): one for one in reversed(coming)}
    wanted = words.lower().split()
    lines = [
        _line(one, plan, first.get((one.name, plan.name)), {})
        for one in looks
        for plan in one.plans
        if all(word in plan.name.lower() for word in wanted)
    ]
    lines.sort(key=lambda line: (not line.is_warning, line.next is None, line.next.at if line.next else line.look.at))
    shown = lines[:_MOST_PLANS]
    last = {one.name: look.last_fires(one.view.journal, [each.plan.name for each in shown if each.look is one])
            for one in looks if one.view.journal.is_file()}  # fmt: skip
    return tuple(_line(each.look, each.plan, each.next, last.get(each.look.name, {})) for each in shown), len(lines)


def _line(one: Look, plan: Plan, coming: Next | None, last: Mapping[str, FireRow]) -> PlanLine:
    pause = one.held.pauses.get(plan.name)
    return PlanLine(look=one, plan=plan, arming=one.arming(plan), pause=pause, last=last.get(plan.name), next=coming)


def _foretold(plan: Plan, order: str, now: datetime) -> tuple[Foretold | None, str | None]:
    (instruction,) = [each for each in plan.instructions if each.order == order]
    try:
        return foretold.of(plan, instruction, now), None
    except FxrunError as error:
        return None, str(error)


def _source(file: Path) -> tuple[str, ...]:
    """Return the lines of a plan's file, none if it cannot be read or is longer than a plan may be."""
    try:
        if not file.is_file() or file.stat().st_size > _LONGEST_SOURCE:
            return ()
        return tuple(file.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()


def _by_line(file: str, problems: Sequence[Problem]) -> Mapping[int, str]:
    return {problem.line: problem.message for problem in reversed(problems) if problem.file == file}


def _last(one: Look) -> object:
    return one.held.run, [(row.exec_id, row.commission) for row in one.held.fills]


def _root(exec_id: str) -> str:
    return exec_id.rpartition(".")[0] or exec_id


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
