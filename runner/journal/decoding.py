"""Rows of the database as the frozen values of `rows`, and instants as the text that is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.standing import Arming, Tally
from runner.core.ticket import Side
from runner.journal import payload
from runner.journal.rows import ControlRow, ExecutionRow, FireRow, Halt, LinkRow, OpenRow, OrderRow, PastRun, PlanRow

Row = tuple[Any, ...]


@lru_cache(maxsize=64)  # a claim writes the same one many times
def moment(at: datetime) -> str:
    """Write an instant with microseconds: all have one width, so they compare as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """Read an instant back."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def fire(row: Row) -> FireRow:
    """Read a row of fires."""
    plan, order, key, due, state, reason = row
    known = None if state is None else FireState(state)
    return FireRow(plan=plan, order=order, fire=key, due=instant(due), state=known, reason=reason)


def remark(row: Row) -> tuple[str | None, datetime, str]:
    """Read a row of remarks: the order it is about, if it is about one, when, and what."""
    order_ref, at, text = row
    return order_ref, instant(at), text


def order(row: Row) -> OrderRow:
    """Read a row of orders."""
    text, state, filled, average, perm_id, closed, note = row
    return OrderRow(
        ticket=payload.load(text),
        state=OrderState(state),
        filled=Decimal(filled),
        average_price=_number(average),
        perm_id=perm_id,
        closed_with_run=bool(closed),
        note=note,
    )


def open_order(row: Row) -> OpenRow:
    """Read an order with its routes and permIds."""
    text, state, filled, average, perm_id, closed, note, client_id, order_id, claimed_at, due, perms = row
    known = {int(part) for part in perms.split(",")} if perms else set()
    return OpenRow(
        ticket=payload.load(text),
        state=OrderState(state),
        filled=Decimal(filled),
        average_price=_number(average),
        perm_id=perm_id,
        closed_with_run=bool(closed),
        note=note,
        client_id=client_id,
        order_id=order_id,
        claimed_at=instant(claimed_at or due),
        fire_due=instant(due),
        perm_ids=tuple(sorted(known | ({perm_id} if perm_id is not None else set()))),
    )


def execution(row: Row) -> ExecutionRow:
    """Read an execution with its commission."""
    order_ref, plan, exec_id, contract, side, price, quantity, at, amount, currency, multiplier, run = row
    return ExecutionRow(
        order_ref=order_ref,
        plan=plan,
        exec_id=exec_id,
        contract=contract,
        side=Side(side),
        price=Decimal(price),
        quantity=Decimal(quantity),
        at=instant(at),
        commission=_number(amount),
        commission_currency=currency,
        multiplier=Decimal(multiplier or 1),
        run=run,
    )


def run(row: Row) -> PastRun:
    """Read when a run began."""
    number, started = row
    return PastRun(id=number, started=instant(started))


def tally(row: Row) -> tuple[str, Tally]:
    """Read the tally of a pair."""
    pair, quantity, notional = row
    return pair, Tally(Decimal(quantity), _number(notional))


def arming(row: Row) -> Arming:
    """Read an arming."""
    plan, digest, account, at, until = row
    return Arming(plan=plan, digest=digest, account=account, at=instant(at), until=instant(until))


def halt(row: Row) -> Halt:
    """Read why something is stopped."""
    _, reason, at = row
    return Halt(reason=reason, at=instant(at))


def control(row: Row) -> ControlRow:
    """Read what a command asked."""
    number, kind, target, detail, at, done_at, note = row
    return ControlRow(
        id=number, kind=kind, target=target, detail=detail, at=instant(at), done_at=_maybe(done_at), note=note
    )


def plan(row: Row) -> PlanRow:
    """Read a plan."""
    name, file, digest, next_fire = row
    return PlanRow(plan=name, file=file, digest=digest, next_fire=_maybe(next_fire))


def link(row: Row) -> LinkRow:
    """Read how the connection stands."""
    state, detail, at = row
    return LinkRow(state=state, detail=detail, at=instant(at))
