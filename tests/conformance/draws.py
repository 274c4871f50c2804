"""Contracts and orders for hypothesis, and which of their fields travel: the rules by hand, not from the tables."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from runner.wire import messages as m
from tests.conformance.same import CONDITION_FIELDS, defaulted

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
integers = st.integers(0, 2**31 - 2)
prices = st.decimals(min_value=-(10**6), max_value=10**6, allow_nan=False, places=5).map(
    lambda d: Decimal(str(float(d)))
)
sizes = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=2)

SIMPLE = {
    "str": words,
    "int": integers,
    "bool": st.booleans(),
    "int | None": integers,
    "bool | None": st.booleans(),
    "Decimal | None": prices,
}


def plain(cls: type, **special: Any) -> st.SearchStrategy[Any]:
    """Draw a value with some of its fields given, the rest at their defaults, which are the unset ones."""
    required, optional = dict(special), {}
    for field in fields(cls):
        if field.name not in special and isinstance(field.type, str) and field.type in SIMPLE:
            optional[field.name] = SIMPLE[field.type]
    return st.fixed_dictionaries(required, optional=optional).map(lambda drawn: cls(**drawn))


tag_values = st.lists(plain(m.TagValue), max_size=2).map(tuple)
legs = st.lists(plain(m.ComboLeg), max_size=2).map(tuple)
leg_prices = st.lists(plain(m.OrderComboLeg), max_size=2).map(tuple)


@st.composite
def conditions(draw: st.DrawFn) -> m.OrderCondition:
    """Draw one condition, with the fields its kind has."""
    kind = draw(st.sampled_from(sorted(CONDITION_FIELDS)))
    values = {"kind": kind, "conjunction": draw(st.sampled_from("ao"))}
    types = {field.name: field.type for field in fields(m.OrderCondition)}
    for name in CONDITION_FIELDS[kind].split():
        values[name] = draw(SIMPLE[str(types[name])])
    return m.OrderCondition(**values)


contracts = plain(
    m.WireContract,
    security_type=st.sampled_from(["CASH", "STK", "BAG", ""]),
    exchange=st.sampled_from(["IDEALPRO", "SMART", "IBKRATS"]),
    combo_legs=legs,
    delta_neutral=st.none() | plain(m.DeltaNeutralContract),
)
orders = plain(
    m.WireOrder,
    total_quantity=sizes,
    order_type=st.sampled_from(["MKT", "LMT", "STP", "PEG BENCH", "PEG BEST", "PEG MID", "PEGMID"]),
    scale_price_increment=st.sampled_from([None, Decimal("0.0"), Decimal("0.5")]),
    delta_neutral_order_type=st.sampled_from(["", "None", "LMT"]),
    smart_combo_routing_params=tag_values,
    order_combo_legs=leg_prices,
    algo_params=tag_values,
    conditions=st.lists(conditions(), max_size=3).map(tuple),
    misc_options=st.sampled_from(["", "a=b;"]),
    filled_quantity=sizes,
)

ADJUSTED = {
    "adjusted_order_type",
    "trigger_price",
    "limit_price_offset",
    "adjusted_stop_price",
    "adjusted_stop_limit_price",
    "adjusted_trailing_amount",
    "adjustable_trailing_unit",
}
BENCHMARK = {
    "reference_contract_id",
    "is_pegged_change_amount_decrease",
    "pegged_change_amount",
    "reference_change_amount",
    "reference_exchange",
}
CONDITIONAL = {"conditions", "conditions_ignore_rth", "conditions_cancel_order"}
GATES = {
    **dict.fromkeys(ADJUSTED | BENCHMARK | CONDITIONAL, 102),
    "model_code": 103,
    "ext_operator": 105,
    "soft_dollar_name": 106,
    "soft_dollar_value": 106,
    "cash_quantity": 111,
    "mifid2_decision_maker": 138,
    "mifid2_decision_algo": 138,
    "mifid2_execution_trader": 139,
    "mifid2_execution_algo": 139,
    "dont_use_auto_price_for_hedge": 141,
    "is_oms_container": 145,
    "discretionary_up_to_limit_price": 148,
    "use_price_mgmt_algo": 151,
    "duration": 158,
    "post_to_ats": 160,
    "auto_cancel_parent": 162,
    "advanced_error_override": 166,
    "manual_order_time": 169,
    "customer_account": 183,
    "professional_customer": 184,
    "include_overnight": 189,
    "manual_order_indicator": 192,
    "imbalance_only": 199,
}
SERVER_ONLY = {
    "client_id",
    "perm_id",
    "basis_points",
    "basis_points_type",
    "soft_dollar_display_name",
    "bond_accrued_interest",
    "submitter",
    "auto_cancel_date",
    "filled_quantity",
    "reference_futures_contract_id",
    "shareholder",
    "route_marketable_to_bbo",
    "parent_perm_id",
    "external_user_id",
    "fa_profile",
    "e_trade_only",
    "firm_quote_only",
    "nbbo_price_cap",
}
PROTOBUF_ONLY = {
    "deactivate": 216,
    "post_only": 216,
    "allow_pre_open": 216,
    "ignore_open_auction": 216,
    "seek_price_improvement": 217,
    "what_if_type": 217,
    "route_marketable_to_bbo": 217,
    "hedge_max_size": 223,
    "conditions_include_overnight": 226,
}
SINCE_216 = set(PROTOBUF_ONLY) - {"route_marketable_to_bbo"}
PEGGED = {
    "min_trade_quantity",
    "min_compete_size",
    "compete_against_best_offset",
    "mid_offset_at_whole",
    "mid_offset_at_half",
}
HEDGED = {field.name for field in fields(m.WireOrder) if field.name.startswith("delta_neutral_")} - {
    "delta_neutral_order_type",
    "delta_neutral_aux_price",
}
SCALED = {
    "scale_price_adjust_value",
    "scale_price_adjust_interval",
    "scale_profit_offset",
    "scale_auto_reset",
    "scale_init_position",
    "scale_init_fill_quantity",
    "scale_random_percent",
}


def _whole(order: m.WireOrder, version: int) -> m.WireOrder:
    """Return the order with its quantity as versions write it that know no fractions."""
    if version >= 101 or order.total_quantity is None:
        return order
    return replace(order, total_quantity=Decimal(int(order.total_quantity)))


def _gated(gates: dict[str, int], version: int) -> set[str]:
    return {name for name, since in gates.items() if version < since}


def _silent_groups(order: m.WireOrder) -> set[str]:
    """Return the fields of groups that this order does not have."""
    silent = set() if order.delta_neutral_order_type else set(HEDGED)
    silent |= set() if (order.scale_price_increment or 0) > 0 else SCALED
    silent |= set() if order.hedge_type else {"hedge_param"}
    silent |= set() if order.order_type in ("PEG BENCH", "PEGBENCH") else BENCHMARK
    silent |= set() if order.conditions else {"conditions_ignore_rth", "conditions_cancel_order"}
    return silent | (set() if order.algo_strategy else {"algo_params"})


def placed(contract: m.WireContract, order: m.WireOrder, version: int) -> tuple[m.WireContract, m.WireOrder]:
    """Return what of the two placeOrder carries at this version."""
    silent = (
        SERVER_ONLY | SINCE_216 | _silent_groups(order) | {name for name, since in GATES.items() if version < since}
    )
    pegged = {"min_trade_quantity"} if contract.exchange == "IBKRATS" else set()
    if order.order_type in ("PEG BEST", "PEGBEST"):
        pegged |= {"min_compete_size", "compete_against_best_offset"}
    if order.order_type in ("PEG MID", "PEGMID"):
        pegged |= {"mid_offset_at_whole", "mid_offset_at_half"}
    silent |= PEGGED - (pegged if version >= 170 else set())
    gone = {"include_expired", "issuer_id", "combo_legs_description"}
    if contract.security_type != "BAG":
        silent |= {"smart_combo_routing_params", "order_combo_legs"}
        gone |= {"combo_legs"}
    return defaulted(contract, gone), _whole(defaulted(order, silent), version)


OPEN_GATES = {
    **{name: since for name, since in GATES.items() if name not in ("ext_operator", "manual_order_indicator")},
    "soft_dollar_display_name": 106,
    "ext_operator": 193,
    "manual_order_indicator": 193,
    "bond_accrued_interest": 185,
    "submitter": 198,
    **dict.fromkeys(PEGGED, 170),
}
CLIENT_ONLY = {
    "transmit",
    "override_percentage_constraints",
    "scale_table",
    "active_start_time",
    "active_stop_time",
    "algo_id",
    "misc_options",
    "mifid2_decision_maker",
    "mifid2_decision_algo",
    "mifid2_execution_trader",
    "mifid2_execution_algo",
    "advanced_error_override",
    "manual_order_time",
    "external_user_id",
}
COMPLETED_ONLY = {
    "auto_cancel_date",
    "filled_quantity",
    "reference_futures_contract_id",
    "shareholder",
    "route_marketable_to_bbo",
    "parent_perm_id",
}
NOT_TOLD = {"primary_exchange", "include_expired", "security_id_type", "security_id", "issuer_id"}


def told(contract: m.WireContract, order: m.WireOrder, version: int) -> tuple[m.WireContract, m.WireOrder]:
    """Return what of the two openOrder carries at this version."""
    silent = (
        CLIENT_ONLY
        | COMPLETED_ONLY
        | SINCE_216
        | _silent_groups(order)
        | {n for n, s in OPEN_GATES.items() if version < s}
    )
    silent |= {"fa_profile"} if version >= 177 else set()
    return defaulted(contract, NOT_TOLD), _whole(defaulted(order, silent), version)


SHORT_FORM = {
    "client_id",
    "auction_strategy",
    "block_order",
    "e_trade_only",
    "firm_quote_only",
    "nbbo_price_cap",
    "parent_id",
    "basis_points",
    "basis_points_type",
    "opt_out_smart_routing",
    "what_if",
    "adjusted_order_type",
    "trigger_price",
    "adjusted_stop_price",
    "adjusted_stop_limit_price",
    "adjusted_trailing_amount",
    "adjustable_trailing_unit",
    "soft_dollar_name",
    "soft_dollar_value",
    "soft_dollar_display_name",
    "discretionary_up_to_limit_price",
    "use_price_mgmt_algo",
    "duration",
    "post_to_ats",
    "bond_accrued_interest",
    "include_overnight",
    "ext_operator",
    "manual_order_indicator",
    "delta_neutral_settling_firm",
    "delta_neutral_clearing_account",
    "delta_neutral_clearing_intent",
    "delta_neutral_open_close",
}


def completed(contract: m.WireContract, order: m.WireOrder, version: int) -> tuple[m.WireContract, m.WireOrder]:
    """Return what of the two completedOrder carries at this version; it keeps some fields that openOrder gates."""
    ungated = {"auto_cancel_parent", "imbalance_only", "cash_quantity"}
    gated = _gated(OPEN_GATES, version) - ungated
    silent = CLIENT_ONLY | SHORT_FORM | SINCE_216 | _silent_groups(order) | gated
    silent |= {"fa_profile"} if version >= 177 else set()
    return defaulted(contract, NOT_TOLD), _whole(defaulted(order, silent), version)


NOT_IN_PROTOBUF = {
    "fa_profile",
    "e_trade_only",
    "firm_quote_only",
    "nbbo_price_cap",
    "auction_strategy",
    "basis_points",
    "basis_points_type",
    "external_user_id",
}


def _in_protobuf(
    contract: m.WireContract, order: m.WireOrder, silent: set[str], version: int
) -> tuple[m.WireContract, m.WireOrder]:
    """Return the two as protobuf has them: maps without order, leg prices in the legs, the multiplier a number."""
    silent = silent | NOT_IN_PROTOBUF | _gated(PROTOBUF_ONLY, version)
    prices = [leg.price for leg in order.order_combo_legs][: len(contract.combo_legs)]
    prices += [None] * (len(contract.combo_legs) - len(prices))
    order = defaulted(order, silent)
    order = replace(
        order,
        order_combo_legs=tuple(m.OrderComboLeg(price=p) for p in prices) if set(prices) - {None} else (),
        conditions=tuple(map(_whole_margin, order.conditions)),
        **{name: _unordered(getattr(order, name)) for name in ("algo_params", "smart_combo_routing_params")},
    )
    contract = replace(contract, multiplier=str(len(contract.multiplier)) if contract.multiplier else "")
    if version < 204:  # 10.37 fails on one and puts the other elsewhere
        legs = tuple(replace(leg, short_sale_slot=0) for leg in contract.combo_legs)
        contract = replace(contract, primary_exchange="", combo_legs=legs)
    return contract, order


def _unordered(tags: tuple[m.TagValue, ...]) -> tuple[m.TagValue, ...]:
    return tuple(m.TagValue(tag=tag, value=value) for tag, value in sorted({t.tag: t.value for t in tags}.items()))


def _whole_margin(condition: m.OrderCondition) -> m.OrderCondition:
    return replace(condition, percent=Decimal(int(condition.percent or 0))) if condition.kind == 4 else condition


HEDGE_CLEARING = {
    "delta_neutral_settling_firm",
    "delta_neutral_clearing_account",
    "delta_neutral_clearing_intent",
}


def placed_in_protobuf(
    contract: m.WireContract, order: m.WireOrder, version: int
) -> tuple[m.WireContract, m.WireOrder]:
    """Return what of the two PlaceOrderRequest carries, as ibapi writes it."""
    silent = {"soft_dollar_display_name", *COMPLETED_ONLY} - {"route_marketable_to_bbo"}
    silent |= {"client_id", "perm_id"} if version < 204 else set()  # 10.37 does not send them
    return _in_protobuf(contract, order, silent, version)


def told_in_protobuf(contract: m.WireContract, order: m.WireOrder, version: int) -> tuple[m.WireContract, m.WireOrder]:
    """Return what of the two OpenOrder and CompletedOrder carry, as ibapi reads them."""
    silent = CLIENT_ONLY | ({"hedge_param", "hedge_max_size"} if not order.hedge_type else set())
    silent |= set() if order.algo_strategy else {"algo_params"}
    # 10.37 does not read them
    silent |= COMPLETED_ONLY | HEDGE_CLEARING if version < 204 else set()
    return _in_protobuf(defaulted(contract, NOT_TOLD), order, silent, version)
