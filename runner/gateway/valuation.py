"""What currencies and instruments are worth at an instant, from the market's own quotes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runner.core.money import EXACT
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Market
from runner.gateway.settings import BASE_CURRENCY

_ONE, _ZERO = Decimal(1), Decimal(0)


class Valuation:
    """Values at the middle of the quote, outside regular hours too; a closed market counts as it closed."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._last: dict[str, Decimal] = {}  # of a currency its worth, of an instrument its price
        self._at = -1
        self._known: dict[str, Decimal | None] = {}  # the same at the instant _at

    def middle(self, key: str, at: int) -> Decimal | None:
        """Return the middle of the quote, None if there is none."""
        quote = self._market.quote(key, at, True)
        return None if quote is None else (quote.bid + quote.ask) / 2

    def value(self, currency: str, at: int) -> Decimal:
        """Return the worth of one unit as far as it is known: now, else when it was last asked for, else nothing."""
        return _ONE if currency == BASE_CURRENCY else self._at_last(currency, at) or _ZERO

    def price(self, key: str, at: int) -> Decimal | None:
        """Return the price of an instrument as far as it is known: now, else when it was last asked for."""
        return self._at_last(key, at)

    def rate(self, key: str, price: Decimal, at: int) -> Decimal:
        """Return what `commission` has to know of a trade at that price, in the base currency.

        That is the worth of a unit of a pair's first currency, of another instrument's that of its own currency.
        """
        one = INSTRUMENTS[key]
        if not one.is_pair:
            return self.value(one.currency, at)
        return price if one.currency == BASE_CURRENCY else self.value(one.symbol, at)

    def marks(self, at: int) -> MarksAt:
        """Return all values of one instant."""
        return MarksAt(self, at)

    def _at_last(self, name: str, at: int) -> Decimal | None:
        if at != self._at:
            self._at, self._known = at, {}
        if name not in self._known:
            now = self.middle(name, at) if name in INSTRUMENTS else self._to_base(name, at)
            if now is not None:
                self._last[name] = now
            self._known[name] = self._last.get(name)
        return self._known[name]

    def _to_base(self, currency: str, at: int) -> Decimal | None:
        if (direct := self.middle(f"{currency}.{BASE_CURRENCY}", at)) is not None:
            return direct
        inverse = self.middle(f"{BASE_CURRENCY}.{currency}", at)
        return EXACT.divide(_ONE, inverse) if inverse else None


@dataclass(frozen=True, slots=True)
class MarksAt:
    """The values of one instant."""

    valuation: Valuation
    at: int

    def value(self, currency: str) -> Decimal:
        """Return what a unit of the currency is worth in the base currency."""
        return self.valuation.value(currency, self.at)

    def price(self, key: str) -> Decimal | None:
        """Return the price of an instrument, None if none was ever known."""
        return self.valuation.price(key, self.at)
