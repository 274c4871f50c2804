"""Historical bars: the prices of an instrument cut into bars of its open hours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import groupby, pairwise
from operator import add
from typing import NamedTuple
from zoneinfo import ZoneInfo

from runner.gateway import history_trades as trades
from runner.gateway.history_query import DAY, Query, Span, failed, first_bar, title
from runner.gateway.instruments import Instrument
from runner.gateway.market import Market
from runner.gateway.prices import Track
from runner.gateway.reports import time_text
from runner.wire.messages import Bar, HeadTimestamp, HistoricalData, RequestHeadTimestamp

_EXACT = 5 * DAY  # open seconds, a trading week: as much is looked at second by second
_POINTS = 60_000  # of a longer span
_NEW_YORK = ZoneInfo("America/New_York")


class Piece(NamedTuple):
    """A bar or the beginning of one: the seconds [start, end), and prices in 10**-decimals."""

    start: int
    end: int
    open: int
    high: int
    low: int
    close: int

    def and_then(self, more: Piece) -> Piece:
        """Return both as one."""
        return Piece(self.start, more.end, self.open, max(self.high, more.high), min(self.low, more.low), more.close)


def history(query: Query, market: Market, request_id: int) -> HistoricalData:
    """Return the bars of a query; raises HistoryRefused if there are none.

    Open and close are always exact. High and low are exact over spans of up to a trading week; of longer ones they
    are taken at points of the path that lie at most a sixty-thousandth of the span's open hours apart.
    """
    bars = tuple(_bars(query, market))
    if not bars:
        raise failed(f"HMDS query returned no data: {title(query.one, query.side)}")
    start, end = query.sessions[0][0], query.sessions[-1][1]
    return HistoricalData(request_id=request_id, start=time_text(start), end=time_text(end), bars=bars)


def head(request: RequestHeadTimestamp, one: Instrument, market: Market, now: int) -> HeadTimestamp:
    """Return the earliest instant of which there is a bar; raises HistoryRefused."""
    first = first_bar(request, one, now)
    found = None if first is None else _earliest(market, one.local_symbol, (first, now), not request.regular_hours_only)
    if found is None:
        raise failed("No head time stamp")
    text = str(found) if request.date_format == 2 else datetime.fromtimestamp(found, UTC).strftime("%Y%m%d-%H:%M:%S")
    return HeadTimestamp(request_id=request.request_id, time=text)


def _earliest(market: Market, key: str, span: Span, extended: bool) -> int | None:
    """Return the first open second of a span at which there is a quote: from some second on there always is one."""
    none, some = span[0] - 1, span[1]
    if market.quote(key, some, extended) is None:
        return None
    while some - none > 1:
        middle = (none + some) // 2
        none, some = (middle, some) if market.quote(key, middle, extended) is None else (none, middle)
    return market.next_open(key, some, extended)


def _bars(query: Query, market: Market) -> Iterator[Bar]:
    seconds = sum(end - start for start, end in query.sessions)
    apart = 1 if seconds <= _EXACT else seconds // _POINTS + 1
    for days in _grouped(query):
        whole: Bar | None = None
        for session in days:
            for decimals, piece in pieces(query, market, session, apart):
                bar = bar_of(query, piece, decimals)
                if query.unit in ("", "day"):
                    yield bar
                else:
                    whole = bar if whole is None else _longer(whole, bar)
        if whole is not None:
            yield whole


def _grouped(query: Query) -> Iterator[Sequence[Span]]:
    """Yield the trading days that make one bar, or each by itself."""
    keys: dict[str, Callable[[Span], object]] = {
        "week": lambda session: _day(query, session[0]).isocalendar()[:2],
        "month": lambda session: _day(query, session[0]).timetuple()[:2],
    }
    if query.unit not in keys:
        yield query.sessions
        return
    for _, days in groupby(query.sessions, keys[query.unit]):
        yield list(days)


def _longer(bar: Bar, after: Bar) -> Bar:
    """Return both as one, which has the date of the later."""
    high, low = max(bar.high, after.high), min(bar.low, after.low)
    has_volume = bar.volume >= 0
    return Bar(
        time=after.time,
        open=bar.open,
        high=high,
        low=low,
        close=after.close,
        volume=bar.volume + after.volume if has_volume else -1,
        average=_average(bar.open, high, low, after.close) if has_volume else bar.average,
        count=bar.count + after.count if has_volume else -1,
    )


def pieces(query: Query, market: Market, session: Span, apart: int = 1) -> Iterator[tuple[int, Piece]]:
    """Yield the bars of an open span, each with the decimals of its prices."""
    spans = list(_spans(session, query))
    wanted = [at for start, end in spans for at in (start, end - 1)] if apart > 1 else []
    track = market.track(query.one.local_symbol, session, apart, wanted)
    if track is not None and query.is_traded and apart == 1:
        track = _each_second(track, session)
    if track is not None and track.times:
        prices, decimals = _side(track, query)
        for piece in _cut(track.times, prices, spans):
            yield decimals, piece


def _each_second(track: Track, span: Span) -> Track:
    """Return the prices of every second of a span, for there is a trade in each."""
    start, end = span
    if len(track.times) in (0, end - start):
        return track
    begun = [max(start, at) for at in track.times]
    places = [place for place, (at, until) in enumerate(pairwise((*begun, end))) for _ in range(until - at)]
    bids, asks = ([side[place] for place in places] for side in (track.bids, track.asks))
    return Track(range(begun[0], end), bids, asks, track.decimals)


def _spans(session: Span, query: Query) -> Iterator[Span]:
    """Yield the bars of one trading day: cut at full hours (minutes, seconds) of UTC, and at its beginning and end."""
    start, end = session
    while start < end:
        until = end if query.is_daily else min(end, start - start % query.size + query.size)
        yield start, until
        start = until


def _cut(times: Sequence[int], prices: Sequence[int], spans: Sequence[Span]) -> Iterator[Piece]:
    for start, end in spans:
        first, last = max(bisect_right(times, start) - 1, 0), bisect_left(times, end)
        if first < last:
            inside = prices[first:last]
            yield Piece(start, end, inside[0], max(inside), min(inside), inside[-1])


def _side(track: Track, query: Query) -> tuple[Sequence[int], int]:
    """Return the prices of a side, and how many decimals they are written with."""
    if query.side == "MIDPOINT":
        return [5 * both for both in map(add, track.bids, track.asks)], track.decimals + 1
    if query.is_traded:
        return trades.prices(track.times, track.bids, track.asks), track.decimals
    return (track.bids if query.side == "BID" else track.asks), track.decimals


def bar_of(query: Query, piece: Piece, decimals: int) -> Bar:
    """Write a bar out."""
    open_, high = _decimal(piece.open, decimals), _decimal(piece.high, decimals)
    low, close = _decimal(piece.low, decimals), _decimal(piece.close, decimals)
    time = _label(piece.start, query)
    if not query.is_traded:
        return Bar(time=time, open=open_, high=high, low=low, close=close)
    return Bar(
        time=time,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=trades.volume(query.one, piece.start, piece.end),
        average=_average(open_, high, low, close),
        count=piece.end - piece.start,
    )


def _average(*prices: Decimal) -> Decimal:
    return sum(prices, Decimal(0)) / len(prices)


@lru_cache(8192)
def _decimal(price: int, decimals: int) -> Decimal:
    return Decimal(price).scaleb(-decimals)


def _day(query: Query, at: int) -> datetime:
    """Return the day of a session, on which it ends."""
    return datetime.fromtimestamp(query.hours.next_close(at) - 1, UTC).astimezone(_NEW_YORK)


def _label(start: int, query: Query) -> str:
    if query.is_daily:
        return _day(query, start).strftime("%Y%m%d")
    return str(start) if query.is_epoch else _time(start)


def _time(at: int) -> str:
    """Write an instant as `time_text` does; the fast way, for there are many."""
    date = _date(at // DAY)
    return f"{date} {at % DAY // 3600:02}:{at % 3600 // 60:02}:{at % 60:02} UTC"


@lru_cache(512)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y%m%d")
