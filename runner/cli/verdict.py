"""`fxrun status --check`: one line and one exit code, for monitors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from runner.cli.standing import ArmingState, PlanStanding, is_cut_off, is_overdue, wants_somebody
from runner.core.outage import Outage

CONNECTION, UNKNOWN, MISSED, ATTENTION = 5, 6, 7, 3  # exit codes, the first that applies in this order


class Asked(Protocol):
    """What a command has asked of a runner."""

    @property
    def at(self) -> datetime: ...


class Seen(Protocol):
    """What one look at a journal has found."""

    @property
    def at(self) -> datetime: ...
    @property
    def runs(self) -> bool: ...
    @property
    def link(self) -> tuple[str, str, datetime] | None: ...
    @property
    def halt(self) -> tuple[str, datetime] | None: ...
    @property
    def plans(self) -> tuple[PlanStanding, ...]: ...
    @property
    def unknown(self) -> Sequence[object]: ...
    @property
    def missed(self) -> Sequence[object]: ...
    @property
    def unlisted(self) -> Sequence[object]: ...
    @property
    def waiting(self) -> Sequence[Asked]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a monitor learns: an exit code, and one line that says why."""

    code: int
    text: str


def verdict(seen: Seen, outages: Sequence[Outage], grace: timedelta) -> Verdict:
    """Judge one look; a link may be down in an outage and `grace` after it."""
    found = list(reasons(seen, outages, grace))
    if not found:
        return Verdict(code=0, text=f"OK: a runner is running, {_many(len(seen.plans), 'plan')}")
    return Verdict(code=found[0][0], text=f"ATTENTION: {'; '.join(text for _, text in found)}; see fxrun status")


def is_quiet(seen: Seen, outages: Sequence[Outage], grace: timedelta) -> bool:
    """Tell whether nobody has to do anything, but perhaps start a runner."""
    return all(not seen.runs and code == CONNECTION for code, _ in reasons(seen, outages, grace))


def reasons(seen: Seen, outages: Sequence[Outage], grace: timedelta) -> Iterator[tuple[int, str]]:
    """Yield everything that needs somebody, each with its exit code."""
    if not seen.runs:
        yield CONNECTION, "no runner is running"
    elif seen.link is not None and is_cut_off(seen.link[0], seen.at, outages, grace):
        yield CONNECTION, f"the connection is {seen.link[0]}"
    yield from _counted(UNKNOWN, seen.unknown, "order", "of unknown outcome")
    yield from _counted(MISSED, seen.missed, "fire", "missed within 24 hours")
    if seen.halt is not None:
        yield ATTENTION, "halted"
    yield from ((ATTENTION, text) for plan in seen.plans for text in _of_plan(plan))
    yield from _counted(ATTENTION, seen.unlisted, "execution", "not listed by the broker any more")
    late = [asked for asked in seen.waiting if is_overdue(asked.at, seen.at, runs=seen.runs)]
    yield from _counted(ATTENTION, late, "cancel", "waiting for the runner")


def _counted(code: int, found: Sequence[object], word: str, rest: str) -> Iterator[tuple[int, str]]:
    if found:
        yield code, f"{_many(len(found), word)} {rest}"


def _of_plan(plan: PlanStanding) -> Iterator[str]:
    if plan.pause is not None:
        yield f"{plan.name} is paused"
    if plan.arming is not None and wants_somebody(plan.arming, None):
        yield f"{plan.name} {_arming(plan)}"


def _arming(plan: PlanStanding) -> str:
    return "has an arming about to end" if plan.arming is ArmingState.ENDING else "is not armed"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"
