"""`fxrun cancel`: ask the runner to cancel orders of fxrun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from runner.cli import files, options, trading
from runner.core.order_state import OrderState
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.cli.trading import Voice
    from runner.journal.control import Ledger
    from runner.journal.rows import OpenRow

ALL = "--all"


@click.command(epilog="With a runner it waits up to ten seconds for what it did. Example: fxrun cancel eurusd-weekday")
@click.argument("target", required=False, metavar="[PLAN|REF]")
@click.option("--all", "everything", is_flag=True, help="All working orders of fxrun in this journal.")
@files.settings_option
@files.journal_option
@options.json_option
def command(
    target: str | None, *, everything: bool, settings_file: str | None, journal_file: str | None, as_json: bool
) -> None:
    """Cancel the working orders of a plan (its name or its file), one order (its order_ref, or the beginning), or all.

    Orders that others placed are never touched. Later fires of the plan are not: see fxrun halt.
    """
    if (target is None) is not everything:
        raise UsageError("fxrun cancel wants one of PLAN, REF or --all; see fxrun orders for what works")
    ledger = trading.ledger_of(settings_file, journal_file)
    voice = trading.voice_of(ledger, as_json=as_json)
    name, rows = _meant(ledger, target)
    unknown = [row for row in trading.orders_in(ledger, {OrderState.UNKNOWN}) if _meets(row, name)]
    if unknown:
        voice.note(
            f"{trading.counted(len(unknown), 'order')} of unknown outcome cannot be cancelled from here: look in the "
            "TWS, then fxrun resolve"
        )
    if not rows:
        voice.tell(f"no order of {name} is working; nothing to cancel", _fields(name, rows, done=True, note=None))
        return
    _ask(ledger, name, rows, voice)


def _meets(row: OpenRow, name: str) -> bool:
    return name in (ALL, row.ticket.order_ref, row.ticket.key.plan)


def _meant(ledger: Ledger, target: str | None) -> tuple[str, Sequence[OpenRow]]:
    """Return the target as the runner reads it, and the orders that it is about."""
    rows = trading.orders_in(ledger, trading.OPEN)
    asked = trading.orders_in(ledger, trading.OPEN | {OrderState.UNKNOWN})
    if target is None:
        return ALL, rows
    if target.startswith(trading.REF_PREFIX):
        row = trading.order_named(target, asked)
        return row.ticket.order_ref, (row,) if row in rows else ()
    name = trading.plan_named(target)
    found = tuple(row for row in rows if row.ticket.key.plan == name)
    known = trading.plans_known(ledger) | {row.ticket.key.plan for row in asked}
    if not found and name not in known:
        raise UsageError(f"no such plan in this journal: {name!r}{trading.did_you_mean(name, known)}")
    return name, found


def _ask(ledger: Ledger, name: str, rows: Sequence[OpenRow], voice: Voice) -> None:
    number = ledger.ask_cancel(name, options.now())
    if not ledger.has_runner():
        first = f"asked for the cancellation of {trading.counted(len(rows), 'order')}:"
        lines = [first, *(f"  {trading.order_words(row)}" for row in rows), f"but {voice.no_runner}"]
        voice.tell(lines, _fields(name, rows, done=False, note=None))
        return
    obeyed = trading.obeyed(ledger, number)
    if obeyed is None:
        late = f"the runner has not answered within {trading.PATIENCE:.0f} s; the request stands, see fxrun status"
        voice.tell(late, _fields(name, rows, done=False, note=None))
        return
    voice.tell(obeyed.note or "done", _fields(name, rows, done=True, note=obeyed.note))


def _fields(name: str, rows: Sequence[OpenRow], *, done: bool, note: str | None) -> dict[str, object]:
    refs = [row.ticket.order_ref for row in rows]
    return {"type": "cancel", "target": name, "orders": refs, "obeyed": done, "note": note}
