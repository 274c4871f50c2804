"""Where orders meet the market: acknowledged, held, triggered, filled, expired, each at its instant."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, takewhile
from typing import Protocol

from runner.core.money import cents
from runner.gateway import reports
from runner.gateway.account import Account, Margins, commission
from runner.gateway.anomalies import Anomaly
from runner.gateway.book import Book, Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Market
from runner.gateway.matching import Step, awaited, has_limit, has_stop, meet
from runner.gateway.reports import Fill, Numbers
from runner.gateway.settings import BASE_CURRENCY, GatewaySettings
from runner.gateway.state import Store
from runner.gateway.truth import Truth
from runner.gateway.valuation import Valuation
from runner.wire.messages import Answer, CommissionReport

_HORIZON = 400 * 86400  # an order that rests longer is looked at again; a search this long costs no more than a day's
ZERO = Decimal(0)
_REDUCING = (2, 3)  # OCA types: reduce with block, reduce without; 1 cancels
_CANCELLED = "Order Canceled - reason:"


class Listener(Protocol):
    """A connected client."""

    def say(self, *answers: Answer) -> None:
        """Send messages."""
        ...

    def filled(self, pair: str, at: int) -> None:
        """Pass on that a position has changed."""
        ...


class Venue:
    """One account's orders and the market they trade in; used by the gateway's thread alone."""

    def __init__(
        self, market: Market, settings: GatewaySettings, truth: Truth | None = None, store: Store | None = None
    ) -> None:
        self.market = market
        self.settings = settings
        self.truth = truth or Truth()
        self.store = store or Store()
        self.book = Book()
        self.account = Account(settings.account, settings.cash)
        self.valuation = Valuation(market)
        self.numbers = Numbers(settings.seed)
        self._fills: list[Fill] = []
        self._listeners: dict[int, Listener] = {}
        self._agenda: list[tuple[int, int, Entry, int]] = []  # due, order of planning, what, its version then
        self._planned = count()

    def fills_since(self, start: int) -> list[Fill]:
        """Return the executions from start on, oldest first."""
        recent = takewhile(lambda fill: fill.at >= start, reversed(self._fills))
        return list(recent)[::-1]

    def remember(self, fill: Fill) -> None:
        """Take in an execution of an earlier gateway, whose account is here already."""
        self._fills.append(fill)

    # --- clients

    def join(self, client_id: int, listener: Listener) -> bool:
        """Take in a client; False if its id is in use."""
        if client_id in self._listeners:
            return False
        self._listeners[client_id] = listener
        return True

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self._listeners)

    def leave(self, client_id: int, listener: Listener) -> None:
        """Forget a client; its orders stay."""
        if self._listeners.get(client_id) is listener:
            del self._listeners[client_id]

    def tell(self, entry: Entry, *answers: Answer) -> None:
        """Say something about an order to the client that owns it, if it is there."""
        self.store.entry(entry)
        listener = self._listeners.get(entry.client_id)
        if listener is not None and not self.meets(entry, Anomaly.UNANSWERED):
            listener.say(*answers)

    def answer(self, client_id: int, *answers: Answer) -> None:
        """Say something that is about no known order."""
        if (listener := self._listeners.get(client_id)) is not None:
            listener.say(*answers)

    # --- what an order would do to the account

    def preview(self, entry: Entry, at: int) -> Margins:
        """Return the margin before and after an order."""
        return self.account.preview(self.valuation.marks(at), entry.pair, entry.units)

    def can_afford(self, entry: Entry, at: int) -> bool:
        """Tell whether the equity covers the margin after an order; one that lowers the margin always passes."""
        told = self.preview(entry, at)
        return told.after <= told.before or told.after <= told.equity

    def no_margin(self, entry: Entry, at: int) -> str:
        """Say why an order cannot be afforded."""
        told = self.preview(entry, at)
        equity, margin = (f"[{cents(amount)} {BASE_CURRENCY}]" for amount in (told.equity, told.after))
        return (
            "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
            f"{equity} MUST EXCEED THE INITIAL MARGIN {margin}"
        )

    # --- time

    def advance(self, now: datetime) -> None:
        """Let happen everything that is due."""
        at = int(now.timestamp())
        while (due := self._next_due()) is not None and due <= at:
            _, _, entry, _ = heapq.heappop(self._agenda)
            self._happen(entry, due)

    def next_event(self) -> datetime | None:
        """Return when something next happens by itself."""
        due = self._next_due()
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def _next_due(self) -> int | None:
        while self._agenda and self._agenda[0][3] != self._agenda[0][2].version:
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def _plan(self, entry: Entry, at: int) -> None:
        """Find out when something next happens to an order, and note it."""
        entry.version += 1
        if entry.stage is Stage.OPENING:
            due = self.market.next_open(entry.pair, at)
        else:
            end = at + _HORIZON if entry.expires is None else entry.expires
            touch = self.market.first_touch(entry.pair, awaited(entry), at + 1, end)
            due = end if touch is None else touch
        heapq.heappush(self._agenda, (due, next(self._planned), entry, entry.version))

    def _happen(self, entry: Entry, at: int) -> None:
        if entry.expires is not None and at >= entry.expires:
            self.cancel(entry, at)
            return
        if entry.stage is Stage.OPENING:
            self.open(entry, at)
            self.report(entry)
            self.meet_market(entry, at)
        else:
            self.meet_market(entry, at, rested=True)

    # --- one order

    def open(self, entry: Entry, at: int) -> None:
        """Put an order where it waits first."""
        is_open = self.market.is_open(entry.pair, at)
        parent = self.book.parent(entry)
        if parent is not None and parent.stage is not Stage.FILLED:
            self.book.mark(entry, Stage.CHILD)
            return
        start = at if is_open else self.market.next_open(entry.pair, at)
        lasts = entry.order.time_in_force == "GTC"
        entry.expires = None if lasts else self.market.next_close(entry.pair, start)
        if not is_open:
            self.book.mark(entry, Stage.OPENING)
        elif has_stop(entry.order.order_type) and not entry.is_triggered:
            self.book.mark(entry, Stage.TRIGGER)
        else:
            self.book.mark(entry, Stage.WORKING)

    def meet_market(self, entry: Entry, at: int, *, rested: bool = False) -> None:
        """Fill or trigger an order if the quote of this second does that, else let it wait; rested: it has waited."""
        if not entry.stage.is_live or entry.stage is Stage.CHILD:
            return
        quote = None if entry.stage is Stage.OPENING else self.market.quote(entry.pair, at)
        outcome = None if quote is None else meet(entry, quote)
        if outcome is not None and outcome.step is Step.FILL:
            limit = entry.order.limit_price
            # what has rested is met at its own price, unless the market opened beyond it
            at_limit = rested and limit is not None and has_limit(entry.order.order_type)
            at_limit = at_limit and self.market.is_open(entry.pair, at - 1)
            self.fill(entry, limit if at_limit and limit is not None else outcome.price, at)
        elif outcome is not None and outcome.step is Step.TRIGGER:
            entry.is_triggered = True
            self.book.mark(entry, Stage.WORKING)
            self.report(entry)
            self.meet_market(entry, at)
        elif entry.order.time_in_force in ("IOC", "FOK") and entry.stage is Stage.WORKING:
            self.end(entry, at)
        else:
            self._plan(entry, at)

    def fill(self, entry: Entry, price: Decimal, at: int) -> None:
        """Execute the whole of an order and let happen what follows from it."""
        self._execute(entry, price, at, is_told=True)
        self._reduce(entry, at)
        children = [child for child in self.book.children(entry) if child.stage is Stage.CHILD]
        for child in children:
            self.open(child, at)
            self.report(child)
        for child in children:
            self.meet_market(child, at)

    def _reduce(self, entry: Entry, at: int) -> None:
        """Take what was filled off the orders it is linked to: all of it, or by quantity, as their OCA type says."""
        for sibling in self.book.siblings(entry):
            left = sibling.quantity - entry.filled if sibling.order.oca_type in _REDUCING else ZERO
            if sibling.stage.is_live and left > 0:
                sibling.order = changed(sibling.order, total_quantity=left)
                self.truth.order(at, sibling)
                self.report(sibling)
            elif sibling.stage.is_live:
                self.end(sibling, at)

    def cancel(self, entry: Entry, at: int) -> None:
        """End an order that was cancelled or has expired; a strange TWS fills it afterwards all the same."""
        was_working = entry.stage in (Stage.WORKING, Stage.TRIGGER)
        self.end(entry, at)
        if was_working and self.meets(entry, Anomaly.FILL_AFTER_CANCEL):
            self._fill_late(entry, at)

    def _fill_late(self, entry: Entry, at: int) -> None:
        quote = self.market.quote(entry.pair, at)
        far = None if quote is None else quote.ask if entry.is_buy else quote.bid
        price = entry.order.limit_price or far
        if price is not None:
            self._execute(entry, price, at, is_told=False)

    def end(self, entry: Entry, at: int, text: str = _CANCELLED) -> None:
        """Cancel an order, and with it what is attached to it; nothing if it is over already."""
        if entry.stage is Stage.UNSENT:
            self.book.mark(entry, Stage.DISCARDED)
            self.tell(entry, reports.order_status(entry))
        elif entry.stage.is_live:
            self.book.mark(entry, Stage.CANCELLED)
            entry.ended = at
            self.truth.cancel(at, entry)
            self._say_status(entry)
            self.tell(entry, reports.error(entry.order_id, 202, text))
        else:
            return
        for child in self.book.children(entry):
            self.end(child, at)

    def reject(self, entry: Entry, at: int, reason: str) -> None:
        """Refuse an order as the exchange does: Inactive, 201, Inactive again; what is attached to it is cancelled."""
        self.book.mark(entry, Stage.REJECTED)
        entry.ended = at
        self.report(entry)
        self.tell(entry, reports.error(entry.order_id, 201, f"Order rejected - reason:{reason}"))
        self._say_status(entry)
        for child in self.book.children(entry):
            self.end(child, at)

    # --- what is said, and what a strange TWS makes of it

    def report(self, entry: Entry) -> None:
        """Say the whole order and its status."""
        twice = self.meets(entry, Anomaly.DUPLICATE_OPEN_ORDER)
        self.tell(entry, *[reports.open_order(entry)] * (2 if twice else 1))
        self._say_status(entry)

    def meets(self, entry: Entry, kind: Anomaly) -> bool:
        """Tell whether an order meets an anomaly; a bracket's children and resting orders count as any other."""
        return self.settings.anomalies.meets(kind, self.settings.seed, *entry.key)

    def is_silent_until_filled(self, entry: Entry) -> bool:
        """Tell whether the acknowledgement of a market order is left out, or comes after its fill."""
        kinds = (Anomaly.MISSING_STATUS, Anomaly.FILL_BEFORE_ACKNOWLEDGEMENT)
        return (
            entry.order.order_type == "MKT"
            and entry.stage is Stage.WORKING
            and any(self.meets(entry, kind) for kind in kinds)
        )

    def _say_status(self, entry: Entry) -> None:
        twice = self.meets(entry, Anomaly.DUPLICATE_STATUS)
        self.tell(entry, *[reports.order_status(entry)] * (2 if twice else 1))

    def _execute(self, entry: Entry, price: Decimal, at: int, *, is_told: bool) -> None:
        """Book an execution and say it; is_told: with the order's new status."""
        is_silent = self.is_silent_until_filled(entry)
        late: list[Answer] = [reports.open_order(entry), reports.order_status(entry)] if is_silent else []
        entry.filled, entry.price, entry.ended = entry.quantity, price, at
        self.book.mark(entry, Stage.FILLED)
        done = self._book(entry, price, at)
        self._fills.append(done)
        self.store.fill(done)
        executed: list[Answer] = [done.details] * (2 if self.meets(entry, Anomaly.DUPLICATE_EXECUTION) else 1)
        if self.meets(entry, Anomaly.COMMISSION_FIRST):
            self.tell(entry, done.commission, *executed)
        else:
            self.tell(entry, *executed)
        if is_told and not (is_silent and self.meets(entry, Anomaly.MISSING_STATUS)):
            self.tell(entry, *late)
            self.report(entry)
        if not self.meets(entry, Anomaly.COMMISSION_FIRST):
            self.tell(entry, done.commission)
        for listener in list(self._listeners.values()):
            listener.filled(entry.pair, at)

    def _book(self, entry: Entry, price: Decimal, at: int) -> Fill:
        quote = INSTRUMENTS[entry.pair].currency
        cost = commission(entry.pair, entry.quantity, price, self.valuation.rate(entry.pair, price, at))
        profit = self.account.fill(entry.pair, entry.units, price)
        self.account.charge(cost)
        execution_id = self.numbers.execution_id(entry, at)
        self.truth.execution(at, entry, price, execution_id)
        report = CommissionReport(
            execution_id=execution_id,
            commission=cost,
            currency=BASE_CURRENCY,
            realized_pnl=cents(profit * self.valuation.value(quote, at)) if profit else None,
        )
        return Fill(details=reports.fill(entry, execution_id, at, self.account.number), commission=report, at=at)
