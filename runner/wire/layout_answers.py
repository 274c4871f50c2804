"""Every answer, by its id."""

from __future__ import annotations

from runner.wire import messages as m
from runner.wire.kinds import FLAG, INTEGER, PRICE, TEXT, UNSET_DOUBLE
from runner.wire.layout import Field, Fixed, Item, Layout, Repeat, When, escaped, fields, one_of, sizes
from runner.wire.layout_orders import COMPLETED_ORDER, OPEN_ORDER
from runner.wire.layout_parts import TOLD_CONTRACT, tags

_CONTRACT = (("contract", m.WireContract),)
_REQUEST_ID = Field("request_id", INTEGER)
_MARKET_FRACTIONS = 163  # of the sizes that clients before it read as whole numbers


def _plain(message_id: int, message: type, *items: Item, version: str = "1") -> Layout:
    """Return an answer with a version field before its items."""
    return Layout(message_id, message, (Fixed(version), *items))


def _escaped(names: str) -> tuple[Field, ...]:
    return tuple(field for name in names.split() for field in escaped(name))


_FUND: tuple[Item, ...] = (
    *fields(TEXT, "fund_name fund_family fund_type fund_front_load fund_back_load"),
    *fields(TEXT, "fund_back_load_time_interval fund_management_fee"),
    *fields(FLAG, "fund_closed fund_closed_for_new_investors fund_closed_for_new_money"),
    *fields(TEXT, "fund_notify_amount fund_minimum_initial_purchase fund_minimum_subsequent_purchase"),
    *fields(TEXT, "fund_blue_sky_states fund_blue_sky_territories fund_distribution_policy fund_asset_type"),
)

_CONTRACT_DATA: tuple[Item, ...] = (
    Fixed("8", until=164),
    _REQUEST_ID,
    *fields(TEXT, "symbol security_type last_trade_date", part="contract"),
    Field("last_trade_day", TEXT, since=182),
    Field("contract.strike", PRICE, unset="0.0"),
    *fields(TEXT, "right exchange currency local_symbol", part="contract"),
    Field("market_name", TEXT),
    Field("contract.trading_class", TEXT),
    Field("contract.contract_id", INTEGER),
    Field("min_tick", PRICE),
    Field("size_multiplier", INTEGER, since=110, until=164),
    Field("contract.multiplier", TEXT),
    *fields(TEXT, "order_types valid_exchanges"),
    *fields(INTEGER, "price_magnifier under_contract_id"),
    *escaped("long_name"),
    Field("contract.primary_exchange", TEXT),
    *fields(TEXT, "contract_month industry category subcategory time_zone trading_hours liquid_hours ev_rule"),
    Field("ev_multiplier", INTEGER),
    tags("security_ids"),
    Field("agg_group", INTEGER, since=121),
    *fields(TEXT, "under_symbol under_security_type", since=122),
    Field("market_rule_ids", TEXT, since=126),
    Field("real_expiration_date", TEXT, since=134),
    Field("stock_type", TEXT, since=152),
    Field("size_min_tick", PRICE, since=163, until=164),
    *fields(PRICE, "min_size size_increment suggested_size_increment", since=164),
    When("contract.security_type", one_of("FUND"), _FUND, since=179),
    Repeat("ineligibilities", m.Ineligibility, fields(TEXT, "reason description"), since=186),
)

_EXECUTION: tuple[Item, ...] = (
    Fixed("10", until=136),
    _REQUEST_ID,
    Field("execution.order_id", INTEGER),
    *TOLD_CONTRACT,
    *fields(TEXT, "execution_id time account exchange side", part="execution"),
    *sizes("shares", part="execution"),
    Field("execution.price", PRICE),
    *fields(INTEGER, "perm_id client_id liquidation", part="execution"),
    *sizes("cumulative_quantity", part="execution"),
    Field("execution.average_price", PRICE),
    *fields(TEXT, "order_ref ev_rule", part="execution"),
    Field("execution.ev_multiplier", PRICE),
    Field("execution.model_code", TEXT, since=103),
    Field("execution.last_liquidity", INTEGER, since=136),
    Field("execution.pending_price_revision", FLAG, since=178),
    Field("execution.submitter", TEXT, since=198),
)

