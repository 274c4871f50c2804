"""Every short answer: its values, what ibapi makes of it, and what of the values travels at which version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from runner.wire import messages as m
from tests.conformance.draws import contracts, integers, plain, prices, sizes, words
from tests.conformance.peer import Oracle
from tests.conformance.same import Besides, defaulted

ANY = object()  # an argument that this version does not carry
Heard = Callable[[Any, int, Oracle], list[tuple[str, list[Any]]]]


@dataclass(frozen=True)
class Told:
    """One answer as ibapi's decoder hears it."""

    message: type
    heard: Heard
    values: st.SearchStrategy[Any]
    since: int = 100


ids = st.integers(-(2**31) + 1, 2**31 - 2)
longs = st.integers(0, 2**63 - 2)
wholes = st.integers(-(10**9), 10**9).map(Decimal)
amounts = prices | st.none()
said = words.filter(bool)  # ibapi has an odd word for what is empty in a list
kinds = st.integers(0, 99)  # of ticks; ibapi says nothing of the number that is its "not set"

# what a version before the given one does not carry, or carries as whole numbers only
ABSENT: dict[type, dict[str, int]] = {
    m.OrderStatus: {"market_cap_price": 131},
    m.ErrorMessage: {"advanced_reject": 166, "time_ms": 194},
    m.WireExecution: {"model_code": 103, "last_liquidity": 136, "pending_price_revision": 178, "submitter": 198},
    m.Pnl: {"unrealized": 129, "realized": 135},
    m.PnlSingle: {"unrealized": 129, "realized": 135},
    m.SymbolSample: {"description": 176, "issuer_id": 176},
    m.ContractData: {
        "agg_group": 121,
        "under_symbol": 122,
        "under_security_type": 122,
        "market_rule_ids": 126,
        "real_expiration_date": 134,
        "stock_type": 152,
        "min_size": 164,
        "size_increment": 164,
        "suggested_size_increment": 164,
        "last_trade_day": 182,
        "ineligibilities": 186,
        "size_multiplier": 110,
    },
}
GONE = {m.ContractData: {"size_multiplier": 164, "size_min_tick": 164}}
WHOLE = {
    m.OrderStatus: (101, ("filled", "remaining")),
    m.Position: (101, ("position",)),
    m.PositionMulti: (101, ("position",)),
    m.PortfolioValue: (101, ("position",)),
    m.WireExecution: (101, ("shares", "cumulative_quantity")),
    m.TickPrice: (163, ("size",)),
    m.TickSize: (163, ("size",)),
    m.PnlSingle: (163, ("position",)),
}
FUND = {field.name for field in fields(m.ContractData) if field.name.startswith("fund_")}


def carried(value: Any, version: int) -> Any:
    """Return what of a value travels at this version."""
    cls = type(value)
    silent = {name for name, since in ABSENT.get(cls, {}).items() if version < since}
    silent |= {name for name, until in GONE.get(cls, {}).items() if version >= until}
    since, names = WHOLE.get(cls, (0, ()))
    whole = names if version < since else ()
    changed = {name: _whole(getattr(value, name)) for name in whole}
    changed |= {name: _inside(getattr(value, name), version) for name in NESTED.get(cls, ())}
    return _special(defaulted(replace(value, **changed), silent), version)


