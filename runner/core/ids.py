"""The identity of a fire and of an order: derived, never drawn, so a restart derives it again.

The key travels as IB's orderRef, which IB keeps for the order's life and returns in openOrder, completedOrder and
Execution. Its length is not documented; 40 characters of [a-z0-9:-] are kept to here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runner.core.times import stamp

ONCE = "once"
PREFIX = "fx1"
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"  # base 32 as in RFC 4648, lower case
_TENS = tuple(high + low for high in _DIGITS for low in _DIGITS)  # by ten bits: two digits at once
_SHIFTS = range(70, -1, -10)


def fire_key(due: datetime | None) -> str:
    """Name a fire: its UTC instant, or `once` for an order without schedule."""
    return ONCE if due is None else stamp(due)


def halt_key(at: datetime) -> str:
    """Name the fire that answers a halt: the instant of the halt with microseconds, which no schedule's fire has."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def halt_of(fire: str) -> datetime | None:
    """Return the instant of the halt that a fire answers, None for a fire of a schedule."""
    return datetime.fromisoformat(fire) if "." in fire else None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderKey:
    """What makes two requests the same request."""

    plan: str
    order: str
    fire: str
    role: str
    attempt: int = 1
    order_ref: str = field(init=False, repr=False, compare=False)
    """The idempotency key as it travels: fx1:<plan, cut to 12>:<16 characters of a hash>."""

    def __post_init__(self) -> None:
        """Derive the name once: an order is asked for it at each of its steps."""
        material = "|".join((self.plan, self.order, self.fire, self.role, str(self.attempt)))
        digest = int.from_bytes(hashlib.sha256(material.encode()).digest()[:10])
        name = "".join([_TENS[digest >> shift & 1023] for shift in _SHIFTS])
        object.__setattr__(self, "order_ref", f"{PREFIX}:{self.plan[:12]}:{name}")
