"""What a TWS refuses before an order exists, and what it only warns of: pure, one small function a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from runner.core.money import is_multiple, plain
from runner.gateway.book import Entry
from runner.gateway.changes import changed
from runner.gateway.instruments import Instrument, find, find_all
from runner.gateway.matching import has_limit, has_stop
from runner.wire.messages import WireContract, WireOrder

ZERO = Decimal(0)
Refusal = tuple[int, str]  # code and text
UNKNOWN_CONTRACT: Refusal = (200, "No security definition has been found for the request")
_INVALID = "Error validating request.-'{}' : cause - {}"
_TYPES = ("MKT", "LMT", "STP", "STP LMT")
_TIMES = ("DAY", "GTC", "IOC", "FOK")
_LARGEST = Decimal(10**12)
_HIGHEST = Decimal(10**6)
_NEW_YORK = ZoneInfo("America/New_York")


def instrument_of(contract: WireContract) -> Instrument | None:
    """Find what a contract names: by conId, by local symbol, or by symbol, type and currency; all of it must agree."""
    return find(contract)


def instruments_like(contract: WireContract) -> list[Instrument]:
    """Return every instrument that fits what a description says, which may be only a part of a contract."""
    return find_all(contract)


def listed(instrument: Instrument) -> WireContract:
    """Return a contract as the gateway names it."""
    return WireContract(
        contract_id=instrument.con_id,
        symbol=instrument.symbol,
        security_type=instrument.security_type,
        last_trade_date=instrument.last_trade_date,
        multiplier="" if instrument.multiplier == 1 else f"{instrument.multiplier:f}",
        exchange=instrument.exchange,
        currency=instrument.currency,
        local_symbol=instrument.local_symbol,
        trading_class=instrument.trading_class,
    )


def normal(order: WireOrder, client_id: int, account: str) -> WireOrder:
    """Write an order as a TWS gives it back: with its client, account and DAY, without prices that mean nothing."""
    kind = order.order_type.upper()
    return changed(
        order,
        client_id=client_id,
        perm_id=0,
        action=order.action.upper(),
        order_type=kind,
        time_in_force=order.time_in_force.upper() or "DAY",
        account=order.account or account,
        limit_price=order.limit_price if has_limit(kind) else ZERO,
        aux_price=order.aux_price if has_stop(kind) else ZERO,
        delta_neutral_order_type=order.delta_neutral_order_type or "None",
    )


def _attributes(order: WireOrder, instrument: Instrument) -> Refusal | None:
    if order.e_trade_only:
        return 10268, "The 'EtradeOnly' order attribute is not supported."
    if order.firm_quote_only:
        return 10269, "The 'FirmQuoteOnly' order attribute is not supported."
    return None


def _vocabulary(order: WireOrder, instrument: Instrument) -> Refusal | None:
    if order.action not in ("BUY", "SELL"):
        return 321, _INVALID.format("bR", "Invalid order side. Please enter BUY or SELL")
    if order.order_type not in _TYPES:
        return 387, "Unsupported order type for this exchange and security type."
    if order.time_in_force not in _TIMES:
        return 321, _INVALID.format("bR", f"Invalid time in force: {order.time_in_force}")
    if order.what_if and not order.transmit:
        return 321, _INVALID.format("bR", "What-if orders should have the transmit flag set to TRUE.")
    return None


def _quantity(order: WireOrder, instrument: Instrument) -> Refusal | None:
    quantity = order.total_quantity
    if quantity is None or quantity == 0:
        return 434, "The order size cannot be zero."
    if not 0 < quantity <= _LARGEST:
        return 321, _INVALID.format("bR", "Order size must be positive and at most 1e12")
    if quantity != quantity.to_integral_value():
        return 10318, "This order doesn't support fractional quantity trading"
    return None


def _prices(order: WireOrder, instrument: Instrument) -> Refusal | None:
    needed = [order.limit_price] if has_limit(order.order_type) else []
    needed += [order.aux_price] if has_stop(order.order_type) else []
    if any(price is None or not 0 < price <= _HIGHEST for price in needed):
        return 321, _INVALID.format("bR", "A positive price of at most 1e6 is needed for this order type")
    if any(not is_multiple(price, instrument.min_tick) for price in needed if price is not None):
        return 110, "The price does not conform to the minimum price variation for this contract."
    return None


Rule = Callable[[WireOrder, Instrument], Refusal | None]
RULES: tuple[Rule, ...] = (_attributes, _vocabulary, _quantity, _prices)


def refusal(order: WireOrder, instrument: Instrument, account: str) -> Refusal | None:
    """Return the first reason not to take an order, None if there is none."""
    if order.account != account:
        return 321, _INVALID.format("bR", f"Invalid account code '{order.account}'.")
    return next((found for rule in RULES if (found := rule(order, instrument)) is not None), None)


def odd_lot(entry: Entry, instrument: Instrument) -> Refusal | None:
    """Return the warning that an order is smaller than IDEALPRO's minimum."""
    least = instrument.min_size
    if least is None or entry.quantity >= least:
        return None
    return _warning(
        entry,
        f"Your order size is below the {instrument.symbol} {plain(least)} IdealPro minimum "
        "and will be routed as an odd lot order.",
    )


def not_yet_open(entry: Entry, opening: int) -> Refusal:
    """Return the warning that an order waits for the market to open."""
    local = datetime.fromtimestamp(opening, UTC).astimezone(_NEW_YORK)
    when = local.strftime("%Y-%m-%d %H:%M:%S US/Eastern")
    return _warning(entry, f"Your order will not be placed at the exchange until {when}.")


def _warning(entry: Entry, text: str) -> Refusal:
    what = f"{entry.order.action} {plain(entry.quantity)} {entry.pair} Forex"
    return 399, f"Order Message:\n{what}\nWarning: {text}"
