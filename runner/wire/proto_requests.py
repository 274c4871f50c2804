"""Every request in protobuf, by its id."""

from __future__ import annotations

from runner.wire import messages as m
from runner.wire import proto_kinds as k
from runner.wire.proto_layout import Inside, Numbers, One, Shape, binds
from runner.wire.proto_parts import ITS_CONTRACT, ITS_ORDER, by_request, of_orders

_CANCEL = (*binds(k.TEXT, "ext_operator"), *binds(k.OPTIONAL_INT, "manual_order_indicator"))
_ATTACHED = Shape(
    m.AttachedOrders,
    "AttachedOrders",
    (
        *binds(k.OPTIONAL_INT, "stop_loss_id=slOrderId profit_taker_id=ptOrderId"),
        *binds(k.TEXT, "stop_loss_type=slOrderType profit_taker_type=ptOrderType"),
    ),
)

PROTO_REQUESTS = {
    3: of_orders(
        m.PlaceOrder,
        "PlaceOrderRequest",
        *binds(k.INT, "order_id"),
        *ITS_ORDER,
        One("attached", "attachedOrders", _ATTACHED),
    ),
    4: Shape(
        m.CancelOrder,
        "CancelOrderRequest",
        (
            *binds(k.INT, "order_id"),
            Inside("orderCancel", (*binds(k.TEXT, "manual_cancel_time=manualOrderCancelTime"), *_CANCEL)),
        ),
    ),
    58: Shape(m.GlobalCancel, "GlobalCancelRequest", (Inside("orderCancel", _CANCEL),)),
    5: Shape(m.RequestOpenOrders, "OpenOrdersRequest", ()),
    16: Shape(m.RequestAllOpenOrders, "AllOpenOrdersRequest", ()),
    15: Shape(m.RequestAutoOpenOrders, "AutoOpenOrdersRequest", binds(k.FLAG, "auto_bind")),
    99: Shape(m.RequestCompletedOrders, "CompletedOrdersRequest", binds(k.FLAG, "api_only")),
    71: Shape(m.StartApi, "StartApiRequest", (*binds(k.INT, "client_id"), *binds(k.TEXT, "optional_capabilities"))),
    8: Shape(m.RequestIds, "IdsRequest", binds(k.INT, "count=numIds")),
    49: Shape(m.RequestCurrentTime, "CurrentTimeRequest", ()),
    14: Shape(m.SetServerLogLevel, "SetServerLogLevelRequest", binds(k.INT, "level=logLevel")),
    17: Shape(m.RequestManagedAccounts, "ManagedAccountsRequest", ()),
    7: by_request(
        m.RequestExecutions,
        "ExecutionRequest",
        Inside(
            "executionFilter",
            (
                *binds(k.INT, "client_id"),
                *binds(k.TEXT, "account=acctCode time symbol security_type=secType exchange side"),
                *binds(k.OPTIONAL_INT, "last_days=lastNDays"),
                Numbers("specific_dates", "specificDates", m.SpecificDate, "date"),
            ),
        ),
    ),
    61: Shape(m.RequestPositions, "PositionsRequest", ()),
    64: Shape(m.CancelPositions, "CancelPositions", ()),
    74: by_request(m.RequestPositionsMulti, "PositionsMultiRequest", *binds(k.TEXT, "account model_code")),
    75: by_request(m.CancelPositionsMulti, "CancelPositionsMulti"),
    62: by_request(m.RequestAccountSummary, "AccountSummaryRequest", *binds(k.TEXT, "group tags")),
    63: by_request(m.CancelAccountSummary, "CancelAccountSummary"),
    6: Shape(
        m.RequestAccountUpdates,
        "AccountDataRequest",
        (*binds(k.FLAG, "subscribe"), *binds(k.TEXT, "account=acctCode")),
    ),
    76: by_request(
        m.RequestAccountUpdatesMulti,
        "AccountUpdatesMultiRequest",
        *binds(k.TEXT, "account model_code"),
        *binds(k.FLAG, "ledger_and_nlv=ledgerAndNLV"),
    ),
    77: by_request(m.CancelAccountUpdatesMulti, "CancelAccountUpdatesMulti"),
    9: by_request(m.RequestContractDetails, "ContractDataRequest", ITS_CONTRACT),
    1: by_request(
        m.RequestMarketData,
        "MarketDataRequest",
        ITS_CONTRACT,
        *binds(k.TEXT, "generic_ticks=genericTickList"),
        *binds(k.FLAG, "snapshot regulatory_snapshot"),
        *binds(k.OPTIONS, "options=marketDataOptions"),
    ),
    2: by_request(m.CancelMarketData, "CancelMarketData"),
    59: Shape(m.RequestMarketDataType, "MarketDataTypeRequest", binds(k.INT, "data_type=marketDataType")),
    20: by_request(
        m.RequestHistoricalData,
        "HistoricalDataRequest",
        ITS_CONTRACT,
        *binds(k.TEXT, "end=endDateTime bar_size=barSizeSetting duration what_to_show"),
        *binds(k.FLAG, "regular_hours_only=useRTH keep_up_to_date"),
        *binds(k.INT, "date_format=formatDate"),
        *binds(k.OPTIONS, "options=chartOptions"),
    ),
    25: by_request(m.CancelHistoricalData, "CancelHistoricalData"),
    80: Shape(m.RequestFamilyCodes, "FamilyCodesRequest", ()),
    104: by_request(m.RequestUserInfo, "UserInfoRequest"),
    92: by_request(m.RequestPnl, "PnLRequest", *binds(k.TEXT, "account model_code")),
    93: by_request(m.CancelPnl, "CancelPnL"),
    91: Shape(m.RequestMarketRule, "MarketRuleRequest", binds(k.INT, "rule_id=marketRuleId")),
    94: by_request(
        m.RequestPnlSingle,
        "PnLSingleRequest",
        *binds(k.TEXT, "account model_code"),
        *binds(k.INT, "contract_id=conId"),
    ),
    95: by_request(m.CancelPnlSingle, "CancelPnLSingle"),
    87: by_request(
        m.RequestHeadTimestamp,
        "HeadTimestampRequest",
        ITS_CONTRACT,
        *binds(k.FLAG, "regular_hours_only=useRTH"),
        *binds(k.TEXT, "what_to_show"),
        *binds(k.INT, "date_format=formatDate"),
    ),
    90: by_request(m.CancelHeadTimestamp, "CancelHeadTimestamp"),
    81: by_request(m.RequestMatchingSymbols, "MatchingSymbolsRequest", *binds(k.TEXT, "pattern")),
    105: Shape(m.RequestCurrentTimeInMillis, "CurrentTimeInMillisRequest", ()),
}
