"""What `fxrun status` says of a look at a journal: lines for people, fields for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from runner.cli import marks, standing, trading
from runner.cli.commands.cancel import ALL
from runner.cli.screen import Level
from runner.core.ids import halt_key
from runner.core.times import stamp

if TYPE_CHECKING:
    from runner.cli.seen import Status
    from runner.cli.standing import PlanStanding
    from runner.cli.trading import Voice
    from runner.journal.remarks import Unlisted
    from runner.journal.rows import ControlRow, FireRow, OpenRow

QUIET = "nothing needs attention"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is said, and how much it matters."""

    lines: Sequence[str]
    fields: Mapping[str, object]
    level: Level = Level.NOTE


def said(seen: Status, voice: Voice) -> Iterator[Said]:
    """Say everything: the runner first, then each plan, then what needs somebody."""
    yield _runner(seen, voice)
    for plan in seen.plans:
        level = Level.WARNING if plan.is_warning else Level.NOTE
        yield Said([*_plan_words(plan), *_answer_words(plan, seen.halt)], _plan_fields(plan), level)
    for fire in seen.missed:
        about = {"plan": fire.plan, "order": fire.order, "time": stamp(fire.due), "reason": fire.reason}
        text = f"missed: {fire.plan}/{fire.order} of {stamp(fire.due)}: {fire.reason or 'no reason is known'}"
        yield Said([text], {"type": "missed", **about}, Level.BAD)
    for row in seen.unknown:
        yield Said(_unknown_words(row), _unknown_fields(row), Level.BAD)
    for one in seen.unlisted:
        about = {"order_ref": one.order_ref, "exec_id": one.exec_id, "time": stamp(one.at)}
        yield Said([_unlisted_words(one)], {"type": "unlisted", **about}, Level.WARNING)
    for asked in seen.waiting:
        about = {"kind": asked.kind, "target": asked.target, "time": stamp(asked.at)}
        yield Said([_waiting_words(asked, seen, voice)], {"type": "waiting", **about}, Level.WARNING)


def _runner(seen: Status, voice: Voice) -> Said:
    link, halt = seen.link, seen.halt
    runner = "a runner is running" if seen.runs else "no runner is running"
    account = "" if voice.account is None else f" ({voice.mode}, account {marks.mask(voice.account)})"
    lines = [f"{stamp(seen.at)} {runner}{account}"]
    if link is not None:
        state, detail, at = link
        lines.append(
            f"connection: {'' if seen.runs else 'last '}{state} since {stamp(at)}{f': {detail}' * bool(detail)}"
        )
    if halt is not None:
        reason, at = halt
        lines.append(f"HALTED since {stamp(at)}: {reason}; lift it with fxrun resume")
    fields = {
        "type": "status",
        "time": stamp(seen.at),
        "runner": seen.runs,
        "account": voice.account,
        "connection": None if link is None else {"state": link[0], "detail": link[1], "time": stamp(link[2])},
        "halt": None if halt is None else {"reason": halt[0], "time": stamp(halt[1])},
        "unknown": len(seen.unknown),
        "missed": len(seen.missed),
        "unlisted": len(seen.unlisted),
        "waiting": len(seen.waiting),
    }
    return Said(lines, fields, Level.BAD if halt is not None else Level.HEAD)


def _plan_words(plan: PlanStanding) -> list[str]:
    lines = [f"{plan.name}: {plan.arming_words}"]
    if plan.fires:
        last = plan.fires[0]
        lines.append(f"  last fire {stamp(last.due)} {last.order}: {standing.fire_state(last)}")
    lines.append("  no next fire is known" if plan.next_fire is None else f"  next fire {stamp(plan.next_fire)}")
    if plan.pause is not None:
        lines.append(f"  PAUSED: {plan.pause}; lift it with fxrun resume {plan.name}")
    return lines


def _answer_words(plan: PlanStanding, halt: tuple[str, datetime] | None) -> list[str]:
    """Say what became of the orders of a plan that answer a halt."""
    if halt is None:
        return [f"  {order} closes its position on a halt" for order in plan.on_halt]
    fires = {fire.order: fire for fire in plan.fires if fire.fire == halt_key(halt[1])}
    return [f"  {order} answers the halt: {_answer(fires.get(order))}" for order in plan.on_halt]


def _answer(fire: FireRow | None) -> str:
    if fire is None:
        return "not done"
    return standing.fire_state(fire) + (f", {fire.reason}" if fire.reason else "")


def _plan_fields(plan: PlanStanding) -> dict[str, object]:
    last = plan.fires[0] if plan.fires else None
    return {
        "type": "plan",
        "plan": plan.name,
        "file": plan.file,
        "arming": None if plan.arming is None else plan.arming.value,
        "until": None if plan.until is None else stamp(plan.until),
        "last_fire": None
        if last is None
        else {"order": last.order, "time": stamp(last.due), "state": standing.fire_state(last), "reason": last.reason},
        "next_fire": None if plan.next_fire is None else stamp(plan.next_fire),
        "pause": plan.pause,
        "on_halt": list(plan.on_halt),
    }


def _unlisted_words(one: Unlisted) -> str:
    return (
        f"NOT LISTED: execution {one.exec_id} of {one.order_ref} is not among the broker's any more since "
        f"{stamp(one.at)}; a trade may have been taken back, and the journal keeps what was filled: look in the TWS, "
        "and compare fxrun positions"
    )


def _waiting_words(asked: ControlRow, seen: Status, voice: Voice) -> str:
    what = f"cancel of {'all orders of fxrun' if asked.target == ALL else asked.target}"
    if seen.runs:
        return f"{what} waits for the runner since {stamp(asked.at)}: it obeys once it has a session"
    return f"{what} waits for a runner since {stamp(asked.at)}: {voice.nobody_obeys}"


def _unknown_words(row: OpenRow) -> list[str]:
    ref = row.ticket.order_ref
    return [
        f"UNKNOWN: {trading.order_words(row)}",
        f"  {row.note or 'its outcome is unknown'}; {row.ticket.key.plan} sends nothing until it is resolved",
        f"  look for it in the TWS, then: fxrun resolve {ref} --as filled, or --as lost",
    ]


def _unknown_fields(row: OpenRow) -> dict[str, object]:
    key = row.ticket.key
    about = {"plan": key.plan, "order": key.order, "fire": key.fire, "role": key.role}
    return {
        "type": "unknown",
        "order_ref": row.ticket.order_ref,
        **about,
        "text": trading.ticket_words(row.ticket),
        "note": row.note,
        "advice": f"look for it in the TWS, then: fxrun resolve {row.ticket.order_ref} --as filled, or --as lost",
    }
