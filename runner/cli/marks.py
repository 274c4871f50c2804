"""What is told beside results: an account's kind, its number with the middle left out, values as JSON has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal
from enum import Enum

from runner.core.money import plain
from runner.core.times import stamp

# how IB numbers accounts: paper (DU, DF), live (U, F, I), a letter more for some branches, then figures
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])D?[A-Z]{1,2}\d{5,10}(?![A-Za-z0-9])", re.ASCII)
_SHORT = 6
LIVE, REHEARSAL, SIMULATE = "live", "rehearsal", "simulate"  # the modes of a journal
PAPER_MARK, REHEARSAL_MARK, SIMULATED_MARK = "PAPER ", "REHEARSAL ", "SIMULATED "

_MARKS = {REHEARSAL: REHEARSAL_MARK, SIMULATE: SIMULATED_MARK}


def kind_of(account: str, *, simulated: bool) -> str:
    """Say what kind of account that is: IB's names begin with DU or DF on paper, with U or F live."""
    if simulated:
        return "simulated"
    if account.startswith(("DU", "DF")):
        return "paper"
    return "live" if account.startswith(("U", "F")) else "of unknown kind"


def is_paper(account: str) -> bool:
    """Tell whether an account is a paper account."""
    return kind_of(account, simulated=False) == "paper"


def mark_of(mode: str, account: str | None) -> str:
    """Return what every line about such a journal begins with: `REHEARSAL `, `SIMULATED `, `PAPER `, or nothing."""
    if mode in _MARKS:
        return _MARKS[mode]
    return PAPER_MARK if account is not None and is_paper(account) else ""


def mask(account: str) -> str:
    """Write an account so that its owner knows it and nobody else does: DU***567."""
    return "***" if len(account) < _SHORT else f"{account[:2]}***{account[-3:]}"


def mask_all(text: str) -> str:
    """Mask whatever in a text looks like the number of an account."""
    return _ACCOUNT.sub(lambda match: mask(match[0]), text)


def as_told(value: object, text: Callable[[str], str] = mask_all) -> object:
    """Turn a value into what JSON has: amounts and instants become text, and every text goes through `text`."""
    match value:
        case None | int():
            return value
        case Decimal():
            return plain(value) if value.is_finite() else str(value)
        case datetime():
            return stamp(value)
        case Enum():
            return as_told(value.value, text)
        case str():
            return text(value)
        case Mapping():
            return {text(str(name)): as_told(one, text) for name, one in value.items()}
        case Sequence() | Set():
            return [as_told(one, text) for one in value]
        case _:
            return text(str(value))
