"""The claim: one transaction that reads how things stand, is judged, and records a fire once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.crashpoints import crashpoint
from runner.core.events import FireState
from runner.core.money import EXACT, plain
from runner.core.order_state import OrderState
from runner.core.standing import Standing, Tally
from runner.core.ticket import OrderTicket, Role, Side
from runner.core.times import stamp
from runner.journal import decoding, payload, snapshots
from runner.journal.database import Database
from runner.journal.decoding import Row, moment
from runner.journal.gate import Claimed, Gate, Outcome
from runner.journal.rows import FireRow, Known

MINUTE = timedelta(minutes=1)
ALL = ""  # the name under which everything is stopped
_STATES = {Outcome.DENIED: FireState.DENIED, Outcome.MISSED: FireState.MISSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimant:
    """Who claims: a run of a runner, known by the epoch that it drew when it opened the journal."""

    run: int
    epoch: str


def claim(
    database: Database,
    who: Claimant,
    row: FireRow,
    tickets: Sequence[OrderTicket],
    *,
    again: bool,
    gate: Gate | None,
    known: Known | None = None,
) -> Claimed:
    """Commit a fire and its intents, or why they may not be sent; raises JournalFailed, and nothing is written then."""
    crashpoint("before_claim")
    with database.transaction(durable=True):
        claimed = _recorded(database, who, row, tickets, again=again, gate=gate)
        if known is not None and claimed.outcome in (Outcome.CLAIMED, Outcome.DENIED):
            _keep(database, row, known, goes_on=bool(claimed) and known.goes_on)
        crashpoint("in_claim")
    if claimed:
        crashpoint("after_claim_commit")
    return claimed


def _recorded(
    database: Database, who: Claimant, row: FireRow, tickets: Sequence[OrderTicket], *, again: bool, gate: Gate | None
) -> Claimed:
    now = None if gate is None else gate.now()
    is_known = database.do("has_fire", plan=row.plan, order_name=row.order, fire=row.fire).fetchone() is not None
    if is_known and not again:
        return Claimed(Outcome.RECORDED_BEFORE)
    if gate is None or now is None:
        _put_fire(database, who, row, None, is_known=is_known)
        _put_intents(database, who, tickets, OrderState.PLANNED)
        return Claimed(Outcome.CLAIMED)
    claimed = _judged(database, who, row, tickets, gate, now)
    _put_fire(database, who, told(row, claimed), now, is_known=is_known)
    if claimed.outcome is Outcome.DENIED:
        _put_intents(database, who, tickets, OrderState.DENIED, now)
    elif claimed:
        _put_intents(database, who, tickets, OrderState.PLANNED, now, gate)
        database.do("count_fire", day=moment(now)[:10], plan=row.plan)
        _count(database, tickets, now, gate)
    return claimed


def extend(
    database: Database, who: Claimant, row: FireRow, tickets: Sequence[OrderTicket], gate: Gate | None
) -> Claimed:
    """Record further orders of a fire that was claimed, or why they may not be sent; call it in a transaction.

    What is denied is recorded as denied orders; the fire stays what it is.
    """
    if gate is None:
        _put_intents(database, who, tickets, OrderState.PLANNED)
        return Claimed(Outcome.CLAIMED)
    now = gate.now()
    claimed = _judged(database, who, row, tickets, gate, now)
    if claimed:
        _put_intents(database, who, tickets, OrderState.PLANNED, now, gate)
        _count(database, tickets, now, gate)
    else:
        _put_intents(database, who, tickets, OrderState.DENIED, now)
    return claimed


def _keep(database: Database, row: FireRow, known: Known, *, goes_on: bool) -> None:
    database.do(
        "put_work",
        plan=row.plan,
        order_name=row.order,
        fire=row.fire,
        digest=known.digest,
        snapshot=snapshots.dump(known.snapshot),
        state="open" if goes_on else "kept",
    )


def _judged(
    database: Database, who: Claimant, row: FireRow, tickets: Sequence[OrderTicket], gate: Gate, now: datetime
) -> Claimed:
    entry = tickets[0] if tickets else None
    return judged(row, gate, now, lambda: standing(database, row.plan, entry, now, epoch=who.epoch))


def judged(row: FireRow, gate: Gate, now: datetime, how_it_stands: Callable[[], Standing]) -> Claimed:
    """Return what becomes of a claim: missed if it is late, else as the gate's judge says."""
    if gate.deadline is not None and now > gate.deadline:
        late, allowed = (int((at - row.due).total_seconds()) for at in (now, gate.deadline))
        return Claimed(Outcome.MISSED, f"{late} s late, the start deadline is {allowed} s")
    reason = gate.judge(how_it_stands())
    return Claimed(Outcome.CLAIMED) if reason is None else Claimed(Outcome.DENIED, reason)


def told(row: FireRow, claimed: Claimed) -> FireRow:
    """Return a fire as it is written down after a claim."""
    state = _STATES.get(claimed.outcome)
    return FireRow(plan=row.plan, order=row.order, fire=row.fire, due=row.due, state=state, reason=claimed.reason)


def record(database: Database, who: Claimant, row: FireRow) -> bool:
    """Record a fire without orders, unless it is recorded; call it in a transaction."""
    if database.do("has_fire", plan=row.plan, order_name=row.order, fire=row.fire).fetchone() is not None:
        return False
    _put_fire(database, who, row, None, is_known=False)
    return True


