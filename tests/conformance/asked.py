"""Every short request: its values, how ibapi is asked for it, and what of the values travels at which version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from runner.wire import messages as m
from tests.conformance.draws import contracts, integers, plain, words
from tests.conformance.peer import Oracle
from tests.conformance.same import defaulted, to_ibapi

Args = Callable[[Any, Oracle], list[Any]]


@dataclass(frozen=True)
class Asked:
    """One request as ibapi's method writes it."""

    message: type
    method: str
    args: Args
    values: st.SearchStrategy[Any]
    carried: Callable[[Any, int, Oracle], Any] = lambda message, version, oracle: message
    since: int = 100


def _by(*names: str) -> Args:
    return lambda message, _: [to_ibapi(getattr(message, name)) for name in names]


def _simple(message: type, method: str, *names: str, since: int = 100, **special: Any) -> Asked:
    """Return a request whose attributes are the arguments of the method, and travel whole."""
    return Asked(message, method, _by(*names), plain(message, **special), since=since)


ids = st.integers(-(2**31) + 1, 2**31 - 2)
flags = st.booleans()
NEVER_TEXT = {"combo_legs_description"}
SECURITY = {"security_id_type", "security_id", "issuer_id"}


def _details(message: Any, version: int, oracle: Oracle) -> Any:
    gone = {"combo_legs_description", "combo_legs", "delta_neutral"} | ({"issuer_id"} if version < 176 else set())
    return _with(message, version, 205, gone)


def _quotes(message: Any, version: int, oracle: Oracle) -> Any:
    gone = {*NEVER_TEXT, *SECURITY, "include_expired"}
    gone |= set() if message.contract.security_type == "BAG" else {"combo_legs"}
    kept = _with(message, version, 206, gone)
    kept = kept if version >= 206 else replace(kept, contract=_quoted_legs(kept.contract))
    kept = kept if version >= 206 else replace(kept, options="")  # ibapi refuses to write any
    return kept if version >= 114 else replace(kept, regulatory_snapshot=False)


def _bars(message: Any, version: int, oracle: Oracle) -> Any:
    gone = {*NEVER_TEXT, *SECURITY, "delta_neutral"}
    gone |= set() if message.contract.security_type == "BAG" else {"combo_legs"}
    kept = _with(message, version, 208, gone)
    kept = kept if version >= 208 else replace(kept, contract=_quoted_legs(kept.contract))
    return kept if version >= 124 else replace(kept, keep_up_to_date=False)


def _head(message: Any, version: int, oracle: Oracle) -> Any:
    return _with(message, version, 208, {*NEVER_TEXT, *SECURITY, "delta_neutral", "combo_legs"})


def _with(message: Any, version: int, protobuf_since: int, gone: set[str]) -> Any:
    """Return a message with what of its contract travels."""
    if version >= protobuf_since:
        return replace(message, contract=in_protobuf(message.contract))
    return replace(message, contract=defaulted(message.contract, gone))


def in_protobuf(contract: m.WireContract) -> m.WireContract:
    """Return a contract as ibapi's protobuf has it: the multiplier a number, the description of legs its own."""
    return replace(contract, multiplier=str(len(contract.multiplier)) if contract.multiplier else "")


def _quoted_legs(contract: m.WireContract) -> m.WireContract:
    """Return a contract whose legs have the four fields that quotes need."""
    quoted = ("contract_id", "ratio", "action", "exchange")
    legs = tuple(m.ComboLeg(**{name: getattr(leg, name) for name in quoted}) for leg in contract.combo_legs)
    return replace(contract, combo_legs=legs)


def options(message: Any) -> list[dict[str, str]]:
    """Return the options of a request as ibapi's list of tags."""
    pairs = (item.partition("=") for item in message.options.split(";") if item)
    return [{"~": "TagValue", "tag": tag, "value": value} for tag, _, value in pairs]


def _filter(message: m.RequestExecutions, _: Oracle) -> list[Any]:
    names = {"client_id": "clientId", "account": "acctCode", "security_type": "secType"}
    texts = ("client_id", "account", "time", "symbol", "security_type", "exchange", "side")
    given: dict[str, Any] = {names.get(name, name): getattr(message, name) for name in texts}
    if message.last_days is not None:
        given["lastNDays"] = message.last_days
    if message.specific_dates:
        given["specificDates"] = [date.date for date in message.specific_dates]
    return [message.request_id, {"~": "ExecutionFilter", **given}]


def _executions(message: Any, version: int, oracle: Oracle) -> Any:
    return message if version >= 200 else replace(message, last_days=None, specific_dates=())


def _cancel(message: m.CancelOrder, oracle: Oracle) -> list[Any]:
    return [message.order_id, *_by_hand(message, oracle)]


def _by_hand(message: Any, oracle: Oracle) -> list[Any]:
    """Return what an order is cancelled with: nothing, a time, or an object, as the generation has it."""
    if oracle.is_old:
        return []
    if oracle.generation.letter == "b":
        return [message.manual_cancel_time] if isinstance(message, m.CancelOrder) else []
    if oracle.has_external_user and isinstance(message, m.GlobalCancel):
        return []
    given: dict[str, Any] = {"extOperator": message.ext_operator}
    if message.manual_order_indicator is not None:
        given["manualOrderIndicator"] = message.manual_order_indicator
    if isinstance(message, m.CancelOrder):
        given |= {"manualOrderCancelTime": message.manual_cancel_time, "externalUserId": message.external_user_id}
    return [{"~": "OrderCancel", **given}]


