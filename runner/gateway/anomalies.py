"""What a TWS does that it should not, on purpose: chosen by a hash of (seed, order, kind), so a run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b


class Anomaly(Enum):
    """Each oddity that real sessions show; the value is the name of its share in `Anomalies`."""

    DUPLICATE_STATUS = "duplicate_status"
    DUPLICATE_OPEN_ORDER = "duplicate_open_order"
    DUPLICATE_EXECUTION = "duplicate_execution"
    MISSING_STATUS = "missing_status"
    FILL_BEFORE_ACKNOWLEDGEMENT = "fill_before_acknowledgement"
    FILL_AFTER_CANCEL = "fill_after_cancel"
    WARNING = "warning"
    COMMISSION_FIRST = "commission_first"
    UNANSWERED = "unanswered"
    PENDING_CANCEL = "pending_cancel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Anomalies:
    """How many orders in a hundred meet each anomaly.

    missing_status: a market order that fills reports only its execution and commission.
    fill_before_acknowledgement: the execution of a market order comes before its first openOrder and orderStatus.
    fill_after_cancel: a cancel or an expiry is told (Cancelled, 202), then the execution of the whole order arrives.
    warning: 399, 10349 and 2109 arrive about an order that lives on.
    commission_first: the commission report comes before the order status.
    unanswered: the order lives and nothing is ever told of it, as behind a modal dialog of the TWS.
    pending_cancel: a cancel is told twice, first as PendingCancel with what is left, then as Cancelled with 202.
    """

    duplicate_status: int = 0
    duplicate_open_order: int = 0
    duplicate_execution: int = 0
    missing_status: int = 0
    fill_before_acknowledgement: int = 0
    fill_after_cancel: int = 0
    warning: int = 0
    commission_first: int = 0
    unanswered: int = 0
    pending_cancel: int = 0

    def meets(self, kind: Anomaly, seed: int, client_id: int, order_id: int) -> bool:
        """Tell whether this order meets that anomaly."""
        share: int = getattr(self, kind.value)
        return share > 0 and _draw(f"{seed}:{client_id}:{order_id}:{kind.value}") < share


NONE = Anomalies()


def _draw(text: str) -> int:
    """Return a number from 0 to 99 that depends on text alone."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % 100
