"""The same daily trade in backtesting.py: buy 25,000 EUR at 9:30 New York on weekdays, on a year of minute bars.

Run by year.py in an environment of its own; `backtesting_peer.py write BARS` makes the bars once, outside the timing,
`backtesting_peer.py run BARS` is what is timed: read the bars, run, print the fills.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

UNITS = 25_000
CASH = 100_000_000


class WeekdayBuyer(Strategy):
    """Buys at each bar that is marked as due; the broker fills at the next bar's opening."""

    def init(self) -> None:
        """Need nothing: when to buy stands in the bars."""

    def next(self) -> None:
        """Look at one bar."""
        if self.data.Due[-1]:
            self.buy(size=UNITS)


def bars() -> pd.DataFrame:
    """Return each minute of the 261 weekdays of 2025, 375,840 bars: a seeded walk of about EUR.USD's size."""
    minutes = pd.date_range("2025-01-01", "2026-01-01", freq="min", tz="UTC", inclusive="left")
    index = minutes[minutes.day_of_week < 5]
    steps = np.random.default_rng(1).normal(0, 0.00008, (len(index), 3))
    close = 1.04 * np.exp(np.cumsum(steps[:, 0]))
    opening = np.concatenate(([1.04], close[:-1]))
    high = np.maximum(opening, close) + np.abs(steps[:, 1])
    low = np.minimum(opening, close) - np.abs(steps[:, 2])
    local = index.tz_convert("America/New_York")
    due = (local.hour == 9) & (local.minute == 29)  # so that the fill is the opening of 9:30
    columns = {"Open": opening, "High": high, "Low": low, "Close": close, "Due": due}
    return pd.DataFrame(columns, index=index.tz_localize(None))


def run(path: Path) -> None:
    """Trade the year and print how many orders filled."""
    frame = pd.read_pickle(path)
    # each purchase closes the one before: 261 trades open at once cost this library several times as much
    backtest = Backtest(frame, WeekdayBuyer, cash=CASH, commission=0.00002, exclusive_orders=True, finalize_trades=True)
    stats = backtest.run()
    print(len(stats["_trades"]), "purchases on", len(frame), "bars")


if __name__ == "__main__":
    action, target = sys.argv[1:]
    if action == "write":
        bars().to_pickle(target)
    else:
        run(Path(target))
