"""`fxrun status`: what runs, what comes next, and what needs somebody."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from runner.cli import files, marks, options, output, standing, trading
from runner.cli.commands.cancel import ALL
from runner.cli.verdict import verdict
from runner.core.events import FireState
from runner.core.ids import halt_key
from runner.core.order_state import OrderState
from runner.core.times import stamp
from runner.errors import UsageError
from runner.settings.model import GRACE, RESETS

if TYPE_CHECKING:
    from runner.cli.standing import PlanStanding
    from runner.cli.trading import Voice
    from runner.core.outage import Outage
    from runner.journal.control import Ledger
    from runner.journal.remarks import Unlisted
    from runner.journal.rows import ControlRow, FireRow, OpenRow

UNKNOWN, MISSED = 6, 7  # exit codes
RECENT = timedelta(days=1)
_REDRAW = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """One look at a journal and at the files of its plans."""

    at: datetime
    runs: bool
    link: tuple[str, str, datetime] | None
    halt: tuple[str, datetime] | None
    plans: tuple[PlanStanding, ...]
    unknown: tuple[OpenRow, ...]
    missed: tuple[FireRow, ...]
    unlisted: tuple[Unlisted, ...]  # executions that the broker stopped telling of
    waiting: tuple[ControlRow, ...]  # cancels that no runner has obeyed yet

    @property
    def is_quiet(self) -> bool:
        """True if nobody has to do anything."""
        warned = any(plan.is_warning for plan in self.plans)
        return not (self.unknown or self.missed or self.halt or self.unlisted or self.waiting or warned)

    @property
    def exit_code(self) -> int:
        """What a script learns first."""
        if self.unknown:
            return UNKNOWN
        return MISSED if self.missed else 0


@click.command(
    epilog="Exit code: 6 if an order of unknown outcome waits for fxrun resolve, else 7 if a fire of the last 24 hours "
    "was missed, else 0. With --check 5 comes before them if no runner is running or its connection is down outside "
    "restart and resets, and 3 after them if something else needs attention. Example: fxrun status --check"
)
@click.option("--check", is_flag=True, help="One line and an exit code, for monitors.")
@click.option("--watch", is_flag=True, help="Show it anew every two seconds until Ctrl-C.")
@files.settings_option
@files.journal_option
@options.json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    check: bool,
    watch: bool,
    settings_file: str | None,
    journal_file: str | None,
    as_json: bool,
) -> None:
    """Show the plans with their arming, their last and next fire, the connection, halts, and what needs attention."""
    if check and watch:
        raise UsageError("--check and --watch exclude each other: choose one")
    path = trading.journal_path(settings_file, journal_file)
    while True:
        trading.speak_of_journal(path)
        with trading.open_ledger(path) as ledger:
            seen = _look(ledger)
            voice = trading.voice_of(ledger, as_json=as_json)
        if check:
            context.exit(_judge(seen, voice, _outages(settings_file, journal_file)))
        if watch and not as_json:
            _begin_anew()
        _say(seen, voice)
        if not watch:
            context.exit(seen.exit_code)
        sys.stdout.flush()
        time.sleep(_REDRAW)


def _judge(seen: Status, voice: Voice, expected: tuple[Sequence[Outage], timedelta]) -> int:
    found = verdict(seen, *expected)
    voice.tell(found.text, {"type": "check", "code": found.code, "text": found.text})
    return found.code


def _outages(settings_file: str | None, journal_file: str | None) -> tuple[Sequence[Outage], timedelta]:
    """Return when the link may be down, and how much longer; the defaults where a --journal stands alone."""
    if journal_file is not None and settings_file is None:
        return RESETS, GRACE
    settings = files.settings_for((), settings_file)
    restart = () if settings.restart is None else (settings.restart,)
    return (*settings.resets, *restart), settings.grace


def _begin_anew() -> None:
    if output.is_terminal(sys.stdout):
        output.clear_screen()
    else:
        output.say("")


def _look(ledger: Ledger) -> Status:
    now = options.now()
    link, halt = ledger.link(), ledger.halted()
    plans = standing.of_plans(ledger, now)
    recent = [fire for plan in plans for fire in plan.fires if fire.due > now - RECENT]
    return Status(
        at=now,
        runs=ledger.has_runner(),
        link=None if link is None else (link.state, link.detail, link.at),
        halt=None if halt is None else (halt.reason, halt.at),
        plans=plans,
        unknown=trading.orders_in(ledger, {OrderState.UNKNOWN}),
        missed=tuple(fire for fire in recent if fire.state is FireState.MISSED),
        unlisted=ledger.unlisted(now - RECENT),
        waiting=tuple(row for row in ledger.controls() if row.kind == "cancel"),
    )


def _say(seen: Status, voice: Voice) -> None:
    _say_runner(seen, voice)
    for plan in seen.plans:
        voice.tell([*_plan_words(plan), *_answer_words(plan, seen.halt)], _plan_fields(plan))
    for fire in seen.missed:
        about = {"plan": fire.plan, "order": fire.order, "time": stamp(fire.due), "reason": fire.reason}
        voice.tell(
            f"missed: {fire.plan}/{fire.order} of {stamp(fire.due)}: {fire.reason or 'no reason is known'}",
            {"type": "missed", **about},
        )
    for row in seen.unknown:
        voice.tell(_unknown_words(row), _unknown_fields(row))
    for one in seen.unlisted:
        about = {"order_ref": one.order_ref, "exec_id": one.exec_id, "time": stamp(one.at)}
        voice.tell(_unlisted_words(one), {"type": "unlisted", **about})
    for asked in seen.waiting:
        about = {"kind": asked.kind, "target": asked.target, "time": stamp(asked.at)}
        voice.tell(_waiting_words(asked, seen, voice), {"type": "waiting", **about})
    if not voice.as_json and seen.is_quiet:
        voice.tell("nothing needs attention", {})


def _say_runner(seen: Status, voice: Voice) -> None:
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
    voice.tell(lines, fields)


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
