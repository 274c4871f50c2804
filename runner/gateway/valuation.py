"""What a unit of each currency is worth in the base currency, from the market's own quotes."""

from __future__ import annotations

from decimal import Decimal

from runner.core.money import EXACT
from runner.gateway.market import Market
from runner.gateway.settings import BASE_CURRENCY

_ONE = Decimal(1)


class Valuation:
    """Converts into the base currency at the middle of the quote; a closed market counts as it closed."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._last: dict[str, Decimal] = {}

    def middle(self, pair: str, at: int) -> Decimal | None:
        """Return the middle of the quote, None if there is none."""
        quote = self._market.quote(pair, at)
        return None if quote is None else (quote.bid + quote.ask) / 2

    def value(self, currency: str, at: int) -> Decimal:
        """Return the worth of one unit as far as it is known: now, else when it was last asked for, else nothing."""
        if currency == BASE_CURRENCY:
            return _ONE
        if (now := self._to_base(currency, at)) is not None:
            self._last[currency] = now
        return self._last.get(currency, Decimal(0))

    def _to_base(self, currency: str, at: int) -> Decimal | None:
        if (direct := self.middle(f"{currency}.{BASE_CURRENCY}", at)) is not None:
            return direct
        inverse = self.middle(f"{BASE_CURRENCY}.{currency}", at)
        return EXACT.divide(_ONE, inverse) if inverse else None
