"""The daily digest: what the journals say of the last day, sent once a day, also if nothing has happened."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.cli import standing
from runner.cli.standing import PlanStanding
from runner.core.money import EXACT
from runner.core.order_state import OrderState
from runner.core.times import stamp
from runner.errors import FxrunError
from runner.journal.control import Ledger
from runner.journal.rows import ExecutionRow, Halt, OpenRow
from runner.notify.words import Message
from runner.report.blotter import amounts
from runner.report.pnl import realized
from runner.report.summary import commissions
from runner.report.worlds import ONE, Worlds, worlds_of

DAY = timedelta(days=1)
ZERO = Decimal(0)


class Calendar:
    """Which days have had their digest, in a file beside the journal, so that a restart sends none twice."""

    def __init__(self, at: time, zone: ZoneInfo, file: Path) -> None:
        """`file` holds the last day, as YYYY-MM-DD of the zone."""
        self._at, self._zone, self._file = at, zone, file
        self._last: date | None = None

    def take(self, now: datetime) -> bool:
        """Tell whether a digest is due, and if so write down that this day has had it."""
        day = now.astimezone(self._zone).date()
        due = datetime.combine(day, self._at, self._zone).astimezone(UTC)
        if now < due or self._last == day or self._read() >= day.isoformat():
            return False
        self._last = day
        with suppress(OSError):  # then a restart on this day sends it once more
            handle = os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{day}\n")
        return True

    def _read(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8").strip()[:10]
        except (OSError, UnicodeDecodeError):
            return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """What a journal says of the last day, for every receiver; `fault` is why it says nothing."""

    name: str  # the mark and the lane
    plans: Sequence[PlanStanding] = ()
    fills: Sequence[ExecutionRow] = ()
    unknown: Sequence[OpenRow] = ()
    halt: Halt | None = None
    worlds: Worlds = ONE
    fault: str | None = None


def read(mark: str, lane: str, path: Path, now: datetime) -> Journal:
    """Read a journal, and with it the files of its plans, once."""
    name = f"{mark}{lane}"
    if not path.exists():
        return Journal(name=name, fault="has no journal yet")
    try:
        with Ledger(path) as ledger:
            bound = ledger.mode_and_account()
            return Journal(
                name=name,
                plans=standing.of_plans(ledger, now),
                fills=tuple(reversed(ledger.fills())),
                unknown=tuple(row for row in ledger.orders(states={OrderState.UNKNOWN}) if not row.closed_with_run),
                halt=ledger.halted(),
                worlds=ONE if bound is None else worlds_of(bound[0], ledger.runs()),
            )
    except FxrunError as error:
        return Journal(name=name, fault=f"its journal cannot be read: {error}")


def digest_of(journals: Sequence[Journal], plans: frozenset[str] | None, now: datetime) -> Message:
    """Return the digest of the day before `now`: of each journal, and of such plans or all."""
    body = [f"The 24 hours until {stamp(now)}."]
    for journal in journals:
        body += ["", journal.name, *(f"  {line}" for line in _section(journal, plans, now))]
    return Message(title=f"fxrun: the day until {stamp(now)}", body="\n".join(body))


def _section(journal: Journal, plans: frozenset[str] | None, now: datetime) -> list[str]:
    if journal.fault is not None:
        return [journal.fault]
    since, halt = now - DAY, journal.halt
    rows = [row for row in journal.fills if plans is None or row.plan in plans]
    found = [plan for plan in journal.plans if plans is None or plan.name in plans]
    open_ = [row for row in journal.unknown if plans is None or row.ticket.key.plan in plans]
    lines = [_plan(plan, rows, since) for plan in found] or ["no plan has run"]
    lines += [f"UNKNOWN: {row.ticket.order_ref}; fxrun resolve {row.ticket.order_ref} --as ..." for row in open_]
    lines += [] if halt is None else [f"HALTED since {stamp(halt.at)}: {halt.reason}; lift it with fxrun resume"]
    return [*lines, *_money(rows, since, journal.worlds)]


def _plan(plan: PlanStanding, rows: Sequence[ExecutionRow], since: datetime) -> str:
    states = Counter(standing.fire_state(fire) for fire in plan.fires if fire.due > since)
    fires = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no fires"
    fills = sum(1 for row in rows if row.plan == plan.name and row.at > since)
    following = "none is known" if plan.next_fire is None else stamp(plan.next_fire)
    return f"{plan.name}: {fires}; {fills} fill{'s' * (fills != 1)}; next fire {following}"


def _money(rows: Sequence[ExecutionRow], since: datetime, worlds: Worlds) -> list[str]:
    """Say what the day has cost and brought, by first in, first out over all that came before."""
    costs = commissions(row for row in rows if row.at > since)
    gained = _less(realized(rows, worlds), realized((row for row in rows if row.at <= since), worlds))
    return [f"commission: {amounts(costs)}", f"realized, before commission: {amounts(gained)}"]


def _less(whole: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    return {name: EXACT.subtract(total, before.get(name, ZERO)) for name, total in whole.items()}
