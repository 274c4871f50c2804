"""A fxrun.yaml as values: the schema has spoken before, here speaks what a schema cannot know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from runner.core.limits import Limits
from runner.core.times import parse_duration
from runner.plan.findings import Findings
from runner.plan.limits import parse_clock, read_limits, read_parsed, read_zone
from runner.plan.source import Source, Where
from runner.settings.model import DEFAULT_LIMITS, GRACE, HOOKS, NAMES, RESETS, ExternalOrders, Outage, Settings
from runner.settings.notify import read_notify

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
JOURNAL = "fxrun.db"
_TIMEOUT, _TIMEOUT_KEY = timedelta(seconds=10), ("connection", "timeout")
_USUAL_RESTART = timedelta(minutes=5)


def read_settings(source: Source, findings: Findings, folder: Path) -> Settings:
    """Return the settings of a file as far as they are sound, noting what cannot be used."""
    return _Reading(source, findings, folder).settings()


def default_settings(folder: Path) -> Settings:
    """Return the settings of somebody who has no file."""
    return Settings(file=None, folder=folder.absolute(), journal=folder.absolute() / JOURNAL)


def _at_most(most: str) -> Callable[[str], timedelta]:
    """Make a reader of durations that raises ValueError for a longer one: what waits must end, and sums must fit."""

    def parse(text: str) -> timedelta:
        if (span := parse_duration(text)) > parse_duration(most):
            raise ValueError(f"expected at most {most}")
        return span

    return parse


parse_timeout = _at_most("1h")
parse_grace = _at_most("7d")
_parse_length = _at_most("1d")


class _Reading:
    """Reads the keys; each takes its default where it is absent or not sound."""

    def __init__(self, source: Source, findings: Findings, folder: Path) -> None:
        self._source, self._findings, self._folder = source, findings, folder.absolute()
        self._data: Mapping[str, object] = source.data if isinstance(source.data, Mapping) else {}
        connection = self._data.get("connection")
        self._connection: Mapping[str, object] = connection if isinstance(connection, Mapping) else {}

    def settings(self) -> Settings:
        found = Settings(
            file=self._source.file,
            folder=self._folder,
            host=self._host(),
            port=self._whole("port", 7497),
            client_id=self._whole("client_id", 1),
            query_client_id=self._whole("query_client_id", 99),
            timeout=self._duration(
                self._connection, ("connection", "timeout"), parse_timeout, _TIMEOUT
            ).total_seconds(),
            allow_remote=self._connection.get("allow_remote") is True,
            allow_old_api=self._connection.get("allow_old_api") is True,
            account=self._text("account"),
            journal=self._journal(),
            limits=self._limits(),
            external_orders=self._external_orders(),
            restart=self._outage(self._data.get("restart"), ("restart",)),
            resets=self._resets(),
            grace=self._duration(self._data, ("grace",), parse_grace, GRACE),
            hooks=self._hooks(),
            codes=self._codes(),
            notify=read_notify(self._data.get("notify"), self._findings),
            origins=self._origins(),
        )
        if found.client_id == found.query_client_id:
            message = f"one client id for two: found {found.client_id} for orders and for questions; expected two ids"
            place = "query_client_id" if "query_client_id" in self._connection else "client_id"
            self._findings.at_value(("connection", place), message)
        return found

    def _text(self, key: str) -> str | None:
        text = self._data.get(key)
        return text if isinstance(text, str) else None

    def _host(self) -> str:
        host = self._connection.get("host")
        return host if isinstance(host, str) else "127.0.0.1"

    def _whole(self, key: str, default: int) -> int:
        number = self._connection.get(key)
        return int(number) if isinstance(number, Decimal) else default

    def _duration(
        self, data: Mapping[str, object], where: tuple[str, ...], parse: Callable[[str], timedelta], default: timedelta
    ) -> timedelta:
        return read_parsed(data.get(where[-1]), parse, where, self._findings) or default

    def _journal(self) -> Path:
        return (self._folder / Path(self._text("journal") or JOURNAL).expanduser()).absolute()

    def _limits(self) -> Limits:
        limits = read_limits(self._data.get("limits"), ("limits",), self._findings)
        return limits if limits.max_open_orders is not None else limits.stricter(DEFAULT_LIMITS)

    def _external_orders(self) -> ExternalOrders:
        text = self._text("external_orders")
        known = {each.value: each for each in ExternalOrders}
        return known.get(text or "", ExternalOrders.IGNORE)

    def _resets(self) -> tuple[Outage, ...]:
        entries = self._data.get("resets")
        if not isinstance(entries, list):
            return RESETS
        read = [self._outage(entry, ("resets", number)) for number, entry in enumerate(entries)]
        return tuple(outage for outage in read if outage is not None)

    def _outage(self, data: object, where: Where) -> Outage | None:
        if not isinstance(data, Mapping):
            return None
        at = read_parsed(data.get("at"), parse_clock, (*where, "at"), self._findings)
        zone = read_zone(data.get("timezone"), (*where, "timezone"), self._findings)
        lasts = read_parsed(data.get("lasts"), _parse_length, (*where, "lasts"), self._findings) or _USUAL_RESTART
        days = data.get("days")
        if at is None or zone is None:
            return None
        begins = DAYS if not isinstance(days, list) else [day for day in days if day in DAYS]
        return Outage(at=at, zone=zone, lasts=lasts, days=frozenset(DAYS.index(day) for day in begins))

    def _hooks(self) -> dict[str, tuple[str, ...]]:
        hooks = self._data.get("hooks")
        found = hooks if isinstance(hooks, Mapping) else {}
        return {name: tuple(map(str, words)) for name in HOOKS if isinstance(words := found.get(name), list)}

    def _codes(self) -> dict[int, str]:
        codes = self._data.get("codes")
        found = codes if isinstance(codes, Mapping) else {}
        return {int(code): str(meaning) for code, meaning in found.items() if str(code).isdigit()}

    def _origins(self) -> dict[str, str]:
        """Return the place of every setting that is written."""
        places = {name: tuple(name.split(".")) for name in NAMES}
        return {
            name: f"{self._source.file}:{self._source.keys[where].line}"
            for name, where in places.items()
            if where in self._source.keys
        }
