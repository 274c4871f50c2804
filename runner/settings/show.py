"""Settings as rows: each value as its key would be written, and where it came from."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from runner.core.limits import Amount, Limits, Window
from runner.core.money import plain
from runner.plan.model import Plan
from runner.settings.model import HOOKS, NAMES, Outage, Settings
from runner.settings.notify import Notify, Receiver
from runner.settings.read import DAYS

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))
_PERIODS = {timedelta(minutes=1): "minute", timedelta(hours=1): "hour", timedelta(days=1): "day"}
_FIELDS = {"limits.window": "windows"}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting; its value is text, a whole number, true or false, a list of texts, or None where it is not set."""

    name: str
    value: object
    origin: str

    @property
    def text(self) -> str:
        """The value for people."""
        match self.value:
            case None | []:
                return "none"
            case bool():
                return "true" if self.value else "false"
            case list() if self.name.startswith("hooks."):
                return shlex.join(map(str, self.value))
            case list():
                return ", ".join(map(str, self.value))
            case _:
                return str(self.value)


def rows(settings: Settings, plan: Plan | None = None) -> tuple[Row, ...]:
    """Return every setting; with a plan the limits and the account that hold for it."""
    values = _values(settings, settings.limits if plan is None else settings.limits.stricter(plan.limits))
    if plan is not None and plan.account is not None:
        values["account"] = plan.account
    return tuple(Row(name, values[name], _origin(name, settings, plan)) for name in NAMES)


def _values(settings: Settings, limits: Limits) -> dict[str, object]:
    return {
        "connection.host": settings.host,
        "connection.port": settings.port,
        "connection.client_id": settings.client_id,
        "connection.query_client_id": settings.query_client_id,
        "connection.timeout": _duration(timedelta(seconds=settings.timeout)),
        "connection.allow_remote": settings.allow_remote,
        "connection.allow_old_api": settings.allow_old_api,
        "account": settings.account,
        "journal": str(settings.journal),
        **_values_of_limits(limits),
        "external_orders": settings.external_orders.value,
        "restart": None if settings.restart is None else _outage(settings.restart),
        "resets": [_outage(outage) for outage in settings.resets],
        "grace": _duration(settings.grace),
        **{f"hooks.{name}": _command(settings.hooks.get(name)) for name in HOOKS},
        "codes": [f"{code} {meaning}" for code, meaning in sorted(settings.codes.items())],
        **_values_of_notify(settings.notify),
    }


def _values_of_notify(notify: Notify) -> dict[str, object]:
    return {
        "notify.to": [_receiver(one) for one in notify.to],
        "notify.digest": None if notify.digest is None else f"{notify.digest:%H:%M}",
        "notify.timezone": str(notify.zone),
        "notify.at_most": f"{notify.at_most.messages} per {_PERIODS[notify.at_most.within]}",
        "notify.ping": notify.ping,
    }


def _receiver(one: Receiver) -> str:
    plans = "" if one.plans is None else f" of {' '.join(sorted(one.plans))}"
    return f"{one.url} on {' '.join(one.on)}{plans}"


def _values_of_limits(limits: Limits) -> dict[str, object]:
    return {
        "limits.max_quantity": _number(limits.max_quantity),
        "limits.max_daily_quantity": _number(limits.max_daily_quantity),
        "limits.max_notional": _amounts(limits.max_notional),
        "limits.max_daily_notional": _amounts(limits.max_daily_notional),
        "limits.max_open_orders": limits.max_open_orders,
        "limits.max_fires_per_day": limits.max_fires_per_day,
        "limits.max_orders_per_minute": limits.max_orders_per_minute,
        "limits.price_collar": None if limits.price_collar is None else f"{plain(limits.price_collar * 100)}%",
        "limits.pairs": None if limits.pairs is None else sorted(limits.pairs) or ["no pair at all"],
        "limits.window": [_window(window) for window in limits.windows],
    }


def _origin(name: str, settings: Settings, plan: Plan | None) -> str:
    """Say where a value came from; both places if a limit of the settings and one of the plan hold together."""
    mark = None if plan is None else plan.instructions[0].marks.get(name)
    if plan is None or mark is None:
        return settings.origin(name)
    place = f"{plan.file}:{mark.line}"
    section, _, key = name.partition(".")
    if section != "limits":
        return place
    ours, theirs = (getattr(limits, _FIELDS.get(name, key)) for limits in (settings.limits, plan.limits))
    joined = getattr(settings.limits.stricter(plan.limits), _FIELDS.get(name, key))
    if joined == ours:
        return settings.origin(name)
    return place if joined == theirs else f"{settings.origin(name)} and {place}"


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _amounts(amounts: Iterable[Amount]) -> list[str]:
    return [f"{plain(amount.value)} {amount.currency}" for amount in amounts]


def _window(window: Window) -> str:
    return f"{window.opens:%H:%M} to {window.closes:%H:%M} {window.zone}"


def _outage(outage: Outage) -> str:
    names = [DAYS[day] for day in sorted(outage.days)]
    days = "" if len(names) == len(DAYS) else f" on {', '.join(names)}"
    return f"{outage.at:%H:%M} {outage.zone} for {_duration(outage.lasts)}{days}"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for length, unit in _UNITS:
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _command(words: tuple[str, ...] | None) -> list[str]:
    return [] if words is None else list(words)
