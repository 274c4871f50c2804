"""The same daily trade in backtesting.py: buy 25,000 EUR at 9:30 New York on weekdays, on a year of minute bars.

Run by year.py in an environment of its own; `backtesting_peer.py write BARS` makes the bars once, outside the timing,
`backtesting_peer.py run BARS` is what is timed: read the bars, run, print the fills. For years.py, `bracket BARS` buys
with a take-profit and a stop-loss 20 pips away, and `csv BARS FILE` writes the bars for fxrun.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

UNITS = 25_000
AWAY = 0.0020
CASH = 100_000_000


class WeekdayBuyer(Strategy):
    """Buys at each bar that is marked as due; the broker fills at the next bar's opening."""

    def init(self) -> None:
        """Need nothing: when to buy stands in the bars."""

    def next(self) -> None:
        """Look at one bar."""
        if self.data.Due[-1]:
            self.buy(size=UNITS)


class WeekdayBracket(Strategy):
    """Buys at each bar that is marked as due, with both exits at the distance from the last price."""

    def init(self) -> None:
        """Need nothing."""

    def next(self) -> None:
        """Look at one bar."""
        if self.data.Due[-1]:
            price = self.data.Close[-1]
            self.buy(size=UNITS, sl=price - AWAY, tp=price + AWAY)


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


def bracket(path: Path) -> None:
    """Trade the year with exits and print how many round trips there were."""
    frame = pd.read_pickle(path)
    stats = Backtest(frame, WeekdayBracket, cash=CASH, commission=0.00002, finalize_trades=True).run()
    print(len(stats["_trades"]), "round trips on", len(frame), "bars")


def to_csv(path: Path, target: Path) -> None:
    """Write the bars as fxrun reads them, to the tenth of a pip."""
    frame = pd.read_pickle(path).drop(columns="Due").round(5)
    frame.columns = frame.columns.str.lower()
    frame.to_csv(target, index_label="time", date_format="%Y-%m-%dT%H:%M:%SZ", float_format="%.5f")


ACTIONS = {"write": lambda path: bars().to_pickle(path), "run": run, "bracket": bracket, "csv": to_csv}

if __name__ == "__main__":
    ACTIONS[sys.argv[1]](*map(Path, sys.argv[2:]))
