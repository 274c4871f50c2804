"""The connected clients, and what each is told of its orders: with what a strange TWS makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from runner.gateway import reports
from runner.gateway.anomalies import NONE, Anomaly
from runner.gateway.book import Entry, Stage
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import Answer, CommissionReport, ExecutionDetails


class Listener(Protocol):
    """A connected client."""

    def say(self, *answers: Answer) -> None:
        """Send messages."""
        ...

    def filled(self, pair: str, at: int) -> None:
        """Pass on that a position has changed."""
        ...


class Clients:
    """Who is connected, by client id."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._is_plain = settings.anomalies == NONE  # which is asked twenty times an order
        self._listeners: dict[int, Listener] = {}
        self.hands: bool | None = None  # client 0 wants orders entered by hand: bound (True), or only told (False)

    def join(self, client_id: int, listener: Listener) -> bool:
        """Take in a client; False if its id is in use."""
        return self._listeners.setdefault(client_id, listener) is listener

    def leave(self, client_id: int, listener: Listener) -> None:
        """Forget a client; its orders stay."""
        if self._listeners.get(client_id) is listener:
            del self._listeners[client_id]
            self.hands = None if client_id == 0 else self.hands

    def __len__(self) -> int:
        return len(self._listeners)

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self._listeners.values()))

    # --- what is said

    def answer(self, client_id: int, *answers: Answer) -> None:
        """Say something that is about no known order."""
        if (listener := self._listeners.get(client_id)) is not None:
            listener.say(*answers)

    def tell(self, entry: Entry, *answers: Answer) -> None:
        """Say something about an order to the client that owns it, if it is there."""
        listener = self._listeners.get(entry.client_id)
        if listener is None or self._is_silent(entry):
            return
        if entry.is_unbound and self.hands is None:
            answers = tuple(one for one in answers if isinstance(one, ExecutionDetails | CommissionReport))
        listener.say(*answers)

    def report(self, entry: Entry) -> None:
        """Say the whole order and its status."""
        self.tell(entry, *self.whole(entry))

    def whole(self, entry: Entry) -> list[Answer]:
        """Return what is said of a whole order and its status."""
        twice = self.meets(entry, Anomaly.DUPLICATE_OPEN_ORDER)
        return [*[reports.open_order(entry)] * (2 if twice else 1), *self._status(entry)]

    def say_status(self, entry: Entry) -> None:
        """Say where an order stands."""
        self.tell(entry, *self._status(entry))

    def _status(self, entry: Entry) -> list[Answer]:
        twice = self.meets(entry, Anomaly.DUPLICATE_STATUS)
        return [reports.order_status(entry)] * (2 if twice else 1)

    def complain(self, entry: Entry, code: int, text: str) -> None:
        """Say that something is wrong with an order, or noteworthy."""
        self.tell(entry, reports.error(entry.told_id, code, text))

    # --- what a strange TWS does

    def meets(self, entry: Entry, kind: Anomaly) -> bool:
        """Tell whether an order meets an anomaly; a bracket's children and resting orders count as any other."""
        if self._is_plain:
            return False
        return self._settings.anomalies.meets(kind, self._settings.seed, *entry.key)

    def _is_silent(self, entry: Entry) -> bool:
        if self._is_plain and not self._settings.fill_model.silence:
            return False
        model = self._settings.fill_model
        return self.meets(entry, Anomaly.UNANSWERED) or model.is_silent(self._settings.seed, entry.key)

    def is_silent_until_filled(self, entry: Entry) -> bool:
        """Tell whether the acknowledgement of a market order is left out, or comes after its fill."""
        kinds = (Anomaly.MISSING_STATUS, Anomaly.FILL_BEFORE_ACKNOWLEDGEMENT)
        is_met = any(self.meets(entry, kind) for kind in kinds)
        return is_met and entry.order.order_type == "MKT" and entry.stage is Stage.WORKING
