"""What is not on offer: two tables of how a TWS answers it, so that whoever asks hears of their own request.

Refusals have the code that an account gets which lacks the subscription, the permission or the kind of account for it;
a cancel of what was never on offer is answered as that of any unknown request. Code 0: nothing is said. Where a TWS
that has nothing sends an empty list, so does this one: such a request often has no id for an error to name, and its
client would wait for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from runner.gateway.reports import error
from runner.gateway.subscriptions import invalid
from runner.wire.messages import Answer, Unsupported

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
    50: (420, "Invalid Real-time Query:No market data permissions"),
    51: _NO_TICKER,
    52: (430, "The fundamentals data for the security specified is not available."),
    53: _NO_TICKER,
    **dict.fromkeys((54, 55), _NO_DEFINITION),
    **dict.fromkeys((56, 57), _NO_TICKER),
    **dict.fromkeys((65, 66, 72, 73), _NOT_OFFERED),
    **dict.fromkeys((68, 69), _NO_GROUPS),
    70: _SILENT,
    84: (10172, "Failed to request news article:No data available"),
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

# Request -> the message that answers it, and its fields.
EMPTY: Mapping[int, tuple[int, tuple[str, ...]]] = {
    24: (19, ("1", '<?xml version="1.0" encoding="UTF-8"?>\n<ScanParameterResponse></ScanParameterResponse>')),
    67: (67, ("1", "{id}", "")),
    78: (76, ("{id}",)),
    79: (77, ("{id}", "0")),
    82: (80, ("0",)),
    83: (82, ("{id}", "0")),
    85: (85, ("0",)),
}


def refused(request: Unsupported) -> Answer | None:
    """Return how a request that is not on offer is answered, None if nothing is said."""
    about = -1 if request.request_id is None else request.request_id
    if request.message_id in EMPTY:
        message_id, fields = EMPTY[request.message_id]
        return Unsupported(message_id=message_id, fields=tuple(field.format(id=about) for field in fields))
    code, text = REFUSALS.get(request.message_id, _NOT_OFFERED)
    return error(about, code, text.format(id=about)) if code else None
