"""What the commands of live trading share: the journal beside a runner, marks on lines, orders by their names."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import files, marks, output
from runner.cli.marks import LIVE, REHEARSAL
from runner.core.ids import PREFIX
from runner.core.money import plain
from runner.core.order_state import DONE, OrderState
from runner.core.ticket import OrderTicket
from runner.core.times import stamp
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.journal.control import Ledger
    from runner.journal.rows import ControlRow, OpenRow
    from runner.settings.model import Settings

OPEN = frozenset(OrderState) - DONE
REF_PREFIX = f"{PREFIX}:"
PATIENCE = 10.0  # seconds; a runner obeys within one
_POLL = 0.1
_LISTED = 5


def open_ledger(path: Path) -> Ledger:
    """Open a journal beside whoever runs on it."""
    from runner.journal.control import Ledger

    return Ledger(path)


def ledger_of(settings_file: str | None, journal_file: str | None) -> Ledger:
    """Open the journal that the options, or the settings of the current folder, name; closed when the command ends.

    From then on every line says whether it is about a rehearsal, or a paper account.
    """
    path = journal_path(settings_file, journal_file)
    speak_of_journal(path)
    return click.get_current_context().with_resource(open_ledger(path))


def journal_path(settings_file: str | None, journal_file: str | None) -> Path:
    """Return where that journal is; a --journal alone needs no settings, so that a fault in them is in nobody's way."""
    if journal_file is not None and settings_file is None:
        if journal_file == files.MEMORY:
            raise UsageError("--journal :memory: is for simulated runs; name the file that the runner has")
        return Path(journal_file)
    try:
        settings = files.settings_for((), settings_file)
    except UsageError:
        output.note("the settings cannot be used; to go on without them, name the journal with --journal")
        raise
    return files.journal_of(settings, journal_file)


# --- marks


def speak_of(mode: str, account: str | None) -> None:
    """Let every line from here on say so if it is about a rehearsal, or about a paper account."""
    output.mark(marks.mark_of(mode, account))


def speak_of_settings(settings: Settings, journal: Path) -> None:
    """Do so by what a journal was bound to, and by the account of the settings where there is none yet."""
    bound = binding_of(journal)
    speak_of(*(bound or (LIVE, settings.account)))


def speak_of_journal(journal: Path) -> None:
    """Do so by what a journal was bound to."""
    if (bound := binding_of(journal)) is not None:
        speak_of(*bound)


