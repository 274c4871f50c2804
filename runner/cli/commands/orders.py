"""`fxrun orders`: working orders and those of today, fxrun's and others'."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import click

from runner.cli import asking, book, files, options, tables
from runner.cli.asking import Asking
from runner.cli.book import BrokerOrder
from runner.core.money import plain
from runner.core.times import stamp
from runner.report.blotter import ABSENT

_COLUMNS = "whose order_ref contract side >quantity >filled type status >perm_id"


@click.command(epilog="Example: fxrun orders --watch")
@asking.watch_option
@asking.options
@files.journal_option
@options.json_option
def command(
    settings_file: str | None,
    host: str | None,
    port: int | None,
    journal_file: str | None,
    *,
    watch: bool,
    as_json: bool,
) -> None:
    """List the account's working orders and those of today that have ended.

    Orders of fxrun are told from foreign ones by their orderRef, and looked up in the journal if there is one. Asks
    the broker with the settings' query_client_id; a runner is not disturbed, and nothing is changed.
    """
    settings = files.settings_for((), settings_file)
    journal = files.journal_of(settings, journal_file)
    address = asking.address_of(settings, host, port, journal=journal)

    def tell(session: Asking) -> None:
        found = book.gather(session)
        known = known_refs(journal, found.refs)
        at = stamp(options.now())
        working = [one for one in found.orders if one.is_working]
        ended = [one for one in found.orders if not one.is_working]
        header = [f"account {session.account} ({session.kind}), {at}"]
        header += [] if working else ["no working orders"]
        header += [] if ended else ["no order has ended today"]
        shown = [
            tables.table(title, _COLUMNS, [_row(one, known) for one in orders])
            for title, orders in (("working", working), ("ended today", ended))
            if orders
        ]
        lines = (_line(one, known, at) for one in found.orders)
        tables.tell(header, shown, lines, as_json=as_json, fresh=watch)

    asking.show(address, tell, watch=watch)


def known_refs(journal: Path, refs: Collection[str]) -> frozenset[str] | None:
    """Return those of refs that a journal knows; None if there is no such journal."""
    if not journal.exists():
        return None
    from runner.journal.control import Ledger

    with closing(Ledger(journal)) as ledger:
        today = {row.ticket.order_ref for row in ledger.orders(today=options.now().date())}
        if today.issuperset(refs):
            return frozenset(refs)
        return frozenset(refs) & {row.ticket.order_ref for row in ledger.orders()}


def _whose(one: BrokerOrder, known: frozenset[str] | None) -> str:
    if not one.is_ours:
        return book.placed_by(one)
    return "ours" if known is None or one.order_ref in known else "ours, not in the journal"


def _row(one: BrokerOrder, known: frozenset[str] | None) -> tuple[str, ...]:
    return (
        _whose(one, known),
        one.order_ref or ABSENT,
        one.contract or ABSENT,
        ABSENT if one.side is None else one.side.value,
        tables.grouped(one.quantity),
        tables.grouped(one.filled),
        _type(one),
        one.status or ABSENT,
        ABSENT if one.perm_id is None else str(one.perm_id),
    )


def _type(one: BrokerOrder) -> str:
    prices = [plain(price) for price in (one.limit_price, one.stop_price) if price]
    return " ".join([one.order_type or ABSENT, *prices, one.time_in_force or ""]).strip()


def _line(one: BrokerOrder, known: frozenset[str] | None, at: str) -> dict[str, object]:
    return {
        "type": "order",
        "time": at,
        "ours": one.is_ours,
        "in_journal": None if known is None or not one.is_ours else one.order_ref in known,
        "working": one.is_working,
        "order_ref": one.order_ref,
        "perm_id": one.perm_id,
        "client_id": one.client_id,
        "order_id": one.order_id,
        "account": one.account,
        "contract": one.contract,
        "side": None if one.side is None else one.side.value.lower(),
        "quantity": tables.figure(one.quantity),
        "filled": tables.figure(one.filled),
        "order_type": one.order_type,
        "limit_price": tables.figure(one.limit_price),
        "stop_price": tables.figure(one.stop_price),
        "time_in_force": one.time_in_force,
        "status": one.status,
    }
