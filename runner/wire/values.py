"""The composite values that messages carry, in IB's words: contract, order, order state, execution and their parts.

Numbers are Decimal; `None` is unset, however the peer spelled it. Zero stays zero: several clients write 0 for nothing,
and only the reader of a field knows whether zero means it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class TagValue:
    """A name and its value, as algo and routing parameters use them."""

    tag: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComboLeg:
    """One leg of a BAG contract."""

    contract_id: int = 0
    ratio: int = 0
    action: str = ""
    exchange: str = ""
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderComboLeg:
    """The price of one leg of a BAG order."""

    price: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeltaNeutralContract:
    """The hedge of a delta-neutral combination."""

    contract_id: int = 0
    delta: Decimal | None = ZERO
    price: Decimal | None = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class WireContract:
    """What is traded, as every message names it."""

    contract_id: int = 0
    symbol: str = ""
    security_type: str = ""
    last_trade_date: str = ""
    strike: Decimal | None = ZERO
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    include_expired: bool = False
    security_id_type: str = ""
    security_id: str = ""
    issuer_id: str = ""
    combo_legs_description: str = ""
    combo_legs: tuple[ComboLeg, ...] = ()
    delta_neutral: DeltaNeutralContract | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderCondition:
    """One condition of a conditional order; `kind` says which of the fields count.

    1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 percent change.
    """

    kind: int
    conjunction: str = "a"
    is_more: bool = False
    price: Decimal | None = None
    time: str = ""
    percent: Decimal | None = None
    security_type: str = ""
    symbol: str = ""
    volume: int = 0
    contract_id: int = 0
    exchange: str = ""
    trigger_method: int = 0


@dataclass(frozen=True, kw_only=True)  # no slots: with so many fields that makes it quick to build and to copy
class WireOrder:
    """Every field of placeOrder and openOrder, so that what a client sent can be given back to it."""

    # placed by the server: openOrder only
    client_id: int = 0
    perm_id: int = 0
    action: str = ""
    total_quantity: Decimal | None = None
    order_type: str = ""
    limit_price: Decimal | None = None
    aux_price: Decimal | None = None
    time_in_force: str = ""
    oca_group: str = ""
    account: str = ""
    open_close: str = ""
    origin: int = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: int = 0
    block_order: bool = False
    sweep_to_fill: bool = False
    display_size: int | None = 0
    trigger_method: int = 0
    outside_rth: bool = False
    hidden: bool = False
    smart_combo_routing_params: tuple[TagValue, ...] = ()
    order_combo_legs: tuple[OrderComboLeg, ...] = ()
    discretionary_amount: Decimal | None = ZERO
    good_after_time: str = ""
    good_till_date: str = ""
    fa_group: str = ""
    fa_method: str = ""
    fa_percentage: str = ""
    fa_profile: str = ""
    model_code: str = ""
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1
    oca_type: int = 0
    rule_80a: str = ""
    settling_firm: str = ""
    all_or_none: bool = False
    min_quantity: int | None = None
    percent_offset: Decimal | None = None
    e_trade_only: bool = False
    firm_quote_only: bool = False
    nbbo_price_cap: Decimal | None = None
    auction_strategy: int = 0
    starting_price: Decimal | None = None
    stock_ref_price: Decimal | None = None
    delta: Decimal | None = None
    stock_range_lower: Decimal | None = None
    stock_range_upper: Decimal | None = None
    override_percentage_constraints: bool = False
    volatility: Decimal | None = None
    volatility_type: int | None = None
    delta_neutral_order_type: str = ""
    delta_neutral_aux_price: Decimal | None = None
    delta_neutral_contract_id: int = 0
    delta_neutral_settling_firm: str = ""
    delta_neutral_clearing_account: str = ""
    delta_neutral_clearing_intent: str = ""
    delta_neutral_open_close: str = ""
    delta_neutral_short_sale: bool = False
    delta_neutral_short_sale_slot: int = 0
    delta_neutral_designated_location: str = ""
    continuous_update: bool = False
    reference_price_type: int | None = None
    trail_stop_price: Decimal | None = None
    trailing_percent: Decimal | None = None
    basis_points: Decimal | None = None
    basis_points_type: int | None = None
    scale_init_level_size: int | None = None
    scale_subs_level_size: int | None = None
    scale_price_increment: Decimal | None = None
    scale_price_adjust_value: Decimal | None = None
    scale_price_adjust_interval: int | None = None
    scale_profit_offset: Decimal | None = None
    scale_auto_reset: bool = False
    scale_init_position: int | None = None
    scale_init_fill_quantity: int | None = None
    scale_random_percent: bool = False
    scale_table: str = ""
    active_start_time: str = ""
    active_stop_time: str = ""
    hedge_type: str = ""
    hedge_param: str = ""
    opt_out_smart_routing: bool = False
    clearing_account: str = ""
    clearing_intent: str = ""
    not_held: bool = False
    algo_strategy: str = ""
    algo_params: tuple[TagValue, ...] = ()
    algo_id: str = ""
    what_if: bool = False
    misc_options: str = ""
    solicited: bool = False
    randomize_size: bool = False
    randomize_price: bool = False
    reference_contract_id: int = 0
    is_pegged_change_amount_decrease: bool = False
    pegged_change_amount: Decimal | None = ZERO
    reference_change_amount: Decimal | None = ZERO
    reference_exchange: str = ""
    conditions: tuple[OrderCondition, ...] = ()
    conditions_ignore_rth: bool = False
    conditions_cancel_order: bool = False
    adjusted_order_type: str = ""
    trigger_price: Decimal | None = None
    limit_price_offset: Decimal | None = None
    adjusted_stop_price: Decimal | None = None
    adjusted_stop_limit_price: Decimal | None = None
    adjusted_trailing_amount: Decimal | None = None
    adjustable_trailing_unit: int = 0
    ext_operator: str = ""
    soft_dollar_name: str = ""
    soft_dollar_value: str = ""
    soft_dollar_display_name: str = ""
    cash_quantity: Decimal | None = None
    mifid2_decision_maker: str = ""
    mifid2_decision_algo: str = ""
    mifid2_execution_trader: str = ""
    mifid2_execution_algo: str = ""
    dont_use_auto_price_for_hedge: bool = False
    is_oms_container: bool = False
    discretionary_up_to_limit_price: bool = False
    use_price_mgmt_algo: bool | None = None
    duration: int | None = None
    post_to_ats: int | None = None
    auto_cancel_parent: bool = False
    advanced_error_override: str = ""
    manual_order_time: str = ""
    min_trade_quantity: int | None = None
    min_compete_size: int | None = None
    compete_against_best_offset: Decimal | None = None  # infinite: up to mid
    mid_offset_at_whole: Decimal | None = None
    mid_offset_at_half: Decimal | None = None
    customer_account: str = ""
    professional_customer: bool = False
    bond_accrued_interest: str = ""
    external_user_id: str = ""
    include_overnight: bool = False
    manual_order_indicator: int | None = None
    submitter: str = ""
    imbalance_only: bool = False
    # since 216, in protobuf only
    deactivate: bool = False
    post_only: bool = False
    allow_pre_open: bool = False
    ignore_open_auction: bool = False
    seek_price_improvement: bool | None = None
    what_if_type: int | None = None
    hedge_max_size: int | None = None
    conditions_include_overnight: bool = False

    # completedOrder only
    auto_cancel_date: str = ""
    filled_quantity: Decimal | None = None
    reference_futures_contract_id: int = 0
    shareholder: str = ""
    route_marketable_to_bbo: bool = False
    parent_perm_id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderAllocation:
    """One account's part of an allocated order."""

    account: str = ""
    position: Decimal | None = None
    position_desired: Decimal | None = None
    position_after: Decimal | None = None
    desired_quantity: Decimal | None = None
    allowed_quantity: Decimal | None = None
    is_monetary: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WireOrderState:
    """What the server says about an order beside the order: status, margin before and after, commission."""

    status: str = ""
    init_margin_before: Decimal | None = None
    maint_margin_before: Decimal | None = None
    equity_with_loan_before: Decimal | None = None
    init_margin_change: Decimal | None = None
    maint_margin_change: Decimal | None = None
    equity_with_loan_change: Decimal | None = None
    init_margin_after: Decimal | None = None
    maint_margin_after: Decimal | None = None
    equity_with_loan_after: Decimal | None = None
    commission: Decimal | None = None
    min_commission: Decimal | None = None
    max_commission: Decimal | None = None
    commission_currency: str = ""
    margin_currency: str = ""
    init_margin_before_outside_rth: Decimal | None = None
    maint_margin_before_outside_rth: Decimal | None = None
    equity_with_loan_before_outside_rth: Decimal | None = None
    init_margin_change_outside_rth: Decimal | None = None
    maint_margin_change_outside_rth: Decimal | None = None
    equity_with_loan_change_outside_rth: Decimal | None = None
    init_margin_after_outside_rth: Decimal | None = None
    maint_margin_after_outside_rth: Decimal | None = None
    equity_with_loan_after_outside_rth: Decimal | None = None
    suggested_size: Decimal | None = None
    reject_reason: str = ""
    allocations: tuple[OrderAllocation, ...] = ()
    warning_text: str = ""
    completed_time: str = ""
    completed_status: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WireExecution:
    """One fill."""

    order_id: int = 0
    execution_id: str = ""
    time: str = ""
    account: str = ""
    exchange: str = ""
    side: str = ""  # BOT or SLD
    shares: Decimal | None = None
    price: Decimal | None = None
    perm_id: int = 0
    client_id: int = 0
    liquidation: int = 0
    cumulative_quantity: Decimal | None = None
    average_price: Decimal | None = None
    order_ref: str = ""
    ev_rule: str = ""
    ev_multiplier: Decimal | None = ZERO
    model_code: str = ""
    last_liquidity: int = 0
    pending_price_revision: bool = False
    submitter: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar of history; `time` as the request's format asks for it."""

    time: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int = -1
    average: Decimal = Decimal(-1)
    count: int = -1
