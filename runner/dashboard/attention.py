"""What needs somebody, the worst first, each with the command that settles it."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from runner.cli import marks
from runner.cli.standing import ArmingState, is_cut_off, is_overdue, wants_somebody
from runner.cli.trading import counted, ticket_words
from runner.core.times import stamp
from runner.dashboard.look import MOST, SIMULATE, Look
from runner.errors import Problem
from runner.journal.rows import FireRow, OpenRow
from runner.plan.model import Plan

_LISTED = 5


class Level(Enum):
    """How bad it is: nothing is sent as it should be, or soon will not be."""

    BAD = "bad"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing; `lane` is the label of the lane it is of, `commands` are to be typed on this machine."""

    level: Level
    title: str
    text: str
    lane: str = ""
    commands: tuple[str, ...] = ()


def items(looks: Sequence[Look], problems: Sequence[Problem]) -> list[Item]:
    """Return all of it."""
    found = [item for look in looks for item in _of_lane(look)]
    found += _of_files(problems)
    return sorted(found, key=lambda item: item.level is not Level.BAD)


def _of_lane(look: Look) -> Iterator[Item]:
    for part in (_halt, _unknown, _process, _connection, _rejected, _denied, _missed, _pauses, _armings, _lists):
        yield from part(look)


def _command(look: Look, words: str) -> str:
    return f"fxrun {words} --journal {_path(look.view.journal)}"


def _path(file: str | Path) -> str:
    return shlex.quote(str(Path(file).absolute()))


def _bad(look: Look, title: str, text: str, *commands: str) -> Item:
    return Item(level=Level.BAD, title=title, text=text, lane=look.label, commands=commands)


def _warning(look: Look, title: str, text: str, *commands: str) -> Item:
    return Item(level=Level.WARNING, title=title, text=text, lane=look.label, commands=commands)


def _halt(look: Look) -> Iterator[Item]:
    if (halt := look.held.halt) is not None:
        text = f"since {stamp(halt.at)}: {halt.reason}. Nothing is sent until somebody resumes."
        yield _bad(look, "Halted", text, _command(look, "resume"))


def _unknown(look: Look) -> Iterator[Item]:
    for row in look.held.unknown:
        ref, plan = row.ticket.order_ref, row.ticket.key.plan
        text = (
            f"{ticket_words(row.ticket)}, {ref}. {row.note or 'Nobody could tell what became of it'}. {plan} sends "
            "nothing until it is resolved: look for the order in the TWS, then type one of these."
        )
        ways = (_command(look, f"resolve {shlex.quote(ref)} --as {way}") for way in ("filled", "lost"))
        yield _bad(look, f"Order of unknown outcome in {plan}", text, *ways)


def _process(look: Look) -> Iterator[Item]:
    if not look.view.is_alive:
        text = "Its process has ended or is silent; the service starts it again by itself. Its output says why."
        yield _bad(look, "The lane is down", text)
    elif not look.view.is_ready:
        yield _warning(look, "The lane is starting", "It does not carry out its plans yet.")
    if look.problem is not None:
        yield _bad(look, "The journal cannot be read", look.problem)


def _connection(look: Look) -> Iterator[Item]:
    link = look.held.link
    if link is None or look.mode == SIMULATE or not look.held.runs:
        return
    if not is_cut_off(link.state, look.at, look.view.outages, look.view.grace):
        return
    what = link.state.replace("_", " ")
    text = f"{what} since {stamp(link.at)}{f': {link.detail}' * bool(link.detail)}. It is opened again by itself."
    yield _bad(look, "No connection", text)


def _missed(look: Look) -> Iterator[Item]:
    for (plan, order), fires in _by_order(look.held.missed).items():
        last = fires[0]
        text = f"the last was due {stamp(last.due)}: {last.reason or 'no reason is known'}. It is not made up for."
        yield _warning(look, f"{_count(fires, look.held.missed, 'missed fire')} of {plan}/{order} in 24 hours", text)


