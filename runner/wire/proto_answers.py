"""Every answer in protobuf, by its id."""

from __future__ import annotations

from runner.wire import messages as m
from runner.wire import proto_kinds as k
from runner.wire.proto_layout import Entry, Inside, Many, Numbers, One, Shape, binds
from runner.wire.proto_parts import EXECUTION, ITS_CONTRACT, ITS_ORDER, ORDER_STATE, REQUEST_ID, by_request, of_orders

_TOLD_ORDER: tuple[Entry, ...] = (*ITS_ORDER, One("order_state", "orderState", ORDER_STATE))
_FIGURE = binds(k.TEXT, "key value currency")

_BAR = Shape(
    m.Bar,
    "HistoricalDataBar",
    (
        *binds(k.TEXT, "time=date"),
        *binds(k.AMOUNT, "open high low close"),
        *binds(k.COUNT_TEXT, "volume"),
        *binds(k.AMOUNT_TEXT, "average=WAP"),
        *binds(k.INT, "count=barCount"),
    ),
)
_DETAILS: tuple[Entry, ...] = (
    *binds(k.TEXT, "market_name order_types valid_exchanges long_name contract_month industry category subcategory"),
    *binds(k.TEXT, "time_zone=timeZoneId trading_hours liquid_hours ev_rule under_symbol market_rule_ids stock_type"),
    *binds(k.TEXT, "under_security_type=underSecType real_expiration_date"),
    *binds(k.SIZE, "min_tick min_size size_increment suggested_size_increment"),
    *binds(k.INT.missing(1), "price_magnifier"),
    *binds(k.INT, "under_contract_id=underConId agg_group"),
    *binds(k.DOUBLE_INT, "ev_multiplier"),
    *binds(k.TAGS, "security_ids=secIdList"),
    *binds(k.TEXT, "fund_name fund_family fund_type fund_front_load fund_back_load fund_back_load_time_interval"),
    *binds(k.TEXT, "fund_management_fee fund_notify_amount fund_minimum_initial_purchase"),
    *binds(k.TEXT, "fund_minimum_subsequent_purchase fund_blue_sky_states fund_blue_sky_territories"),
    *binds(k.TEXT, "fund_distribution_policy=fundDistributionPolicyIndicator fund_asset_type"),
    *binds(k.FLAG, "fund_closed fund_closed_for_new_investors fund_closed_for_new_money"),
    Many(
        "ineligibilities",
        "ineligibilityReasonList",
        Shape(m.Ineligibility, "IneligibilityReason", binds(k.TEXT, "reason=id description")),
    ),
)
_SAMPLE = Shape(
    m.SymbolSample,
    "ContractDescription",
    (
        Inside(
            "contract",
            (
                *binds(k.INT, "contract_id=conId"),
                *binds(k.TEXT, "symbol security_type=secType primary_exchange=primaryExch currency"),
                *binds(k.TEXT, "description issuer_id"),
            ),
        ),
        Numbers("derivatives", "derivativeSecTypes", m.Derivative, "security_type"),
    ),
)
_TICK = (*REQUEST_ID, *binds(k.INT, "tick_type"))

