"""The same daily bracket in nautilus_trader: read a year of minute bars, run its engine over them, print the fills.

Run by years.py, in an environment of its own, as `nautilus_peer.py BARS`, whole process.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

UNITS = Decimal(25_000)
AWAY = Decimal("0.0020")
VENUE = Venue("SIM")


class BracketConfig(StrategyConfig, frozen=True):  # type: ignore[misc]
    """What it trades, on which bars, and the closing instants of the bars after which it buys (ns)."""

    instrument_id: InstrumentId
    bar_type: BarType
    due: frozenset[int]


class WeekdayBracket(Strategy):  # type: ignore[misc]
    """Buys at half past nine in New York, with both exits at the distance from the last price."""

    def on_start(self) -> None:
        """Ask for the bars."""
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar: Bar) -> None:
        """Look at one bar."""
        if bar.ts_event not in self.config.due:
            return
        price = bar.close.as_decimal()
        orders = self.order_factory.bracket(
            instrument_id=self.config.instrument_id,
            order_side=OrderSide.BUY,
            quantity=self.instrument.make_qty(UNITS),
            sl_trigger_price=self.instrument.make_price(price - AWAY),
            tp_price=self.instrument.make_price(price + AWAY),
        )
        self.submit_order_list(orders)


def main(path: Path) -> None:
    """Trade the year and print how many round trips there were."""
    frame = pd.read_pickle(path)
    frame.columns = frame.columns.str.lower()
    frame.index = frame.index.tz_localize("UTC") + pd.Timedelta(minutes=1)  # bars carry the time of their close
    due = frozenset(int(at.value) for at in frame.index[frame.pop("due")])
    frame["volume"] = 1_000_000.0
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(log_level="ERROR")))
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.HEDGING, account_type=AccountType.MARGIN, base_currency=USD,
        starting_balances=[Money(100_000_000, USD)],
    )  # fmt: skip
    instrument = TestInstrumentProvider.default_fx_ccy("EUR/USD", VENUE)
    engine.add_instrument(instrument)
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    engine.add_data(BarDataWrangler(bar_type, instrument).process(frame))
    engine.add_strategy(WeekdayBracket(BracketConfig(instrument_id=instrument.id, bar_type=bar_type, due=due)))
    engine.run()
    print(len(engine.cache.positions_closed()), "round trips on", len(frame), "bars")
    engine.dispose()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
