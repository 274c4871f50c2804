"""Contracts, orders, order states and executions in protobuf."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from runner.wire import messages as m
from runner.wire import proto_kinds as k
from runner.wire.errors import WireError
from runner.wire.proto_layout import Bind, Entry, Inside, Many, One, Shape, Values, binds

DELTA_NEUTRAL = Shape(
    m.DeltaNeutralContract,
    "DeltaNeutralContract",
    (*binds(k.INT, "contract_id=conId"), *binds(k.DOUBLE, "delta price")),
)

COMBO_LEG = Shape(
    m.ComboLeg,
    "ComboLeg",
    (
        *binds(k.INT, "contract_id=conId ratio open_close short_sale_slot=shortSalesSlot"),
        *binds(k.TEXT, "action exchange designated_location"),
        *binds(k.INT.missing(-1), "exempt_code"),
    ),
)

CONTRACT = Shape(
    m.WireContract,
    "Contract",
    (
        *binds(k.INT, "contract_id=conId"),
        *binds(k.TEXT, "symbol security_type=secType last_trade_date=lastTradeDateOrContractMonth"),
        *binds(k.DOUBLE, "strike"),
        *binds(k.TEXT, "right"),
        *binds(k.MULTIPLIER, "multiplier"),
        *binds(k.TEXT, "exchange primary_exchange=primaryExch currency local_symbol trading_class"),
        *binds(k.TEXT, "security_id_type=secIdType security_id=secId issuer_id"),
        *binds(k.FLAG, "include_expired"),
        *binds(k.TEXT, "combo_legs_description=comboLegsDescrip"),
        Many("combo_legs", "comboLegs", COMBO_LEG),
        One("delta_neutral", "deltaNeutralContract", DELTA_NEUTRAL, optional=True),
    ),
)


def _condition(*entries: Entry) -> Shape:
    head = (*binds(k.INT, "kind=type"), *binds(k.CONJUNCTION, "conjunction=isConjunctionConnection"))
    return Shape(m.OrderCondition, "OrderCondition", (*head, *entries))


_MORE = Bind("is_more", "isMore", k.SAID_FLAG)
_PLACE = (*binds(k.INT, "contract_id=conId"), *binds(k.TEXT, "exchange"))
_CONDITIONS = {
    1: _condition(_MORE, *binds(k.DOUBLE, "price"), *_PLACE, *binds(k.INT, "trigger_method")),
    3: _condition(_MORE, *binds(k.TEXT, "time")),
    4: _condition(_MORE, *binds(k.INT_NUMBER, "percent")),
    5: _condition(*binds(k.TEXT, "security_type=secType exchange symbol")),
    6: _condition(_MORE, *binds(k.INT, "volume"), *_PLACE),
    7: _condition(_MORE, *binds(k.DOUBLE, "percent=changePercent"), *_PLACE),
}

_ORDER: tuple[Entry, ...] = (
    *binds(k.INT, "client_id parent_id oca_type trigger_method origin short_sale_slot adjustable_trailing_unit"),
    *binds(k.LONG, "perm_id"),
    *binds(k.SET_LONG, "parent_perm_id"),
    *binds(k.INT, "reference_contract_id"),
    *binds(k.SET_INT, "reference_futures_contract_id=refFuturesConId"),
    *binds(k.INT.missing(-1), "exempt_code"),
    *binds(k.INT, "delta_neutral_contract_id=deltaNeutralConId delta_neutral_short_sale_slot"),
    *binds(k.SIZE, "total_quantity filled_quantity"),
    *binds(k.TEXT, "action order_type time_in_force=tif account open_close order_ref oca_group rule_80a=rule80A"),
    *binds(k.TEXT, "settling_firm clearing_account clearing_intent model_code fa_group fa_method fa_percentage"),
    *binds(k.TEXT, "good_after_time good_till_date active_start_time active_stop_time manual_order_time"),
    *binds(k.TEXT, "delta_neutral_order_type delta_neutral_open_close delta_neutral_designated_location"),
    *binds(k.TEXT, "delta_neutral_settling_firm delta_neutral_clearing_account delta_neutral_clearing_intent"),
    *binds(k.TEXT, "designated_location scale_table hedge_type hedge_param algo_strategy algo_id"),
    *binds(k.TEXT, "reference_exchange=referenceExchangeId adjusted_order_type ext_operator advanced_error_override"),
    *binds(k.TEXT, "mifid2_decision_maker mifid2_decision_algo mifid2_execution_trader mifid2_execution_algo"),
    *binds(k.TEXT, "auto_cancel_date shareholder customer_account bond_accrued_interest submitter"),
    *binds(
        k.OPTIONAL_INT, "display_size min_quantity=minQty volatility_type reference_price_type duration post_to_ats"
    ),
    *binds(k.OPTIONAL_INT, "scale_init_level_size scale_subs_level_size scale_price_adjust_interval"),
    *binds(k.OPTIONAL_INT, "scale_init_position scale_init_fill_quantity=scaleInitFillQty"),
    *binds(k.OPTIONAL_INT, "min_trade_quantity=minTradeQty min_compete_size manual_order_indicator"),
    *binds(k.OPTIONAL_INT, "what_if_type hedge_max_size"),
    *binds(k.DOUBLE, "limit_price=lmtPrice aux_price percent_offset trailing_percent trail_stop_price"),
    *binds(k.DOUBLE, "volatility delta_neutral_aux_price scale_price_increment scale_price_adjust_value"),
    *binds(k.DOUBLE, "scale_profit_offset discretionary_amount=discretionaryAmt starting_price stock_ref_price delta"),
    *binds(k.DOUBLE, "stock_range_lower stock_range_upper pegged_change_amount reference_change_amount trigger_price"),
    *binds(k.DOUBLE, "adjusted_stop_price adjusted_stop_limit_price adjusted_trailing_amount"),
    *binds(k.DOUBLE, "limit_price_offset=lmtPriceOffset cash_quantity=cashQty mid_offset_at_whole mid_offset_at_half"),
    *binds(k.OFFSET, "compete_against_best_offset"),
    *binds(k.FLAG, "all_or_none block_order hidden outside_rth sweep_to_fill continuous_update what_if transmit"),
    *binds(k.FLAG, "delta_neutral_short_sale scale_auto_reset scale_random_percent override_percentage_constraints"),
    *binds(k.FLAG, "opt_out_smart_routing not_held solicited randomize_size randomize_price"),
    *binds(k.FLAG, "is_pegged_change_amount_decrease conditions_cancel_order conditions_ignore_rth"),
    *binds(k.FLAG, "conditions_include_overnight dont_use_auto_price_for_hedge is_oms_container"),
    *binds(k.FLAG, "discretionary_up_to_limit_price auto_cancel_parent imbalance_only professional_customer"),
    *binds(k.FLAG, "include_overnight deactivate post_only allow_pre_open ignore_open_auction"),
    *binds(k.FLAG_INT, "route_marketable_to_bbo"),
    *binds(k.OPTIONAL_FLAG_INT, "use_price_mgmt_algo seek_price_improvement"),
    *binds(k.TAGS, "algo_params smart_combo_routing_params"),
    *binds(k.OPTIONS, "misc_options=orderMiscOptions"),
    Many("conditions", "conditions", _condition(), _CONDITIONS, key=("kind", "type")),
    Inside(
        "softDollarTier",
        binds(k.TEXT, "soft_dollar_name=name soft_dollar_value=value soft_dollar_display_name=displayName"),
    ),
)

ORDER = Shape(m.WireOrder, "Order", _ORDER)

_ALLOCATION = Shape(
    m.OrderAllocation,
    "OrderAllocation",
    (
        *binds(k.TEXT, "account"),
        *binds(k.SIZE, "position position_desired position_after"),
        *binds(k.SIZE, "desired_quantity=desiredAllocQty allowed_quantity=allowedAllocQty"),
        *binds(k.FLAG, "is_monetary"),
    ),
)


def _margins(moment: str) -> str:
    """Return the margins before, through and after an order, within trading hours or outside."""
    names = (f"{what}_{when}" for when in ("before", "change", "after") for what in _MARGINS)
    if not moment:
        return " ".join(names)
    return " ".join(f"{name}_outside_rth={_theirs(name)}OutsideRTH" for name in names)


def _theirs(name: str) -> str:
    (bind,) = binds(k.DOUBLE, name)
    return bind.name


_MARGINS = ("init_margin", "maint_margin", "equity_with_loan")

ORDER_STATE = Shape(
    m.WireOrderState,
    "OrderState",
    (
        *binds(k.TEXT, "status margin_currency reject_reason warning_text completed_time completed_status"),
        *binds(k.TEXT, "commission_currency=commissionAndFeesCurrency"),
        *binds(k.DOUBLE, _margins("")),
        *binds(k.DOUBLE, _margins("outside_rth")),
        *binds(k.DOUBLE, "commission=commissionAndFees min_commission=minCommissionAndFees"),
        *binds(k.DOUBLE, "max_commission=maxCommissionAndFees"),
        *binds(k.SIZE, "suggested_size"),
        Many("allocations", "orderAllocations", _ALLOCATION),
    ),
)

EXECUTION = Shape(
    m.WireExecution,
    "Execution",
    (
        *binds(k.INT, "order_id client_id last_liquidity"),
        *binds(k.LONG, "perm_id"),
        *binds(
            k.TEXT, "execution_id=execId time account=acctNumber exchange side order_ref ev_rule model_code submitter"
        ),
        *binds(k.SIZE, "shares cumulative_quantity=cumQty"),
        *binds(k.DOUBLE, "price average_price=avgPrice ev_multiplier"),
        *binds(k.INT_FLAG, "liquidation=isLiquidation"),
        *binds(k.FLAG, "pending_price_revision=isPriceRevisionPending"),
    ),
)


def give_leg_prices(source: Any, out: Values) -> None:
    """Put the prices of an order's legs where protobuf has them: in the legs of the contract."""
    for leg, priced in zip(out["contract"].get("comboLegs", ()), source.order.order_combo_legs, strict=False):
        if priced.price is not None:
            leg["perLegPrice"] = float(priced.price)


