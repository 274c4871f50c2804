"""What IB's message codes mean: the only table of them.

Sources: IBKR's message codes page, the warning lists of ib_async and NautilusTrader, and what TWS was seen to answer.
A code about an order that is not in the table changes no state: it is shown, and the order is where the broker has it.
Settings may say what a code means that is no matter of the connection and of no cancellation: see `extend`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from runner.core.events import Severity
from runner.errors import UsageError


class Disposition(Enum):
    """What a notice asks of whoever follows orders and the connection."""

    INFO = "info"
    WARNING = "warning"
    REJECT_ORDER = "reject_order"
    CANCEL_CONFIRMED = "cancel_confirmed"
    CANCEL_FAILED = "cancel_failed"
    DUPLICATE_ID = "duplicate_id"
    MODIFY_FAILED = "modify_failed"
    CONNECTION_LOST = "connection_lost"
    CONNECTION_BACK = "connection_back"
    CLIENT_ID_IN_USE = "client_id_in_use"
    PACING = "pacing"  # too many messages: the TWS is about to hang up
    FAIL_REQUEST = "fail_request"
    UNKNOWN_ORDER_CODE = "unknown_order_code"


D = Disposition

_INFO = frozenset({2104, 2106, 2107, 2108, 2119, 2158})  # data farms: connected, or idle until asked
_WARNING = frozenset({165, 399, 404, 492, 10167, 10197, 10349})
_WARNING_RANGE = range(2100, 2200)
_CONNECTION = {
    100: D.PACING,
    326: D.CLIENT_ID_IN_USE,
    1100: D.CONNECTION_LOST,
    1300: D.CONNECTION_LOST,
    2110: D.CONNECTION_LOST,
    1101: D.CONNECTION_BACK,
    1102: D.CONNECTION_BACK,
    # 505, 506 and 508 are about one message that could not be read, the session goes on
    **dict.fromkeys((501, 502, 503, 504, 507, 509), D.CONNECTION_LOST),
}
_ABOUT_ORDER = {
    103: D.DUPLICATE_ID,
    202: D.CANCEL_CONFIRMED,
    **dict.fromkeys((135, 136, 161, 10147, 10148), D.CANCEL_FAILED),
    **dict.fromkeys((104, 105, 134, 440, 444), D.MODIFY_FAILED),
}
# refusals while an order's fields are checked, before it is anywhere: codes whose text says that it was not accepted
_REJECT = frozenset(
    {
        106, 107, 109, 110, 111, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 129, 131, 132,
        133, 137, 140, 141, 144, 145, 146, 147, 148, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 163, 164, 168,
        200, 201, 203, 313, 314, 315, 321, 325, 328, 329, 334, 335, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345,
        347, 348, 349, 350, 351, 352, 353, 355, 356, 358, 359, 360, 361, 362, 363, 364, 367, 368, 369, 370, 371, 372,
        373, 374, 375, 376, 378, 379, 380, 382, 383, 387, 388, 389, 390, 391, 392, 393, 394, 395, 396, 397, 398, 400,
        401, 402, 403, 434, 435, 436, 437, 439, 441, 442, 443, 445, 446, 447, 448, 449, 451, 460, 579,
        10000, 10001, 10002, 10003, 10006, 10007, 10008, 10009, 10010, 10011, 10012, 10013, 10014, 10015, 10020, 10021,
        10022, 10023, 10024, 10025, 10026, 10027, 10052, 10268, 10269, 10289, 10293, 10318,
    }
)  # fmt: skip
# an order that works already keeps on working as it was when its change is refused with one of these
_REFUSED_CHANGE = frozenset({110, 321, 329, 383, 451})


_WORDS: Mapping[str, Disposition] = {"reject": D.REJECT_ORDER, "warning": D.WARNING, "info": D.INFO}
_extended: dict[int, Disposition] = {}


def extend(codes: Mapping[int, str]) -> None:
    """Let settings say what codes mean: reject, warning or info; an earlier call no longer counts.

    Raises UsageError for another word, and for codes about the connection or about cancelling and changing orders.
    """
    for code, word in codes.items():
        if word not in _WORDS:
            raise UsageError(f"code {code}: {word!r} has no meaning, give one of {', '.join(_WORDS)}")
        if is_fixed(code):
            raise UsageError(f"code {code} is one whose meaning cannot be set, leave it out")
    _extended.clear()
    _extended.update((code, _WORDS[word]) for code, word in codes.items())


def is_fixed(code: int) -> bool:
    """Tell whether a code is about the connection, or about cancelling and changing orders: settings leave it alone."""
    return code in _CONNECTION or code in _ABOUT_ORDER


def classify(code: int, *, about_order: bool, acknowledged: bool = False) -> Disposition:
    """Return what a notice means; `acknowledged` says that the order it is about was accepted before."""
    if code in _CONNECTION:
        return _CONNECTION[code]
    if code in _extended:
        return _by_settings(_extended[code], about_order)
    if code in _INFO:
        return D.INFO
    if code in _WARNING or code in _WARNING_RANGE:
        return D.WARNING
    return _about_order(code, acknowledged) if about_order else D.FAIL_REQUEST


def _by_settings(said: Disposition, about_order: bool) -> Disposition:
    return D.FAIL_REQUEST if said is D.REJECT_ORDER and not about_order else said


def _about_order(code: int, acknowledged: bool) -> Disposition:
    if acknowledged and code in _REFUSED_CHANGE:
        return D.MODIFY_FAILED
    return D.REJECT_ORDER if code in _REJECT else _ABOUT_ORDER.get(code, D.UNKNOWN_ORDER_CODE)


def severity(code: int) -> Severity:
    """Return how much a notice matters to whoever reads it."""
    match classify(code, about_order=True):
        case D.INFO | D.CANCEL_CONFIRMED | D.CONNECTION_BACK:
            return Severity.INFO
        case D.WARNING | D.UNKNOWN_ORDER_CODE:
            return Severity.WARNING
        case _:
            return Severity.ERROR
