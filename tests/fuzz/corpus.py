"""Valid requests of every kind, as each version writes them: what the fuzzer changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from runner.wire import messages as m
from runner.wire.bodies import write

VERSIONS = (100, 157, 163, 176, 178, 187, 188, 189, 190, 191, 193, 200, 201, 203, 210, 213, 226)
_EURUSD = m.WireContract(symbol="EUR", currency="USD", security_type="CASH", exchange="IDEALPRO")
_APPLE = m.WireContract(symbol="AAPL", currency="USD", security_type="STK", exchange="SMART")
_FUTURE = m.WireContract(symbol="EUR", currency="USD", security_type="FUT", exchange="CME")
_GOLD = m.WireContract(symbol="XAUUSD", currency="USD", security_type="CMDTY", exchange="SMART")
_BAG = m.WireContract(
    symbol="EUR",
    security_type="BAG",
    currency="USD",
    exchange="SMART",
    combo_legs=(m.ComboLeg(contract_id=1, ratio=1, action="BUY", exchange="SMART"),) * 2,
)
_LIMIT = Decimal("0.9500")  # far below the market: it rests
_ORDERS: tuple[dict[str, Any], ...] = (
    {},
    {"action": "SELL"},
    {"order_type": "LMT", "limit_price": _LIMIT, "time_in_force": "GTC"},
    {"order_type": "LMT", "limit_price": Decimal("1.5"), "time_in_force": "IOC"},
    {"order_type": "LMT", "limit_price": _LIMIT, "time_in_force": "FOK", "all_or_none": True},
    {"order_type": "LMT", "limit_price": _LIMIT, "time_in_force": "GTD", "good_till_date": "20250305 20:00:00 UTC"},
    {"order_type": "MKT", "good_after_time": "20250305 20:00:00 UTC"},
    {"order_type": "STP", "aux_price": Decimal("1.5"), "transmit": False},
    {"order_type": "STP LMT", "aux_price": Decimal("1.5"), "limit_price": Decimal("1.6")},
    {"order_type": "TRAIL", "aux_price": Decimal("0.01")},
    {"order_type": "TRAIL", "trailing_percent": Decimal(2), "trail_stop_price": Decimal("0.9")},
    {"order_type": "TRAIL LIMIT", "aux_price": Decimal("0.01"), "limit_price_offset": Decimal("0.001")},
    {"order_type": "MIT", "aux_price": Decimal("0.9"), "outside_rth": True},
    {"order_type": "LIT", "aux_price": Decimal("0.9"), "limit_price": Decimal("0.89")},
    {"total_quantity": Decimal(0), "cash_quantity": Decimal(20000)},
    {"order_type": "LMT", "limit_price": _LIMIT, "oca_group": "group", "oca_type": 1},
    {"order_type": "LMT", "limit_price": Decimal("1.5"), "oca_group": "group", "oca_type": 3, "min_quantity": 1000},
    {"order_type": "LMT", "limit_price": _LIMIT, "parent_id": 1, "action": "SELL"},
    {"what_if": True},
    {"conditions": (m.OrderCondition(kind=1, is_more=True, price=Decimal("1.5"), contract_id=12087792),)},
    {"conditions": (m.OrderCondition(kind=3, is_more=True, time="20250305 20:00:00 UTC"),) * 2},
    {"algo_strategy": "Adaptive", "algo_params": (m.TagValue(tag="adaptivePriority", value="Normal"),)},
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One valid request as a version writes it."""

    name: str
    body: bytes


@cache
def samples(version: int) -> tuple[Sample, ...]:
    """Return every request at one version; an order id is 7 and is to be replaced."""
    return tuple(Sample(type(request).__name__, write(request, version)[4:]) for request in _requests())


@cache
def start(version: int, client_id: int) -> bytes:
    """Return the frame of startApi."""
    return write(m.StartApi(client_id=client_id), version)


def _requests() -> Iterator[m.Request]:
    for contract in (_EURUSD, _APPLE, _FUTURE, _GOLD, _BAG):
        yield m.RequestContractDetails(request_id=3, contract=contract)
        yield m.RequestMarketData(request_id=4, contract=contract, snapshot=contract is _APPLE)
        yield _bars(contract)
        yield _order(contract)
    yield from (_order(_EURUSD, **changes) for changes in _ORDERS)
    yield _bars(_EURUSD, what_to_show="TRADES", date_format=2)
    yield _bars(_EURUSD, keep_up_to_date=True)
    yield m.RequestAccountSummary(request_id=5, tags="NetLiquidation,$LEDGER:ALL")
    yield m.RequestAccountUpdates(subscribe=True)
    yield m.RequestExecutions(request_id=6, time="20250305 00:00:00", side="BUY")
    yield m.RequestMarketRule(rule_id=239)
    yield from (_plain(kind) for kind in get_args(m.Request) if kind is not m.Unsupported)
    yield from (m.Unsupported(message_id=number, fields=("1", "9", "EUR")) for number in (22, 54, 88, 97, 999))


def _order(contract: m.WireContract, **changes: Any) -> m.PlaceOrder:
    order = m.WireOrder(action="BUY", order_type="MKT", total_quantity=Decimal(1000), order_ref="fuzz")
    return m.PlaceOrder(order_id=7, contract=contract, order=replace(order, **changes))


def _bars(contract: m.WireContract, **changes: Any) -> m.RequestHistoricalData:
    request = m.RequestHistoricalData(
        request_id=8,
        contract=contract,
        end="20250304 20:00:00 UTC",
        bar_size="1 min",
        duration="600 S",
        what_to_show="MIDPOINT",
    )
    return replace(request, **changes)


def _plain(kind: type) -> Any:
    """Return a request with numbers and texts where there is no default."""
    made: dict[str, Any] = {"int": 7, "str": "", "bool": True, "WireContract": _EURUSD, "WireOrder": m.WireOrder()}
    return kind(**{one.name: made[str(one.type)] for one in fields(kind) if one.default is MISSING})