def _cancelled(message: Any, version: int, oracle: Oracle) -> Any:
    silent = {"ext_operator", "manual_order_indicator", "external_user_id"} if version < 192 else {"external_user_id"}
    if 187 <= version < 190 and oracle.has_external_user and isinstance(message, m.CancelOrder):
        silent = set()
    silent |= {"manual_cancel_time"} if version < 169 else set()
    return defaulted(message, silent & set(type(message).__dataclass_fields__))


EXECUTIONS = plain(
    m.RequestExecutions,
    request_id=ids,
    specific_dates=st.lists(st.builds(m.SpecificDate, date=st.integers(0, 20991231)), max_size=2).map(tuple),
)
OPTIONS = st.sampled_from(["", "a=b;", "a=b;c=d e;"])

CASES = (
    Asked(m.StartApi, "startApi", lambda message, _: [], st.just(m.StartApi(client_id=7))),
    _simple(m.RequestOpenOrders, "reqOpenOrders"),
    _simple(m.RequestAllOpenOrders, "reqAllOpenOrders"),
    _simple(m.RequestAutoOpenOrders, "reqAutoOpenOrders", "auto_bind"),
    _simple(m.RequestIds, "reqIds", "count"),
    _simple(m.RequestCurrentTime, "reqCurrentTime"),
    _simple(m.RequestCurrentTimeInMillis, "reqCurrentTimeInMillis", since=197),
    _simple(m.RequestManagedAccounts, "reqManagedAccts"),
    Asked(m.RequestExecutions, "reqExecutions", _filter, EXECUTIONS, _executions),
    Asked(m.CancelOrder, "cancelOrder", _cancel, plain(m.CancelOrder, order_id=ids), _cancelled),
    Asked(m.GlobalCancel, "reqGlobalCancel", _by_hand, plain(m.GlobalCancel), _cancelled),
    _simple(m.RequestPositions, "reqPositions"),
    _simple(m.CancelPositions, "cancelPositions"),
    _simple(
        m.RequestPositionsMulti, "reqPositionsMulti", "request_id", "account", "model_code", since=103, request_id=ids
    ),
    _simple(m.CancelPositionsMulti, "cancelPositionsMulti", "request_id", since=103, request_id=ids),
    _simple(m.RequestAccountSummary, "reqAccountSummary", "request_id", "group", "tags", request_id=ids),
    _simple(m.CancelAccountSummary, "cancelAccountSummary", "request_id", request_id=ids),
    _simple(m.RequestAccountUpdates, "reqAccountUpdates", "subscribe", "account", subscribe=flags),
    _simple(
        m.RequestAccountUpdatesMulti,
        "reqAccountUpdatesMulti",
        *("request_id", "account", "model_code", "ledger_and_nlv"),
        since=103,
        request_id=ids,
    ),
    _simple(m.CancelAccountUpdatesMulti, "cancelAccountUpdatesMulti", "request_id", since=103, request_id=ids),
    Asked(
        m.RequestContractDetails,
        "reqContractDetails",
        _by("request_id", "contract"),
        plain(m.RequestContractDetails, request_id=ids, contract=contracts),
        _details,
    ),
    Asked(
        m.RequestMarketData,
        "reqMktData",
        lambda r, o: [
            *_by("request_id", "contract", "generic_ticks", "snapshot", "regulatory_snapshot")(r, o),
            options(r),
        ],
        plain(m.RequestMarketData, request_id=ids, contract=contracts, options=OPTIONS),
        _quotes,
    ),
    _simple(m.CancelMarketData, "cancelMktData", "request_id", request_id=ids),
    _simple(m.RequestMarketDataType, "reqMarketDataType", "data_type", data_type=integers),
    Asked(
        m.RequestHistoricalData,
        "reqHistoricalData",
        lambda r, o: [
            *_by("request_id", "contract", "end", "duration", "bar_size", "what_to_show")(r, o),
            int(r.regular_hours_only),
            r.date_format,
            r.keep_up_to_date,
            options(r),
        ],
        plain(m.RequestHistoricalData, request_id=ids, contract=contracts, options=OPTIONS),
        _bars,
    ),
    _simple(m.CancelHistoricalData, "cancelHistoricalData", "request_id", request_id=ids),
    Asked(
        m.RequestHeadTimestamp,
        "reqHeadTimeStamp",
        lambda r, o: [
            *_by("request_id", "contract", "what_to_show")(r, o),
            int(r.regular_hours_only),
            r.date_format,
        ],
        plain(m.RequestHeadTimestamp, request_id=ids, contract=contracts),
        _head,
        since=118,
    ),
    _simple(m.CancelHeadTimestamp, "cancelHeadTimeStamp", "request_id", since=123, request_id=ids),
    _simple(
        m.RequestMatchingSymbols,
        "reqMatchingSymbols",
        "request_id",
        "pattern",
        since=108,
        request_id=ids,
        pattern=words,
    ),
    _simple(m.RequestCompletedOrders, "reqCompletedOrders", "api_only", since=150),
    _simple(m.RequestFamilyCodes, "reqFamilyCodes", since=107),
    _simple(m.RequestUserInfo, "reqUserInfo", "request_id", since=167, request_id=ids),
    _simple(m.RequestPnl, "reqPnL", "request_id", "account", "model_code", since=127, request_id=ids),
    _simple(m.CancelPnl, "cancelPnL", "request_id", since=127, request_id=ids),
    _simple(
        m.RequestPnlSingle,
        "reqPnLSingle",
        *("request_id", "account", "model_code", "contract_id"),
        since=127,
        request_id=ids,
    ),
    _simple(m.CancelPnlSingle, "cancelPnLSingle", "request_id", since=127, request_id=ids),
    _simple(m.RequestMarketRule, "reqMarketRule", "rule_id", since=126, rule_id=integers),
    _simple(m.SetServerLogLevel, "setServerLogLevel", "level", level=integers),
)
