"""What this gateway does not offer, each with the code of a TWS: nothing a client asks for is silently left out."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

from runner.wire.messages import AttachedOrders, PlaceOrder, WireOrder

Refusal: TypeAlias = tuple[int, str]  # code and text
INVALID = "Error validating request.-'bR' : cause - {}"

_NONE_ATTACHED = AttachedOrders()


def _not_offered(what: str) -> Refusal:
    return 321, INVALID.format(f"{what} is not offered by this gateway")


_US_ONLY = (131, "The sweep-to-fill flag and display size are only valid for US stocks routed through SMART.")

# Field of an order -> what a client is told that has filled it in. Fields that are not here either count or only say
# something about an order, and come back with it.
REFUSED: dict[str, Refusal] = {
    "e_trade_only": (10268, "The 'EtradeOnly' order attribute is not supported."),
    "firm_quote_only": (10269, "The 'FirmQuoteOnly' order attribute is not supported."),
    "hidden": (152, 'The "hidden" order attribute may not be specified for this order.'),
    "block_order": (117, "The block order size must be at least 50."),
    "sweep_to_fill": _US_ONLY,
    "display_size": _US_ONLY,
    "discretionary_amount": (
        325, "Discretionary orders are not supported for this combination of order type and exchange."
    ),
    "discretionary_up_to_limit_price": (
        325, "Discretionary orders are not supported for this combination of order type and exchange."
    ),
    "percent_offset": (387, "Unsupported order type for this exchange and security type."),
    "algo_strategy": (442, "Specified algorithm is not allowed for this order."),
    "algo_id": (442, "Specified algorithm is not allowed for this order."),
    "scale_init_level_size": (408, "Invalid scale order: scale orders are not offered by this gateway."),
    "scale_subs_level_size": (408, "Invalid scale order: scale orders are not offered by this gateway."),
    "scale_price_increment": (408, "Invalid scale order: scale orders are not offered by this gateway."),
    "scale_table": (408, "Invalid scale order: scale orders are not offered by this gateway."),
    "volatility": (371, "VOL order requires positive floating point value for volatility. It is not offered here."),
    "volatility_type": (367, "Volatility type must not be set for other than VOL orders."),
    "reference_price_type": (368, "Reference Price Type must not be set for other than VOL orders."),
    "continuous_update": (372, "Cannot set dynamic VOL attribute on non-VOL order."),
    "stock_range_lower": (373, "Can only set stock range attribute on VOL or RELATIVE TO STOCK order."),
    "stock_range_upper": (373, "Can only set stock range attribute on VOL or RELATIVE TO STOCK order."),
    "delta_neutral_order_type": (429, "Delta neutral orders are only supported for combos."),
    "hedge_type": _not_offered("An attached hedge order"),
    "order_combo_legs": _not_offered("A combination"),
    "smart_combo_routing_params": _not_offered("A combination"),
    "auction_strategy": _not_offered("An auction strategy"),
    "starting_price": _not_offered("A starting price"),
    "stock_ref_price": _not_offered("A stock reference price"),
    "delta": _not_offered("A delta"),
    "nbbo_price_cap": _not_offered("An NBBO price cap"),
    "basis_points": _not_offered("An EFP"),
    "adjusted_order_type": _not_offered("An adjusted stop"),
    "trigger_price": _not_offered("An adjusted stop"),
    "fa_group": (344, "The account logged into is not a financial advisor account."),
    "fa_method": (344, "The account logged into is not a financial advisor account."),
    "fa_percentage": (344, "The account logged into is not a financial advisor account."),
    "fa_profile": (344, "The account logged into is not a financial advisor account."),
    "model_code": (344, "The account logged into is not a financial advisor account."),
    "short_sale_slot": (348, "Order not a short sale -- type must be SSHORT to specify short sale slot."),
    "settling_firm": (346, "Not an institutional account or an away clearing account."),
    "clearing_account": (346, "Not an institutional account or an away clearing account."),
    "not_held": _not_offered("'Not held'"),
    "randomize_size": _not_offered("A random size"),
    "randomize_price": _not_offered("A random price"),
    "reference_contract_id": (342, "Pegged order is not supported on this exchange."),
    "is_oms_container": _not_offered("An OMS container"),
    "auto_cancel_parent": _not_offered("Cancelling the parent"),
    "duration": _not_offered("A duration"),
    "post_to_ats": _not_offered("Posting to an ATS"),
    "post_only": _not_offered("Post only"),
    "min_trade_quantity": _not_offered("A minimum quantity of each trade"),
    "compete_against_best_offset": (342, "Pegged order is not supported on this exchange."),
    "mid_offset_at_whole": (342, "Pegged order is not supported on this exchange."),
    "mid_offset_at_half": (342, "Pegged order is not supported on this exchange."),
    "pegged_change_amount": (342, "Pegged order is not supported on this exchange."),
    "min_compete_size": (342, "Pegged order is not supported on this exchange."),
    "active_start_time": _not_offered("A start time of a scale order"),
    "active_stop_time": _not_offered("A stop time of a scale order"),
    "include_overnight": _not_offered("Overnight trading"),
    "conditions_include_overnight": _not_offered("Overnight trading"),
    "allow_pre_open": _not_offered("Trading before the opening"),
    "ignore_open_auction": _not_offered("Trading before the opening"),
    "deactivate": _not_offered("Deactivating an order"),
    "imbalance_only": _not_offered("'Imbalance only'"),
    "seek_price_improvement": _not_offered("Price improvement"),
}  # fmt: skip
_values: Callable[[WireOrder], tuple[Any, ...]] = attrgetter(*REFUSED)


def refusal(order: WireOrder) -> Refusal | None:
    """Return what is told of the first field that is filled in and cannot be served."""
    for name, value in zip(REFUSED, _values(order), strict=True):
        if value and value not in ("None", "0"):
            return REFUSED[name]
    return None


def refused_attachments(request: PlaceOrder) -> Refusal | None:
    """Return what is told of orders that the server is to make for an order."""
    return _not_offered("A stop loss or profit taker made by the TWS") if request.attached != _NONE_ATTACHED else None
