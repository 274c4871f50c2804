"""`fxrun reconcile`: what the journal says of orders against one pass of what the broker says; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import asking, book, files, options, output, tables
from runner.cli.asking import Asking
from runner.cli.book import Book, BrokerOrder
from runner.cli.marks import mask
from runner.core.money import plain
from runner.core.order_state import DONE, OrderState
from runner.core.times import stamp
from runner.errors import Refused, UsageError

if TYPE_CHECKING:
    from runner.journal.rows import OpenRow

UNKNOWN_OUTCOME = 6
OPEN = frozenset(OrderState) - DONE | {OrderState.UNKNOWN}
_NEVER_THERE = (OrderState.NOT_RECEIVED, OrderState.DENIED)
_COLUMNS = "order_ref journal broker explained what_it_means"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One order of which journal and broker say different things; `explained` if a runner settles it by itself."""

    order_ref: str
    kind: str  # unknown_to_broker, unknown_to_journal, state, filled
    journal: str
    broker: str
    explained: bool
    meaning: str


@click.command(epilog="Exit code: 0 if nothing is left unexplained, 6 otherwise. Example: fxrun reconcile")
@asking.options
@files.journal_option
@options.json_option
def command(
    settings_file: str | None, host: str | None, port: int | None, journal_file: str | None, *, as_json: bool
) -> int:
    """Compare the journal with the broker's open orders, completed orders and executions, and print the difference.

    Nothing is changed: a runner settles by itself what can be settled. Asks the broker with the settings'
    query_client_id, beside a runner or without one.
    """
    settings = files.settings_for((), settings_file)
    journal = files.journal_of(settings, journal_file)
    address = asking.address_of(settings, host, port, journal=journal)
    _must_exist(journal)
    with asking.session(address) as session:
        _check(journal, session)
        now = options.now()
        rows = _rows(journal, now.date())  # before the pass: an order sent in between is at the broker at the least
        found = book.gather(session)
        rows |= _named(journal, found.refs - rows.keys())
        differences = list(compare(rows, found, now.date()))
        header = [f"account {session.account} ({session.kind}), {stamp(now)}, journal {journal}"]
    if not differences:
        header.append(f"no difference: {len(rows)} orders of the journal, {len(found.refs)} of them at the broker")
    shown = [tables.table("differences", _COLUMNS, map(_row, differences))] if differences else []
    tables.tell(header, shown, map(_line, differences), as_json=as_json)
    unexplained = [one for one in differences if not one.explained]
    if unexplained and not as_json:
        output.note(f"fxrun: {len(unexplained)} of {len(differences)} differences are not explained")
    return UNKNOWN_OUTCOME if unexplained else 0


def _must_exist(journal: Path) -> None:
    if not journal.is_file():
        raise UsageError(f"{journal}: there is no journal to compare; name it with --journal, or in the settings")


def _check(journal: Path, session: Asking) -> None:
    from runner.journal.control import Ledger

    with Ledger(journal) as ledger:
        bound = ledger.mode_and_account()
    if bound is None:
        return
    mode, account = bound
    if account != session.account:
        raise Refused(
            f"{journal} belongs to account {mask(account)}, and the broker was asked for {mask(session.account)}: "
            "name the other journal with --journal, or the other settings with --settings"
        )
    if (mode == "live") is session.login.simulated:
        place = "a simulated gateway" if session.login.simulated else "a TWS"
        raise Refused(f"{journal} is one of mode {mode}, and {place} was asked: name another with --journal")


def _rows(journal: Path, today: date) -> dict[str, OpenRow]:
    """Return what may differ: orders that are not at their end, and those of today."""
    from runner.journal.control import Ledger

    with Ledger(journal) as ledger:
        found = ledger.orders(today=today, states=OPEN)
    return {row.ticket.order_ref: row for row in found if not (row.closed_with_run or row.waits)}


def _named(journal: Path, refs: frozenset[str]) -> dict[str, OpenRow]:
    """Return older orders that the broker still speaks of."""
    from runner.journal.control import Ledger

    if not refs:
        return {}
    with Ledger(journal) as ledger:
        return {row.ticket.order_ref: row for row in ledger.orders() if row.ticket.order_ref in refs}


# --- comparing, pure


