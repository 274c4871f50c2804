"""What ibapi's generations hand over, as values: the same number, id or text whatever type it came in."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ibapi.contract import Contract

from runner.core.contract import name_of
from runner.core.money import plain
from runner.core.ticket import Side
from runner.ib.neutral import UNSET_FLOAT, is_unset

_DIGITS = 30  # 1E+999999999 is a number too, and as long as that when it is written out
_LARGEST = Decimal("1.7E308")  # and above with the same magnitude: the largest float as text says that there is none
SIDES = {"BOT": Side.BUY, "SLD": Side.SELL, "BUY": Side.BUY, "SELL": Side.SELL}


def number(value: Any) -> Decimal | None:
    """Make a Decimal of what the versions give: float, Decimal, int or text; None for unset."""
    if type(value) is float:
        return _number(repr(value)) if value < UNSET_FLOAT else None  # which also leaves out what is no number
    return None if is_unset(value) else _number(value)


@lru_cache(maxsize=1024)  # quantities come again and again
def _number(value: str | int | Decimal) -> Decimal | None:
    try:
        made = Decimal(value)
    except InvalidOperation as fault:
        raise ValueError(f"{value!r} is not a number") from fault
    if not made.is_finite() or is_unset(made) or (made.adjusted() == _LARGEST.adjusted() and made >= _LARGEST):
        return None
    if abs(made.adjusted()) > _DIGITS:
        raise ValueError(f"{made:.3e} is no price and no quantity")
    return Decimal(plain(made))  # 25000.0 and 25000 are one quantity, and shall look like one on every ibapi


def required(value: Any, what: str) -> Decimal:
    """Make a Decimal, or raise ValueError if there is none."""
    if (made := number(value)) is None:
        raise ValueError(f"the {what} is missing")
    return made


def integer(value: Any) -> int:
    """Return an integer that fits where integers are kept; text has no limit."""
    made = int(value)
    if not -(2**63) <= made < 2**63:
        raise ValueError(f"{str(made)[:20]}... is too large for an id")
    return made


def identity(value: Any) -> int | None:
    """Return an id of which 0 means that there is none, such as a permanent one or that of a parent."""
    return None if is_unset(value) or not value else integer(value)


def client(value: Any) -> int:
    """Return the client id; an order that no client placed has none, which is the 0 of the TWS itself."""
    return 0 if is_unset(value) else integer(value)


def text(value: Any) -> str:
    """Return text that can be written as UTF-8: escapes of a TWS are halves of characters, and may miss the other."""
    made = str(value or "")
    return made if made.isascii() else made.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def name(contract: Contract) -> str:
    """Return the name of a contract, EUR.USD or AAPL.STK.USD; a lone dot if nothing is known of it."""
    told = (contract.secType, contract.localSymbol, contract.symbol, contract.currency)
    return name_of(*map(text, told))


def named(contract: Contract) -> str | None:
    """Return the name of a contract, None if it has none."""
    made = name(contract)
    return None if made == "." else made