def take_leg_prices(values: Values, message: Any) -> None:
    """Take them from there; an order of which no leg has one has no list of them."""
    legs = message.contract.comboLegs
    if any(leg.HasField("perLegPrice") for leg in legs):
        found = tuple(m.OrderComboLeg(price=_leg_price(leg)) for leg in legs)
        values["order"] = replace(values["order"], order_combo_legs=found)


def _leg_price(leg: Any) -> Decimal | None:
    try:
        return k.read_double(leg.perLegPrice) if leg.HasField("perLegPrice") else None
    except ValueError as error:
        raise WireError(str(error), field="order.order_combo_legs", value=str(leg.perLegPrice)) from None


# --- what requests and answers are made of

REQUEST_ID = binds(k.INT, "request_id=reqId")
ITS_CONTRACT = One("contract", "contract", CONTRACT)
ITS_ORDER: tuple[Entry, ...] = (ITS_CONTRACT, One("order", "order", ORDER))


def of_orders(message: type, name: str, *entries: Entry) -> Shape:
    """Return the shape of a message that carries an order with its legs."""
    return Shape(message, name, entries, give_leg_prices, take_leg_prices)


def by_request(message: type, name: str, *entries: Entry) -> Shape:
    """Return the shape of a message that begins with the id of its request."""
    return Shape(message, name, (*REQUEST_ID, *entries))
