"""The gateway behind the fixture `tws_gateway`: in the process of the test, on a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.errors import UsageError
from runner.gateway import options, plugin_views
from runner.gateway.faults import Faults
from runner.gateway.faults_read import BadFault
from runner.gateway.fills import FillModel
from runner.gateway.market import Market, QuotesMarket, SyntheticMarket
from runner.gateway.plugin_views import Execution, Order
from runner.gateway.server import Gateway
from runner.gateway.settings import HIGHEST_VERSION, LOWEST_VERSION, GatewaySettings
from runner.gateway.standalone import FastTime

_NAMES = ("account", "cash", "seed", "max_version", "quotes", "speed", "start", "fill", "faults")
_PAIR = "EUR.USD"
_QUIET = 900  # seconds of open market that a test should have before it closes
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What the marker says."""

    settings: GatewaySettings
    quotes: Path | None
    start: datetime | None


class TwsGateway:
    """What a test sees: where to connect, and what the gateway knows."""

    host = "127.0.0.1"

    def __init__(self, gateway: Gateway, port: int, settings: GatewaySettings) -> None:
        self.port = port
        self.account = settings.account
        self.speed = settings.speed
        self._gateway = gateway

    def orders(self) -> list[Order]:
        """Return every order of every client, oldest first."""
        return self._gateway.call(lambda venue: [*map(plugin_views.order, venue.book.entries.values())])

    def executions(self) -> list[Execution]:
        """Return every execution, oldest first."""
        return self._gateway.call(lambda venue: [*map(plugin_views.execution, venue.fills_since(0))])

    def fault(self, do: str, **terms: object) -> str:
        """Let something go wrong, as a line of the control socket does; returns what was done, raises ValueError.

        What is called `for` there is `for_` here.
        """
        told = {"do": do, **{name.rstrip("_"): _exact(value) for name, value in terms.items()}}
        try:
            return str(self._gateway.call(lambda _: self._gateway.command(told)).get("done", ""))
        except BadFault as bad:
            raise ValueError(bad.message) from None

    def close(self) -> None:
        """Hang up on every client and give the port back; raises what made the gateway end before."""
        self._gateway.stop()
        if self._gateway.failure is not None:
            raise self._gateway.failure


def _exact(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, float) else value


def running(wanted: Mapping[str, object]) -> TwsGateway:
    """Start a gateway with these settings, as a marker gives them; raises UsageError."""
    told = _read(wanted)
    settings = told.settings
    market = SyntheticMarket(settings.seed) if told.quotes is None else QuotesMarket(told.quotes)
    start = told.start or open_instant(market, datetime.now(UTC))
    gateway = Gateway(market, FastTime(settings.speed, start), settings)
    return TwsGateway(gateway, gateway.start(), settings)


def open_instant(market: Market, now: datetime) -> datetime:
    """Return now, or the last time of an hour at which the market was open: tests run on Sundays, too."""
    while not _is_open(market, int(now.timestamp())):
        now -= _HOUR
    return now


def _is_open(market: Market, at: int) -> bool:
    return market.is_open(_PAIR, at) and market.next_close(_PAIR, at) - at > _QUIET


# --- what the marker says


def _read(wanted: Mapping[str, object]) -> _Wanted:
    for name in wanted:
        if name not in _NAMES:
            raise UsageError(options.unknown("setting", name, _NAMES))
    try:
        return _Wanted(settings=_settings(wanted), quotes=_path(wanted, "quotes"), start=_start(wanted.get("start")))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _settings(wanted: Mapping[str, object]) -> GatewaySettings:
    usual = GatewaySettings()
    return GatewaySettings(
        account=options.account(str(wanted.get("account", usual.account))),
        cash=_cash(wanted["cash"]) if "cash" in wanted else usual.cash,
        **_faults(wanted.get("faults")),
        fill_model=_fill_model(wanted.get("fill", {})),
        seed=_whole(wanted, "seed", usual.seed, (-(2**63), 2**63)),
        max_version=_whole(wanted, "max_version", usual.max_version, (LOWEST_VERSION, HIGHEST_VERSION)),
        speed=_whole(wanted, "speed", usual.speed, (1, options.FASTEST)),
    )


def _cash(cash: object) -> dict[str, Decimal]:
    if not isinstance(cash, Mapping):
        raise ValueError('cash: expected currencies and amounts, such as {"USD": "50000"}')
    for currency, amount in cash.items():
        if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
            raise ValueError(f'cash: {currency}: {amount!r}: write the amount as text, such as "2500.50"')
    return options.cash((str(currency), str(amount)) for currency, amount in cash.items())


def _fill_model(fill: object) -> FillModel:
    if not isinstance(fill, Mapping):
        raise ValueError('fill: expected names and values, such as {"latency": "1"}')
    return options.fill_model((str(name), str(value)) for name, value in fill.items())


def _faults(faults: object) -> dict[str, Any]:
    if faults is None:
        return {}
    if not isinstance(faults, Faults):
        raise ValueError(f"faults: {faults!r}: expected a path")
    return {"faults": faults, "anomalies": faults.shares}


def _whole(wanted: Mapping[str, object], name: str, usual: int, span: tuple[int, int]) -> int:
    value = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not span[0] <= value <= span[1]:
        raise ValueError(f"{name}: {value!r}: expected a whole number from {span[0]} to {span[1]}")
    return value


def _path(wanted: Mapping[str, object], name: str) -> Path | None:
    value = wanted.get(name)
    if value is None:
        return None
    if not isinstance(value, str | Path):
        raise ValueError(f"{name}: {value!r}: expected a path")
    return Path(value)


def _start(value: object) -> datetime | None:
    if value is None:
        return None
    start = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise ValueError(f'start: {value!r}: expected a time with its offset, such as "2025-03-05T14:30:00Z"')
    return start.astimezone(UTC)
