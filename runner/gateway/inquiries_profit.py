"""Profit and loss as a client asks for it, and as it changes with prices and fills."""

from __future__ import annotations

from collections.abc import Callable

from runner.gateway import answers_profit
from runner.gateway.answers_profit import DayStart
from runner.gateway.reports import error
from runner.gateway.subscriptions import Say, wrong_account
from runner.gateway.venue import Venue
from runner.wire.messages import CancelPnl, CancelPnlSingle, Pnl, PnlSingle, RequestPnl, RequestPnlSingle

_Figures = Pnl | PnlSingle
_Ask = Callable[[int], _Figures]  # instant -> how it stands


class _Watch:
    """Some requests by their ids: what each asks for, and what it was told last."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.asked: dict[int, _Ask] = {}
        self._told: dict[int, _Figures] = {}

    def begin(self, request_id: int, ask: _Ask, at: int) -> None:
        self.asked[request_id] = ask
        self._tell(request_id, at)

    def end(self, request_id: int) -> bool:
        self._told.pop(request_id, None)
        return self.asked.pop(request_id, None) is not None

    def tick(self, at: int) -> None:
        for request_id in self.asked:
            self._tell(request_id, at)

    def _tell(self, request_id: int, at: int) -> None:
        now = self.asked[request_id](at)
        if self._told.get(request_id) != now:
            self._told[request_id] = now
            self._say(now)


class ProfitInquiries:
    """Answers what one client asks of profit and loss, and tells it every change."""

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        self._whole, self._single = _Watch(say), _Watch(say)
        self._start: DayStart | None = None

    @property
    def is_live(self) -> bool:
        """True if there is something to tell as prices change."""
        return bool(self._whole.asked or self._single.asked)

    def tick(self, at: int) -> None:
        """Tell what prices have changed."""
        self._whole.tick(at)
        self._single.tick(at)

    def filled(self, key: str, at: int) -> None:
        """Tell what an execution has changed."""
        self.tick(at)

    def pnl(self, request: RequestPnl, at: int) -> None:
        """Tell the profit and loss of the account, and from then on every change of it."""
        about, venue = request.request_id, self._venue
        if not self._is_refused(request, self._whole, "cj"):
            self._whole.begin(about, lambda now: answers_profit.profit(about, venue, self._day(now), now), at)

    def single(self, request: RequestPnlSingle, at: int) -> None:
        """Tell the profit and loss of one holding, and from then on every change of it."""
        about, con_id, venue = request.request_id, request.contract_id, self._venue

        def ask(now: int) -> PnlSingle:
            return answers_profit.profit_of(about, con_id, venue, self._day(now), now)

        if not self._is_refused(request, self._single, "ck"):
            self._single.begin(about, ask, at)

    def _day(self, at: int) -> DayStart:
        """Return how the day of that instant began."""
        if self._start is None or at >= self._start.until:
            self._start = answers_profit.day_start(self._venue, at)
        return self._start

    def _is_refused(self, request: RequestPnl | RequestPnlSingle, watch: _Watch, place: str) -> bool:
        if request.account != self._venue.account.number:
            self._say(error(request.request_id, 321, wrong_account(place, request.account)))
        elif request.request_id in watch.asked:
            self._say(error(request.request_id, 102, "Duplicate ticker id"))
        else:
            return False
        return True

    def cancel(self, request: CancelPnl, at: int) -> None:
        """End one of the account."""
        if not self._whole.end(request.request_id):
            self._say(error(request.request_id, 10185, "Failed to cancel PNL (not subscribed)"))

    def cancel_single(self, request: CancelPnlSingle, at: int) -> None:
        """End one of a holding."""
        if not self._single.end(request.request_id):
            self._say(error(request.request_id, 10186, "Failed to cancel PNL single (not subscribed)"))
