"""`fxrun resolve`: a person says what became of an order of which the evidence does not tell."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

import click

from runner.cli import files, options, output, trading
from runner.core.order_state import OrderState
from runner.errors import Refused, UsageError

if TYPE_CHECKING:
    from runner.journal.control import Ledger
    from runner.journal.rows import OpenRow

_MEANS = {
    "filled": "it was carried out in full",
    "lost": "it never reached the market, or is gone without a fill",
}


@click.command(
    epilog="Look into the TWS first: the Activity or Trades window tells of a fill, the Orders page of one that works. "
    "Example: fxrun resolve fx1:eurusd-weekd:c5pj --as lost"
)
@click.argument("ref")
@click.option("--as", "outcome", type=click.Choice(list(_MEANS)), required=True, help="What became of it.")
@click.option("--yes", is_flag=True, help="Do not ask, for scripts.")
@files.settings_option
@files.journal_option
@options.json_option
def command(
    ref: str, *, outcome: str, yes: bool, settings_file: str | None, journal_file: str | None, as_json: bool
) -> None:
    """Say what became of an order whose outcome is unknown (REF: its order_ref or the beginning), so its plan goes on.

    The journal keeps who said so and when; nothing that it says already is changed by it, and no order is sent.
    """
    ledger = trading.ledger_of(settings_file, journal_file)
    row = _unknown(ref, ledger)
    voice = trading.voice_of(ledger, as_json=as_json)
    if not yes:
        voice.note(trading.order_words(row))
        voice.note(row.note or "its outcome is unknown")
        _confirm(f"resolve it as {outcome} ({_MEANS[outcome]})? Type yes: ")
    number = ledger.resolve(row.ticket.order_ref, outcome, options.now(), _user())
    fields = {"type": "resolve", "order_ref": row.ticket.order_ref, "plan": row.ticket.key.plan, "as": outcome}
    left = trading.orders_in(ledger, {OrderState.UNKNOWN})
    voice.tell(f"resolved as {outcome}: {trading.order_words(row)}", {**fields, "left": len(left)})
    if ledger.has_runner() and trading.obeyed(ledger, number) is None:
        voice.note("the runner has not taken notice of it yet; see fxrun status")
    if left:
        voice.note(f"{trading.counted(len(left), 'order')} of unknown outcome left; see fxrun status")


def _unknown(ref: str, ledger: Ledger) -> OpenRow:
    """Return the order that is meant; raises UsageError for one whose outcome is known."""
    unknown = trading.orders_in(ledger, {OrderState.UNKNOWN})
    if not ref or any(row.ticket.order_ref.startswith(ref) for row in unknown):
        return trading.order_named(ref, unknown)
    others = [row for row in ledger.orders() if row.ticket.order_ref.startswith(ref)]
    row = trading.order_named(ref, others or unknown)
    raise UsageError(
        f"{row.ticket.order_ref} is {row.state.value}, so there is nothing to resolve; "
        "only an order whose outcome is unknown can be"
    )


def _confirm(question: str) -> None:
    """Raise UsageError where nobody can be asked, and Refused unless the answer is yes."""
    if sys.stdin is None or not output.is_terminal(sys.stdin):
        raise UsageError("there is no terminal to ask at; if you are sure, say so with --yes")
    if trading.asked(question) != "yes":
        raise Refused("not resolved: the answer was not yes")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, or no way to look it up
        return "unknown user"
