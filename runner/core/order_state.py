"""The life of an order as one table; nothing else decides a state.

Quantities decide: a fill after a cancel updates the filled quantity, and completes the order if it is the last. A fact
that does not fit is kept and flagged, never raised: it came from a broker, and the broker is where the order is.
`REOPENED` is what complete lists of the broker say, not what a single message says: an order that had ended is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class OrderState(Enum):
    """Where an order stands; `UNKNOWN` means that the evidence does not tell, and is never guessed away."""

    PLANNED = "planned"
    DENIED = "denied"
    SENT = "sent"
    WORKING = "working"
    HELD = "held"
    CANCEL_PENDING = "cancel_pending"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    NOT_RECEIVED = "not_received"

    __hash__ = object.__hash__  # a member is itself alone, and Enum's own hash is the slowest part of each table below

    @property
    def is_done(self) -> bool:
        """True if no further answer is owed; a late fill may still arrive."""
        return self in DONE


class Change(Enum):
    """What a broker's fact, or our own act, means for one order."""

    DENIED = "denied"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    HELD = "held"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FULLY_FILLED = "fully_filled"
    REJECTED = "rejected"
    CANCEL_REFUSED = "cancel_refused"
    REOPENED = "reopened"
    SILENCE = "silence"
    PROVEN_ABSENT = "proven_absent"

    __hash__ = object.__hash__


S, C = OrderState, Change

DONE = frozenset({S.DENIED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED, S.UNKNOWN, S.NOT_RECEIVED})

_ALIVE: Mapping[Change, OrderState] = {
    C.ACKNOWLEDGED: S.WORKING,
    C.HELD: S.HELD,
    C.CANCEL_REQUESTED: S.CANCEL_PENDING,
    C.CANCELLED: S.CANCELLED,
    C.EXPIRED: S.EXPIRED,
    C.FULLY_FILLED: S.FILLED,
    C.REJECTED: S.REJECTED,
    C.SILENCE: S.UNKNOWN,
}

TRANSITIONS: Mapping[OrderState, Mapping[Change, OrderState]] = {
    # a runner that died between the bytes and their record left it planned; the broker may speak of it all the same
    S.PLANNED: {**_ALIVE, C.DENIED: S.DENIED, C.SENT: S.SENT, C.PROVEN_ABSENT: S.NOT_RECEIVED},
    S.SENT: {**_ALIVE, C.PROVEN_ABSENT: S.NOT_RECEIVED},
    S.WORKING: {**_ALIVE, C.CANCEL_REFUSED: S.WORKING, C.REOPENED: S.WORKING},
    S.HELD: {**_ALIVE, C.CANCEL_REFUSED: S.HELD, C.REOPENED: S.HELD},
    # a status that was under way when the cancel left does not undo the cancel; the refusal of the cancel does
    S.CANCEL_PENDING: {
        **_ALIVE,
        C.ACKNOWLEDGED: S.CANCEL_PENDING,
        C.HELD: S.CANCEL_PENDING,
        C.CANCEL_REFUSED: S.WORKING,
        C.REOPENED: S.CANCEL_PENDING,
    },
    # the last fill was already on its way; Inactive then Cancelled is how a TWS spells a rejection
    S.CANCELLED: {
        C.CANCELLED: S.CANCELLED,
        C.EXPIRED: S.CANCELLED,
        C.FULLY_FILLED: S.FILLED,
        C.REJECTED: S.REJECTED,
        C.REOPENED: S.WORKING,
    },
    S.EXPIRED: {
        C.CANCELLED: S.EXPIRED,
        C.EXPIRED: S.EXPIRED,
        C.FULLY_FILLED: S.FILLED,
        C.REJECTED: S.REJECTED,
        C.REOPENED: S.WORKING,
    },
    S.REJECTED: {
        C.CANCELLED: S.REJECTED,
        C.EXPIRED: S.REJECTED,
        C.FULLY_FILLED: S.FILLED,
        C.REJECTED: S.REJECTED,
        C.REOPENED: S.WORKING,
    },
    # a fill beats every status; an acknowledgement that arrives after it is old news
    S.FILLED: {
        **dict.fromkeys((C.FULLY_FILLED, C.ACKNOWLEDGED, C.HELD, C.CANCEL_REQUESTED), S.FILLED),
        C.REOPENED: S.WORKING,
    },
    S.UNKNOWN: {**_ALIVE, C.PROVEN_ABSENT: S.NOT_RECEIVED, C.REOPENED: S.WORKING},
    # the proof was wrong if the broker speaks of the order after all
    S.NOT_RECEIVED: {
        **{change: state for change, state in _ALIVE.items() if change is not C.SILENCE},
        C.PROVEN_ABSENT: S.NOT_RECEIVED,
        C.REOPENED: S.WORKING,
    },
    S.DENIED: {},
}


def advance(state: OrderState, change: Change) -> tuple[OrderState, bool]:
    """Return the state after change, and whether change fits there; one that does not leaves the state as it is."""
    after = TRANSITIONS[state].get(change)
    return (state, False) if after is None else (after, True)
