"""What really happened at the gateway, written down before any client is told of it.

A program under test can be wrong about its orders: it lost an answer, or counted one twice. This is what it is held
against. Nothing is kept unless a file is given; then every event is a line of JSON, on the disk before the answer to
it leaves.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from runner.errors import FxrunError, UsageError
from runner.gateway.book import Entry
from runner.gateway.matching import has_limit, has_trigger, trigger_price
from runner.gateway.reports import Fill
from runner.wire.messages import CancelOrder, PlaceOrder, Request, Unsupported


@dataclass(frozen=True, slots=True)
class Tail:
    """Lines of a truth file, and where in it they belong."""

    file: str
    offset: int
    text: str


class Truth:
    """Keeps nothing; what a gateway has unless it is told otherwise."""

    def frame(self, at: int, client_id: int | None, request: Request | None) -> None:
        """Note a message that came in, None for one that could not be read; client None: before it gave its id."""

    def order(self, at: int, entry: Entry) -> None:
        """Note an order that was taken, or changed."""

    def cancel(self, at: int, entry: Entry) -> None:
        """Note an order that ended unfilled: cancelled, expired, by its group, or before it was transmitted."""

    def execution(self, at: int, entry: Entry, fill: Fill) -> None:
        """Note a fill, or what it was corrected to."""

    def tail(self) -> Tail | None:
        """Return what the next commit writes, for a state that is written before it; None if nothing is."""
        return None

    def commit(self) -> None:
        """Return once everything noted is on the disk; raises FxrunError if that cannot be."""

    def close(self) -> None:
        """Take in nothing any more; what is not committed was told to nobody."""


class TruthFile(Truth):
    """Keeps it in a file, behind what the file holds already."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises UsageError if it cannot be written to."""
        self.path = path
        self._waiting = bytearray()
        try:
            self._file = path.open("ab", buffering=0)
            if _is_torn(path):
                self._waiting += b"\n"
        except OSError as error:
            raise UsageError(f"--truth {path}: cannot be written: {error.strerror}") from None

    def frame(self, at: int, client_id: int | None, request: Request | None) -> None:
        """Note a message that came in."""
        facts: dict[str, object] = {"request": "unreadable" if request is None else type(request).__name__}
        if isinstance(request, Unsupported):
            facts["message_id"] = request.message_id
        elif isinstance(request, PlaceOrder | CancelOrder):
            facts["order_id"] = request.order_id
        self._note("frame", at, client_id=client_id, **facts)

    def order(self, at: int, entry: Entry) -> None:
        """Note an order that was taken, or changed; price is its limit, else its stop."""
        self._note("order", at, **_facts(entry), quantity=_text(entry.quantity), price=_text(_price(entry)))

    def cancel(self, at: int, entry: Entry) -> None:
        """Note an order that ended; quantity is what was not filled."""
        self._note("cancel", at, **_facts(entry), quantity=_text(entry.remaining))

    def execution(self, at: int, entry: Entry, fill: Fill) -> None:
        """Note a fill, or what it was corrected to: quantity and price are its own."""
        told = {"quantity": _text(fill.quantity), "price": _text(fill.price), "exec_id": fill.execution_id}
        self._note("execution", at, **_facts(entry), **told)

    def tail(self) -> Tail | None:
        """Return what the next commit writes."""
        if not self._waiting:
            return None
        return Tail(str(self.path.resolve()), self._size(), self._waiting.decode())

    def mend(self, tail: Tail | None) -> None:
        """Write down what a gateway of the same state was ended before it could; the state has it already."""
        if tail is None or tail.file != str(self.path.resolve()):
            return
        lines = tail.text.encode()
        if tail.offset <= self._size() < tail.offset + len(lines):
            os.ftruncate(self._file.fileno(), tail.offset)
            self._waiting[:] = lines
            self.commit()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def commit(self) -> None:
        """Return once everything noted is on the disk; raises FxrunError if that cannot be."""
        if not self._waiting:
            return
        try:
            while self._waiting:
                del self._waiting[: self._file.write(self._waiting)]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FxrunError(f"--truth {self.path}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _note(self, event: str, at: int, **facts: object) -> None:
        time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = {"event": event, "time": time, **{name: fact for name, fact in facts.items() if fact is not None}}
        self._waiting += json.dumps(told, ensure_ascii=False).encode(errors="replace") + b"\n"


def _is_torn(path: Path) -> bool:
    """Tell whether the last line has no end, as after a power cut."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "client_id": entry.client_id,
        "order_id": entry.order_id,
        "perm_id": entry.perm_id,
        "order_ref": entry.order.order_ref or None,
        "side": entry.order.action,
    }


def _price(entry: Entry) -> Decimal | None:
    if has_limit(entry.order.order_type):
        return entry.order.limit_price
    return trigger_price(entry) or None if has_trigger(entry.order.order_type) else None


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
