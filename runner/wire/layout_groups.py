"""Groups of order fields that placeOrder, openOrder and completedOrder share."""

from __future__ import annotations

from runner.wire.kinds import DOUBLE, FLAG, INTEGER, OFFSET, OPTIONAL_INTEGER, PRICE, TEXT, Kind
from runner.wire.layout import NEVER, Field, Item, When, fields, is_positive
from runner.wire.layout_parts import tags


def order(kind: Kind, names: str, *, since: int = 0, until: int = NEVER, unset: str = "") -> tuple[Field, ...]:
    """Return several fields of the order."""
    return fields(kind, names, part="order", since=since, until=until, unset=unset)


def financial_advisor() -> tuple[Item, ...]:
    """Return the fields of an advisor's allocation."""
    return (
        *order(TEXT, "fa_group fa_method fa_percentage"),
        *order(TEXT, "fa_profile", until=177),
        *order(TEXT, "model_code", since=103),
    )


def short_sale() -> tuple[Item, ...]:
    """Return the fields of a short sale."""
    return (
        *order(INTEGER, "short_sale_slot"),
        *order(TEXT, "designated_location"),
        *order(INTEGER, "exempt_code"),
    )


def box(number: Kind) -> tuple[Item, ...]:
    """Return the prices of BOX, pegged-to-stock and volatility orders."""
    return order(number, "starting_price stock_ref_price delta stock_range_lower stock_range_upper")


def volatility(number: Kind, *, full: bool = True) -> tuple[Item, ...]:
    """Return the fields of a volatility order; completedOrder has a shorter form of its hedge."""
    texts = order(TEXT, "delta_neutral_settling_firm delta_neutral_clearing_account delta_neutral_clearing_intent")
    hedged = (
        *order(INTEGER, "delta_neutral_contract_id"),
        *(texts if full else ()),
        *(order(TEXT, "delta_neutral_open_close") if full else ()),
        *order(FLAG, "delta_neutral_short_sale"),
        *order(INTEGER, "delta_neutral_short_sale_slot"),
        *order(TEXT, "delta_neutral_designated_location"),
    )
    return (
        *order(number, "volatility"),
        *order(OPTIONAL_INTEGER, "volatility_type"),
        *order(TEXT, "delta_neutral_order_type"),
        *order(number, "delta_neutral_aux_price"),
        When("order.delta_neutral_order_type", bool, hedged),
        *order(FLAG, "continuous_update"),
        *order(OPTIONAL_INTEGER, "reference_price_type"),
    )


def scale(number: Kind) -> tuple[Item, ...]:
    """Return the fields of a scale order."""
    adjusting = (
        *order(number, "scale_price_adjust_value"),
        *order(OPTIONAL_INTEGER, "scale_price_adjust_interval"),
        *order(number, "scale_profit_offset"),
        *order(FLAG, "scale_auto_reset"),
        *order(OPTIONAL_INTEGER, "scale_init_position scale_init_fill_quantity"),
        *order(FLAG, "scale_random_percent"),
    )
    return (
        *order(OPTIONAL_INTEGER, "scale_init_level_size scale_subs_level_size"),
        *order(number, "scale_price_increment"),
        When("order.scale_price_increment", is_positive, adjusting),
    )


HEDGE: tuple[Item, ...] = (*order(TEXT, "hedge_type"), When("order.hedge_type", bool, order(TEXT, "hedge_param")))
CLEARING: tuple[Item, ...] = order(TEXT, "clearing_account clearing_intent")
ALGO: tuple[Item, ...] = (
    *order(TEXT, "algo_strategy"),
    When("order.algo_strategy", bool, (tags("order.algo_params"),)),
)
MID_OFFSETS: tuple[Item, ...] = order(DOUBLE, "mid_offset_at_whole mid_offset_at_half")
PEGGED: tuple[Item, ...] = (
    *order(OPTIONAL_INTEGER, "min_trade_quantity min_compete_size", since=170),
    *order(OFFSET, "compete_against_best_offset", since=170),
    *order(PRICE, "mid_offset_at_whole mid_offset_at_half", since=170),
)
