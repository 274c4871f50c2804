"""The identity of a fire and of an order: derived, never drawn, so a restart derives it again.

The key travels as IB's orderRef, which IB keeps for the order's life and returns in openOrder, completedOrder and
Execution. Its length is not documented; 40 characters of [a-z0-9:-] are kept to here.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from runner.core.times import stamp

ONCE = "once"
PREFIX = "fx1"


def fire_key(due: datetime | None) -> str:
    """Name a fire: its UTC instant, or `once` for an order without schedule."""
    return ONCE if due is None else stamp(due)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderKey:
    """What makes two requests the same request."""

    plan: str
    order: str
    fire: str
    role: str
    attempt: int = 1

    @property
    def order_ref(self) -> str:
        """The idempotency key as it travels: fx1:<plan, cut to 12>:<16 characters of a hash>."""
        return _order_ref(self.plan, "|".join((self.plan, self.order, self.fire, self.role, str(self.attempt))))


@lru_cache(maxsize=1024)  # an order is asked for its name at each of its steps
def _order_ref(plan: str, material: str) -> str:
    digest = base64.b32encode(hashlib.sha256(material.encode()).digest())[:16].decode().lower()
    return f"{PREFIX}:{plan[:12]}:{digest}"