def binding_of(journal: Path) -> tuple[str, str] | None:
    """Return mode and account of a journal; None if there is none, it is not bound, or it cannot be read."""
    if not journal.is_file():
        return None
    from runner.journal.opening import binding

    return binding(journal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """How a command speaks of a journal: as JSON, or in lines."""

    mode: str | None  # None for a journal that no run has bound yet
    account: str | None
    as_json: bool

    @property
    def no_runner(self) -> str:
        """Say that nobody obeys at the moment, and what to do about it."""
        return f"no runner has this journal: {self.nobody_obeys}"

    @property
    def nobody_obeys(self) -> str:
        """Say when somebody will."""
        way = "--rehearsal" if self.mode == REHEARSAL else "--live"
        return f"nothing obeys until one runs, by fxrun PLAN {way}, or cancel in the TWS"

    def tell(self, lines: str | Sequence[str], fields: Mapping[str, object]) -> None:
        """Write a result to stdout: one or more lines, or the fields as one JSON object with mode and paper."""
        if self.as_json:
            paper = None if self.account is None else marks.is_paper(self.account)
            say_json({**fields, "mode": self.mode, "paper": paper})
            return
        for line in (lines,) if isinstance(lines, str) else lines:
            output.say(one_line(line))

    def note(self, text: str) -> None:
        """Write a line to stderr, as JSON or not."""
        output.note(one_line(text))


def say_json(fields: Mapping[str, object]) -> None:
    """Write one JSON object to stdout: in ASCII, as a reader may split lines at what a broker's text holds."""
    output.say(json.dumps(fields))


def one_line(text: str) -> str:
    """Escape what a terminal would obey, and line ends: a text that others wrote makes no line of its own."""
    return output.clean(text).replace("\n", "\\n")


def voice_of(ledger: Ledger, *, as_json: bool) -> Voice:
    """Return how to speak of an open journal."""
    mode, account = ledger.mode_and_account() or (None, None)
    return Voice(mode=mode, account=account, as_json=as_json)


# --- words


def ticket_words(ticket: OrderTicket) -> str:
    """Say an order as `explain` does: BUY 25000 EUR.USD LMT limit 1.085 GTD until 2027-03-01T17:00:00Z."""
    prices = [
        f"{word} {plain(price)}"
        for word, price in (("limit", ticket.limit_price), ("stop", ticket.stop_price))
        if price is not None
    ]
    trail = [] if ticket.trail is None else [ticket.trail.text]
    life = [
        f"{word} {stamp(instant)}"
        for word, instant in (("until", ticket.terms.good_till), ("after", ticket.terms.good_after))
        if instant is not None
    ]
    parts = [ticket.side.value, plain(ticket.quantity), ticket.contract.name, ticket.order_type.value, *prices, *trail]
    return " ".join([*parts, ticket.time_in_force.value, *life])


def order_words(row: OpenRow) -> str:
    """Name an order of the journal: what it is, and where it comes from."""
    key = row.ticket.key
    return f"{row.ticket.order_ref}  {key.plan}/{key.order} {key.fire} {key.role}: {ticket_words(row.ticket)}"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 order, 2 orders."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about a name that is none: the one that was probably meant, or all of them."""
    from runner.plan import suggest

    names = sorted(known)
    if near := suggest.for_choice(word, names):
        return near
    listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    return f"; there is {listed}" if names else "; there is none, see fxrun status, or name another --journal"


# --- names


def plan_named(word: str) -> str:
    """Return the name of a plan that is given by its name or by its file; raises what loading the file raises."""
    if not any(char in word for char in "./\\"):
        return word
    from runner.plan import load

    return load(word).name


def plans_known(ledger: Ledger) -> set[str]:
    """Return the names of the plans that a runner has had, or that somebody has armed."""
    return {row.plan for row in ledger.plans()} | {arming.plan for arming in ledger.armings()} | set(ledger.pauses())


def order_named(word: str, rows: Sequence[OpenRow]) -> OpenRow:
    """Return the order that an order_ref, or the beginning of one, names; raises UsageError if it is not one order."""
    found = [row for row in rows if row.ticket.order_ref.startswith(word)] if word else []
    exact = [row for row in found if row.ticket.order_ref == word]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(row.ticket.order_ref for row in found[:_LISTED])
        more = ", ..." if len(found) > _LISTED else ""
        raise UsageError(
            f"{word!r} is the beginning of {counted(len(found), 'order')}: {names}{more}; write more of it"
        )
    raise UsageError(f"no such order: {word!r}{did_you_mean(word, [row.ticket.order_ref for row in rows])}")


def orders_in(ledger: Ledger, states: Collection[OrderState]) -> tuple[OpenRow, ...]:
    """Return the orders in some states that no ended simulated run has closed, and that do not wait for their turn."""
    return tuple(row for row in ledger.orders(states=states) if not (row.closed_with_run or row.waits))


# --- people and runners


def asked(question: str) -> str | None:
    """Put a question on stderr and return the line that is typed, without its blanks; None if nobody answers."""
    output.ask(question)
    line = ""
    with suppress(ValueError):  # closed, or no text
        line = "" if sys.stdin is None else sys.stdin.readline()  # None: closed by the caller
    if not line:
        output.note("")  # nobody has ended the line of the question
        return None
    return line.strip()


def obeyed(ledger: Ledger, number: int) -> ControlRow | None:
    """Wait until the runner has done what it was asked; returns the row with its answer, None if it does not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        row = ledger.control(number)
        if row.done_at is not None:
            return row
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL)
