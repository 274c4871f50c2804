"""Daily closes of what the ECB says nothing about. Levels and liveliness are made up; nothing here was ever a price.

Each instrument has a walk of its own from the seed, drawn back to its level by a 250th of the distance a day, so that
it stays in sight of it for as long as anybody asks.
"""

from __future__ import annotations

from functools import cache

from runner.gateway.path import GOLDEN, key_of, mix
from runner.gateway.rates import Anchors

# A made-up level in whole units of its currency, and how far a day goes in basis points (as a standard deviation).
_LEVELS = {
    "AAPL": (230, 150), "MSFT": (430, 140), "NVDA": (140, 260), "AMZN": (200, 170), "TSLA": (300, 300),
    "IBM": (240, 120), "SPY": (590, 90), "QQQ": (510, 110), "IWM": (220, 120), "XAUUSD": (2700, 90),
    "IBUS500": (5900, 90), "IBUST100": (21_000, 120), "IBDE40": (19_500, 100), "IBGB100": (8300, 70), "OPT": (30, 250),
}  # fmt: skip
_FIRST, _LAST = 10_595, 25_567  # 1999-01-04 to 2040-01-01, in days since 1970
_CLOSE = 72_000  # 20:00 UTC
_MASK = (1 << 64) - 1


@cache
def made_up(seed: int, name: str, scale: int, like: str | None = None) -> Anchors | None:
    """Return the closes of an instrument, times scale, at the level of another if it is like that; None without."""
    if (like or name) not in _LEVELS:
        return None
    level, lively = _LEVELS[like or name]
    home = price = level * scale
    key = key_of(seed, name + " days")
    days = [day for day in range(_FIRST, _LAST) if (day + 3) % 7 < 5]
    prices = []
    for day in days:
        most = price * lively * 173 // 1_000_000  # an even draw from -most to most deviates by most / 1.73
        price += (mix((key + day * GOLDEN) & _MASK) * (2 * most + 1) >> 64) - most + (home - price) // 250
        prices.append(price)
    return Anchors([day * 86_400 + _CLOSE for day in days], prices)
