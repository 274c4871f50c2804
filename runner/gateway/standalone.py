"""The gateway as a process of its own: wall clock, signals, what it prints."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from runner.gateway.market import CREDIT, Market, QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings


class WallTime:
    """The wall's time."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)


def serve(port: int, seed: int, quotes: Path | None) -> int:
    """Run a gateway until SIGTERM (returns 0) or SIGINT (returns 130)."""
    settings = GatewaySettings(seed=seed)
    gateway = Gateway(_market(seed, quotes), WallTime(), settings)
    stopped = _Stop()
    bound = gateway.start(port)
    sys.stdout.write(f"listening on 127.0.0.1:{bound}\n")
    sys.stdout.flush()
    cash = ", ".join(f"{currency} {amount:,}" for currency, amount in settings.cash.items())
    prices = f"synthetic intraday path; {CREDIT}" if quotes is None else f"prices from {quotes}"
    sys.stderr.write(f"simulated TWS, account {settings.account}, {cash}; Ctrl-C stops it\n{prices}\n")
    sys.stderr.flush()
    code = stopped.wait()
    gateway.stop()
    return code


def _market(seed: int, quotes: Path | None) -> Market:
    return SyntheticMarket(seed) if quotes is None else QuotesMarket(quotes)


class _Stop:
    """Waits for a signal and knows which exit code it means."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self._code = 0
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._code = 130 if number == signal.SIGINT else 0
        self._came.set()

    def wait(self) -> int:
        while not self._came.wait(0.5 if sys.platform == "win32" else None):
            pass  # Windows delivers Ctrl-C only between waits
        return self._code
