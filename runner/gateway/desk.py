"""Takes orders: new, modified, grouped, cancelled; what happens to them afterwards is the venue's."""

from __future__ import annotations

from collections.abc import Sequence

from runner.gateway import binding, linking, offers, reports, rules
from runner.gateway.anomalies import Anomaly
from runner.gateway.book import Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.matching import is_trailing
from runner.gateway.rules import Refusal
from runner.gateway.venue import Venue
from runner.wire.messages import PlaceOrder, WireOrder

_LIVELY = (  # what a TWS says about orders that live on
    (399, "Order Message:\n{what}\nWarning: This order is simulated."),
    (10349, "Order TIF was set to DAY based on order preset."),
    (2109, rules.OUTSIDE_RTH_IGNORED),
)


class Desk:
    """The order desk of one account; used by the gateway's thread alone."""

    def __init__(self, venue: Venue) -> None:
        self.venue = self._venue = venue
        self._book = venue.book

    def take(self, client_id: int, request: PlaceOrder, at: int) -> None:
        """Take a new order, or the modification of one that is known."""
        entry = self._entry(client_id, request, at)
        known = _bound(self._book.get(client_id, request.order_id))
        refused = rules.unrouted(request.contract) or self._refusal(entry, known, at)
        refused = refused or offers.refused_attachments(request)
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
        entry = _bound(self._book.get(client_id, order_id))
        if entry is not None and entry.is_open:
            self._venue.cancel(entry, at)
            return
        text = f"OrderId {order_id} that needs to be cancelled "
        if entry is None or entry.stage is Stage.DISCARDED:
            answer = reports.error(order_id, 10147, text + "is not found.")
        else:
            answer = reports.error(order_id, 10148, text + f"cannot be cancelled, state: {entry.status}.")
        self._venue.answer(client_id, answer)

    def cancel_all(self, at: int) -> None:
        """Cancel every order of the account, each once; what hangs on another one first, so that it never wakes."""
        orders = [*self._book.live(), *self._book.unsent()]
        for entry in sorted(orders, key=lambda one: one.stage is not Stage.CHILD):
            self._venue.cancel(entry, at)

    # --- what is done by hand

    def enter(self, request: PlaceOrder, at: int) -> tuple[Entry, Refusal | None]:
        """Take an order as if it were entered in the window of the TWS: client 0's, under an id not known to it yet."""
        entry = self._entry(0, request, at)
        entry.is_unbound = True
        refused = self._refusal(entry, None, at)
        if refused is None:
            self._admit(None, entry, at)
        return entry, refused

    # --- taking an order

    def _entry(self, client_id: int, request: PlaceOrder, at: int) -> Entry:
        instrument = rules.instrument_of(request.contract, at)
        return Entry(
            client_id=client_id,
            order_id=request.order_id,
            contract=request.contract if instrument is None else rules.routed(instrument, request.contract),
            order=rules.normal(request.order, client_id, self._venue.account.number),
            pair="" if instrument is None else instrument.local_symbol,
        )

    def _refusal(self, entry: Entry, known: Entry | None, at: int) -> Refusal | None:
        instrument = rules.instrument_of(entry.contract, at)
        if (used := self._used(entry, known)) is not None:
            return used
        if instrument is None:
            return rules.unknown(entry.contract, at)
        if known is not None and (refused := rules.revision(known, entry)) is not None:
            return refused
        return (
            rules.refusal(entry.order, instrument, self._venue.account.number)
            or rules.conversion(entry.order, entry.contract)
            or rules.too_late(entry.order, at)
            or self._orphan(entry)
        )

    def _used(self, entry: Entry, known: Entry | None) -> Refusal | None:
        """Return why an id cannot serve."""
        if known is not None and known.stage is Stage.FILLED:
            return 104, "Cannot modify a filled order."
        if known is not None and not known.is_open:
            return 103, "Duplicate order id"
        is_new = known is None and not entry.order.what_if and not entry.is_unbound
        if is_new and entry.order_id <= 0:
            return 10149, f"Invalid order id: {entry.order_id}"
        if is_new and entry.order_id < self._book.next_id(entry.client_id):
            return 103, "Duplicate order id"
        return None

    def _orphan(self, entry: Entry) -> Refusal | None:
        if not entry.order.parent_id or self._book.parent(entry) is not None:
            return None
        return 135, f"Can't find order with id = {entry.order.parent_id}"

    def _admit(self, unsent: Entry | None, entry: Entry, at: int) -> None:
        if unsent is None:
            self._book.add(entry)
        else:
            unsent.contract = entry.contract
            self._book.revise(unsent, entry.order)
            entry = unsent
        if entry.order.transmit:
            self._transmit(linking.outgoing(self._book, entry), at)

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
        entry.order = changed(entry.order, perm_id=venue.numbers.perm_id(entry, at))
        linking.tie(entry, parent)
        self._book.link(entry)
        if entry.is_unbound and venue.listeners.hands:
            binding.bind(venue, entry)
        if (reason := self._objection(entry, parent, at)) is not None:
            venue.reject(entry, at, reason)
            return
        venue.waiting.open(entry, at)
        venue.truth.order(at, entry)
        if not venue.listeners.is_silent_until_filled(entry):
            venue.report(entry)
        self._warn(entry, at)

    def _objection(self, entry: Entry, parent: Entry | None, at: int) -> str | None:
        """Return why the broker or the exchange refuses an order that is well-formed."""
        settings = self._venue.settings
        if parent is not None and not (parent.stage.is_live or parent.stage is Stage.FILLED):
            return "Parent order is not active"
        if settings.fill_model.is_rejected(settings.seed, entry.key):
            return "The exchange has rejected the order"
        if self._book.active(entry.pair, is_buy=entry.is_buy) >= settings.most_working:
            return rules.TOO_MANY.format(settings.most_working)
        return None if parent is not None else self._venue.affording.no_margin(entry, at)

    def _warn(self, entry: Entry, at: int) -> None:
        warnings = [rules.odd_lot(entry), rules.no_extended_hours(entry)]
        if entry.stage is Stage.OPENING:
            warnings.append(rules.not_yet_open(entry, self._venue.waiting.next_open(entry, at)))
        if self._venue.listeners.meets(entry, Anomaly.WARNING):
            what = rules.described(entry)
            warnings += [(code, text.format(what=what)) for code, text in _LIVELY]
        for warning in warnings:
            if warning is not None:
                self._venue.listeners.complain(entry, *warning)

    # --- changing one, or only asking

    def _modify(self, known: Entry, wanted: Entry, at: int) -> None:
        venue = self._venue
        grows = wanted.quantity > known.quantity and not known.order.parent_id
        wanted.filled = known.filled
        if grows and (reason := venue.affording.no_margin(wanted, at)) is not None:
            venue.listeners.complain(known, 201, f"Order rejected - reason:{reason}")
            return
        venue.waiting.follow(known, at)
        self._revise(known, wanted)
        venue.waiting.open(known, at)
        venue.truth.order(at, known)
        venue.report(known)
        venue.meet_market(known, at)

    def _revise(self, known: Entry, wanted: Entry) -> None:
        """Put new terms in place of the old ones; what was met under the old ones counts for the new ones if it can."""
        before, after = known.order, wanted.order
        if (before.aux_price, before.order_type) != (after.aux_price, after.order_type):
            known.is_triggered = False
        if is_trailing(after.order_type) and _is_new_trail(known, after):
            known.is_triggered, known.stop = False, None
        if before.conditions != after.conditions:
            known.is_released = False
        known.order = changed(
            after,
            perm_id=known.perm_id,
            parent_id=before.parent_id,
            oca_group=before.oca_group,
            oca_type=before.oca_type,
        )

    def _preview(self, entry: Entry, at: int) -> None:
        affording = self._venue.affording
        told = reports.open_order(entry, affording.preview(entry, at), affording.cost(entry, at))
        self._venue.tell(entry, told)


def _bound(entry: Entry | None) -> Entry | None:
    """Leave out what was entered by hand and has no order id that a client could know."""
    return None if entry is None or entry.is_unbound else entry


def _is_new_trail(known: Entry, order: WireOrder) -> bool:
    """Tell whether a trailing stop begins anew: with another distance, or a stop closer than where it stands."""
    terms = [(one.order_type, one.aux_price, one.trailing_percent) for one in (known.order, order)]
    given, stop = order.trail_stop_price, known.stop
    if given is None or stop is None:
        return terms[0] != terms[1]
    return terms[0] != terms[1] or (given < stop if known.is_buy else given > stop)
