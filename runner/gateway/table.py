"""The live table of a terminal: who is connected, what is working, what the account holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.core.money import plain
from runner.gateway.framelog_text import text
from runner.gateway.snapshot import ClientRow, OrderRow, Snapshot

PERIOD = 0.25  # seconds; no screen needs more
_COLUMNS = ("client", "order", "reference", "instrument", "side", "quantity", "filled", "type", "price", "status")
_LONGEST = 24  # characters of a reference


def show(look: Callable[[], Snapshot], is_over: Callable[[float], bool], console: Console | None = None) -> None:
    """Show what look finds, four times a second, until is_over, which waits as long as it is told."""
    console = console or Console(stderr=True)
    with ExitStack() as stack:
        live = stack.enter_context(Live(console=console, auto_refresh=False, redirect_stdout=False))
        seen = None
        while True:
            now = look()
            if now != seen:
                live.update(render(now), refresh=True)
                seen = now
            if is_over(PERIOD):
                return


def render(now: Snapshot) -> Group:
    """Return the tables of one instant."""
    notes = [Text(_printable(line), style="dim", no_wrap=True, overflow="ellipsis") for line in now.notes]
    return Group(_account(now), _clients(now.clients), _orders(now.orders, now.order_count), *notes)


def _account(now: Snapshot) -> Text:
    cash = ", ".join(f"{currency} {amount:,.2f}" for currency, amount in now.cash)
    return Text(f"{_time(now.at)}  {now.account}  worth USD {now.equity:,.2f}  ({cash})", style="bold")


def _clients(clients: Sequence[ClientRow]) -> Table:
    table = _table("client", "version", "since", "requests")
    for one in clients:
        name = str(one.client_id) if one.client_id >= 0 else "(starting)"
        table.add_row(name, str(one.version), _time(one.since) if one.since else "", f"{one.requests:,}")
    return table


def _orders(orders: Sequence[OrderRow], count: int) -> Table:
    table = _table(
        "client", "order", "reference", "instrument", "side", "quantity", "filled", "type", "price", "status"
    )
    for one in orders:
        table.add_row(
            str(one.client_id),
            str(one.order_id),
            Text(_short(text(one.order_ref) if one.order_ref else "")),
            one.instrument,
            one.side,
            plain(one.quantity),
            plain(one.filled),
            one.order_type,
            "" if one.price is None else plain(one.price),
            one.status,
        )
    table.caption = f"and {count - len(orders):,} more" if count > len(orders) else None
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    for name in columns:
        table.add_column(name, no_wrap=True, justify="right" if name in ("quantity", "filled", "price") else "left")
    return table


def _printable(line: str) -> str:
    return "".join(one if one.isprintable() else "�" for one in line)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%SZ")