def _denied(look: Look) -> Iterator[Item]:
    """Yield what fxrun did not send; that a plan is not armed, or all is halted, is told as such while it is so."""
    told = {plan.name for plan in look.plans if (state := look.arming(plan)) is not None and state.denies}
    for (plan, order), fires in _by_order(look.held.denied).items():
        if plan not in told and look.held.halt is None:
            last = fires[0]
            text = f"the last was due {stamp(last.due)}: {last.reason or 'no reason is known'}."
            yield _warning(
                look, f"{_count(fires, look.held.denied, 'denied fire')} of {plan}/{order} in 24 hours", text
            )


def _rejected(look: Look) -> Iterator[Item]:
    by_plan: dict[str, list[OpenRow]] = defaultdict(list)
    for row in look.held.rejected:
        by_plan[row.ticket.key.plan].append(row)
    for plan, rows in by_plan.items():
        last = rows[0]
        text = f"the last was {ticket_words(last.ticket)}, {stamp(last.claimed_at)}: {last.note or 'without a reason'}"
        yield _warning(
            look, f"{_count(rows, look.held.rejected, 'order')} of {plan} rejected by the broker in 24 hours", text
        )


def _count(some: Sequence[object], all_: Sequence[object], noun: str) -> str:
    return f"{'at least ' * (len(all_) >= MOST)}{counted(len(some), noun)}"


def _by_order(fires: Iterable[FireRow]) -> dict[tuple[str, str], list[FireRow]]:
    found: dict[tuple[str, str], list[FireRow]] = defaultdict(list)
    for fire in fires:
        found[fire.plan, fire.order].append(fire)
    return found


def _pauses(look: Look) -> Iterator[Item]:
    for plan, reason in sorted(look.held.pauses.items()):
        yield _warning(look, f"{plan} is paused", f"{reason}.", _command(look, f"resume {shlex.quote(plan)}"))


def _armings(look: Look) -> Iterator[Item]:
    grouped: dict[ArmingState, list[Plan]] = defaultdict(list)
    for plan in look.plans:
        if (state := look.arming(plan)) is not None and wants_somebody(state, None):
            grouped[state].append(plan)
    for state, plans in grouped.items():
        yield _arming(look, state, plans)


def _arming(look: Look, state: ArmingState, plans: Sequence[Plan]) -> Item:
    way = " --rehearsal" if look.mode == marks.REHEARSAL else ""
    commands = tuple(f"fxrun arm {_path(plan.file)}{way}" for plan in plans[:_LISTED])
    named = _listed(plan.name for plan in plans)
    untils = [stamp(look.held.armings[plan.name].until) for plan in plans if plan.name in look.held.armings]
    first = min(untils, default="")
    match state:
        case ArmingState.ENDING:
            return _warning(look, f"Arming ends soon: {named}", f"It ends at {first}; arm again before.", *commands)
        case ArmingState.EXPIRED:
            return _bad(look, f"Arming has ended: {named}", f"It ended at {first}; fires are denied.", *commands)
        case ArmingState.EDITED:
            text = "Edited since it was armed: its fires are denied. Look at it, then arm it."
            return _bad(look, f"Not armed any more: {named}", text, *commands)
        case _:
            return _bad(look, f"Not armed: {named}", "Its fires are denied until somebody arms it.", *commands)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return ", ".join(found[:_LISTED]) + more


def _lists(look: Look) -> Iterator[Item]:
    for one in look.held.unlisted:
        text = (
            f"execution {one.exec_id} of {one.order_ref} is not among the broker's any more since {stamp(one.at)}. A "
            "trade may have been taken back; the journal keeps what was filled. Look in the TWS."
        )
        yield _bad(look, "An execution has vanished", text, "fxrun positions")
    for asked in look.held.waiting:
        if is_overdue(asked.at, look.at, runs=look.held.runs):
            text = f"asked for at {stamp(asked.at)}; the runner obeys once it has a session."
            yield _warning(look, "A cancel waits", text)


def _of_files(problems: Sequence[Problem]) -> Iterator[Item]:
    by_file: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_file[problem.file].append(problem)
    for file, found in by_file.items():
        first = found[0]
        more = f" (and {counted(len(found) - 1, 'problem')} more)" if len(found) > 1 else ""
        text = f"{first.line}:{first.column}: {first.message}{more}"
        title = f"{file} has a fault; its last good version goes on, if there was one"
        yield Item(level=Level.BAD, title=title, text=text, commands=(f"fxrun validate {_path(file)}",))
