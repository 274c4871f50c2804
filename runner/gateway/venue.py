"""Where orders meet the market: acknowledged, held, triggered, filled, expired, each at its instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from runner.gateway import linking, reports, rules, trailing
from runner.gateway.account import Account
from runner.gateway.affording import Affording, bought
from runner.gateway.anomalies import Anomaly
from runner.gateway.book import Book, Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.clients import Clients, Listener
from runner.gateway.dealing import Dealing
from runner.gateway.executions import Executions
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Market, Quote
from runner.gateway.matching import Outcome, Step, has_limit, has_trigger, is_trailing, meet
from runner.gateway.reports import Fill, Numbers
from runner.gateway.settings import GatewaySettings
from runner.gateway.settling import Settling
from runner.gateway.state import Store
from runner.gateway.truth import Truth
from runner.gateway.valuation import Valuation
from runner.gateway.waiting import Waiting
from runner.wire.messages import Answer

ZERO = Decimal(0)
_CANCELLED = "Order Canceled - reason:"
_IMMEDIATE = ("IOC", "FOK")


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
        self.listeners = Clients(settings)
        self.executions = Executions(self.account, self.valuation, self.numbers)
        self.waiting = Waiting(market, self.book)
        self._settling = Settling(
            self.book, self.listeners, self.executions, waiting=self.waiting, truth=self.truth, store=self.store
        )
        self._dealing = Dealing(settings, self.waiting)
        self.affording = Affording(self.account, self.valuation)
        self._day = 0

    # --- for those who ask

    def fills_since(self, start: int) -> list[Fill]:
        """Return the executions from start on, oldest first."""
        return self.executions.since(start)

    def join(self, client_id: int, listener: Listener) -> bool:
        """Take in a client; False if its id is in use."""
        return self.listeners.join(client_id, listener)

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self.listeners)

    def leave(self, client_id: int, listener: Listener) -> None:
        """Forget a client; its orders stay."""
        self.listeners.leave(client_id, listener)

    def tell(self, entry: Entry, *answers: Answer) -> None:
        """Say something about an order to the client that owns it, if it is there."""
        self.listeners.tell(entry, *answers)

    def answer(self, client_id: int, *answers: Answer) -> None:
        """Say something that is about no known order."""
        self.listeners.answer(client_id, *answers)

    # --- time

    def advance(self, now: datetime) -> None:
        """Let happen everything that is due."""
        at = int(now.timestamp())
        while (found := self.waiting.agenda.take(at)) is not None:
            self._happen(*found)
        if (today := reports.day_start(at)) > self._day:
            self._day = today
            self.book.forget(today)

    def next_event(self) -> datetime | None:
        """Return when something next happens by itself."""
        due = self.waiting.agenda.due
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def resume(self, entries: Sequence[Entry], at: int) -> None:
        """Take over the orders of an earlier gateway; they meet the market as it is now."""
        for entry in entries:
            self.book.add(entry)
        for entry in entries:
            if entry.stage.is_live and entry.expires is not None and entry.expires <= at:
                self.end(entry, entry.expires)
        for entry in entries:
            entry.rests, entry.ready = False, None
            entry.seen = max(entry.seen, at)
            if entry.stage.is_live and entry.stage is not Stage.CHILD:
                self.waiting.open(entry, at)
            self.meet_market(entry, at)

    def _happen(self, entry: Entry, at: int) -> None:
        """Do what is due for an order."""
        if (entry.expires is not None and at >= entry.expires) or self.waiting.is_called_off(entry, at):
            self.cancel(entry, at)
        elif entry.stage is Stage.OPENING or (entry.stage is Stage.HELD and not self.waiting.is_held(entry, at)):
            self.waiting.open(entry, at)
            self.report(entry)
            self.meet_market(entry, at)
        else:
            self.meet_market(entry, at)

    # --- one order

    def meet_market(self, entry: Entry, at: int) -> None:
        """Fill or trigger an order if the quote of this second does that, else let it wait."""
        if not entry.stage.is_live or entry.stage is Stage.CHILD:
            return
        if self.waiting.is_called_off(entry, at):
            self.cancel(entry, at)
            return
        quote = self.waiting.quote(entry, at) if entry.stage in (Stage.TRIGGER, Stage.WORKING) else None
        outcome = self._outcome(entry, quote, at)
        if outcome.step is Step.TRIGGER:
            self._trigger(entry, at)
        elif outcome.step is Step.FILL and quote is not None:
            self._deal(entry, outcome.price, quote, at)
        else:
            self._wait(entry, at)

    def _outcome(self, entry: Entry, quote: Quote | None, at: int) -> Outcome:
        if quote is None:
            return Outcome(Step.NOTHING)
        self.waiting.follow(entry, at)
        return meet(entry, quote, rules.edge(entry))

    def _wait(self, entry: Entry, at: int) -> None:
        entry.ready = None
        if entry.stage is Stage.WORKING and entry.order.time_in_force in _IMMEDIATE:
            self.end(entry, at)
            return
        entry.rests = entry.rests or entry.stage is Stage.WORKING
        entry.tries = 0
        self.waiting.plan(entry, at)

    def _trigger(self, entry: Entry, at: int) -> None:
        """Let a stop become a market or limit order."""
        if is_trailing(entry.order.order_type) and has_limit(entry.order.order_type):
            limit = trailing.limit_of(entry, INSTRUMENTS[entry.pair].min_tick)
            entry.order = changed(entry.order, limit_price=limit)
        entry.is_triggered = True
        self.book.mark(entry, Stage.WORKING)
        self.report(entry)
        self.meet_market(entry, at)

    # --- filling one

    def _deal(self, entry: Entry, far: Decimal, quote: Quote, at: int) -> None:
        """Fill as much of an order as the quoted size and the fill model allow."""
        if self._is_delayed(entry, at):
            return
        price = self._dealing.price(entry, far, at)
        if not entry.quantity:
            entry.order = changed(entry.order, total_quantity=bought(entry, price))
        quantity = self._dealing.quantity(entry, quote, at)
        if quantity <= 0:
            self._lack(entry, at)
            return
        self._dealing.take(entry, quantity, at)
        entry.tries = 0
        if not entry.is_triggered and has_trigger(entry.order.order_type):
            entry.is_triggered = True
            if quantity < entry.remaining:
                self.book.mark(entry, Stage.WORKING)
        self.fill(entry, price, quantity, at)
        if entry.stage is Stage.WORKING:
            self._go_on(entry, at)

    def _go_on(self, entry: Entry, at: int) -> None:
        """Let the rest of an order wait, or end it."""
        if entry.order.time_in_force in _IMMEDIATE:
            self.end(entry, at)
        else:
            self.waiting.plan(entry, at)

    def _is_delayed(self, entry: Entry, at: int) -> bool:
        """Tell whether a fill takes time that has not passed yet; the moment it is due is planned."""
        latency = self.settings.fill_model.latency
        if not latency or entry.filled:
            return False
        if entry.ready is None:
            entry.ready = at + latency
            if entry.stage is Stage.TRIGGER:
                entry.is_triggered = True
                self.book.mark(entry, Stage.WORKING)
                self.report(entry)
        if at < entry.ready:
            self.waiting.agenda.plan(entry, entry.ready)
            return True
        return False

    def _lack(self, entry: Entry, at: int) -> None:
        """Go on when there was not enough, or a sum too small to buy anything."""
        if entry.remaining <= 0 or entry.order.time_in_force in _IMMEDIATE:
            self.end(entry, at)
        else:
            self.waiting.plan_try(entry, at)

    def fill(self, entry: Entry, price: Decimal, quantity: Decimal, at: int) -> None:
        """Execute some or all of an order and let happen what follows from it."""
        self._settling.execute(entry, price, quantity, at)
        self._reduce(entry, quantity, at)
        if entry.stage is Stage.FILLED:
            self._activate(entry, at)

    def _activate(self, parent: Entry, at: int) -> None:
        """Let go what waited for an order."""
        children = [child for child in self.book.children(parent) if child.stage is Stage.CHILD]
        for child in children:
            self.waiting.open(child, at)
            self.report(child)
        for child in children:
            self.meet_market(child, at)

    def _reduce(self, entry: Entry, quantity: Decimal, at: int) -> None:
        """Take what was filled off the orders it is linked to: all of it, or by quantity, as their OCA type says."""
        for sibling in self.book.siblings(entry):
            left = linking.left_of(sibling, quantity)
            if sibling.stage.is_live and left > sibling.filled:
                sibling.order = changed(sibling.order, total_quantity=left)
                self.book.note(sibling)
                self.truth.order(at, sibling)
                self.report(sibling)
            elif sibling.stage.is_live:
                self.end(sibling, at)

    # --- ending one

    def cancel(self, entry: Entry, at: int) -> None:
        """End an order that was cancelled or has expired; a strange TWS fills it afterwards all the same."""
        was_working = entry.stage in (Stage.WORKING, Stage.TRIGGER)
        if entry.stage.is_live and self.listeners.meets(entry, Anomaly.PENDING_CANCEL):
            self.tell(entry, reports.order_status(entry, "PendingCancel"))
        self.end(entry, at)
        if was_working and self.listeners.meets(entry, Anomaly.FILL_AFTER_CANCEL):
            self.fill_late(entry, at)

    def end(self, entry: Entry, at: int, text: str = _CANCELLED) -> None:
        """Cancel an order, and with it what is attached to it; nothing if it is over already."""
        if entry.stage is Stage.UNSENT:
            self.book.mark(entry, Stage.DISCARDED)
            self.truth.cancel(at, entry)
            self.tell(entry, reports.order_status(entry))
        elif entry.stage.is_live:
            entry.ended = at
            self.book.mark(entry, Stage.CANCELLED)
            self.truth.cancel(at, entry)
            self.listeners.say_status(entry)
            self.listeners.complain(entry, 202, text)
        else:
            return
        self._orphan(entry, at)

    def _orphan(self, parent: Entry, at: int) -> None:
        """Cancel what is attached to an order that has ended; if it was filled in part, cut that down and let it go."""
        for child in self.book.children(parent):
            if parent.filled and child.stage is Stage.CHILD:
                quantity = min(child.quantity, parent.filled)
                child.order = changed(child.order, total_quantity=quantity)
                self.truth.order(at, child)
                self.waiting.release(child, at)
                self.report(child)
                self.meet_market(child, at)
            else:
                self.end(child, at)

    def reject(self, entry: Entry, at: int, reason: str) -> None:
        """Refuse an order as the exchange does: Inactive, 201, Inactive again; what is attached to it is cancelled."""
        entry.ended = at
        self.book.mark(entry, Stage.REJECTED)
        self.report(entry)
        self.listeners.complain(entry, 201, f"Order rejected - reason:{reason}")
        self.listeners.say_status(entry)
        for child in self.book.children(entry):
            self.end(child, at)

    def fill_late(self, entry: Entry, at: int) -> None:
        """Fill what is left of an order that has ended, telling the execution and nothing else."""
        self._settling.fill_late(entry, at)

    def correct(self, execution_id: str, price: Decimal, at: int) -> Fill | None:
        """Correct the price of an execution, as an exchange does hours later; None if there is no such execution."""
        return self._settling.correct(execution_id, price, at)

    def report(self, entry: Entry) -> None:
        """Say the whole order and its status."""
        self.listeners.report(entry)
