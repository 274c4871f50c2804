"""What a TWS refuses before an order exists, and what it only warns of: pure, one small function a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from runner.core.money import CENT, is_multiple, plain
from runner.gateway import conditions, offers
from runner.gateway.book import Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.deadlines import instant
from runner.gateway.instruments import FXCONV, INSTRUMENTS, Instrument, find, find_all
from runner.gateway.matching import TYPES, has_limit, has_stop, has_trigger, is_trailing
from runner.gateway.offers import INVALID
from runner.wire.messages import WireContract, WireOrder

ZERO = Decimal(0)
Refusal = tuple[int, str]  # code and text
OFF_GRID: Refusal = (110, "The price does not conform to the minimum price variation for this contract.")
UNKNOWN_CONTRACT: Refusal = (200, "No security definition has been found for the request")
OUTSIDE_RTH_IGNORED = (
    "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type "
    "and destination. PlaceOrder is now being processed."
)
TOO_MANY = (
    "Your account has a minimum of {} orders working on either the buy or sell side for this particular contract. "
    "An additional order on the same side for this contract will not be allowed until an existing order has been "
    "cancelled."
)
_TIMES = ("DAY", "GTC", "IOC", "FOK", "GTD")
_LARGEST = Decimal(10**12)
_HIGHEST = Decimal(10**6)
_PERCENT_STEP = Decimal("0.000001")  # finer ones are no numbers that any client reads
_NEW_YORK = ZoneInfo("America/New_York")


def instrument_of(contract: WireContract, at: int | None = None) -> Instrument | None:
    """Find what a contract names: by conId, by local symbol, or by symbol, type and currency; all of it must agree."""
    return find(contract, at)


def instruments_like(contract: WireContract, at: int | None = None) -> list[Instrument]:
    """Return every instrument that fits what a description says, which may be only a part of a contract."""
    return find_all(contract, at)


def unknown(contract: WireContract, at: int | None = None) -> Refusal:
    """Say that a contract names nothing, or more than one thing."""
    if len(instruments_like(contract, at)) < 2:
        return UNKNOWN_CONTRACT
    return 200, f"The contract description specified for {contract.symbol} is ambiguous."


def unrouted(contract: WireContract) -> Refusal | None:
    """Refuse an order whose contract names no exchange: that is enough to look it up, not to trade it."""
    return None if contract.exchange else (321, "Error validating request.-'bR' : cause - Missing order exchange")


@lru_cache(maxsize=512)
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
        strike=instrument.strike or ZERO,
        right=instrument.right,
    )


def routed(instrument: Instrument, contract: WireContract) -> WireContract:
    """Return a contract as the gateway gives it back in an order: with its own exchange, but for conversions."""
    found = listed(instrument)
    return replace(found, exchange=FXCONV) if contract.exchange == FXCONV else found


def conversion(order: WireOrder, contract: WireContract) -> Refusal | None:
    """Refuse what is no market order where currencies are only converted."""
    if contract.exchange == FXCONV and order.order_type != "MKT":
        return 387, "Unsupported order type for this exchange and security type."
    return None


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
        aux_price=order.aux_price if has_trigger(kind) else ZERO,
        trailing_percent=_given(order.trailing_percent) if is_trailing(kind) else None,
        trail_stop_price=_given(order.trail_stop_price) if is_trailing(kind) else None,
        limit_price_offset=_offset(order) if kind == "TRAIL LIMIT" else None,
        delta_neutral_order_type=order.delta_neutral_order_type or "None",
    )


def _given(number: Decimal | None) -> Decimal | None:
    """Return a number that several clients write as 0 when there is none."""
    return number or None


def _offset(order: WireOrder) -> Decimal | None:
    """Return how far the limit lies from the stop; 0 counts where there is no limit price."""
    return _given(order.limit_price_offset) if order.limit_price else order.limit_price_offset


def _vocabulary(order: WireOrder, instrument: Instrument) -> Refusal | None:
    if order.action not in ("BUY", "SELL"):
        return 321, INVALID.format("Invalid order side. Please enter BUY or SELL")
    if order.order_type not in TYPES:
        return 387, "Unsupported order type for this exchange and security type."
    if order.time_in_force not in _TIMES:
        return 321, INVALID.format(f"Invalid time in force: {order.time_in_force}")
    if order.oca_type not in range(4):
        return 321, INVALID.format(f"Invalid OCA type: {order.oca_type}")
    if order.trigger_method not in conditions.TRIGGER_METHODS:
        return 146, "Invalid trigger method."
    if order.what_if and not order.transmit:
        return 321, INVALID.format("What-if orders should have the transmit flag set to TRUE.")
    return None


def is_by_cash(order: WireOrder) -> bool:
    """Tell whether an order says how much money to spend instead of how much to trade."""
    return bool(order.cash_quantity)


def _quantity(order: WireOrder, instrument: Instrument) -> Refusal | None:
    quantity = order.total_quantity
    if is_by_cash(order):
        return _cash(order, instrument)
    if quantity is None or quantity == 0:
        return 434, "The order size cannot be zero."
    if not 0 < quantity <= _LARGEST:
        return 321, INVALID.format("Order size must be positive and at most 1e12")
    if quantity != quantity.to_integral_value():
        if instrument.security_type == "STK":
            return (
                10243,
                "Fractional-sized order cannot be placed via API. Please use desktop version to place this order.",
            )
        return 10318, "This order doesn't support fractional quantity trading"
    if order.min_quantity is not None and not 0 <= order.min_quantity <= quantity:
        return 321, INVALID.format("The minimum quantity must not exceed the order size")
    return None


def _cash(order: WireOrder, instrument: Instrument) -> Refusal | None:
    amount = order.cash_quantity or ZERO
    if not instrument.is_pair or order.order_type not in ("MKT", "LMT") or order.total_quantity:
        return 10244, "Cash Quantity cannot be used for this order"
    if not 0 < amount <= _LARGEST:
        return 321, INVALID.format("Cash quantity must be positive and at most 1e12")
    if amount != amount.quantize(CENT):
        return 321, INVALID.format("Non-zero cash quantity cannot contain more than 2 decimals.")
    return None


def _prices(order: WireOrder, instrument: Instrument) -> Refusal | None:
    kind = order.order_type
    needed = [order.limit_price] if has_limit(kind) and kind != "TRAIL LIMIT" else []
    needed += [order.aux_price] if has_stop(kind) else []
    if is_trailing(kind):
        if (refused := _trail(order)) is not None:
            return refused
        needed += [order.trail_stop_price] if order.trail_stop_price is not None else []
        distances = [order.aux_price or ZERO, order.limit_price_offset or ZERO]
        if any(not is_multiple(distance, instrument.min_tick) for distance in distances):
            return OFF_GRID
    if any(price is None or not 0 < price <= _HIGHEST for price in needed):
        return 321, INVALID.format("A positive price of at most 1e6 is needed for this order type")
    if any(not is_multiple(price, instrument.tick_at(price)) for price in needed if price is not None):
        return OFF_GRID
    return None


def _trail(order: WireOrder) -> Refusal | None:
    """Return what is wrong with the distances of a trailing stop."""
    amount, percent = order.aux_price or ZERO, order.trailing_percent
    if percent is None and not 0 < amount <= _HIGHEST:
        return 158, "You must specify an offset amount or a percent offset value."
    if percent is not None and amount:
        return 321, INVALID.format("A trailing amount and a trailing percentage exclude each other")
    if percent is not None and not (0 < percent < 100 and is_multiple(percent, _PERCENT_STEP)):
        return 159, "The percent offset value must be between 0% and 100%."
    if order.order_type != "TRAIL LIMIT":
        return None
    offset, limit = order.limit_price_offset, order.limit_price
    if offset is not None and abs(offset) <= _HIGHEST:
        return None
    if offset is None and limit and 0 < limit <= _HIGHEST and order.trail_stop_price is not None:
        return None
    return 321, INVALID.format("A limit offset is needed, or a limit price and a stop price to take it from")


def _times(order: WireOrder, instrument: Instrument) -> Refusal | None:
    if order.time_in_force == "GTD" and not order.good_till_date:
        return 334, "Invalid Good Till Date order."
    if order.good_till_date and order.time_in_force != "GTD":
        return 321, INVALID.format("Time in force must be GTD for a good-till date")
    texts = (order.good_till_date, order.good_after_time)
    if any(text and instant(text) is None for text in texts):
        return 391, (
            "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xxx, where xxx "
            "is an optionally specified time-zone, or yyyymmdd-hh:mm:ss in UTC."
        )
    return None


def _offered(order: WireOrder, instrument: Instrument) -> Refusal | None:
    return offers.refusal(order)


def _conditions(order: WireOrder, instrument: Instrument) -> Refusal | None:
    return conditions.refusal(order)


Rule = Callable[[WireOrder, Instrument], Refusal | None]
RULES: tuple[Rule, ...] = (_offered, _vocabulary, _quantity, _prices, _times, _conditions)


def refusal(order: WireOrder, instrument: Instrument, account: str) -> Refusal | None:
    """Return the first reason not to take an order, None if there is none."""
    if order.account != account:
        return 321, INVALID.format(f"Invalid account code '{order.account}'.")
    for rule in RULES:
        if (found := rule(order, instrument)) is not None:
            return found
    return None


def too_late(order: WireOrder, at: int) -> Refusal | None:
    """Return why an order that is good till a date cannot be taken any more."""
    till = instant(order.good_till_date) if order.good_till_date else None
    return (334, "Invalid Good Till Date order.") if till is not None and till <= at else None


def revision(known: Entry, wanted: Entry) -> Refusal | None:
    """Return why an order cannot be changed into another."""
    before, after = known.order, wanted.order
    if (known.pair, before.action) != (wanted.pair, after.action):
        return 105, "Order being modified does not match original order."
    if known.stage is Stage.UNSENT:
        return None
    if after.oca_group not in ("", before.oca_group):
        return 10326, "OCA group revision is not allowed"
    if after.oca_type and before.oca_group and after.oca_type != before.oca_type:
        return 10327, "OCA group type revision is not allowed"
    if is_by_cash(before) or is_by_cash(after):
        return 10241, (
            "Order Quantity is expressed in monetary terms. Modification is not supported via API. "
            "Please use desktop version to revise this order."
        )
    if known.filled and wanted.quantity <= known.filled:
        text = f"The quantity must exceed what has been filled already ({plain(known.filled)})"
        return 201, f"Order rejected - reason:{text}"
    return None


def edge(entry: Entry) -> Decimal:
    """Return how much worse than quoted an order is served: half a pip for an odd lot of a pair."""
    instrument = INSTRUMENTS[entry.pair]
    least = instrument.min_size
    is_odd = instrument.is_pair and least is not None and ZERO < entry.quantity < least
    return instrument.min_tick if is_odd else ZERO


def odd_lot(entry: Entry) -> Refusal | None:
    """Return the warning that an order is smaller than IDEALPRO's minimum."""
    instrument = INSTRUMENTS[entry.pair]
    if not edge(entry) or instrument.min_size is None:
        return None
    return _warning(
        entry,
        f"Your order size is below the {instrument.symbol} {plain(instrument.min_size)} IdealPro minimum "
        "and will be routed as an odd lot order.",
    )


def no_extended_hours(entry: Entry) -> Refusal | None:
    """Return the warning that there is nothing outside regular hours."""
    is_moot = entry.order.outside_rth and INSTRUMENTS[entry.pair].security_type != "STK"
    return (2109, OUTSIDE_RTH_IGNORED) if is_moot else None


def not_yet_open(entry: Entry, opening: int) -> Refusal:
    """Return the warning that an order waits for the market to open."""
    local = datetime.fromtimestamp(opening, UTC).astimezone(_NEW_YORK)
    when = local.strftime("%Y-%m-%d %H:%M:%S US/Eastern")
    return _warning(entry, f"Your order will not be placed at the exchange until {when}.")


def described(entry: Entry) -> str:
    """Name an order as warnings do."""
    instrument = INSTRUMENTS[entry.pair]
    where = "Forex" if instrument.is_pair else instrument.primary_exchange or instrument.exchange
    return f"{entry.order.action} {plain(entry.quantity)} {entry.pair} {where}"


def _warning(entry: Entry, text: str) -> Refusal:
    return 399, f"Order Message:\n{described(entry)}\nWarning: {text}"
