"""`FXRUN_...`: overrides a setting, makes a limit stricter, and never says where the money is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.contract import is_listed_name
from runner.core.fx import parse_pair
from runner.core.limits import Limits
from runner.core.money import plain
from runner.errors import UsageError
from runner.plan.limits import parse_amount, parse_share
from runner.plan.scalars import BadNumber, plain_value
from runner.plan.text import quote
from runner.settings.model import Settings
from runner.settings.read import parse_grace, parse_timeout

PREFIX = "FXRUN_"
_PORTS, _IDS, _COUNTS = 65_535, 2_147_483_646, 1_000_000
_LARGEST = Decimal(1_000_000_000_000)


def override(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return settings with what the environment says; raises UsageError for what it may not say, or says badly."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    for name in sorted(given.keys() & FILE_ONLY):
        raise UsageError(f"{name} is not taken from the environment: {_reason(name)}; write it into fxrun.yaml")
    for name in sorted(given.keys() & PLAIN.keys()):
        settings = _with_value(settings, name, given[name])
    for name in sorted(given.keys() & LIMITS.keys()):
        settings = _with_limit(settings, name, given[name])
    if settings.client_id == settings.query_client_id:
        raise UsageError(
            f"one client id for two: found {settings.client_id} for orders and for questions; "
            "expected FXRUN_CLIENT_ID and FXRUN_QUERY_CLIENT_ID to differ"
        )
    return settings


def near_misses(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return a warning for each variable that is almost one of ours, and therefore has no effect."""
    known = sorted({*PLAIN, *LIMITS, *FILE_ONLY})
    warnings = []
    for name in sorted(environ):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
        if near and name not in known:
            warnings.append(f"{name} has no effect: found no such setting; did you mean {near[0]}?")
    return tuple(warnings)


def _reason(name: str) -> str:
    if name == "FXRUN_ACCOUNT":
        return "which account orders are for is never left to what a shell happens to hold"
    return "it would loosen what fxrun.yaml guards"


def _with_value(settings: Settings, name: str, text: str) -> Settings:
    row = PLAIN[name]
    changed: dict[str, Any] = {row.field: _read(name, text, row.parse)}
    return replace(settings, **changed, origins={**settings.origins, row.setting: name})


def _with_limit(settings: Settings, name: str, text: str) -> Settings:
    row = LIMITS[name]
    changed: dict[str, Any] = {row.field: _read(name, text, row.parse)}
    asked = Limits(**changed)
    joined = settings.limits.stricter(asked)
    if _is_looser(getattr(asked, row.field), getattr(joined, row.field)):
        raise UsageError(
            f"{name}={quote(text)[1:-1]} is looser than {row.setting} ({settings.origin(row.setting)}): "
            "the environment can only make a limit stricter; change it in fxrun.yaml"
        )
    return replace(settings, limits=joined, origins={**settings.origins, row.setting: name})


def _is_looser(asked: object, joined: object) -> bool:
    if isinstance(asked, tuple) and isinstance(joined, tuple):
        return not set(asked) <= set(joined)
    return asked != joined


def _read(name: str, text: str, parse: Callable[[str], object]) -> object:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{name} cannot be used: found {quote(text)}; {error}") from None


def _quantity(text: str) -> Decimal:
    try:
        value = plain_value(text)
    except BadNumber:
        value = None
    if not isinstance(value, Decimal) or not 0 < value <= _LARGEST:
        raise ValueError(f"expected a number above 0, at most {plain(_LARGEST)}, such as 25_000")
    return value


def _whole(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
            raise ValueError(f"expected a whole number from 1 to {most}")
        return int(text)

    return parse


def _host(text: str) -> str:
    if len(text) > 255 or not text.isprintable() or " " in text:
        raise ValueError("expected the name or address of a machine, such as 127.0.0.1")
    return text


def _seconds(text: str) -> float:
    return parse_timeout(text).total_seconds()


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _pairs(text: str) -> frozenset[str]:
    names = [_contract_name(word.strip()) for word in text.split(",")]
    if None in names:
        raise ValueError("expected pairs that IDEALPRO quotes with commas between them, such as EUR.USD,USD.JPY")
    return frozenset(name for name in names if name is not None)


def _contract_name(word: str) -> str | None:
    """Return the name of a pair, or of another contract; None if it is neither."""
    pair = parse_pair(word)
    return pair.name if pair is not None else word if is_listed_name(word) else None


@dataclass(frozen=True, slots=True)
class Row:
    """One variable: the setting it stands for, the field that holds it, and how its text is read."""

    setting: str
    field: str
    parse: Callable[[str], object]


PLAIN = {
    "FXRUN_HOST": Row("connection.host", "host", _host),
    "FXRUN_PORT": Row("connection.port", "port", _whole(_PORTS)),
    "FXRUN_CLIENT_ID": Row("connection.client_id", "client_id", _whole(_IDS)),
    "FXRUN_QUERY_CLIENT_ID": Row("connection.query_client_id", "query_client_id", _whole(_IDS)),
    "FXRUN_TIMEOUT": Row("connection.timeout", "timeout", _seconds),
    "FXRUN_JOURNAL": Row("journal", "journal", _path),
    "FXRUN_GRACE": Row("grace", "grace", parse_grace),
}
LIMITS = {
    "FXRUN_MAX_QUANTITY": Row("limits.max_quantity", "max_quantity", _quantity),
    "FXRUN_MAX_DAILY_QUANTITY": Row("limits.max_daily_quantity", "max_daily_quantity", _quantity),
    "FXRUN_MAX_NOTIONAL": Row("limits.max_notional", "max_notional", lambda text: (parse_amount(text),)),
    "FXRUN_MAX_DAILY_NOTIONAL": Row(
        "limits.max_daily_notional", "max_daily_notional", lambda text: (parse_amount(text),)
    ),
    "FXRUN_MAX_OPEN_ORDERS": Row("limits.max_open_orders", "max_open_orders", _whole(_COUNTS)),
    "FXRUN_MAX_FIRES_PER_DAY": Row("limits.max_fires_per_day", "max_fires_per_day", _whole(_COUNTS)),
    "FXRUN_MAX_ORDERS_PER_MINUTE": Row("limits.max_orders_per_minute", "max_orders_per_minute", _whole(_COUNTS)),
    "FXRUN_PRICE_COLLAR": Row("limits.price_collar", "price_collar", parse_share),
    "FXRUN_PAIRS": Row("limits.pairs", "pairs", _pairs),
}
FILE_ONLY = frozenset(
    f"FXRUN_{name}"
    for name in (
        "ACCOUNT", "ALLOW_REMOTE", "ALLOW_OLD_API", "EXTERNAL_ORDERS", "RESTART", "RESETS", "HOOKS", "CODES", "WINDOW",
    )
)  # fmt: skip