def compare(rows: Mapping[str, OpenRow], found: Book, today: date) -> Iterator[Difference]:
    """Yield the differences by order_ref; `rows` are those of the journal, `today` the UTC day it is."""
    told: dict[str, list[BrokerOrder]] = {}
    for one in found.orders:
        if one.is_ours:
            told.setdefault(one.order_ref, []).append(one)
    for order_ref in sorted(rows.keys() | found.refs):
        row, theirs = rows.get(order_ref), told.get(order_ref, ())
        filled = found.executed.get(order_ref)
        if row is None:
            yield _stray(order_ref, theirs, filled)
        elif theirs or filled is not None:
            yield from _differing(row, theirs, filled)
        elif row.state in OPEN:
            yield _missing(row, today)


def _stray(order_ref: str, theirs: Iterable[BrokerOrder], filled: Decimal | None) -> Difference:
    return Difference(
        order_ref=order_ref,
        kind="unknown_to_journal",
        journal="nothing",
        broker=_words(theirs, filled),
        explained=False,
        meaning="an order of fxrun that this journal does not know: it is another journal's, or this one was replaced",
    )


def _missing(row: OpenRow, today: date) -> Difference:
    old = "" if row.claimed_at.date() == today else "; it is of an earlier day, whose ended orders are no longer told"
    return Difference(
        order_ref=row.ticket.order_ref,
        kind="unknown_to_broker",
        journal=_journal_words(row),
        broker="nothing",
        explained=False,
        meaning=f"the broker speaks of no such order{old}; look for it in the TWS, then: "
        f"fxrun resolve {row.ticket.order_ref} --as filled|lost",
    )


def _differing(row: OpenRow, theirs: Iterable[BrokerOrder], executed: Decimal | None) -> Iterator[Difference]:
    theirs = list(theirs)
    working = [one for one in theirs if one.is_working]
    filled = _filled(theirs, executed)
    is_open = row.state in OPEN
    kind, meaning = None, ""
    if len(theirs) > 1:
        kind, meaning = "doubled", "the broker has more than one order under this name: halt, and cancel in the TWS"
    elif row.state in _NEVER_THERE:
        kind, meaning = "state", "the journal says that the broker never had it"
    elif bool(working) is not is_open:
        kind = "state"
        meaning = "the next pass of a runner takes it over" if is_open else "the journal has it at its end already"
    elif row.state is OrderState.UNKNOWN or row.state in (OrderState.PLANNED, OrderState.SENT):
        kind, meaning = "state", "the next pass of a runner takes it over"
    elif filled is not None and filled != row.filled and (theirs or filled > row.filled):
        kind = "filled"
        meaning = "the next pass of a runner takes it over" if is_open else "executions came after its end"
    if kind is None:
        return
    yield Difference(
        order_ref=row.ticket.order_ref,
        kind=kind,
        journal=_journal_words(row),
        broker=_words(theirs, executed),
        explained=is_open and kind != "doubled" and (filled is None or filled >= row.filled),
        meaning=meaning,
    )


def _filled(theirs: Iterable[BrokerOrder], executed: Decimal | None) -> Decimal | None:
    """Return what was filled; a list of today's executions may lack those of earlier days."""
    known = [one.filled for one in theirs if one.filled is not None]
    return max([*known, executed], default=None) if executed is not None else max(known, default=None)


def _journal_words(row: OpenRow) -> str:
    return f"{row.state.value}, filled {plain(row.filled)} of {plain(row.ticket.quantity)}"


def _words(theirs: Iterable[BrokerOrder], executed: Decimal | None) -> str:
    parts = [
        f"{one.status}{'' if one.filled is None else f', filled {plain(one.filled)}'}"
        f"{'' if one.quantity is None else f' of {plain(one.quantity)}'}"
        for one in theirs
    ]
    if executed is not None:
        parts.append(f"executed {plain(executed)}")
    return "; ".join(parts)


def _row(one: Difference) -> tuple[str, ...]:
    return (one.order_ref, one.journal, one.broker, "yes" if one.explained else "no", one.meaning)


def _line(one: Difference) -> dict[str, object]:
    return {
        "type": "difference",
        "kind": one.kind,
        "order_ref": one.order_ref,
        "journal": one.journal,
        "broker": one.broker,
        "explained": one.explained,
        "meaning": one.meaning,
    }