_PORTFOLIO: tuple[Item, ...] = (
    Fixed("8"),
    Field("contract.contract_id", INTEGER),
    *fields(TEXT, "symbol security_type last_trade_date", part="contract"),
    Field("contract.strike", PRICE, unset="0.0"),
    *fields(TEXT, "right multiplier primary_exchange currency local_symbol trading_class", part="contract"),
    *sizes("position"),
    *fields(PRICE, "market_price market_value average_cost unrealized_pnl realized_pnl"),
    Field("account", TEXT),
)

_BAR: tuple[Item, ...] = (
    Field("time", TEXT),
    *fields(PRICE, "open high low close"),
    Field("volume", INTEGER),
    Field("average", PRICE),
    Fixed("false", until=124),
    Field("count", INTEGER),
)

_UPDATED_BAR: tuple[Item, ...] = (
    _REQUEST_ID,
    Field("bar.count", INTEGER),
    Field("bar.time", TEXT),
    *fields(PRICE, "open close high low average", part="bar"),
    Field("bar.volume", INTEGER),
)

_SAMPLE: tuple[Item, ...] = (
    Field("contract_id", INTEGER),
    *fields(TEXT, "symbol security_type primary_exchange currency"),
    Repeat("derivatives", m.Derivative, fields(TEXT, "security_type")),
    *fields(TEXT, "description issuer_id", since=176),
)

