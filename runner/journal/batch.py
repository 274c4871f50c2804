"""Fires that are due together: claimed in one transaction, then let go one after the other.

What is claimed so has no order id yet (`WAITS`), so its bytes cannot have left, whatever happens. It gets its ids in a
transaction of its own right before they do, in which all that may have changed since is judged once more. Whoever finds
one without an id gives it back: it is as if it had not been claimed, and is due as it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from runner.core.crashpoints import crashpoint
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, Role
from runner.journal import decoding, payload
from runner.journal.claiming import (
    Claimant,
    added,
    fire_values,
    intent_values,
    judged,
    only,
    put_tally,
    standing,
    told,
    without,
)
from runner.journal.database import Database, JournalFailed
from runner.journal.decoding import Row, moment
from runner.journal.gate import Bid, Claimed, Gate, Outcome
from runner.journal.rows import FireRow
from runner.journal.standings import Standings

Name = tuple[str, str, str]  # plan, order and fire
_Rows = list[dict[str, object]]


class Batch:
    """Of one open journal; used by the engine thread alone. What it does raises JournalFailed, and is not done then."""

    def __init__(self, database: Database, who: Claimant) -> None:
        self._db = database
        self._who = who

    def claim(self, bids: Sequence[Bid]) -> tuple[Claimed, ...]:
        """Commit fires, each judged with those before it counted; what is claimed waits until it is let go.

        One that the journal cannot hold is denied, and takes no other with it.
        """
        crashpoint("before_claim")
        try:
            with self._db.transaction(durable=True):
                claimed = _written(self._db, self._who, bids)
                crashpoint("in_claim")
        except JournalFailed as failed:
            if not _is_refused(failed):
                raise
            claimed = self._each(bids)
        if any(claimed):
            crashpoint("after_batch_commit")
        return claimed

    def _each(self, bids: Sequence[Bid]) -> tuple[Claimed, ...]:
        """Claim one after the other, in one transaction, what could not be written together."""
        with self._db.transaction(durable=True):
            return tuple(_alone(self._db, self._who, bid) for bid in bids)

    def let_go(self, row: FireRow, tickets: Sequence[OrderTicket], gate: Gate) -> Claimed:
        """Give the orders of a claimed fire their ids, or record why they may not be sent any more.

        From then on they count as claimed when they left. RECORDED_BEFORE: it does not wait for this runner any more,
        and nothing was written. GIVEN_BACK: it was claimed on another UTC day, and is to be claimed on this one.
        """
        with self._db.transaction(durable=True):
            claimed = _let_go(self._db, self._who, row, tickets, gate)
            crashpoint("in_let_go")
        if claimed:
            crashpoint("after_let_go")
        return claimed

    def give_back(self, rows: Iterable[FireRow] | None = None) -> None:
        """Take out what was claimed and not let go, those fires or all: it is as if nobody had claimed it."""
        with self._db.transaction(durable=True):
            if self._is_ours:
                _take_out(self._db, self._db.read(_named, "waiting") if rows is None else map(_name, rows))

    def take_out(self, rows: Iterable[FireRow]) -> None:
        """Take out fires that were claimed and not let go; call it in a transaction."""
        if self._is_ours:
            _take_out(self._db, map(_name, rows))

    @property
    def _is_ours(self) -> bool:
        """True if no other runner has followed, whose claims these may be."""
        return self._db.first(only, "epoch") == self._who.epoch


def _alone(database: Database, who: Claimant, bid: Bid) -> Claimed:
    try:
        with database.part():
            return _written(database, who, [bid])[0]
    except JournalFailed as failed:
        if not _is_refused(failed):
            raise
        denied = Claimed(Outcome.DENIED, f"the journal has something else in its place: {failed.__cause__}")
    database.do("claim_fire", **fire_values(who, told(bid.row, denied), bid.gate.now()))
    return denied


def _is_refused(failed: JournalFailed) -> bool:
    """Tell whether it is one row that the journal does not take, and not the journal that cannot be written."""
    return isinstance(failed.__cause__, sqlite3.IntegrityError)


def _written(database: Database, who: Claimant, bids: Sequence[Bid]) -> tuple[Claimed, ...]:
    now = bids[0].gate.now()
    asked = json.dumps([_name(bid.row) for bid in bids])
    known = set(database.read(_named, "recorded_of", fires=asked))
    stand = Standings(database, who.epoch, now, bids)
    found: list[Claimed] = []
    fires, intents, counts = _Rows(), _Rows(), _Rows()
    for bid in bids:
        row, tickets, gate = bid.row, bid.tickets, bid.gate
        if _name(row) in known:
            found.append(Claimed(Outcome.RECORDED_BEFORE))
            continue
        claimed = judged(row, gate, now, lambda: stand.of(row.plan))  # noqa: B023
        found.append(claimed)
        fires.append(fire_values(who, told(row, claimed), now))
        if claimed:
            stand.claimed(row.plan, tickets, gate)
            intents += intent_values(who, tickets, OrderState.PLANNED, now, gate, bid.payloads)
            counts.append({"day": moment(now)[:10], "plan": row.plan})
        elif claimed.outcome is Outcome.DENIED:
            intents += intent_values(who, tickets, OrderState.DENIED, now, None, bid.payloads)
    for statement, rows in (("claim_fire", fires), ("add_intent", intents), ("count_fire", counts)):
        database.do_all(statement, rows)
    stand.write()
    return tuple(found)


def _let_go(database: Database, who: Claimant, row: FireRow, tickets: Sequence[OrderTicket], gate: Gate) -> Claimed:
    waits_since = _waits_since(database, who, row, len(tickets))
    if waits_since is None:
        return Claimed(Outcome.RECORDED_BEFORE)
    now = gate.now()
    if waits_since[:10] != moment(now)[:10]:
        _take_out(database, [_name(row)])
        return Claimed(Outcome.GIVEN_BACK)
    claimed = judged(row, gate, now, lambda: standing(database, row.plan, tickets[0], now, epoch=who.epoch))
    if claimed:
        for place, ticket in enumerate(tickets):
            number = {"client_id": gate.client_id, "route_id": gate.order_id(place), "claimed_at": moment(now)}
            database.do("set_number", order_ref=ticket.order_ref, **number)
        return claimed
    _take_out(database, [_name(row)])
    database.do("claim_fire", **fire_values(who, told(row, claimed), now))
    if claimed.outcome is Outcome.DENIED:
        database.do_all("add_intent", intent_values(who, tickets, OrderState.DENIED, now, None))
    return claimed


def _waits_since(database: Database, who: Claimant, row: FireRow, orders: int) -> str | None:
    """Return when a fire was claimed that waits with all of its orders, None for one that does not."""
    plan, order, fire = _name(row)
    count, since = database.do("waits", plan=plan, order_name=order, fire=fire, epoch=who.epoch).fetchone()
    return str(since) if count == orders else None


def _take_out(database: Database, names: Iterable[Name]) -> None:
    taken: dict[tuple[str, str], list[tuple[OrderTicket, Decimal | None]]] = {}  # by day and pair
    for plan, order, fire in names:
        values = {"plan": plan, "order_name": order, "fire": fire}
        orders = database.read(_order, "waiting_of", **values)
        if not orders:
            continue
        database.do("give_back_orders", **values)
        database.do("give_back_fire", **values)
        day = moment(orders[0][2])[:10]
        database.do("uncount_fire", day=day, plan=plan)
        database.do("drop_count", day=day, plan=plan)
        for ticket, price, _ in orders:
            if ticket.role is Role.ENTRY:
                taken.setdefault((day, ticket.contract.name), []).append((ticket, price))
    for (day, pair), entries in taken.items():
        _take_from_tally(database, day, pair, entries)


def _take_from_tally(
    database: Database, day: str, pair: str, entries: Sequence[tuple[OrderTicket, Decimal | None]]
) -> None:
    (_, tally) = database.first(decoding.tally, "tally_of", day=day, pair=pair) or (pair, None)
    for ticket, price in entries:
        tally = without(tally, ticket, price)
    if tally is None or (tally.notional is None and not _has_unpriced(database, day, pair)):
        tally = None
        for ticket, price in database.read(_entry, "entries_of_day", day=day, pair=pair):
            tally = added(tally, ticket, price) if ticket.role is Role.ENTRY else tally
    if tally is None or not tally.quantity:
        database.do("drop_tally", day=day, pair=pair)
    else:
        put_tally(database, day, pair, tally)


def _has_unpriced(database: Database, day: str, pair: str) -> bool:
    """Tell whether an entry that is left makes the sum unknown; if none does, all of them have to be added up."""
    return database.do("unpriced_of_day", day=day, pair=pair).fetchone() is not None


def _name(row: FireRow) -> Name:
    return row.plan, row.order, row.fire


def _named(row: Row) -> Name:
    return str(row[0]), str(row[1]), str(row[2])


def _entry(row: Row) -> tuple[OrderTicket, Decimal | None]:
    return payload.load(row[0]), None if row[1] is None else Decimal(row[1])


def _order(row: Row) -> tuple[OrderTicket, Decimal | None, datetime]:
    return *_entry(row), decoding.instant(row[2])
