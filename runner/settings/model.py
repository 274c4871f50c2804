"""Settings as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.core.limits import Limits
from runner.core.outage import Outage
from runner.settings.notify import NOBODY, Notify

__all__ = ["DEFAULT", "DEFAULT_LIMITS", "GRACE", "HOOKS", "NAMES", "RESETS", "ExternalOrders", "Outage", "Settings"]

HOOKS = ("missed", "unknown", "rejected", "halt", "link_down", "arming")
NAMES = (
    "connection.host", "connection.port", "connection.client_id", "connection.query_client_id", "connection.timeout",
    "connection.allow_remote", "connection.allow_old_api", "account", "journal", "limits.max_quantity",
    "limits.max_daily_quantity", "limits.max_notional", "limits.max_daily_notional", "limits.max_open_orders",
    "limits.max_fires_per_day", "limits.max_orders_per_minute", "limits.price_collar", "limits.pairs", "limits.window",
    "external_orders", "restart", "resets", "grace", *(f"hooks.{name}" for name in HOOKS), "codes",
    "notify.to", "notify.digest", "notify.timezone", "notify.at_most", "notify.ping",
)  # fmt: skip
DEFAULT = "default"
GRACE = timedelta(minutes=2)
DEFAULT_LIMITS = Limits(max_open_orders=15)
_NEW_YORK = ZoneInfo("America/New_York")
_FRIDAY = 4
RESETS = (  # IB's page on system status, North America, read 2026-11
    Outage(at=time(0, 15), zone=_NEW_YORK, lasts=timedelta(minutes=90)),
    Outage(at=time(23), zone=_NEW_YORK, lasts=timedelta(hours=4), days=frozenset({_FRIDAY})),
)


class ExternalOrders(Enum):
    """What to do about orders of the account that fxrun did not place; they are never touched."""

    IGNORE = "ignore"
    COUNT = "count"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What fxrun.yaml and the environment say, with the default for the rest."""

    file: str | None  # the path of the fxrun.yaml that was read
    folder: Path  # of that file, else of the plan: relative paths start here
    host: str = "127.0.0.1"
    port: int = 7497
    client_id: int = 1
    query_client_id: int = 99
    timeout: float = 10.0  # seconds
    allow_remote: bool = False
    allow_old_api: bool = False
    account: str | None = None
    journal: Path  # absolute
    limits: Limits = DEFAULT_LIMITS
    external_orders: ExternalOrders = ExternalOrders.IGNORE
    restart: Outage | None = None  # of the TWS itself, once a day
    resets: tuple[Outage, ...] = RESETS  # of IB
    grace: timedelta = GRACE  # how long the link may be down outside of those until somebody is told
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # event to command
    codes: Mapping[int, str] = field(default_factory=dict)  # of a broker: reject, warning or info
    notify: Notify = NOBODY
    origins: Mapping[str, str] = field(default_factory=dict)  # by NAMES: fxrun.yaml:3 or FXRUN_PORT; not of defaults

    def origin(self, name: str) -> str:
        """Say where a setting came from: a place in the file, a variable of the environment, or `default`."""
        return self.origins.get(name, DEFAULT)
