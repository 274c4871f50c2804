"""What the gateway tells about contracts: values in, messages out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from runner.gateway.hours_sessions import DAY, hours_of
from runner.gateway.instruments import INSTRUMENTS, Instrument
from runner.gateway.instruments_kinds import Step
from runner.gateway.rules import listed
from runner.gateway.settings import BASE_CURRENCY
from runner.wire.messages import ContractData, Derivative, MarketRule, PriceIncrement, SymbolSample

ZERO = Decimal(0)
_SESSIONS_TOLD = 6
_TYPES = "AON,COND,DAY,FOK,GAT,GTC,GTD,IOC,LIT,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,TRAILLMT,WHATIF"
_RULES = {
    **{
        number: (Step(ZERO, Decimal(tick)),)
        for number, tick in {239: "0.00005", 240: "0.005", 26: "0.01", 32: "0.01", 635: "0.0001", 2806: "0.25"}.items()
    },
    **{one.market_rule_id: one.steps or (Step(ZERO, one.min_tick),) for one in INSTRUMENTS.values()},
}
_MOST_SAMPLES = 16
_DERIVED = {"STK": ("CFD", "OPT"), "CASH": ("CFD",)}


def contract_data(request_id: int, one: Instrument, at: int) -> ContractData:
    """Describe an instrument in full."""
    step = Decimal(1)
    return ContractData(
        request_id=request_id,
        contract=replace(listed(one), primary_exchange=one.primary_exchange),
        market_name=one.trading_class,
        min_tick=one.min_tick,
        order_types=f"{_TYPES},CASHQTY" if one.is_pair else _TYPES,
        valid_exchanges=",".join(one.valid_exchanges),
        long_name=one.long_name,
        contract_month=one.contract_month,
        industry=one.industry,
        category=one.category,
        subcategory=one.subcategory,
        time_zone=one.time_zone,
        trading_hours=_hours(one, at, extended=True),
        liquid_hours=_hours(one, at, extended=False),
        agg_group=4 if one.is_pair else 1,
        market_rule_ids=",".join([str(one.market_rule_id)] * len(one.valid_exchanges)),
        real_expiration_date=one.last_trade_date,
        stock_type=one.stock_type,
        size_min_tick=step,
        min_size=step,
        size_increment=step,
        suggested_size_increment=step,
    )


def _hours(one: Instrument, at: int, *, extended: bool) -> str:
    """Tell the sessions from now on, and the days between them on which there is none."""
    zone = ZoneInfo(one.time_zone)
    told = []
    after = None
    for opening, close in islice(hours_of(one.local_symbol, extended).ahead(at), _SESSIONS_TOLD):
        while after is not None and (missing := _local(after + DAY, zone)[:8]) < _local(opening, zone)[:8]:
            told.append(f"{missing}:CLOSED")
            after += DAY
        told.append(f"{_local(opening, zone)}-{_local(close, zone)}")
        after = close
    return ";".join(told)


def _local(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%Y%m%d:%H%M")


def market_rule(rule_id: int) -> MarketRule | None:
    """Return a price grid, None if there is none of that number."""
    steps = _RULES.get(rule_id)
    if steps is None:
        return None
    increments = tuple(PriceIncrement(low_edge=step.edge, increment=step.tick) for step in steps)
    return MarketRule(rule_id=rule_id, increments=increments)


def samples(pattern: str, at: int) -> tuple[SymbolSample, ...]:
    """Return what a pattern begins the symbol or the name of, the nearest first, one of each symbol and type."""
    wanted = pattern.strip().upper()
    if not wanted:
        return ()
    found = {
        (one.security_type, one.symbol, one.currency): one for one in INSTRUMENTS.values() if _fits(one, wanted, at)
    }
    nearest = sorted(
        found.values(),
        key=lambda one: (one.symbol != wanted, not one.symbol.startswith(wanted), one.currency != BASE_CURRENCY),
    )
    return tuple(map(_sample, nearest[:_MOST_SAMPLES]))


def _fits(one: Instrument, wanted: str, at: int) -> bool:
    named = one.symbol.startswith(wanted) or one.local_symbol.startswith(wanted)
    is_named = named or one.long_name.upper().startswith(wanted)
    return is_named and not one.underlying and one.is_listed(at)  # what is on another is told with that


def _sample(one: Instrument) -> SymbolSample:
    derived = tuple(Derivative(security_type=kind) for kind in _DERIVED.get(one.security_type, ()))
    return SymbolSample(
        contract_id=one.con_id,
        symbol=one.symbol,
        security_type=one.security_type,
        primary_exchange=one.primary_exchange or one.exchange,
        currency=one.currency,
        derivatives=derived,
        description=one.long_name,
    )
