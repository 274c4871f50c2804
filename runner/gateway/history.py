"""Historical bars: the path of a pair cut into bars of its open hours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import add

from runner.gateway import hours, rules
from runner.gateway.history_query import DAY, HistoryRefused, Query, Span, failed, title, understood
from runner.gateway.market import Market
from runner.gateway.prices import Track
from runner.gateway.reports import time_text
from runner.wire.messages import Bar, HistoricalData, RequestHistoricalData

_EXACT = 5 * DAY  # open seconds, a trading week: as much is looked at second by second
_POINTS = 100_000  # of a longer span


def history(request: RequestHistoricalData, market: Market, now: int) -> HistoricalData:
    """Return the bars of a request, nothing of them later than now; raises HistoryRefused.

    Open and close are always exact. High and low are exact over spans of up to a trading week; of longer ones they
    are taken at points of the path that lie at most a hundred-thousandth of the span's open hours apart.
    """
    instrument = rules.instrument_of(request.contract)
    if instrument is None:
        raise HistoryRefused(*rules.UNKNOWN_CONTRACT)
    query = understood(request, instrument, now)
    bars = tuple(_bars(query, market))
    if not bars:
        raise failed(f"HMDS query returned no data: {title(instrument, query.side)}")
    start, end = query.sessions[0][0], query.sessions[-1][1]
    return HistoricalData(request_id=request.request_id, start=time_text(start), end=time_text(end), bars=bars)


def _bars(query: Query, market: Market) -> Iterator[Bar]:
    seconds = sum(end - start for start, end in query.sessions)
    apart = 1 if seconds <= _EXACT else seconds // _POINTS + 1
    for session in query.sessions:
        spans = list(_spans(session, query))
        wanted = [at for start, end in spans for at in (start, end - 1)] if apart > 1 else []
        track = market.track(query.pair, session, apart, wanted)
        if track is not None and track.times:
            yield from _cut(track, spans, query)


def _spans(session: Span, query: Query) -> Iterator[Span]:
    """Yield the bars of one trading day: cut at full hours (minutes, seconds) of UTC, and at its beginning and end."""
    start, end = session
    while start < end:
        until = end if query.is_daily else min(end, start - start % query.size + query.size)
        yield start, until
        start = until


def _cut(track: Track, spans: Sequence[Span], query: Query) -> Iterator[Bar]:
    times = track.times
    prices, decimals = _side(track, query.side)
    for start, end in spans:
        first, last = max(bisect_right(times, start) - 1, 0), bisect_left(times, end)
        if first < last:
            inside = prices[first:last]
            yield Bar(
                time=_label(start, query),
                open=_decimal(inside[0], decimals),
                high=_decimal(max(inside), decimals),
                low=_decimal(min(inside), decimals),
                close=_decimal(inside[-1], decimals),
            )


def _side(track: Track, side: str) -> tuple[Sequence[int], int]:
    """Return the prices of a side, and how many decimals they are written with."""
    if side == "MIDPOINT":
        return [5 * both for both in map(add, track.bids, track.asks)], track.decimals + 1
    return (track.bids if side == "BID" else track.asks), track.decimals


@lru_cache(8192)
def _decimal(price: int, decimals: int) -> Decimal:
    return Decimal(price).scaleb(-decimals)


def _label(start: int, query: Query) -> str:
    if query.is_daily:  # a trading day has the date on which it ends
        return datetime.fromtimestamp(hours.next_close(start), UTC).strftime("%Y%m%d")
    return str(start) if query.is_epoch else time_text(start)
