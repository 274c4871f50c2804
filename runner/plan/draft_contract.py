"""What an order trades, as far as it is sound: a pair by its name, anything else in IB's long form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from runner.core.contract import CASH, ContractSpec
from runner.core.fx import CURRENCIES, IDEALPRO_PAIRS, parse_pair
from runner.plan.suggest import for_choice, for_pair
from runner.plan.text import quote
from runner.plan.values import Values

_COMMON = frozenset({"sec_type", "symbol", "currency", "exchange", "local_symbol", "trading_class", "con_id"})
_DATED = _COMMON | {"last_trade_date", "multiplier"}
_KEYS: Mapping[str, frozenset[str]] = {
    CASH: frozenset({"sec_type", "symbol", "currency", "exchange"}),
    "STK": _COMMON | {"primary_exchange"},
    "CFD": _COMMON,
    "CMDTY": _COMMON,
    "FUT": _DATED,
    "OPT": _DATED | {"strike", "right"},
}
_CALLED = {
    CASH: "a currency pair", "STK": "a stock", "CFD": "a CFD", "CMDTY": "a metal", "FUT": "a future", "OPT": "an option"
}  # fmt: skip
_ROUTED = {"STK": "SMART", "CFD": "SMART", "CMDTY": "SMART", "OPT": "SMART"}  # the broker tells that of a future
_RIGHTS = {"c": "C", "call": "C", "p": "P", "put": "P"}
_DATE = re.compile(r"(\d{4})-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12]\d|3[01]))?", re.ASCII)


def read_contract(values: Values) -> ContractSpec | None:
    """Return what is traded, None where it is not sound, which is noted."""
    if "contract" not in values and "convert.to" in values:
        return _converted(values)
    if (text := values.text("contract")) is not None:
        return _pair(values, "contract", text)
    if not isinstance(values.get("contract"), Mapping):
        return None
    sec_type = values.text("contract.sec_type")
    if sec_type is None and "contract.con_id" not in values:
        sec_type = CASH
    if sec_type is not None and (sec_type not in _KEYS or not _fit(values, sec_type)):
        return None
    return _long_pair(values) if sec_type == CASH else _listed(values, sec_type or "")


def _fit(values: Values, sec_type: str) -> bool:
    """Tell whether the keys are of that type, noting those that are not."""
    prefix = "contract."
    written = [name.removeprefix(prefix) for name in values.places if name.startswith(prefix)]
    strange = [key for key in written if key not in _KEYS[sec_type]]
    for key in strange:
        others = [name for name, keys in _KEYS.items() if key in keys]
        if others:  # what nobody knows is told of already
            expected = f"expected it with sec_type {' or '.join(others)}"
            found = f'found "{key}" with sec_type {sec_type}'
            where = values.places[f"contract.{key}"]
            values.findings.at_key(where, f"{_CALLED[sec_type]} has no {key}: {found}; {expected}")
    return not strange


# --- pairs


def _pair(values: Values, name: str, text: str, *, is_long: bool = False) -> ContractSpec | None:
    if (pair := parse_pair(text)) is None:
        hint = values.findings.hint(lambda: for_pair(text))
        more = ", or sec_type: for a stock (STK), a future (FUT) and what else is no pair" if is_long else ""
        expected = f"expected a pair that IDEALPRO quotes, such as EUR.USD, EUR/USD or EURUSD{more}"
        values.note(name, f"an unknown pair: found {quote(text)}; {expected}{hint}")
        return None
    return ContractSpec(symbol=pair.base, currency=pair.quote)


def _long_pair(values: Values) -> ContractSpec | None:
    symbol, currency = values.text("contract.symbol"), values.text("contract.currency")
    for key, found in (("symbol", symbol), ("currency", currency)):
        if found is None and f"contract.{key}" not in values:
            _missing(values, key)
    if symbol is None or currency is None:
        return None
    exchange = values.text("contract.exchange")
    if exchange not in (None, "IDEALPRO"):
        near = for_choice(exchange or "", ("IDEALPRO",))
        text = f"pairs are traded on IDEALPRO: found {quote(exchange or '')}; expected that{near}"
        values.note("contract.exchange", text)
        return None
    is_base = any(pair.startswith(f"{symbol.upper()}.") for pair in IDEALPRO_PAIRS)
    name = f"contract.{'currency' if is_base else 'symbol'}"
    return _pair(values, name, f"{symbol}.{currency}", is_long=True)


def _converted(values: Values) -> ContractSpec | None:
    """Return the pair that IDEALPRO quotes of the two currencies of a conversion."""
    given, wanted = values.text("convert.from"), values.text("convert.to")
    if given is None or wanted is None:
        return None
    if (pair := parse_pair(f"{given}.{wanted}") or parse_pair(f"{wanted}.{given}")) is None:
        expected = "expected two currencies that IDEALPRO quotes against each other, such as EUR and USD"
        values.note("convert.to", f"no pair to convert by: found {quote(given)} into {quote(wanted)}; {expected}")
        return None
    return ContractSpec(symbol=pair.base, currency=pair.quote)


# --- all else


def _listed(values: Values, sec_type: str) -> ContractSpec | None:
    """Return a contract that the broker is asked about: by its number, or by what it is called."""
    number, symbol = values.number("contract.con_id"), _word(values, "symbol")
    if number is None:
        for key in ("symbol", "currency"):
            if f"contract.{key}" not in values and not (key == "symbol" and "contract.local_symbol" in values):
                _missing(values, key)
                return None
    date, right = _date(values), _right(values)
    if not _is_currency(values) or date is None or right is None:
        return None
    return ContractSpec(
        symbol=symbol,
        currency=_word(values, "currency"),
        sec_type=sec_type,
        exchange=_word(values, "exchange") or _ROUTED.get(sec_type, ""),
        primary_exchange=_word(values, "primary_exchange"),
        local_symbol=_word(values, "local_symbol"),
        trading_class=_word(values, "trading_class"),
        last_trade_date=date,
        multiplier=values.number("contract.multiplier"),
        strike=values.number("contract.strike"),
        right=right,
        con_id=0 if number is None else int(number),
    )


def _word(values: Values, key: str) -> str:
    """Return a text; the symbols of some exchanges are numbers."""
    found = values.get(f"contract.{key}")
    return found if isinstance(found, str) else f"{found:f}" if isinstance(found, Decimal) else ""


def _missing(values: Values, key: str) -> None:
    example = {"symbol": "AAPL", "currency": "USD"}[key]
    values.note("contract", f'a missing key in contract: found no "{key}"; expected {key}: such as {key}: {example}')


def _is_currency(values: Values) -> bool:
    found = values.text("contract.currency")
    if found is None or found in CURRENCIES:
        return True
    hint = values.findings.hint(lambda: for_choice(found, CURRENCIES))
    values.note("contract.currency", f"an unknown currency: found {quote(found)}; expected such as USD{hint}")
    return False


def _date(values: Values) -> str | None:
    """Return YYYYMMDD or YYYYMM, nothing where none is written; None for what is no date, which is noted."""
    if "contract.last_trade_date" not in values:
        return ""
    text = _word(values, "last_trade_date")
    if (match := _DATE.fullmatch(text)) is None:
        expected = "expected a day such as 2026-12-14, or a month such as 2026-12"
        values.note("contract.last_trade_date", f"no date of a last trade: found {quote(text)}; {expected}")
        return None
    return "".join(part or "" for part in match.groups())


def _right(values: Values) -> str | None:
    if "contract.right" not in values:
        return ""
    text = values.text("contract.right") or ""
    return _RIGHTS.get(text.lower())  # what it may be is in the schema
