"""What is not on offer: one table of how a TWS refuses it, so that whoever asks gets an answer to their own request.

The codes are those that an account gets which lacks the subscription, the permission or the kind of account for it. A
cancel of what was never on offer is answered as that of any unknown request. Code 0: nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from runner.gateway.reports import error
from runner.gateway.subscriptions import invalid
from runner.wire.messages import ErrorMessage, Unsupported

Refusal = tuple[int, str]

_NOT_OFFERED: Refusal = (321, invalid("cd", "Not supported by the simulated gateway"))
_SILENT: Refusal = (0, "")
_NO_DEFINITION: Refusal = (200, "No security definition has been found for the request")
_NO_TICKER: Refusal = (300, "Can't find EId with tickerId:{id}")
_NO_NEWS: Refusal = (10276, "News feed is not allowed.")
_NO_ADVISOR: Refusal = (321, invalid("b4", "FA data operations ignored for non FA customers."))
_NO_GROUPS: Refusal = (321, invalid("cd", "There are no display groups"))
_SERVICE = "Historical Market Data Service error message:"

REFUSALS: Mapping[int, Refusal] = {
    10: (10092, "Deep market data is not supported for this combination of security type/exchange"),
    11: (310, "Can't find the subscribed market depth with tickerId:{id}"),
    **dict.fromkeys((12, 13), _SILENT),  # there are no bulletins
    **dict.fromkeys((18, 19), _NO_ADVISOR),
    21: _NO_DEFINITION,  # there are no options
    22: (162, _SERVICE + "Scanners are not supported by the simulated gateway"),
    23: (365, "No scanner subscription found for ticker id:{id}"),
    24: _NOT_OFFERED,
    50: (420, "Invalid Real-time Query:No market data permissions"),
    51: _NO_TICKER,
    52: (430, "The fundamentals data for the security specified is not available."),
    53: _NO_TICKER,
    **dict.fromkeys((54, 55), _NO_DEFINITION),
    **dict.fromkeys((56, 57), _NO_TICKER),
    **dict.fromkeys((65, 66, 72, 73), _NOT_OFFERED),
    **dict.fromkeys((67, 68, 69, 70), _NO_GROUPS),
    78: (321, invalid("cd", "There are no options")),
    79: (321, invalid("cd", "There are no soft dollar tiers")),
    82: _NOT_OFFERED,
    83: (321, invalid("cd", "Unknown BBO exchange")),
    84: (10172, "Failed to request news article:No data available"),
    85: _NOT_OFFERED,
    86: _NO_NEWS,
    88: (10188, "Failed to request histogram data:No data"),
    89: _NO_TICKER,
    96: (10187, "Failed to request historical ticks:No market data permissions"),
    97: (10189, "Failed to request tick-by-tick data.No market data permissions"),
    98: _NO_TICKER,
    **dict.fromkeys((100, 102), _NO_NEWS),
    **dict.fromkeys((101, 103), _NO_TICKER),
    106: _SILENT,  # an answer comes whole
    107: _NO_TICKER,
    **dict.fromkeys((108, 109), _NOT_OFFERED),
}


def refused(request: Unsupported) -> ErrorMessage | None:
    """Return how a request that is not on offer is answered, None if nothing is said."""
    code, text = REFUSALS.get(request.message_id, _NOT_OFFERED)
    about = -1 if request.request_id is None else request.request_id
    return error(about, code, text.format(id=about)) if code else None
