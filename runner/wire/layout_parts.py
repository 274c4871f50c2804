"""Layouts that several messages share: contracts, legs, conditions, tags."""

from __future__ import annotations

from runner.wire.kinds import DOUBLE, FLAG, INTEGER, PRICE, TEXT, UNSET_PYTHON_DOUBLE, Kind
from runner.wire.layout import Field, Item, Maybe, Repeat, When, fields, one_of
from runner.wire.messages import ComboLeg, DeltaNeutralContract, OrderComboLeg, OrderCondition, TagValue

PEGGED_SINCE = 102  # benchmark, conditions and adjusted orders came together
is_bag = one_of("BAG")
TAG_VALUE = fields(TEXT, "tag value")
QUOTE_LEG = (*fields(INTEGER, "contract_id ratio"), *fields(TEXT, "action exchange"))
LEG = (
    *QUOTE_LEG,
    *fields(INTEGER, "open_close short_sale_slot"),
    Field("designated_location", TEXT),
    Field("exempt_code", INTEGER),
)


def described(number: Kind, *, primary_exchange: bool) -> tuple[Field, ...]:
    """Return a contract's description as requests carry it, from its id to its trading class."""
    names = "right multiplier exchange primary_exchange currency local_symbol trading_class"
    return (
        Field("contract.contract_id", INTEGER),
        *fields(TEXT, "symbol security_type last_trade_date", part="contract"),
        Field("contract.strike", number),
        *fields(TEXT, names if primary_exchange else names.replace("primary_exchange ", ""), part="contract"),
    )


ASKED_CONTRACT = described(DOUBLE, primary_exchange=True)
TOLD_CONTRACT = (
    Field("contract.contract_id", INTEGER),
    *fields(TEXT, "symbol security_type last_trade_date", part="contract"),
    Field("contract.strike", PRICE, unset="0.0"),
    *fields(TEXT, "right multiplier exchange currency local_symbol trading_class", part="contract"),
)


def hedge(number: Kind) -> Maybe:
    """Return the delta-neutral contract."""
    items = (Field("contract_id", INTEGER), *fields(number, "delta price"))
    return Maybe("contract.delta_neutral", DeltaNeutralContract, items)


def tags(path: str) -> Repeat:
    """Return a counted list of tags and values."""
    return Repeat(path, TagValue, TAG_VALUE)


def combination(price: Kind) -> tuple[Item, ...]:
    """Return the legs of a BAG order, their prices, and the parameters of its routing."""
    return (
        Repeat("contract.combo_legs", ComboLeg, LEG),
        Repeat("order.order_combo_legs", OrderComboLeg, (Field("price", price),)),
        tags("order.smart_combo_routing_params"),
    )


def _condition(kind: int, *items: Item) -> When:
    return When("kind", frozenset((kind,)).__contains__, items)


def conditions(number: Kind) -> tuple[Item, ...]:
    """Return the conditions of an order and what follows them if there are any."""
    more, place = Field("is_more", FLAG), (Field("contract_id", INTEGER), Field("exchange", TEXT))
    percent = Field("percent", number, unset=UNSET_PYTHON_DOUBLE)
    items = (
        Field("kind", INTEGER),
        Field("conjunction", TEXT),
        _condition(1, more, Field("price", number), *place, Field("trigger_method", INTEGER)),
        _condition(3, more, Field("time", TEXT)),
        _condition(4, more, percent),
        _condition(5, *fields(TEXT, "security_type exchange symbol")),
        _condition(6, more, Field("volume", INTEGER), *place),
        _condition(7, more, percent, *place),
    )
    flags = fields(FLAG, "conditions_ignore_rth conditions_cancel_order", part="order")
    return (
        Repeat("order.conditions", OrderCondition, items, since=PEGGED_SINCE),
        When("order.conditions", bool, flags, since=PEGGED_SINCE),
    )


def pegged_to_benchmark(number: Kind) -> When:
    """Return the fields of an order pegged to a benchmark."""
    items = (
        Field("order.reference_contract_id", INTEGER),
        Field("order.is_pegged_change_amount_decrease", FLAG),
        *fields(number, "pegged_change_amount reference_change_amount", part="order"),
        Field("order.reference_exchange", TEXT),
    )
    return When("order.order_type", one_of("PEG BENCH", "PEGBENCH"), items, since=PEGGED_SINCE)
