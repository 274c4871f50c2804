"""The gateway as a process of its own: wall clock, signals, what it prints."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from types import FrameType

from runner.gateway.market import CREDIT, Market, QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.truth import TruthFile


class WallTime:
    """The wall's time."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)


class FastTime:
    """A time that starts at the wall's and runs a whole number of times as fast."""

    def __init__(self, speed: int) -> None:
        self._speed = speed
        self._start = datetime.now(UTC)
        self._began = monotonic()

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return self._start + timedelta(seconds=(monotonic() - self._began) * self._speed)


def serve(port: int, settings: GatewaySettings, quotes: Path | None, truth: Path | None) -> int:
    """Run a gateway until SIGTERM (returns 0) or SIGINT (returns 130); raises FxrunError if it cannot go on."""
    clock = WallTime() if settings.speed == 1 else FastTime(settings.speed)
    market = _market(settings.seed, quotes)
    gateway = Gateway(market, clock, settings, truth=None if truth is None else TruthFile(truth))
    stopped = _Stop(gateway.ended)
    bound = gateway.start(port)
    sys.stdout.write(f"listening on 127.0.0.1:{bound}\n")
    sys.stdout.flush()
    _introduce(settings, quotes)
    code = stopped.wait()
    gateway.stop()
    if gateway.failure is not None:
        raise gateway.failure
    return code


def _introduce(settings: GatewaySettings, quotes: Path | None) -> None:
    cash = ", ".join(f"{currency} {amount:,f}" for currency, amount in settings.cash.items())
    prices = f"synthetic intraday path; {CREDIT}" if quotes is None else f"prices from {quotes}"
    pace = "" if settings.speed == 1 else f", {settings.speed} seconds a second"
    sys.stderr.write(f"simulated TWS, account {settings.account}, {cash}{pace}; Ctrl-C stops it\n{prices}\n")
    sys.stderr.flush()


def _market(seed: int, quotes: Path | None) -> Market:
    return SyntheticMarket(seed) if quotes is None else QuotesMarket(quotes)


class _Stop:
    """Waits for a signal, or the gateway's own end, and knows which exit code it means."""

    def __init__(self, came: threading.Event) -> None:
        self._came = came
        self._code = 1
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._code = 130 if number == signal.SIGINT else 0
        self._came.set()

    def wait(self) -> int:
        while not self._came.wait(0.5 if sys.platform == "win32" else None):
            pass  # Windows delivers Ctrl-C only between waits
        return self._code
