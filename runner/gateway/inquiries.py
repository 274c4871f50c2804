"""What a client asks beside orders: one table says which part of the gateway answers it; the parts are beside this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.gateway.inquiries_account import AccountInquiries
from runner.gateway.inquiries_contracts import ContractInquiries
from runner.gateway.inquiries_history import HistoryInquiries
from runner.gateway.inquiries_positions import PositionInquiries
from runner.gateway.inquiries_profit import ProfitInquiries
from runner.gateway.inquiries_quotes import QuoteInquiries
from runner.gateway.inquiries_refused import refused
from runner.gateway.subscriptions import Say, Subscriber
from runner.gateway.venue import Venue
from runner.wire import messages as m
from runner.wire.messages import Request

Handler = Callable[[Any, int], None]  # what one kind of request is answered by


class Inquiries:
    """Answers one client's questions and keeps it informed of what it wants to know."""

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        contracts = ContractInquiries(say)
        quotes, history = QuoteInquiries(venue, say), HistoryInquiries(venue, say)
        account, positions = AccountInquiries(venue, say), PositionInquiries(venue, say)
        profit = ProfitInquiries(venue, say)
        self._subscribers: tuple[Subscriber, ...] = (positions, account, profit, quotes, history)
        self._handlers: dict[type, Handler] = {
            m.RequestContractDetails: contracts.details,
            m.RequestMatchingSymbols: contracts.matching,
            m.RequestMarketRule: contracts.rule,
            m.RequestMarketData: quotes.quotes,
            m.CancelMarketData: quotes.cancel,
            m.RequestMarketDataType: quotes.data_type,
            m.RequestHistoricalData: history.bars,
            m.CancelHistoricalData: history.cancel,
            m.RequestHeadTimestamp: history.head,
            m.CancelHeadTimestamp: history.cancel_head,
            m.RequestAccountSummary: account.summary,
            m.CancelAccountSummary: account.cancel_summary,
            m.RequestAccountUpdates: account.updates,
            m.RequestAccountUpdatesMulti: account.multi,
            m.CancelAccountUpdatesMulti: account.cancel_multi,
            m.RequestPositions: positions.positions,
            m.CancelPositions: positions.cancel,
            m.RequestPositionsMulti: positions.multi,
            m.CancelPositionsMulti: positions.cancel_multi,
            m.RequestPnl: profit.pnl,
            m.CancelPnl: profit.cancel,
            m.RequestPnlSingle: profit.single,
            m.CancelPnlSingle: profit.cancel_single,
            m.RequestCurrentTime: self._time,
            m.RequestFamilyCodes: self._families,
            m.RequestUserInfo: self._user,
            m.SetServerLogLevel: _nothing,
        }

    @property
    def is_streaming(self) -> bool:
        """True if something is wanted as time passes."""
        return any(one.is_live for one in self._subscribers)

    def tick(self, at: int) -> None:
        """Tell what time has changed."""
        for one in self._subscribers:
            one.tick(at)

    def filled(self, key: str, at: int) -> None:
        """Tell those who asked to be told what an execution has changed."""
        for one in self._subscribers:
            one.filled(key, at)

    def handle(self, request: Request, at: int) -> None:
        """Answer one request."""
        self._handlers.get(type(request), self._refuse)(request, at)

    def _refuse(self, request: Request, at: int) -> None:
        known = request if isinstance(request, m.Unsupported) else _unknown(request)
        if (answer := refused(known)) is not None:
            self._say(answer)

    def _time(self, request: m.RequestCurrentTime, at: int) -> None:
        self._say(m.CurrentTime(time=at))

    def _families(self, request: m.RequestFamilyCodes, at: int) -> None:
        self._say(m.FamilyCodes(codes=(m.FamilyCode(account=self._venue.account.number),)))

    def _user(self, request: m.RequestUserInfo, at: int) -> None:
        self._say(m.UserInfo(request_id=request.request_id))


def _nothing(request: Request, at: int) -> None:
    """Do nothing: how much a TWS logs is its own affair."""


def _unknown(request: Request) -> m.Unsupported:
    """Return a request that is read but not in the table as one that is not on offer."""
    return m.Unsupported(message_id=0, request_id=getattr(request, "request_id", None))
