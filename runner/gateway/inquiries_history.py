"""Bars of the past as a client asks for them, and those it wants to be kept up to date."""

from __future__ import annotations

from runner.gateway.history import head, history
from runner.gateway.history_live import LiveBars
from runner.gateway.history_query import HistoryRefused, understood
from runner.gateway.inquiries_quotes import named
from runner.gateway.instruments import Instrument
from runner.gateway.reports import error
from runner.gateway.subscriptions import Say
from runner.gateway.venue import Venue
from runner.wire.messages import (
    CancelHeadTimestamp,
    CancelHistoricalData,
    HistoricalDataUpdate,
    RequestHeadTimestamp,
    RequestHistoricalData,
    WireContract,
)

_MOST = 50  # kept up to date at once, as a TWS allows open requests


class HistoryInquiries:
    """Answers what one client asks of the past, and goes on with what it wants to be kept up to date."""

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        self._live: dict[int, LiveBars] = {}

    @property
    def is_live(self) -> bool:
        """True if bars are wanted as they change."""
        return bool(self._live)

    def tick(self, at: int) -> None:
        """Tell how bars have changed."""
        for request_id, bars in self._live.items():
            for bar in bars.grown(at):
                self._say(HistoricalDataUpdate(request_id=request_id, bar=bar))

    def filled(self, key: str, at: int) -> None:
        """Do nothing: an execution of this account makes no bar."""

    def bars(self, request: RequestHistoricalData, at: int) -> None:
        """Tell the bars of a span, and from then on the one that is being made."""
        about, market = request.request_id, self._venue.market
        try:
            self._check(request)
            query = understood(request, _instrument(request.contract, at), at)
            self._say(history(query, market, about))
        except HistoryRefused as refused:
            self._say(error(about, refused.code, refused.text))
            return
        if request.keep_up_to_date:
            self._live[about] = LiveBars(query, market, at)

    def _check(self, request: RequestHistoricalData) -> None:
        if request.request_id in self._live:
            raise HistoryRefused(322, "Error processing request.-'bI' : cause - Duplicate ticker id")
        if request.keep_up_to_date and len(self._live) >= _MOST:
            raise HistoryRefused(
                322, f"Error processing request.-'bI' : cause - Only {_MOST} simultaneous API requests"
            )

    def cancel(self, request: CancelHistoricalData, at: int) -> None:
        """Stop keeping bars up to date; any other answer came whole, so that there is nothing left of it."""
        if self._live.pop(request.request_id, None) is None:
            text = f"No historical data query found for ticker id:{request.request_id}"
            self._say(error(request.request_id, 366, text))

    def head(self, request: RequestHeadTimestamp, at: int) -> None:
        """Tell since when there are bars."""
        try:
            self._say(head(request, _instrument(request.contract, at), self._venue.market, at))
        except HistoryRefused as refused:
            self._say(error(request.request_id, refused.code, refused.text))

    def cancel_head(self, request: CancelHeadTimestamp, at: int) -> None:
        """Do nothing: the answer came whole, and clients cancel behind it."""


def _instrument(contract: WireContract, at: int) -> Instrument:
    found = named(contract, at)
    if isinstance(found, tuple):
        raise HistoryRefused(*found)
    return found
