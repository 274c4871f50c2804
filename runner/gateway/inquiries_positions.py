"""Positions as a client asks for them, and as they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.gateway import answers
from runner.gateway.reports import error
from runner.gateway.subscriptions import Say, wrong_account
from runner.gateway.venue import Venue
from runner.wire.messages import (
    CancelPositions,
    CancelPositionsMulti,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    RequestPositions,
    RequestPositionsMulti,
)


class PositionInquiries:
    """Answers what one client asks of positions, and tells it when an order has changed one."""

    is_live = False  # a position changes with a fill, not with time

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        self._is_subscribed = False
        self._multis: dict[int, RequestPositionsMulti] = {}

    def tick(self, at: int) -> None:
        """Do nothing: no position changes with time."""

    def filled(self, key: str, at: int) -> None:
        """Tell the position that an execution has changed."""
        if self._is_subscribed:
            self._say(answers.position(key, self._venue.account))
        for request in self._multis.values():
            self._say(*self._rows(request, [key]))

    def positions(self, request: RequestPositions, at: int) -> None:
        """Tell every position, and from then on those that change."""
        self._is_subscribed = True
        account = self._venue.account
        self._say(*[answers.position(key, account) for key in answers.held(account)], PositionEnd())

    def cancel(self, request: CancelPositions, at: int) -> None:
        """End it; nothing is said, as a TWS says nothing."""
        self._is_subscribed = False

    def multi(self, request: RequestPositionsMulti, at: int) -> None:
        """Tell every position of the account, and from then on those that change; an id in use is taken over."""
        if request.account not in ("", self._venue.account.number):
            self._say(error(request.request_id, 321, wrong_account("cc", request.account)))
            return
        self._multis[request.request_id] = request
        rows = self._rows(request, answers.held(self._venue.account))
        self._say(*rows, PositionMultiEnd(request_id=request.request_id))

    def cancel_multi(self, request: CancelPositionsMulti, at: int) -> None:
        """End it; nothing is said, as a TWS says nothing."""
        self._multis.pop(request.request_id, None)

    def _rows(self, request: RequestPositionsMulti, keys: Iterable[str]) -> Iterator[PositionMulti]:
        for key in keys:
            held = answers.position(key, self._venue.account)
            yield PositionMulti(
                request_id=request.request_id,
                account=held.account,
                contract=held.contract,
                position=held.position,
                average_cost=held.average_cost,
                model_code=request.model_code,
            )