_LAYOUTS = (
    OPEN_ORDER,
    COMPLETED_ORDER,
    _plain(9, m.NextValidId, Field("order_id", INTEGER)),
    _plain(15, m.ManagedAccounts, *escaped("accounts")),
    Layout(
        4,
        m.ErrorMessage,
        (
            Fixed("2", until=194),
            *fields(INTEGER, "about code"),
            *escaped("text"),
            *escaped("advanced_reject", since=166)[1:],
            Field("time_ms", INTEGER, since=194),
        ),
    ),
    Layout(
        3,
        m.OrderStatus,
        (
            Fixed("6", until=131),
            Field("order_id", INTEGER),
            Field("status", TEXT),
            *sizes("filled remaining"),
            Field("average_fill_price", PRICE),
            *fields(INTEGER, "perm_id parent_id"),
            Field("last_fill_price", PRICE),
            Field("client_id", INTEGER),
            Field("why_held", TEXT),
            Field("market_cap_price", PRICE, since=131),
        ),
    ),
    _plain(53, m.OpenOrdersEnd),
    Layout(100, m.OrderBound, fields(INTEGER, "perm_id client_id order_id")),
    Layout(102, m.CompletedOrdersEnd, ()),
    Layout(11, m.ExecutionDetails, _EXECUTION, (*_CONTRACT, ("execution", m.WireExecution))),
    _plain(55, m.ExecutionDetailsEnd, _REQUEST_ID),
    _plain(
        59,
        m.CommissionReport,
        Field("execution_id", TEXT),
        Field("commission", PRICE, unset=UNSET_DOUBLE),
        Field("currency", TEXT),
        *fields(PRICE, "realized_pnl yield_", unset=UNSET_DOUBLE),
        Field("yield_redemption_date", INTEGER),
    ),
    Layout(
        61,
        m.Position,
        (Fixed("3"), Field("account", TEXT), *TOLD_CONTRACT, *sizes("position"), Field("average_cost", PRICE)),
        _CONTRACT,
    ),
    _plain(62, m.PositionEnd),
    Layout(
        71,
        m.PositionMulti,
        (
            Fixed("1"),
            _REQUEST_ID,
            Field("account", TEXT),
            *TOLD_CONTRACT,
            *sizes("position"),
            Field("average_cost", PRICE),
            Field("model_code", TEXT),
        ),
        _CONTRACT,
    ),
    _plain(72, m.PositionMultiEnd, _REQUEST_ID),
    _plain(63, m.AccountSummary, _REQUEST_ID, *_escaped("account tag value currency")),
    _plain(64, m.AccountSummaryEnd, _REQUEST_ID),
    _plain(
        6,
        m.AccountValue,
        *_escaped("key value currency account"),
        version="2",
    ),
    Layout(7, m.PortfolioValue, _PORTFOLIO, _CONTRACT),
    _plain(8, m.AccountUpdateTime, *escaped("time")),
    _plain(54, m.AccountDownloadEnd, *escaped("account")),
    _plain(
        73,
        m.AccountUpdateMulti,
        _REQUEST_ID,
        *_escaped("account model_code key value currency"),
    ),
    _plain(74, m.AccountUpdateMultiEnd, _REQUEST_ID),
    Layout(10, m.ContractData, _CONTRACT_DATA, _CONTRACT),
    _plain(52, m.ContractDataEnd, _REQUEST_ID),
    _plain(58, m.MarketDataType, _REQUEST_ID, Field("data_type", INTEGER)),
    Layout(
        81,
        m.TickRequestParameters,
        (_REQUEST_ID, Field("min_tick", PRICE), Field("bbo_exchange", TEXT), Field("snapshot_permissions", INTEGER)),
    ),
    _plain(
        1,
        m.TickPrice,
        _REQUEST_ID,
        Field("tick_type", INTEGER),
        Field("price", PRICE),
        *sizes("size", since=_MARKET_FRACTIONS),
        Field("attributes", INTEGER),
        version="6",
    ),
    _plain(
        2, m.TickSize, _REQUEST_ID, Field("tick_type", INTEGER), *sizes("size", since=_MARKET_FRACTIONS), version="6"
    ),
    _plain(45, m.TickGeneric, _REQUEST_ID, Field("tick_type", INTEGER), Field("value", PRICE), version="6"),
    _plain(46, m.TickString, _REQUEST_ID, Field("tick_type", INTEGER), *escaped("value"), version="6"),
    _plain(57, m.TickSnapshotEnd, _REQUEST_ID),
    Layout(
        17,
        m.HistoricalData,
        (
            Fixed("3", until=124),
            _REQUEST_ID,
            *fields(TEXT, "start end", until=196),
            Repeat("bars", m.Bar, _BAR),
        ),
    ),
    Layout(108, m.HistoricalDataEnd, (_REQUEST_ID, *fields(TEXT, "start end"))),
    Layout(90, m.HistoricalDataUpdate, _UPDATED_BAR, (("bar", m.Bar),)),
    Layout(88, m.HeadTimestamp, (_REQUEST_ID, Field("time", TEXT))),
    Layout(79, m.SymbolSamples, (_REQUEST_ID, Repeat("samples", m.SymbolSample, _SAMPLE))),
    _plain(49, m.CurrentTime, Field("time", INTEGER)),
    Layout(109, m.CurrentTimeInMillis, (Field("time_ms", INTEGER),)),
    Layout(78, m.FamilyCodes, (Repeat("codes", m.FamilyCode, fields(TEXT, "account code")),)),
    Layout(
        93,
        m.MarketRule,
        (
            Field("rule_id", INTEGER),
            Repeat("increments", m.PriceIncrement, fields(PRICE, "low_edge increment")),
        ),
    ),
    Layout(107, m.UserInfo, (_REQUEST_ID, Field("white_branding_id", TEXT))),
    Layout(
        94,
        m.Pnl,
        (
            _REQUEST_ID,
            Field("daily", PRICE, unset=UNSET_DOUBLE),
            Field("unrealized", PRICE, since=129, unset=UNSET_DOUBLE),
            Field("realized", PRICE, since=135, unset=UNSET_DOUBLE),
        ),
    ),
    Layout(
        95,
        m.PnlSingle,
        (
            _REQUEST_ID,
            *sizes("position", since=_MARKET_FRACTIONS),
            Field("daily", PRICE, unset=UNSET_DOUBLE),
            Field("unrealized", PRICE, since=129, unset=UNSET_DOUBLE),
            Field("realized", PRICE, since=135, unset=UNSET_DOUBLE),
            Field("value", PRICE, unset=UNSET_DOUBLE),
        ),
    ),
)

ANSWERS = {layout.message_id: layout for layout in _LAYOUTS}
