"""What a client asks beside orders: contracts, quotes, account, positions, time; and what is not on offer."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod

from runner.gateway import answers, rules
from runner.gateway.history import history
from runner.gateway.history_query import HistoryRefused
from runner.gateway.market import Quote
from runner.gateway.reports import error
from runner.gateway.venue import Venue
from runner.wire.messages import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelHistoricalData,
    CancelMarketData,
    CancelPnl,
    CancelPositions,
    CancelPositionsMulti,
    ContractDataEnd,
    CurrentTime,
    FamilyCode,
    FamilyCodes,
    MarketDataType,
    Pnl,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    Request,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestContractDetails,
    RequestCurrentTime,
    RequestFamilyCodes,
    RequestHistoricalData,
    RequestMarketData,
    RequestMarketDataType,
    RequestMarketRule,
    RequestPnl,
    RequestPositions,
    RequestPositionsMulti,
    RequestUserInfo,
    SetServerLogLevel,
    TickRequestParameters,
    TickSnapshotEnd,
    Unsupported,
    UserInfo,
)

# Where a request that is not on offer carries its id, so that its answer reaches the one who waits for it.
_REQUEST_ID_AT = {
    10: 1, 22: 0, 50: 1, 52: 1, 54: 1, 55: 1, 67: 1, 68: 1, 69: 1, 70: 1, 72: 0, 78: 0, 79: 0, 81: 0, 83: 0, 84: 0,
    86: 0, 87: 0, 88: 0, 94: 0, 96: 0, 97: 0, 100: 0, 102: 0,
}  # fmt: skip
_CANCELS = frozenset({11, 13, 23, 51, 53, 56, 57, 71, 89, 90, 95, 98, 101, 103})
_NOT_OFFERED = "Error validating request.-'cd' : cause - Not supported by the simulated gateway"


class Inquiries:
    """Answers one client's questions and remembers what it wants to be kept informed of."""

    def __init__(self, venue: Venue, say: Callable[..., None]) -> None:
        self._venue = venue
        self._say = say
        self._at = 0
        self._streams: dict[int, tuple[str, Quote | None]] = {}  # request id -> pair, the quote last told
        self._wants_positions = False
        self._wants_updates = False

    @property
    def is_streaming(self) -> bool:
        """True if quotes are wanted as they change."""
        return bool(self._streams)

    def tick(self, at: int) -> None:
        """Send what quotes have changed to."""
        for request_id, (pair, before) in self._streams.items():
            quote = self._venue.market.quote(pair, at)
            if quote is not None:
                self._say(*answers.ticks(request_id, quote, before))
                self._streams[request_id] = (pair, quote)

    def filled(self, pair: str, at: int) -> None:
        """Tell those who asked to be told that a position has changed."""
        account = self._venue.account
        if self._wants_positions:
            self._say(answers.position(pair, account))
        if self._wants_updates:
            self._say(answers.portfolio(pair, account, self._venue.valuation, at))
            self._say_values(at)

    def handle(self, request: Request, at: int) -> None:
        """Answer one request."""
        self._at = at
        self._handle(request)

    @singledispatchmethod
    def _handle(self, request: Request) -> None:
        self._say(error(getattr(request, "request_id", -1), 321, _NOT_OFFERED))

    @_handle.register
    def _(self, request: Unsupported) -> None:
        if request.message_id in _CANCELS:
            return
        place = _REQUEST_ID_AT.get(request.message_id)
        found = request.fields[place] if place is not None and place < len(request.fields) else ""
        about = int(found) if found.isascii() and found.isdecimal() and len(found) < 10 else -1
        self._say(error(about, 321, _NOT_OFFERED))

    # --- contracts

    @_handle.register
    def _(self, request: RequestContractDetails) -> None:
        found = rules.instruments_like(request.contract)
        if not found:
            self._say(error(request.request_id, *rules.UNKNOWN_CONTRACT))
            return
        for instrument in found:
            self._say(answers.contract_data(request.request_id, instrument, self._venue.market, self._at))
        self._say(ContractDataEnd(request_id=request.request_id))

    @_handle.register
    def _(self, request: RequestMarketRule) -> None:
        rule = answers.market_rule(request.rule_id)
        self._say(error(-1, 321, _NOT_OFFERED + f": market rule {request.rule_id}") if rule is None else rule)

    # --- quotes

    @_handle.register
    def _(self, request: RequestMarketData) -> None:
        instrument = rules.instrument_of(request.contract)
        if request.request_id in self._streams:
            self._say(error(request.request_id, 102, "Duplicate ticker id"))
        elif instrument is None:
            self._say(error(request.request_id, *rules.UNKNOWN_CONTRACT))
        else:
            self._say(
                TickRequestParameters(
                    request_id=request.request_id, min_tick=instrument.min_tick, snapshot_permissions=3
                ),
                MarketDataType(request_id=request.request_id, data_type=1),
            )
            self._quote(request, instrument.local_symbol)

    def _quote(self, request: RequestMarketData, pair: str) -> None:
        quote = self._venue.market.quote(pair, self._at)
        if quote is not None:
            self._say(*answers.ticks(request.request_id, quote, None))
        if request.snapshot or request.regulatory_snapshot:
            self._say(TickSnapshotEnd(request_id=request.request_id))
        else:
            self._streams[request.request_id] = (pair, quote)

    @_handle.register
    def _(self, request: CancelMarketData) -> None:
        if self._streams.pop(request.request_id, None) is None:
            self._say(error(request.request_id, 300, f"Can't find EId with tickerId:{request.request_id}"))

    @_handle.register
    def _(self, request: RequestMarketDataType) -> None:
        """Do nothing: quotes are live, and a TWS that has live quotes sends them whatever was asked for."""

    @_handle.register
    def _(self, request: RequestHistoricalData) -> None:
        try:
            self._say(history(request, self._venue.market, self._at))
        except HistoryRefused as refused:
            self._say(error(request.request_id, refused.code, refused.text))

    @_handle.register
    def _(self, request: CancelHistoricalData) -> None:
        text = f"No historical data query found for ticker id:{request.request_id}"
        self._say(error(request.request_id, 366, text))

    # --- account

    @_handle.register
    def _(self, request: RequestAccountSummary) -> None:
        account, number = self._venue.account, self._venue.account.number
        for tag, value, currency in answers.summary(request.tags, account, self._venue.valuation, self._at):
            self._say(
                AccountSummary(request_id=request.request_id, account=number, tag=tag, value=value, currency=currency)
            )
        self._say(AccountSummaryEnd(request_id=request.request_id))

    @_handle.register
    def _(self, request: RequestAccountUpdates) -> None:
        number = self._venue.account.number
        if request.account not in ("", number):
            self._say(
                error(-1, 321, f"Error validating request.-'b2' : cause - Invalid account code '{request.account}'")
            )
            return
        self._wants_updates = request.subscribe
        if request.subscribe:
            self._say_values(self._at)
            for pair in self._held():
                self._say(answers.portfolio(pair, self._venue.account, self._venue.valuation, self._at))
            self._say(AccountDownloadEnd(account=number))

    def _say_values(self, at: int) -> None:
        account, valuation = self._venue.account, self._venue.valuation
        told = (*answers.figures(account, valuation, at), *answers.ledger(account, valuation, at))
        self._say(
            AccountValue(key="AccountReady", value="true", currency="", account=account.number),
            *[AccountValue(key=key, value=value, currency=unit, account=account.number) for key, value, unit in told],
            AccountUpdateTime(time=f"{at // 3600 % 24:02}:{at // 60 % 60:02}"),
        )

    @_handle.register
    def _(self, request: RequestAccountUpdatesMulti) -> None:
        account, valuation = self._venue.account, self._venue.valuation
        told = list(answers.ledger(account, valuation, self._at))
        figures = answers.figures(account, valuation, self._at)
        told += [one for one in figures if not request.ledger_and_nlv or one[0] == "NetLiquidation"]
        for key, value, currency in told:
            self._say(
                AccountUpdateMulti(
                    request_id=request.request_id,
                    account=account.number,
                    model_code=request.model_code,
                    key=key,
                    value=value,
                    currency=currency,
                )
            )
        self._say(AccountUpdateMultiEnd(request_id=request.request_id))

    @_handle.register
    def _(self, request: RequestPnl) -> None:
        account, valuation = self._venue.account, self._venue.valuation
        open_profit = answers.unrealized(account, valuation, self._at)
        closed = answers.realized(account, valuation, self._at) - account.commissions
        daily = open_profit + closed
        self._say(Pnl(request_id=request.request_id, daily=daily, unrealized=open_profit, realized=closed))

    # --- positions

    def _held(self) -> list[str]:
        return sorted(pair for pair, holding in self._venue.account.holdings.items() if holding.units)

    @_handle.register
    def _(self, request: RequestPositions) -> None:
        self._wants_positions = True
        self._say(*[answers.position(pair, self._venue.account) for pair in self._held()], PositionEnd())

    @_handle.register
    def _(self, request: CancelPositions) -> None:
        self._wants_positions = False

    @_handle.register
    def _(self, request: RequestPositionsMulti) -> None:
        for pair in self._held():
            held = answers.position(pair, self._venue.account)
            self._say(
                PositionMulti(
                    request_id=request.request_id,
                    account=held.account,
                    contract=held.contract,
                    position=held.position,
                    average_cost=held.average_cost,
                    model_code=request.model_code,
                )
            )
        self._say(PositionMultiEnd(request_id=request.request_id))

    # --- the rest

    @_handle.register
    def _(self, request: RequestCurrentTime) -> None:
        self._say(CurrentTime(time=self._at))

    @_handle.register
    def _(self, request: RequestFamilyCodes) -> None:
        self._say(FamilyCodes(codes=(FamilyCode(account=self._venue.account.number),)))

    @_handle.register
    def _(self, request: RequestUserInfo) -> None:
        self._say(UserInfo(request_id=request.request_id))

    @_handle.register(CancelAccountSummary)
    @_handle.register(CancelAccountUpdatesMulti)
    @_handle.register(CancelPositionsMulti)
    @_handle.register(CancelPnl)
    @_handle.register(SetServerLogLevel)
    def _(self, request: Request) -> None:
        """Do nothing: these were answered once, and nothing follows."""
