"""Every request, by its id."""

from __future__ import annotations

from runner.wire import messages as m
from runner.wire.kinds import DOUBLE, FLAG, INTEGER, OPTIONAL_INTEGER, TEXT, UNSET_INTEGER
from runner.wire.layout import Field, Fixed, Item, Layout, Repeat, When, fields
from runner.wire.layout_orders import PLACE_ORDER
from runner.wire.layout_parts import ASKED_CONTRACT, QUOTE_LEG, hedge, is_bag

_CONTRACT = (("contract", m.WireContract),)
_REQUEST_ID = Field("request_id", INTEGER)
_QUOTED_LEGS = When("contract.security_type", is_bag, (Repeat("contract.combo_legs", m.ComboLeg, QUOTE_LEG),))


def _plain(message_id: int, message: type, *items: Item, version: str = "1") -> Layout:
    """Return a request with a version field before its items."""
    return Layout(message_id, message, (Fixed(version), *items))


_LAYOUTS = (
    PLACE_ORDER,
    _plain(71, m.StartApi, Field("client_id", INTEGER), Field("optional_capabilities", TEXT), version="2"),
    Layout(
        4,
        m.CancelOrder,
        (
            Fixed("1", until=192),
            Field("order_id", INTEGER),
            Field("manual_cancel_time", TEXT, since=169),
            *fields(TEXT, "ext_operator external_user_id", since=187, until=190),
            Field("manual_order_indicator", OPTIONAL_INTEGER, since=187, until=190, unset=UNSET_INTEGER),
            Field("ext_operator", TEXT, since=192),
            Field("manual_order_indicator", OPTIONAL_INTEGER, since=192, unset=UNSET_INTEGER),
        ),
    ),
    Layout(
        58,
        m.GlobalCancel,
        (
            Fixed("1", until=192),
            Field("ext_operator", TEXT, since=192),
            Field("manual_order_indicator", OPTIONAL_INTEGER, since=192, unset=UNSET_INTEGER),
        ),
    ),
    _plain(5, m.RequestOpenOrders),
    _plain(16, m.RequestAllOpenOrders),
    _plain(15, m.RequestAutoOpenOrders, Field("auto_bind", FLAG)),
    _plain(8, m.RequestIds, Field("count", INTEGER)),
    _plain(49, m.RequestCurrentTime),
    _plain(17, m.RequestManagedAccounts),
    _plain(
        7,
        m.RequestExecutions,
        _REQUEST_ID,
        Field("client_id", INTEGER),
        *fields(TEXT, "account time symbol security_type exchange side"),
        Field("last_days", OPTIONAL_INTEGER, since=200, unset=UNSET_INTEGER),
        Repeat("specific_dates", m.SpecificDate, (Field("date", INTEGER),), since=200),
        version="3",
    ),
    _plain(61, m.RequestPositions),
    _plain(64, m.CancelPositions),
    _plain(74, m.RequestPositionsMulti, _REQUEST_ID, *fields(TEXT, "account model_code")),
    _plain(75, m.CancelPositionsMulti, _REQUEST_ID),
    _plain(62, m.RequestAccountSummary, _REQUEST_ID, *fields(TEXT, "group tags")),
    _plain(63, m.CancelAccountSummary, _REQUEST_ID),
    _plain(6, m.RequestAccountUpdates, Field("subscribe", FLAG), Field("account", TEXT), version="2"),
    _plain(
        76,
        m.RequestAccountUpdatesMulti,
        _REQUEST_ID,
        *fields(TEXT, "account model_code"),
        Field("ledger_and_nlv", FLAG),
    ),
    _plain(77, m.CancelAccountUpdatesMulti, _REQUEST_ID),
    Layout(
        9,
        m.RequestContractDetails,
        (
            Fixed("8"),
            _REQUEST_ID,
            *ASKED_CONTRACT,
            Field("contract.include_expired", FLAG),
            *fields(TEXT, "security_id_type security_id", part="contract"),
            Field("contract.issuer_id", TEXT, since=176),
        ),
        _CONTRACT,
    ),
    Layout(
        1,
        m.RequestMarketData,
        (
            Fixed("11"),
            _REQUEST_ID,
            *ASKED_CONTRACT,
            _QUOTED_LEGS,
            hedge(DOUBLE),
            Field("generic_ticks", TEXT),
            Field("snapshot", FLAG),
            Field("regulatory_snapshot", FLAG, since=114),
            Field("options", TEXT),
        ),
        _CONTRACT,
    ),
    _plain(2, m.CancelMarketData, _REQUEST_ID, version="2"),
    _plain(59, m.RequestMarketDataType, Field("data_type", INTEGER)),
    Layout(
        20,
        m.RequestHistoricalData,
        (
            Fixed("6", until=124),
            _REQUEST_ID,
            *ASKED_CONTRACT,
            Field("contract.include_expired", FLAG),
            *fields(TEXT, "end bar_size duration"),
            Field("regular_hours_only", FLAG),
            Field("what_to_show", TEXT),
            Field("date_format", INTEGER),
            _QUOTED_LEGS,
            Field("keep_up_to_date", FLAG, since=124),
            Field("options", TEXT),
        ),
        _CONTRACT,
    ),
    _plain(25, m.CancelHistoricalData, _REQUEST_ID),
    Layout(
        87,
        m.RequestHeadTimestamp,
        (
            _REQUEST_ID,
            *ASKED_CONTRACT,
            Field("contract.include_expired", FLAG),
            Field("regular_hours_only", FLAG),
            Field("what_to_show", TEXT),
            Field("date_format", INTEGER),
        ),
        _CONTRACT,
    ),
    Layout(90, m.CancelHeadTimestamp, (_REQUEST_ID,)),
    Layout(81, m.RequestMatchingSymbols, (_REQUEST_ID, Field("pattern", TEXT))),
    Layout(105, m.RequestCurrentTimeInMillis, ()),
    Layout(99, m.RequestCompletedOrders, (Field("api_only", FLAG),)),
    Layout(80, m.RequestFamilyCodes, ()),
    Layout(104, m.RequestUserInfo, (_REQUEST_ID,)),
    Layout(92, m.RequestPnl, (_REQUEST_ID, *fields(TEXT, "account model_code"))),
    Layout(93, m.CancelPnl, (_REQUEST_ID,)),
    Layout(94, m.RequestPnlSingle, (_REQUEST_ID, *fields(TEXT, "account model_code"), Field("contract_id", INTEGER))),
    Layout(95, m.CancelPnlSingle, (_REQUEST_ID,)),
    Layout(91, m.RequestMarketRule, (Field("rule_id", INTEGER),)),
    _plain(14, m.SetServerLogLevel, Field("level", INTEGER)),
)

REQUESTS = {layout.message_id: layout for layout in _LAYOUTS}
