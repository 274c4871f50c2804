"""Executions as they happen: booked, written down, and told in the order of a TWS, or of a strange one."""

from __future__ import annotations

from decimal import Decimal

from runner.gateway import reports
from runner.gateway.anomalies import Anomaly
from runner.gateway.book import Book, Entry, Stage
from runner.gateway.clients import Clients
from runner.gateway.executions import Executions
from runner.gateway.reports import Fill
from runner.gateway.state import Store
from runner.gateway.truth import Truth
from runner.gateway.waiting import Waiting
from runner.wire.messages import Answer


class Settling:
    """What follows from an execution for its order, the account, and those who are told."""

    def __init__(
        self, book: Book, clients: Clients, executions: Executions, *, waiting: Waiting, truth: Truth, store: Store
    ) -> None:
        self._book = book
        self._clients = clients
        self._executions = executions
        self._waiting = waiting
        self._truth = truth
        self._store = store

    def execute(self, entry: Entry, price: Decimal, quantity: Decimal, at: int) -> None:
        """Book an execution and tell it, with the order's new status."""
        is_silent = self._clients.is_silent_until_filled(entry)
        late: list[Answer] = [reports.open_order(entry), reports.order_status(entry)] if is_silent else []
        done = self._put_down(entry, price, quantity, at)
        if entry.remaining <= 0:
            self._book.mark(entry, Stage.FILLED)
        else:
            self._book.note(entry)
        is_first = self._clients.meets(entry, Anomaly.COMMISSION_FIRST)
        told = self._executed(entry, done)
        if not (is_silent and self._clients.meets(entry, Anomaly.MISSING_STATUS)):
            told += [*late, *self._clients.whole(entry)]
        self._clients.tell(entry, *([done.commission, *told] if is_first else [*told, done.commission]))
        self._say_position(entry, at)

    def _executed(self, entry: Entry, done: Fill) -> list[Answer]:
        return [done.details] * (2 if self._clients.meets(entry, Anomaly.DUPLICATE_EXECUTION) else 1)

    def _put_down(self, entry: Entry, price: Decimal, quantity: Decimal, at: int) -> Fill:
        done = self._executions.book(entry, quantity, price, at)
        self._truth.execution(at, entry, done)
        self._store.fill(done)
        return done

    def _say_position(self, entry: Entry, at: int) -> None:
        for listener in self._clients:
            listener.filled(entry.pair, at)

    # --- what should not happen

    def fill_late(self, entry: Entry, at: int) -> None:
        """Fill what is left of an order that has ended, telling the execution and nothing else."""
        quote = self._waiting.quote(entry, at)
        far = None if quote is None else quote.ask if entry.is_buy else quote.bid
        price = entry.order.limit_price or far
        if price is None or entry.stage is Stage.FILLED or not entry.remaining:
            return
        done = self._put_down(entry, price, entry.remaining, at)
        entry.stage = Stage.FILLED
        self._book.put_back(entry)
        told = self._executed(entry, done)
        is_first = self._clients.meets(entry, Anomaly.COMMISSION_FIRST)
        self._clients.tell(entry, *([done.commission, *told] if is_first else [*told, done.commission]))
        self._say_position(entry, at)

    def correct(self, execution_id: str, price: Decimal, at: int) -> Fill | None:
        """Correct the price of an execution, as an exchange does hours later; None if there is no such execution."""
        old = self._executions.find(execution_id)
        entry = None if old is None else self._book.get(old.client_id, old.order_id)
        if old is None or entry is None:
            return None
        new = self._executions.corrected(entry, old, price, at)
        if not entry.is_open:
            self._book.put_back(entry)
        self._truth.execution(at, entry, new)
        self._store.fill(new)
        self._clients.tell(entry, new.details, new.commission)
        self._say_position(entry, at)
        return new
