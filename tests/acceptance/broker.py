"""What the tests of commands that ask a broker share: a gateway's process, and a client that places orders there."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.contract import ContractSpec
from runner.core.facts import Fact, OpenOrderSeen
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce
from runner.ib.compile import compile_group
from runner.ib.connection import Connection
from runner.ib.linked import number
from runner.journal.gate import Gate
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal

FXRUN = [sys.executable, "-m", "runner"]
ACCOUNT = "DU1234567"


@contextmanager
def gateway(*arguments: str) -> Iterator[int]:
    """Start `fxrun gateway` as a process whose time begins on a Wednesday, with an open market; yields its port."""
    if "--from" not in arguments:
        arguments = (*arguments, "--from", "2026-11-25T14:30:00Z")
    with subprocess.Popen(
        [*FXRUN, "gateway", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("listening on 127.0.0.1:"), first
            yield int(first.rpartition(":")[2])
        finally:
            process.terminate()
            process.wait(10)


def run(
    folder: Path, *arguments: object, settings: str = "", python: str = sys.executable, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of fxrun in a folder, with such settings in it, on the Python of an environment."""
    if settings:
        (folder / "fxrun.yaml").write_text(settings)
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder / "no-config"), **environ}
    return subprocess.run(
        [python, "-m", "runner", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=env,
    )


def lines(done: subprocess.CompletedProcess[str], kind: str | None = None) -> list[dict[str, Any]]:
    """Return the JSON lines that a command has written, those of one type if wanted."""
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in found if kind is None or line["type"] == kind]


def text_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command has written for people, without the mark that each line of a rehearsal must have."""
    found = done.stdout.splitlines()
    assert [line for line in found if not line.startswith("REHEARSAL ")] == []
    return "".join(f"{line.removeprefix('REHEARSAL ')}\n" for line in found)


def ticket(order: str = "main", **changes: Any) -> OrderTicket:
    """Return an order to buy 25,000 EUR.USD at the market; `changes` are fields of the ticket."""
    key = OrderKey(plan="held", order=order, fire="once", role=Role.ENTRY.value)
    fields: dict[str, Any] = {
        "key": key,
        "role": Role.ENTRY,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY,
        "quantity": Decimal(25_000),
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.DAY,
    }
    return OrderTicket(**{**fields, **changes})


@contextmanager
def client(port: int, client_id: int = 1) -> Iterator[Callable[..., OrderTicket]]:
    """Log in as a runner would; yields a function that places an order and returns once the gateway has it."""
    facts: queue.Queue[Fact] = queue.Queue()
    connection = Connection("127.0.0.1", port, client_id=client_id, publish=facts.put)
    connection.open()

    def place(order: OrderTicket, *, order_ref: str | None = None) -> OrderTicket:
        first = connection.take_order_ids(1)
        (compiled,) = number(compile_group((order,)), first, ACCOUNT)
        if order_ref is not None:
            compiled.order.orderRef = order_ref
        connection.place(compiled)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            fact = facts.get(timeout=10)
            if isinstance(fact, OpenOrderSeen) and fact.order_id == first:
                return order
        raise AssertionError("the gateway did not take the order")

    try:
        yield place
    finally:
        connection.close()


def journal_of(
    folder: Path, rows: Sequence[tuple[OrderTicket, str, int]], *, mode: str = "rehearsal", account: str = ACCOUNT
) -> Path:
    """Write a journal as a runner does: tickets, each with its state and the units filled."""
    path = folder / "fxrun.db"
    now = datetime.now(UTC)
    with closing(Journal(str(path), private=True)) as journal:
        journal.bind(mode, account)
        journal.open_run(now)
        for number, (one, state, filled) in enumerate(rows, 1):
            key = one.key
            row = FireRow(plan=key.plan, order=key.order, fire=key.fire, due=now, state=None, reason=None)
            gate = Gate(
                now=lambda: now, deadline=None, judge=lambda _: None, client_id=1, first_order_id=number, price=None
            )
            assert journal.claim(row, (one,), gate=gate)
            if state != OrderState.PLANNED.value:
                journal.record_sent([(one, number)], client_id=1)
            journal.set_order(
                OrderRow(
                    ticket=one,
                    state=OrderState(state),
                    filled=Decimal(filled),
                    average_price=None,
                    perm_id=None,
                    closed_with_run=False,
                    note="",
                )
            )
    return path
