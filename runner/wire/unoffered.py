"""Requests that are known by name but not taken apart, and where each carries the id that its answers should carry.

A server that does not offer them refuses each by its id, so that whoever asked does not wait for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.wire.kinds import read_integer
from runner.wire.requests import Unsupported

_BOUND = 1 << 31


@dataclass(frozen=True, slots=True)
class Unoffered:
    """One kind of request; `place` counts the fields behind the message id, None where there is no id of a request."""

    name: str
    place: int | None = None
    since: int = 0  # from this version on; before it the id stands in `place_before`
    place_before: int | None = None
    is_cancel: bool = False

    def place_at(self, version: int) -> int | None:
        """Return where a version has the id of the request."""
        return self.place if version >= self.since else self.place_before


def _cancel(name: str, place: int | None = None) -> Unoffered:
    return Unoffered(name, place, is_cancel=True)


UNOFFERED = {
    10: Unoffered("RequestMarketDepth", 1),
    11: _cancel("CancelMarketDepth", 1),
    12: Unoffered("RequestNewsBulletins"),
    13: _cancel("CancelNewsBulletins"),
    18: Unoffered("RequestAdvisorConfiguration"),
    19: Unoffered("ReplaceAdvisorConfiguration", 3, since=157),
    21: Unoffered("ExerciseOptions", 1),
    22: Unoffered("RequestScannerSubscription", 0, since=143, place_before=1),
    23: _cancel("CancelScannerSubscription", 1),
    24: Unoffered("RequestScannerParameters"),
    50: Unoffered("RequestRealTimeBars", 1),
    51: _cancel("CancelRealTimeBars", 1),
    52: Unoffered("RequestFundamentalData", 1),
    53: _cancel("CancelFundamentalData", 1),
    54: Unoffered("RequestImpliedVolatility", 1),
    55: Unoffered("RequestOptionPrice", 1),
    56: _cancel("CancelImpliedVolatility", 1),
    57: _cancel("CancelOptionPrice", 1),
    65: Unoffered("VerifyRequest"),
    66: Unoffered("VerifyMessage"),
    67: Unoffered("QueryDisplayGroups", 1),
    68: Unoffered("SubscribeToGroupEvents", 1),
    69: Unoffered("UpdateDisplayGroup", 1),
    70: _cancel("UnsubscribeFromGroupEvents", 1),
    72: Unoffered("VerifyAndAuthorizeRequest"),
    73: Unoffered("VerifyAndAuthorizeMessage"),
    78: Unoffered("RequestOptionParameters", 0),
    79: Unoffered("RequestSoftDollarTiers", 0),
    82: Unoffered("RequestMarketDepthExchanges"),
    83: Unoffered("RequestSmartComponents", 0),
    84: Unoffered("RequestNewsArticle", 0),
    85: Unoffered("RequestNewsProviders"),
    86: Unoffered("RequestHistoricalNews", 0),
    88: Unoffered("RequestHistogramData", 0),
    89: _cancel("CancelHistogramData", 0),
    96: Unoffered("RequestHistoricalTicks", 0),
    97: Unoffered("RequestTickByTickData", 0),
    98: _cancel("CancelTickByTickData", 0),
    100: Unoffered("RequestEventCalendarMetadata", 0),
    101: _cancel("CancelEventCalendarMetadata", 0),
    102: Unoffered("RequestEventCalendar", 0),
    103: _cancel("CancelEventCalendar", 0),
    # in protobuf only, where every id is the first field
    106: _cancel("CancelContractDetails", 0),
    107: _cancel("CancelHistoricalTicks", 0),
    108: Unoffered("RequestConfiguration", 0),
    109: Unoffered("UpdateConfiguration", 0),
}
_UNKNOWN = Unoffered("")


def from_fields(message_id: int, fields: Sequence[str], version: int) -> Unsupported:
    """Return a request that came as text, with what is known of its kind."""
    kind = UNOFFERED.get(message_id, _UNKNOWN)
    place = kind.place_at(version)
    return Unsupported(
        message_id=message_id,
        fields=tuple(fields),
        request_id=_number(fields[place]) if place is not None and place < len(fields) else None,
        name=kind.name,
        is_cancel=kind.is_cancel,
    )


def from_protobuf(message_id: int, data: bytes, first_number: int | None) -> Unsupported:
    """Return a request that came as protobuf; nearly every one begins with its id, unknown ones most likely too."""
    kind = UNOFFERED.get(message_id, Unoffered("", 0))
    return Unsupported(
        message_id=message_id,
        protobuf=data,
        request_id=None if kind.place is None else first_number,
        name=kind.name,
        is_cancel=kind.is_cancel,
    )


def _number(text: str) -> int | None:
    """Read an id; None for what is none, since a request that is refused anyway needs no other complaint."""
    try:
        number = read_integer(text) if text else None
    except ValueError:
        return None
    return number if number is not None and -_BOUND <= number < _BOUND else None