def standing(
    database: Database, plan: str, ticket: OrderTicket | None, now: datetime, *, epoch: str | None = None
) -> Standing:
    """Read how a plan stands, for an order like `ticket`; call it in a transaction. `epoch` is that of the claimant."""
    day = moment(now)[:10]
    stops = {row[0]: decoding.halt(row) for row in database.read(tuple, "stops_of", plan=plan)}
    halt, pause = stops.get(ALL), stops.get(plan)
    return Standing(
        now=now,
        is_owner=epoch is None or database.first(only, "epoch") == epoch,
        halt=None if halt is None else halt.reason,
        halted_at=None if halt is None else halt.at,
        pause=None if pause is None else pause.reason,
        arming=database.first(decoding.arming, "arming_of", plan=plan),
        unknown=database.read(only, "unknown_of", plan=plan),
        today=dict(database.read(decoding.tally, "tallies", day=day)),
        open_orders=0 if ticket is None else _working(database, ticket, ticket.side),
        open_opposite=0 if ticket is None else _working(database, ticket, ticket.side.opposite),
        fires_today=database.first(count_of, "fires_today", day=day, plan=plan) or 0,
        last_minute=database.first(count_of, "claimed_since", since=moment(now - MINUTE)) or 0,
    )


def _working(database: Database, ticket: OrderTicket, side: Side) -> int:
    return database.first(count_of, "count_open", pair=ticket.contract.name, side=side.value) or 0


def only(row: Row) -> str:
    """Read a row of one text."""
    return str(row[0])


def count_of(row: Row) -> int:
    """Read a row of one number."""
    return int(row[0])


def _put_fire(database: Database, who: Claimant, row: FireRow, now: datetime | None, *, is_known: bool) -> None:
    database.do("reclaim_fire" if is_known else "claim_fire", **fire_values(who, row, now))


def fire_values(who: Claimant, row: FireRow, now: datetime | None) -> dict[str, object]:
    """Return the columns of a fire that is claimed, or told of, now."""
    return {
        "plan": row.plan,
        "order_name": row.order,
        "fire": row.fire,
        "due": stamp(row.due),
        "state": None if row.state is None else row.state.value,
        "reason": row.reason,
        "run": who.run,
        "claimed_at": None if now is None else moment(now),
        "epoch": None if now is None else who.epoch,
    }


def _put_intents(
    database: Database,
    who: Claimant,
    tickets: Sequence[OrderTicket],
    state: OrderState,
    now: datetime | None = None,
    gate: Gate | None = None,
) -> None:
    for values in intent_values(who, tickets, state, now, gate):
        database.do("add_intent", **values)


def intent_values(
    who: Claimant,
    tickets: Sequence[OrderTicket],
    state: OrderState,
    now: datetime | None,
    gate: Gate | None,
    payloads: Sequence[str] | None = None,
) -> Iterator[dict[str, object]]:
    """Yield the columns of each order of a fire; the order ids are those that the gate has for them."""
    payloads = tuple(map(payload.dump, tickets)) if payloads is None else payloads
    claimed_at = None if now is None else moment(now)
    for place, ticket in enumerate(tickets):
        key = ticket.key
        price = gate.price_of(ticket) if gate is not None and ticket.role is Role.ENTRY else None
        yield {
            "order_ref": ticket.order_ref,
            "plan": key.plan,
            "order_name": key.order,
            "fire": key.fire,
            "role": key.role,
            "attempt": key.attempt,
            "payload": payloads[place],
            "state": state.value,
            "run": who.run,
            "claimed_at": claimed_at,
            "client_id": None if gate is None else gate.client_id,
            "route_id": None if gate is None else gate.order_id(place),
            "pair": ticket.contract.name,
            "side": ticket.side.value,
            "price": None if price is None else plain(price),
        }


def _count(database: Database, tickets: Sequence[OrderTicket], now: datetime, gate: Gate) -> None:
    for ticket in tickets:
        if ticket.role is Role.ENTRY:
            _add_to_tally(database, moment(now)[:10], ticket, gate.price_of(ticket))


def _add_to_tally(database: Database, day: str, ticket: OrderTicket, price: Decimal | None) -> None:
    pair = ticket.contract.name
    before = database.first(decoding.tally, "tally_of", day=day, pair=pair)
    put_tally(database, day, pair, added(None if before is None else before[1], ticket, price))


def added(so_far: Tally | None, ticket: OrderTicket, price: Decimal | None) -> Tally:
    """Return the tally of a pair with one more entry."""
    value = worth(ticket, price)
    if so_far is None:
        return Tally(ticket.quantity, value)
    notional = None if so_far.notional is None or value is None else EXACT.add(so_far.notional, value)
    return Tally(EXACT.add(so_far.quantity, ticket.quantity), notional)


def without(tally: Tally | None, ticket: OrderTicket, price: Decimal | None) -> Tally | None:
    """Return the tally of a pair with one entry less; its value is not known then where that of one is not."""
    if tally is None:
        return None
    value = worth(ticket, price)
    notional = None if tally.notional is None or value is None else EXACT.subtract(tally.notional, value)
    return Tally(EXACT.subtract(tally.quantity, ticket.quantity), notional)


def put_tally(database: Database, day: str, pair: str, tally: Tally) -> None:
    """Write the tally of a pair."""
    notional = None if tally.notional is None else plain(tally.notional)
    database.do("put_tally", day=day, pair=pair, quantity=plain(tally.quantity), notional=notional)


def worth(ticket: OrderTicket, price: Decimal | None) -> Decimal | None:
    """Return what an order is worth in the contract's currency, None without a price."""
    return None if price is None else EXACT.multiply(EXACT.multiply(ticket.quantity, price), ticket.contract.worth)
