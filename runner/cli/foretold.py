"""What one fire of an order would send, field by field, and which line of the plan each field comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from runner.cli import advice, forecast, options
from runner.core.ids import halt_key, halt_of
from runner.core.ticket import OrderTicket, Role
from runner.core.times import stamp
from runner.errors import Problem
from runner.plan.model import Instruction, Plan
from runner.schedule import Due, upcoming

if TYPE_CHECKING:
    from runner.ib.compile import CompiledOrder

WHEN_SENT = "(set when sent)"
_CONTRACT_KEYS = {"symbol": "symbol", "secType": "sec_type", "exchange": "exchange", "currency": "currency"}
_ENTRY_KEYS = {
    "action": "side",
    "totalQuantity": "size",
    "orderType": "order.type",
    "lmtPrice": "order.price",
    "auxPrice": "order.stop",
    "tif": "order.tif",
    "trailingPercent": "order.trail",
    "lmtPriceOffset": "order.limit_offset",
    "goodTillDate": "order.until",
    "goodAfterTime": "order.good_after",
    "outsideRth": "order.outside_rth",
    "allOrNone": "order.all_or_none",
    "minQty": "order.min_quantity",
    "cashQty": "size",
    "orderRef": "plan",
    "transmit": "bracket",
}
_EXIT_KEYS = {"action": "side", "totalQuantity": "size", "orderRef": "plan"}  # all else is the exit itself
_ENTRY_SENT = ("orderId", "account")
_EXIT_SENT = ("orderId", "parentId", "account")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of IB's objects; `line` is where the plan says it, None if it follows from nothing written there."""

    owner: str
    name: str
    value: str
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Foretold:
    """The next fire of one order of a plan.

    `unknown` is why its orders are worked out at the fire only; then `told` says at which prices those here are, or
    why there are none.
    """

    instruction: Instruction
    due: Due
    unknown: str | None
    told: str | None
    orders: tuple[tuple[OrderTicket, tuple[Field, ...]], ...]
    warnings: tuple[Problem, ...]

    @property
    def when(self) -> str:
        """Say when that fire is, in UTC and in the zone of the plan."""
        return _fire_words(self.instruction, self.due)


def of(plan: Plan, instruction: Instruction, start: datetime) -> Foretold | None:
    """Look ahead to the first fire of an order from start on; None if there is none."""
    from runner.ib.compile import compile_group

    if (due := _due(instruction, start)) is None:
        return None
    told = None
    tickets, unknown = forecast.expected(instruction, due.time)
    if unknown is not None:
        tickets, told = forecast.as_simulated(instruction, due.time, due.fire)
    orders = [(one.ticket, tuple(_fields(instruction, one))) for one in compile_group(tickets)]
    warnings = tuple(advice.of_fire(plan, instruction, due.time))
    return Foretold(
        instruction=instruction, due=due, unknown=unknown, told=told, orders=tuple(orders), warnings=warnings
    )


def _due(instruction: Instruction, start: datetime) -> Due | None:
    named = (instruction.plan, instruction.order, instruction.schedule)
    due = next(upcoming([named], start, options.END_OF_TIME), None)
    if due is None and instruction.schedule is not None and instruction.schedule.on_halt:
        return Due(start, instruction.plan, instruction.order, halt_key(start))
    return due


def _fire_words(instruction: Instruction, due: Due) -> str:
    if instruction.schedule is None:
        return f"once (looked at as of {stamp(due.time)})"
    if halt_of(due.fire) is not None:
        return f"on a halt (looked at as of {stamp(due.time)})"
    return f"{stamp(due.time)} ({due.time.astimezone(instruction.schedule.zone):%a %Y-%m-%d %H:%M %Z})"


def _fields(instruction: Instruction, compiled: CompiledOrder) -> Iterator[Field]:
    """Yield the fields in the order of the table of neutral values, those set at sending where they belong."""
    from runner.ib.neutral import changed

    role = compiled.ticket.role
    at_sending = _ENTRY_SENT if role is Role.ENTRY else _EXIT_SENT
    said = [field for field in changed(compiled) if field.name not in at_sending]
    for field in said:
        if field.owner == "Contract":
            yield Field(field.owner, field.name, field.value, _line(instruction, *_contract_keys(field.name)))
    for name in at_sending:
        yield Field("Order", name, WHEN_SENT, None)
    for field in said:
        if field.owner == "Order":
            yield Field(field.owner, field.name, field.value, _line(instruction, _key(compiled.ticket, field.name)))


def _contract_keys(name: str) -> tuple[str, str]:
    return f"contract.{_CONTRACT_KEYS.get(name, name)}", "contract"


def _key(ticket: OrderTicket, name: str) -> str:
    """Name the plan key that decides a field of an order in its role."""
    if ticket.role is not Role.ENTRY:
        return _EXIT_KEYS.get(name, f"bracket.{ticket.role.value}")
    if name == "auxPrice" and ticket.trail is not None:
        return "order.trail"
    return _ENTRY_KEYS.get(name, f"order.ib.{name}")


def _line(instruction: Instruction, *keys: str) -> int | None:
    mark = advice.mark_of(instruction, *keys)
    return None if mark is None else mark.line
