"""Settings as people write them, on the command line or in a test; each raises ValueError with what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal

from runner.gateway.fills import PLAIN, FillModel
from runner.gateway.instruments import CURRENCIES

FASTEST = 3600
_ACCOUNT = re.compile(r"DU\d{5,9}", re.ASCII)
_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_SHOWN = 40


def account(text: str) -> str:
    """Read the number of an account."""
    if _ACCOUNT.fullmatch(text) is None:
        raise ValueError(f"{text[:_SHOWN]!r}: expected DU and 5 to 9 digits, as paper accounts have")
    return text


def cash(pairs: Iterable[tuple[str, str]]) -> dict[str, Decimal]:
    """Read currencies and their amounts."""
    found: dict[str, Decimal] = {}
    for currency, amount in pairs:
        if currency not in CURRENCIES:
            raise ValueError(f"{currency}: no such currency here; known are {', '.join(sorted(CURRENCIES))}")
        if _AMOUNT.fullmatch(amount) is None:
            raise ValueError(f"{currency}: {amount[:_SHOWN]!r} is no amount; expected one such as 1000000 or 2500.50")
        if currency in found:
            raise ValueError(f"{currency} is given twice")
        found[currency] = Decimal(amount)
    return found


def fill_model(pairs: Iterable[tuple[str, str]]) -> FillModel:
    """Read the settings of fills."""
    model, given = PLAIN, set()
    known = [field.name for field in fields(FillModel)]
    for name, text in pairs:
        if name not in known:
            raise ValueError(unknown("setting of fills", name, known))
        if name in given:
            raise ValueError(f"{name} is given twice")
        given.add(name)
        model = model.with_option(name, text)
    return model


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no such name, and which one may have been meant."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
    return f"no {kind} {name[:_SHOWN]!r}{hint}"