PROTO_ANSWERS = {
    9: Shape(m.NextValidId, "NextValidId", binds(k.INT, "order_id")),
    15: Shape(m.ManagedAccounts, "ManagedAccounts", binds(k.TEXT, "accounts=accountsList")),
    4: Shape(
        m.ErrorMessage,
        "ErrorMessage",
        (
            *binds(k.INT, "about=id code=errorCode"),
            *binds(k.LONG, "time_ms=errorTime"),
            *binds(k.TEXT, "text=errorMsg advanced_reject=advancedOrderRejectJson"),
        ),
    ),
    3: Shape(
        m.OrderStatus,
        "OrderStatus",
        (
            *binds(k.INT, "order_id parent_id client_id"),
            *binds(k.LONG, "perm_id"),
            *binds(k.TEXT, "status why_held"),
            *binds(k.SIZE, "filled remaining"),
            *binds(k.DOUBLE, "average_fill_price=avgFillPrice last_fill_price market_cap_price=mktCapPrice"),
        ),
    ),
    5: of_orders(m.OpenOrder, "OpenOrder", *binds(k.INT, "order_id"), *_TOLD_ORDER),
    53: Shape(m.OpenOrdersEnd, "OpenOrdersEnd", ()),
    101: of_orders(m.CompletedOrder, "CompletedOrder", *_TOLD_ORDER),
    100: Shape(m.OrderBound, "OrderBound", (*binds(k.LONG, "perm_id"), *binds(k.INT, "client_id order_id"))),
    102: Shape(m.CompletedOrdersEnd, "CompletedOrdersEnd", ()),
    11: by_request(m.ExecutionDetails, "ExecutionDetails", ITS_CONTRACT, One("execution", "execution", EXECUTION)),
    55: by_request(m.ExecutionDetailsEnd, "ExecutionDetailsEnd"),
    59: Shape(
        m.CommissionReport,
        "CommissionAndFeesReport",
        (
            *binds(k.TEXT, "execution_id=execId currency"),
            *binds(k.DOUBLE_OR_UNSET, "commission=commissionAndFees realized_pnl=realizedPNL yield_=bondYield"),
            *binds(k.INT_TEXT, "yield_redemption_date"),
        ),
    ),
    61: Shape(
        m.Position,
        "Position",
        (
            *binds(k.TEXT, "account"),
            ITS_CONTRACT,
            *binds(k.SIZE, "position"),
            *binds(k.DOUBLE, "average_cost=avgCost"),
        ),
    ),
    62: Shape(m.PositionEnd, "PositionEnd", ()),
    71: by_request(
        m.PositionMulti,
        "PositionMulti",
        *binds(k.TEXT, "account model_code"),
        ITS_CONTRACT,
        *binds(k.SIZE, "position"),
        *binds(k.DOUBLE, "average_cost=avgCost"),
    ),
    72: by_request(m.PositionMultiEnd, "PositionMultiEnd"),
    63: by_request(m.AccountSummary, "AccountSummary", *binds(k.TEXT, "account tag value currency")),
    64: by_request(m.AccountSummaryEnd, "AccountSummaryEnd"),
    6: Shape(m.AccountValue, "AccountValue", (*_FIGURE, *binds(k.TEXT, "account=accountName"))),
    7: Shape(
        m.PortfolioValue,
        "PortfolioValue",
        (
            ITS_CONTRACT,
            *binds(k.SIZE, "position"),
            *binds(k.DOUBLE, "market_price market_value average_cost"),
            *binds(k.DOUBLE, "unrealized_pnl=unrealizedPNL realized_pnl=realizedPNL"),
            *binds(k.TEXT, "account=accountName"),
        ),
    ),
    8: Shape(m.AccountUpdateTime, "AccountUpdateTime", binds(k.TEXT, "time=timeStamp")),
    54: Shape(m.AccountDownloadEnd, "AccountDataEnd", binds(k.TEXT, "account=accountName")),
    73: by_request(m.AccountUpdateMulti, "AccountUpdateMulti", *binds(k.TEXT, "account model_code"), *_FIGURE),
    74: by_request(m.AccountUpdateMultiEnd, "AccountUpdateMultiEnd"),
    10: by_request(
        m.ContractData,
        "ContractData",
        ITS_CONTRACT,
        Inside("contract", binds(k.TEXT, "last_trade_day=lastTradeDate")),
        Inside("contractDetails", _DETAILS),
    ),
    52: by_request(m.ContractDataEnd, "ContractDataEnd"),
    58: by_request(m.MarketDataType, "MarketDataType", *binds(k.INT, "data_type=marketDataType")),
    81: by_request(
        m.TickRequestParameters,
        "TickReqParams",
        *binds(k.SIZE, "min_tick"),
        *binds(k.TEXT, "bbo_exchange"),
        *binds(k.INT, "snapshot_permissions"),
    ),
    1: Shape(
        m.TickPrice,
        "TickPrice",
        (*_TICK, *binds(k.DOUBLE, "price"), *binds(k.SIZE, "size"), *binds(k.INT, "attributes=attrMask")),
    ),
    2: Shape(m.TickSize, "TickSize", (*_TICK, *binds(k.SIZE, "size"))),
    45: Shape(m.TickGeneric, "TickGeneric", (*_TICK, *binds(k.DOUBLE, "value"))),
    46: Shape(m.TickString, "TickString", (*_TICK, *binds(k.TEXT, "value"))),
    57: by_request(m.TickSnapshotEnd, "TickSnapshotEnd"),
    17: by_request(m.HistoricalData, "HistoricalData", Many("bars", "historicalDataBars", _BAR)),
    108: by_request(m.HistoricalDataEnd, "HistoricalDataEnd", *binds(k.TEXT, "start=startDateStr end=endDateStr")),
    90: by_request(m.HistoricalDataUpdate, "HistoricalDataUpdate", One("bar", "historicalDataBar", _BAR)),
    88: by_request(m.HeadTimestamp, "HeadTimestamp", *binds(k.TEXT, "time=headTimestamp")),
    79: by_request(m.SymbolSamples, "SymbolSamples", Many("samples", "contractDescriptions", _SAMPLE)),
    109: Shape(m.CurrentTimeInMillis, "CurrentTimeInMillis", binds(k.LONG, "time_ms=currentTimeInMillis")),
    49: Shape(m.CurrentTime, "CurrentTime", binds(k.LONG, "time=currentTime")),
    78: Shape(
        m.FamilyCodes,
        "FamilyCodes",
        (
            Many(
                "codes",
                "familyCodes",
                Shape(m.FamilyCode, "FamilyCode", binds(k.TEXT, "account=accountId code=familyCode")),
            ),
        ),
    ),
    93: Shape(
        m.MarketRule,
        "MarketRule",
        (
            *binds(k.INT, "rule_id=marketRuleId"),
            Many(
                "increments",
                "priceIncrements",
                Shape(m.PriceIncrement, "PriceIncrement", binds(k.AMOUNT, "low_edge increment")),
            ),
        ),
    ),
    107: by_request(m.UserInfo, "UserInfo", *binds(k.TEXT, "white_branding_id")),
    94: by_request(m.Pnl, "PnL", *binds(k.DOUBLE, "daily=dailyPnL unrealized=unrealizedPnL realized=realizedPnL")),
    95: by_request(
        m.PnlSingle,
        "PnLSingle",
        *binds(k.SIZE, "position"),
        *binds(k.DOUBLE, "daily=dailyPnL unrealized=unrealizedPnL realized=realizedPnL value"),
    ),
}
