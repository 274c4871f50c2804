"""What the simulated broker knows of prices: quotes, hours and when a level is first touched.

`SyntheticMarket` draws them from a seed, `QuotesMarket` reads them from a file; both answer to `Market`.
"""

from __future__ import annotations

from runner.gateway.prices import Market, Quote, Touch
from runner.gateway.quotes import QuotesMarket
from runner.gateway.rates import CREDIT, last_rate_day
from runner.gateway.synthetic import SyntheticMarket
from runner.gateway.trails import Drawdown, Trail

__all__ = [
    "CREDIT",
    "Drawdown",
    "Market",
    "Quote",
    "QuotesMarket",
    "SyntheticMarket",
    "Touch",
    "Trail",
    "last_rate_day",
]
