"""Takes orders: new, modified, grouped, cancelled; what happens to them afterwards is the venue's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from runner.gateway import reports, rules
from runner.gateway.account import commission
from runner.gateway.anomalies import Anomaly
from runner.gateway.book import Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.rules import Refusal
from runner.gateway.venue import Venue
from runner.wire.messages import PlaceOrder

_LIVELY = (  # what a TWS says about orders that live on
    (399, "Order Message:\n{what}\nWarning: This order is simulated."),
    (10349, "Order TIF was set to DAY based on order preset."),
    (
        2109,
        "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type "
        "and destination. PlaceOrder is now being processed.",
    ),
)


class Desk:
    """The order desk of one account; used by the gateway's thread alone."""

    def __init__(self, venue: Venue) -> None:
        self.venue = self._venue = venue
        self._book = venue.book

    def take(self, client_id: int, request: PlaceOrder, at: int) -> None:
        """Take a new order, or the modification of one that is known."""
        entry = self._entry(client_id, request)
        known = self._book.get(client_id, request.order_id)
        refused = self._refusal(entry, known)
        if refused is not None:
            if known is None and not request.order.what_if:
                self._book.use(client_id, request.order_id)
            self._venue.tell(entry, reports.error(request.order_id, *refused))
        elif entry.order.what_if:
            self._preview(entry, at)
        elif known is not None and known.stage.is_live:
            self._modify(known, entry, at)
        else:
            self._admit(known, entry, at)

    def cancel(self, client_id: int, order_id: int, at: int) -> None:
        """Cancel an order, or say why that cannot be."""
        entry = self._book.get(client_id, order_id)
        if entry is not None and (entry.stage.is_live or entry.stage is Stage.UNSENT):
            self._venue.cancel(entry, at)
            return
        text = f"OrderId {order_id} that needs to be cancelled "
        if entry is None or entry.stage is Stage.DISCARDED:
            answer = reports.error(order_id, 10147, text + "is not found.")
        else:
            answer = reports.error(order_id, 10148, text + f"cannot be cancelled, state: {entry.status}.")
        self._venue.answer(client_id, answer)

    def cancel_all(self, at: int) -> None:
        """Cancel every order of the account, each once."""
        for entry in (*self._book.live(), *self._book.unsent()):
            self._venue.cancel(entry, at)

    # --- taking an order

    def _entry(self, client_id: int, request: PlaceOrder) -> Entry:
        instrument = rules.instrument_of(request.contract)
        return Entry(
            client_id=client_id,
            order_id=request.order_id,
            contract=request.contract if instrument is None else rules.listed(instrument),
            order=rules.normal(request.order, client_id, self._venue.account.number),
            pair="" if instrument is None else instrument.local_symbol,
        )

    def _refusal(self, entry: Entry, known: Entry | None) -> Refusal | None:
        if known is not None and known.stage is Stage.FILLED:
            return 104, "Cannot modify a filled order."
        if known is not None and not known.stage.is_live and known.stage is not Stage.UNSENT:
            return 103, "Duplicate order id"
        is_new = known is None and not entry.order.what_if
        if is_new and entry.order_id < self._book.next_id(entry.client_id):
            return 103, "Duplicate order id"
        instrument = rules.instrument_of(entry.contract)
        if instrument is None:
            return rules.UNKNOWN_CONTRACT
        if known is not None and (known.pair, known.order.action) != (entry.pair, entry.order.action):
            return 105, "Order being modified does not match original order."
        return rules.refusal(entry.order, instrument, self._venue.account.number) or self._orphan(entry)

    def _orphan(self, entry: Entry) -> Refusal | None:
        if not entry.order.parent_id or self._book.parent(entry) is not None:
            return None
        return 135, f"Can't find order with id = {entry.order.parent_id}"

    def _admit(self, unsent: Entry | None, entry: Entry, at: int) -> None:
        if unsent is None:
            self._book.add(entry)
        else:
            unsent.contract, unsent.order = entry.contract, entry.order
            entry = unsent
        if entry.order.transmit:
            self._transmit(self._group(entry), at)

    def _group(self, entry: Entry) -> Sequence[Entry]:
        """Return what goes out with this order: its parent and all that waits with it, parents first."""
        head = self._book.parent(entry) or entry
        waiting = [child for child in self._book.children(head) if child.stage is Stage.UNSENT and child is not entry]
        group = [*([head] if head.stage is Stage.UNSENT and head is not entry else []), *waiting, entry]
        return sorted(group, key=lambda one: (one is not head, one.order_id))

    def _transmit(self, group: Sequence[Entry], at: int) -> None:
        """Acknowledge a whole group before any of it meets the market."""
        for entry in group:
            if entry.stage is Stage.UNSENT:  # a parent that was refused has ended its children
                self._acknowledge(entry, at)
        for entry in group:
            self._venue.meet_market(entry, at)

    def _acknowledge(self, entry: Entry, at: int) -> None:
        venue = self._venue
        parent = self._book.parent(entry)
        perm_id = venue.numbers.perm_id(entry, at)
        if parent is None or entry.order.oca_group:
            entry.order = changed(entry.order, perm_id=perm_id)
        else:
            # the group that holds a bracket together: what is filled reduces the rest
            entry.order = changed(entry.order, perm_id=perm_id, oca_group=str(parent.perm_id), oca_type=3)
        if parent is not None:
            if not (parent.stage.is_live or parent.stage is Stage.FILLED):
                venue.reject(entry, at, "Parent order is not active")
                return
        elif not venue.can_afford(entry, at):
            venue.reject(entry, at, venue.no_margin(entry, at))
            return
        venue.open(entry, at)
        venue.truth.order(at, entry)
        if not venue.is_silent_until_filled(entry):
            venue.report(entry)
        self._warn(entry, at)

    def _warn(self, entry: Entry, at: int) -> None:
        instrument = rules.instrument_of(entry.contract)
        warnings = [rules.odd_lot(entry, instrument)] if instrument is not None else []
        if entry.stage is Stage.OPENING:
            warnings.append(rules.not_yet_open(entry, self._venue.market.next_open(entry.pair, at)))
        if self._venue.meets(entry, Anomaly.WARNING):
            what = f"{entry.order.action} {entry.quantity:f} {entry.pair} Forex"
            warnings += [(code, text.format(what=what)) for code, text in _LIVELY]
        for warning in warnings:
            if warning is not None:
                self._venue.tell(entry, reports.error(entry.order_id, *warning))

    # --- changing one, or only asking

    def _modify(self, known: Entry, wanted: Entry, at: int) -> None:
        venue = self._venue
        more = wanted.units - known.units
        if more * known.units > 0 and not known.order.parent_id and not venue.can_afford(wanted, at):
            reason = f"Order rejected - reason:{venue.no_margin(wanted, at)}"
            venue.tell(known, reports.error(known.order_id, 201, reason))
            return
        if known.order.aux_price != wanted.order.aux_price or known.order.order_type != wanted.order.order_type:
            known.is_triggered = False
        known.order = changed(
            wanted.order,
            perm_id=known.perm_id,
            parent_id=known.order.parent_id,
            oca_group=known.order.oca_group,
            oca_type=known.order.oca_type,
        )
        venue.open(known, at)
        venue.truth.order(at, known)
        venue.report(known)
        venue.meet_market(known, at)

    def _preview(self, entry: Entry, at: int) -> None:
        venue = self._venue
        margins = venue.preview(entry, at)
        price = entry.order.limit_price or venue.valuation.price(entry.pair, at) or Decimal(0)
        cost = commission(entry.pair, entry.quantity, price, venue.valuation.rate(entry.pair, price, at))
        venue.tell(entry, reports.open_order(entry, margins, cost))
