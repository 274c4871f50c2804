"""Quotes as a client asks for them: once, or as they change."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.gateway import answers_ticks, inquiries_generic
from runner.gateway.answers_ticks import Day, Values
from runner.gateway.instruments import Instrument, find_all
from runner.gateway.market import Quote
from runner.gateway.reports import error
from runner.gateway.rules import UNKNOWN_CONTRACT
from runner.gateway.subscriptions import Say, invalid
from runner.gateway.venue import Venue
from runner.wire.messages import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    RequestMarketDataType,
    TickRequestParameters,
    TickSnapshotEnd,
    WireContract,
)

Refusal = tuple[int, str]
_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN = 1, 2, 3, 4
_BEHIND = 900  # seconds, of delayed quotes
_LINES = 100  # streams at once
# The account has no market data of this exchange, so that a program's way with delayed quotes can be tried.
_NOT_SUBSCRIBED = frozenset({"NYSE"})
_SUBSCRIBE = (
    "Requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog "
    "for more details.Delayed market data is available.{} {}/TOP/ALL"
)
_SHOWS_DELAYED = (10167, "Requested market data is not subscribed. Displaying delayed market data.")


@dataclass(slots=True)
class _Stream:
    """What one request has been told."""

    one: Instrument
    is_delayed: bool
    told: Values = field(default_factory=dict)


def named(contract: WireContract, at: int) -> Instrument | Refusal:
    """Return what a contract names, or why that is nothing, or too much."""
    found = find_all(contract, at)
    if len(found) > 1:
        return 200, f"The contract description specified for {contract.symbol or found[0].symbol} is ambiguous."
    return found[0] if found else UNKNOWN_CONTRACT


class QuoteInquiries:
    """Answers what one client asks of quotes, and tells it what changes."""

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        self._kind = _LIVE
        self._streams: dict[int, _Stream] = {}
        self._days: dict[str, Day] = {}

    @property
    def is_live(self) -> bool:
        """True if quotes are wanted as they change."""
        return bool(self._streams)

    def tick(self, at: int) -> None:
        """Send what quotes have changed to."""
        for request_id, stream in self._streams.items():
            self._tell(request_id, stream, at)

    def filled(self, key: str, at: int) -> None:
        """Do nothing: an execution of this account moves no quote."""

    def data_type(self, request: RequestMarketDataType, at: int) -> None:
        """Choose what is sent where there are no live quotes; where there are, they are sent whatever was chosen."""
        if request.data_type in (_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN):
            self._kind = request.data_type
        else:
            self._say(error(-1, 321, invalid("cb", f"Invalid market data type {request.data_type}")))

    def quotes(self, request: RequestMarketData, at: int) -> None:
        """Send the quotes of a contract: once, or from now on."""
        one = named(request.contract, at)
        refused = one if isinstance(one, tuple) else self._refused(request, one)
        if refused is not None or isinstance(one, tuple):
            self._say(error(request.request_id, *(refused or UNKNOWN_CONTRACT)))
            return
        self._begin(request, one, at)

    def _refused(self, request: RequestMarketData, one: Instrument) -> Refusal | None:
        if request.request_id in self._streams:
            return 102, "Duplicate ticker id"
        if request.snapshot and request.generic_ticks:
            return 321, invalid("bQ", "Snapshot market data subscription is not applicable to generic ticks")
        if wrong := inquiries_generic.refusal(request.generic_ticks, one.security_type):
            return 321, invalid("bQ", wrong)
        if not request.snapshot and len(self._streams) >= _LINES:
            return 101, "Max number of tickers has been reached"
        if self._is_delayed(one) and self._kind in (_LIVE, _FROZEN):
            return 10089, _SUBSCRIBE.format(one.symbol, one.primary_exchange)
        return None

    def _is_delayed(self, one: Instrument) -> bool:
        return one.primary_exchange in _NOT_SUBSCRIBED

    def _begin(self, request: RequestMarketData, one: Instrument, at: int) -> None:
        stream = _Stream(one, is_delayed=self._is_delayed(one))
        about = request.request_id
        if stream.is_delayed:
            self._say(error(about, *_SHOWS_DELAYED))
        kind = _DELAYED if stream.is_delayed else _LIVE
        self._say(
            TickRequestParameters(request_id=about, min_tick=one.min_tick, snapshot_permissions=3),
            MarketDataType(request_id=about, data_type=kind),
        )
        self._tell(about, stream, at)
        if request.snapshot or request.regulatory_snapshot:
            self._say(TickSnapshotEnd(request_id=about))
        else:
            self._streams[about] = stream

    def _tell(self, request_id: int, stream: _Stream, at: int) -> None:
        at -= _BEHIND if stream.is_delayed else 0
        market, one = self._venue.market, stream.one
        quote = market.quote(one.local_symbol, at, extended=True)
        if quote is None:
            return
        now = answers_ticks.values(one, quote, self._day(one, quote, at), at)
        news = answers_ticks.ticks(request_id, now, stream.told, delayed=stream.is_delayed)
        self._say(*news)
        stream.told = now

    def _day(self, one: Instrument, quote: Quote, at: int) -> Day | None:
        """Return the trading day so far; what is delayed is always, so that no key has two."""
        day = self._days.get(one.local_symbol)
        if day is not None and day.reaches(at):
            day.take(quote, at)
            return day
        found = answers_ticks.day_of(self._venue.market, one, at)
        if found is not None:
            self._days[one.local_symbol] = found
        return found

    def cancel(self, request: CancelMarketData, at: int) -> None:
        """End a stream."""
        if self._streams.pop(request.request_id, None) is None:
            self._say(error(request.request_id, 300, f"Can't find EId with tickerId:{request.request_id}"))
