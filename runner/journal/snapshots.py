"""A snapshot as text and back: what a fire was decided from, so that a restart decides the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from runner.core.money import plain
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.journal.decoding import instant, moment


def dump(snapshot: Snapshot) -> str:
    """Write a snapshot as JSON; numbers are exact decimal text, what is not known is left out."""
    quote = snapshot.quote
    fields = {
        "now": moment(snapshot.now),
        "quote": quote and [plain(quote.bid), plain(quote.ask), moment(quote.at)],
        "cash": _texts(snapshot.cash),
        "net_liquidation": None if snapshot.net_liquidation is None else plain(snapshot.net_liquidation),
        "account_currency": snapshot.account_currency,
        "rates": _texts(snapshot.rates),
        "position": plain(snapshot.position),
    }
    return json.dumps({name: value for name, value in fields.items() if value}, separators=(",", ":"))


def load(text: str) -> Snapshot:
    """Read back what `dump` wrote."""
    fields = json.loads(text)
    net_liquidation = fields.get("net_liquidation")
    return Snapshot(
        now=instant(fields["now"]),
        quote=_quote(fields.get("quote")),
        cash=_numbers(fields.get("cash", {})),
        net_liquidation=None if net_liquidation is None else Decimal(net_liquidation),
        account_currency=fields.get("account_currency"),
        rates=_numbers(fields.get("rates", {})),
        position=Decimal(fields["position"]),
    )


def _texts(numbers: Mapping[str, Decimal]) -> Mapping[str, str]:
    return {name: plain(number) for name, number in numbers.items()}


def _numbers(texts: Mapping[str, str]) -> Mapping[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}


def _quote(parts: list[str] | None) -> Quote | None:
    if parts is None:
        return None
    bid, ask, at = parts
    return Quote(Decimal(bid), Decimal(ask), instant(at))
