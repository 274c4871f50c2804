"""What every strategy is made of: what it sees, what it answers with, and how it says no.

A strategy is a module with

- `needs(instruction)`: what of a `Snapshot` it cannot do without,
- `expand(instruction, fire, snapshot, attempt)`: the tickets of a fire; raises Denied, or Nothing,
- `on_fact(state, fact)`, if it goes on working: what to do next. It is pure, and asked again after every restart: what
  it decides may depend on its arguments alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from runner.core.order_state import OrderState
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction


class Denied(Exception):
    """Nothing can be sent at this fire; the text is the reason, worded for the trader."""


class Nothing(Exception):
    """There is nothing to do at this fire, and that is well; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One order of a fire, as the journal has it."""

    ticket: OrderTicket
    state: OrderState
    filled: Decimal
    average_price: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A fire that is being worked: all of it is in the journal, so that a restart goes on where it stopped."""

    instruction: Instruction
    fire: str
    due: datetime
    started: Snapshot  # as it was at the fire
    legs: tuple[Leg, ...]  # in the order they were claimed

    def leg(self, name: str) -> Leg | None:
        """Return the order of that name (`key.role`), its latest attempt."""
        return next((leg for leg in reversed(self.legs) if leg.ticket.key.role == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """That time has passed, or that an order of the fire has changed (`changed`, its order_ref)."""

    now: datetime
    quote: Quote | None
    changed: str | None = None
    is_halted: bool = False  # all sending is halted, or that of the plan: what is placed now would be denied


@dataclass(frozen=True, slots=True)
class Place:
    """Claim and send these; a ticket that the journal has already is passed over."""

    tickets: tuple[OrderTicket, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask for the end of an order; asked once until it is answered."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again at this instant at the latest."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing more will be asked of this fire; `note` says what was left undone, if anything was."""

    note: str = ""


Action = Place | Cancel | Wait | Finish