def _whole(value: Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(int(value))


def _inside(value: Any, version: int) -> Any:
    return tuple(carried(item, version) for item in value) if isinstance(value, tuple) else carried(value, version)


NESTED = {m.ExecutionDetails: ("execution",), m.SymbolSamples: ("samples",)}


def _special(value: Any, version: int) -> Any:
    """Put right what depends on more than the version."""
    if isinstance(value, m.ContractData):
        is_fund = value.contract.security_type == "FUND"
        silent = set() if (is_fund and version >= 179) or version >= 205 else FUND
        silent |= set() if version == 163 else {"size_min_tick"}
        return replace(defaulted(value, silent), contract=_told_contract(value.contract, version, 205, DETAILED))
    if isinstance(value, m.HistoricalData) and version >= 196:
        return replace(value, start="", end="")
    if isinstance(value, m.PortfolioValue):
        return replace(value, contract=_told_contract(value.contract, version, 207, HELD))
    if isinstance(value, m.Position | m.PositionMulti):
        return replace(value, contract=_told_contract(value.contract, version, 207, TOLD))
    if isinstance(value, m.ExecutionDetails):
        return replace(value, contract=_told_contract(value.contract, version, 201, TOLD))
    if isinstance(value, m.WireExecution) and version >= 201:
        return replace(value, liquidation=int(bool(value.liquidation)))
    return value


_HEAD = "contract_id symbol security_type last_trade_date strike right currency local_symbol trading_class"
TOLD = {*_HEAD.split(), "exchange", "multiplier"}
HELD = {*_HEAD.split(), "primary_exchange", "multiplier"}
DETAILED = {*_HEAD.split(), "exchange", "primary_exchange", "multiplier"}
IN_PROTOBUF_ONLY = {f.name for f in fields(m.WireContract)}


def _told_contract(contract: m.WireContract, version: int, protobuf_since: int, names: set[str]) -> m.WireContract:
    """Return what of a contract an answer carries; ours in protobuf says no more than in text."""
    contract = defaulted(contract, IN_PROTOBUF_ONLY - names)
    if version < protobuf_since:
        return contract
    number = str(len(contract.multiplier)) if contract.multiplier else ""
    contract = replace(contract, multiplier=number)
    return replace(contract, primary_exchange="") if version < 204 else contract  # 10.37 puts it elsewhere


def _calls(name: str, *attributes: str) -> Heard:
    return lambda message, version, oracle: [(name, [getattr(message, a) for a in attributes])]


def _listed(contract: m.WireContract) -> m.WireContract:
    """Return a contract that may be a fund, and whose last day is one, for ibapi takes that text apart."""
    kind = "FUND" if contract.symbol > "P" else contract.security_type
    return replace(contract, security_type=kind, last_trade_date="20261218" if contract.last_trade_date else "")


def _simple(message: type, callback: str, *attributes: str, since: int = 100, **special: Any) -> Told:
    return Told(message, _calls(callback, *attributes), plain(message, **special), since)


def _status(message: m.OrderStatus, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    names = [field.name for field in fields(message)]
    args = [getattr(message, name) for name in names]
    return [("orderStatus", args if version >= 131 else [*args[:-1], ANY])]


def _error(message: m.ErrorMessage, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    time = [message.time_ms] if oracle.generation.letter in "def" else []
    reject = [] if oracle.is_old else [message.advanced_reject]
    return [("error", [message.about, *time, message.code, message.text, *reject])]


def _pnl(message: m.Pnl, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    return [("pnl", [message.request_id, message.daily, *_profits(message, version)])]


def _pnl_single(message: m.PnlSingle, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    args = [message.request_id, message.position, message.daily, *_profits(message, version), message.value]
    return [("pnlSingle", args)]


def _profits(message: m.Pnl | m.PnlSingle, version: int) -> list[Any]:
    return [message.unrealized if version >= 129 else ANY, message.realized if version >= 135 else ANY]


def _commission(message: m.CommissionReport, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    name = "commissionAndFeesReport" if oracle.generation.letter in "def" else "commissionReport"
    return [(name, [message])]


def _contract_details(message: m.ContractData, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    # funds are told in names of ibapi's own, as a test of them says; before 110 nobody says the multiplier of sizes
    silent = {"fund_distribution_policy", "fund_asset_type"} | (set() if 110 <= version < 164 else {"size_multiplier"})
    return [("contractDetails", [message.request_id, Besides(message, frozenset(silent))])]


SIZE_OF = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}


def _tick(message: m.TickPrice, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    can_execute = bool(message.attributes & 1) if version >= 109 else message.attributes == 1
    flags = {
        "canAutoExecute": can_execute,
        "pastLimit": version >= 109 and bool(message.attributes & 2),
        "preOpen": version >= 132 and bool(message.attributes & 4),
    }
    heard = [("tickPrice", [message.request_id, message.tick_type, message.price, flags])]
    if message.tick_type in SIZE_OF:
        heard += [("tickSize", [message.request_id, SIZE_OF[message.tick_type], message.size])]
    return heard


def _bars(message: m.HistoricalData, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    heard = [("historicalData", [message.request_id, bar]) for bar in message.bars]
    end = [message.request_id, message.start, message.end]
    return [*heard, *([("historicalDataEnd", end)] if version < 196 else [])]


def _samples(message: m.SymbolSamples, version: int, oracle: Oracle) -> list[tuple[str, list[Any]]]:
    return [("symbolSamples", [message.request_id, message.samples])]


volumes = st.integers(-1, 2**31 - 2)
bars = plain(
    m.Bar, time=words, open=prices, high=prices, low=prices, close=prices, average=prices, volume=volumes, count=volumes
)
executions = plain(m.WireExecution, shares=sizes, cumulative_quantity=sizes, price=prices, average_price=prices)
details = plain(
    m.ContractData,
    request_id=ids,
    contract=contracts.map(lambda contract: _listed(contract)),
    security_ids=st.dictionaries(said, said, max_size=1).map(
        lambda found: tuple(m.TagValue(tag=tag, value=found[tag]) for tag in sorted(found))
    ),
    ineligibilities=st.lists(plain(m.Ineligibility, reason=said, description=said), max_size=2).map(tuple),
    fund_distribution_policy=st.sampled_from(["N", "Y"]),
    fund_asset_type=st.sampled_from(["001", "004"]),
    min_size=sizes,
    size_increment=sizes,
    suggested_size_increment=sizes,
    size_min_tick=sizes,
)
derivatives = st.lists(plain(m.Derivative, security_type=words), max_size=3).map(tuple)
samples = st.lists(plain(m.SymbolSample, derivatives=derivatives), max_size=3).map(tuple)
CONTRACTED = {"contract": contracts, "position": sizes, "average_cost": prices}

CASES = (
    _simple(m.NextValidId, "nextValidId", "order_id", order_id=integers),
    _simple(m.ManagedAccounts, "managedAccounts", "accounts", accounts=words),
    Told(
        m.ErrorMessage,
        _error,
        plain(m.ErrorMessage, about=ids, code=integers, text=words, time_ms=longs),
    ),
    Told(
        m.OrderStatus,
        _status,
        plain(m.OrderStatus, order_id=ids, status=words, perm_id=longs, filled=sizes, remaining=sizes),
    ),
    _simple(m.OpenOrdersEnd, "openOrderEnd"),
    _simple(m.CompletedOrdersEnd, "completedOrdersEnd", since=150),
    _simple(
        m.OrderBound,
        "orderBound",
        "perm_id",
        "client_id",
        "order_id",
        since=144,
        perm_id=longs,
        client_id=ids,
        order_id=ids,
    ),
    Told(
        m.ExecutionDetails,
        lambda message, version, oracle: [("execDetails", [message.request_id, message.contract, message.execution])],
        plain(m.ExecutionDetails, request_id=ids, contract=contracts, execution=executions),
    ),
    _simple(m.ExecutionDetailsEnd, "execDetailsEnd", "request_id", request_id=ids),
    Told(
        m.CommissionReport,
        _commission,
        plain(
            m.CommissionReport,
            execution_id=words,
            commission=amounts,
            currency=words,
            realized_pnl=amounts,
            yield_=amounts,
        ),
    ),
    _simple(m.Position, "position", "account", "contract", "position", "average_cost", account=words, **CONTRACTED),
    _simple(m.PositionEnd, "positionEnd"),
    _simple(
        m.PositionMulti,
        "positionMulti",
        *("request_id", "account", "model_code", "contract", "position", "average_cost"),
        since=103,
        request_id=ids,
        account=words,
        **CONTRACTED,
    ),
    _simple(m.PositionMultiEnd, "positionMultiEnd", "request_id", since=103, request_id=ids),
    _simple(
        m.AccountSummary,
        "accountSummary",
        *("request_id", "account", "tag", "value", "currency"),
        **{"request_id": ids, "account": words, "tag": words, "value": words, "currency": words},
    ),
    _simple(m.AccountSummaryEnd, "accountSummaryEnd", "request_id", request_id=ids),
    _simple(
        m.AccountValue,
        "updateAccountValue",
        *("key", "value", "currency", "account"),
        **dict.fromkeys(("key", "value", "currency", "account"), words),
    ),
    _simple(
        m.PortfolioValue,
        "updatePortfolio",
        *("contract", "position", "market_price", "market_value", "average_cost"),
        *("unrealized_pnl", "realized_pnl", "account"),
        **dict.fromkeys(("market_price", "market_value", "unrealized_pnl", "realized_pnl"), prices),
        **CONTRACTED,
        account=words,
    ),
    _simple(m.AccountUpdateTime, "updateAccountTime", "time", time=words),
    _simple(m.AccountDownloadEnd, "accountDownloadEnd", "account", account=words),
    _simple(
        m.AccountUpdateMulti,
        "accountUpdateMulti",
        *("request_id", "account", "model_code", "key", "value", "currency"),
        since=103,
        request_id=ids,
        **dict.fromkeys(("account", "model_code", "key", "value", "currency"), words),
    ),
    _simple(m.AccountUpdateMultiEnd, "accountUpdateMultiEnd", "request_id", since=103, request_id=ids),
    Told(
        m.ContractData,
        _contract_details,
        details,
    ),
    _simple(m.ContractDataEnd, "contractDetailsEnd", "request_id", request_id=ids),
    _simple(m.MarketDataType, "marketDataType", "request_id", "data_type", request_id=ids, data_type=integers),
    _simple(
        m.TickRequestParameters,
        "tickReqParams",
        *("request_id", "min_tick", "bbo_exchange", "snapshot_permissions"),
        since=114,
        request_id=ids,
        min_tick=prices,
    ),
    Told(
        m.TickPrice,
        _tick,
        plain(
            m.TickPrice,
            request_id=ids,
            tick_type=st.sampled_from([*SIZE_OF, 6, 7, 9]),
            price=prices,
            size=sizes,
            attributes=st.integers(0, 7),
        ),
    ),
    _simple(m.TickSize, "tickSize", "request_id", "tick_type", "size", request_id=ids, tick_type=kinds, size=sizes),
    _simple(
        m.TickGeneric,
        "tickGeneric",
        "request_id",
        "tick_type",
        "value",
        request_id=ids,
        tick_type=kinds,
        value=prices,
    ),
    _simple(
        m.TickString, "tickString", "request_id", "tick_type", "value", request_id=ids, tick_type=kinds, value=words
    ),
    _simple(m.TickSnapshotEnd, "tickSnapshotEnd", "request_id", request_id=ids),
    Told(m.HistoricalData, _bars, plain(m.HistoricalData, request_id=ids, bars=st.lists(bars, max_size=3).map(tuple))),
    _simple(
        m.HistoricalDataEnd,
        "historicalDataEnd",
        *("request_id", "start", "end"),
        since=196,
        request_id=ids,
        start=words,
        end=words,
    ),
    _simple(m.HistoricalDataUpdate, "historicalDataUpdate", "request_id", "bar", since=124, request_id=ids, bar=bars),
    _simple(m.HeadTimestamp, "headTimestamp", "request_id", "time", since=118, request_id=ids, time=words),
    Told(m.SymbolSamples, _samples, plain(m.SymbolSamples, request_id=ids, samples=samples), 108),
    _simple(m.CurrentTime, "currentTime", "time", time=longs),
    _simple(m.CurrentTimeInMillis, "currentTimeInMillis", "time_ms", since=197, time_ms=longs),
    _simple(
        m.FamilyCodes,
        "familyCodes",
        "codes",
        since=107,
        codes=st.lists(plain(m.FamilyCode, account=words), max_size=3).map(tuple),
    ),
    _simple(
        m.MarketRule,
        "marketRule",
        *("rule_id", "increments"),
        since=126,
        rule_id=integers,
        increments=st.lists(plain(m.PriceIncrement, low_edge=prices, increment=prices), max_size=3).map(tuple),
    ),
    _simple(m.UserInfo, "userInfo", "request_id", "white_branding_id", since=167, request_id=ids),
    Told(m.Pnl, _pnl, plain(m.Pnl, request_id=ids, daily=amounts, unrealized=amounts, realized=amounts), 127),
    Told(
        m.PnlSingle,
        _pnl_single,
        plain(
            m.PnlSingle,
            request_id=ids,
            position=sizes,
            daily=amounts,
            unrealized=amounts,
            realized=amounts,
            value=amounts,
        ),
        127,
    ),
)
