"""From which version on a message is protobuf: two tables, by message id.

From 201 on every frame begins with its id as a number of four bytes; protobuf came message by message. Of answers a
client reads text and protobuf alike if it knows both, whatever the version: an answer switches with its request. The
first six are all that ibapi 10.37.2 knows, and it reads 203; hence what else is said of orders begins at 204.
"""

from __future__ import annotations

RAW_IDS_SINCE = 201
PROTOBUF_OFFSET = 200  # added to the id of a message that is protobuf

_EXECUTIONS, _PLACING, _ORDERS, _CONTRACTS, _MARKET, _ACCOUNTS = 201, 203, 204, 205, 206, 207
_HISTORY, _PNL, _RULES, _SESSION = 208, 210, 212, 213

REQUESTS_SINCE = {
    7: _EXECUTIONS,
    **dict.fromkeys((3, 4, 58), _PLACING),  # place, cancel, cancel all
    **dict.fromkeys((5, 16, 15, 99), _ORDERS),  # open, all open, auto bind, completed
    9: _CONTRACTS,
    **dict.fromkeys((1, 2, 59), _MARKET),  # quotes, end of quotes, type of quotes
    **dict.fromkeys((6, 17, 61, 64, 62, 63, 74, 75, 76, 77), _ACCOUNTS),
    **dict.fromkeys((20, 25, 87, 90), _HISTORY),
    **dict.fromkeys((92, 93, 94, 95), _PNL),
    **dict.fromkeys((80, 81, 91, 104), _RULES),  # family codes, matching symbols, market rule, user
    **dict.fromkeys((71, 8, 49, 105, 14), _SESSION),  # start, ids, times, log level
}

ANSWERS_SINCE = {
    **dict.fromkeys((11, 55), _EXECUTIONS),
    **dict.fromkeys((3, 4, 5, 53), _PLACING),  # status, error, open order and their end
    **dict.fromkeys((59, 100, 101, 102), _ORDERS),  # commission, bound orders, completed orders and their end
    **dict.fromkeys((10, 52), _CONTRACTS),
    **dict.fromkeys((1, 2, 45, 46, 57, 58, 81), _MARKET),
    **dict.fromkeys((6, 7, 8, 54, 15, 61, 62, 63, 64, 71, 72, 73, 74), _ACCOUNTS),
    **dict.fromkeys((17, 108, 88, 90), _HISTORY),
    **dict.fromkeys((94, 95), _PNL),
    **dict.fromkeys((78, 79, 93, 107), _RULES),
    **dict.fromkeys((9, 49, 109), _SESSION),
}
