"""The account as a client asks for it: its summary, its updates and their multi form, and what changes of them later.

A TWS tells what has changed every three minutes, and at once when an order was filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runner.gateway import answers
from runner.gateway.answers import Figure
from runner.gateway.reports import error
from runner.gateway.subscriptions import EVERY, Say, invalid, wrong_account
from runner.gateway.venue import Venue
from runner.wire.messages import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    Answer,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    PortfolioValue,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
)

_MOST_SUMMARIES = 2
_TOO_MANY = (
    "Error processing request.-'bD' : cause - Maximum number of account summary requests exceeded; desubscribe to "
    "previous request first"
)
_GROUPS = ("All", "AllNonProp")


@dataclass(slots=True)
class _Told:
    """The figures that one subscription has been told."""

    figures: dict[tuple[str, str], str] = field(default_factory=dict)

    def news(self, now: Iterable[Figure]) -> Iterator[Figure]:
        """Yield the figures that are not what was told last; from then on they are."""
        for key, value, currency in now:
            if self.figures.get((key, currency)) != value:
                self.figures[key, currency] = value
                yield key, value, currency


class AccountInquiries:
    """Answers what one client asks of the account, and keeps it informed."""

    def __init__(self, venue: Venue, say: Say) -> None:
        self._venue = venue
        self._say = say
        self._due = 0
        self._summaries: dict[int, tuple[RequestAccountSummary, _Told]] = {}
        self._multis: dict[int, tuple[RequestAccountUpdatesMulti, _Told]] = {}
        self._updates: _Told | None = None
        self._portfolio: dict[str, PortfolioValue] = {}

    @property
    def is_live(self) -> bool:
        """True if something is to be told when it changes."""
        return bool(self._summaries or self._multis or self._updates)

    def tick(self, at: int) -> None:
        """Tell what has changed, if that is due again."""
        if self.is_live and at >= self._due:
            self._tell_all(at, answers.held(self._venue.account))

    def filled(self, key: str, at: int) -> None:
        """Tell what an execution has changed."""
        if self.is_live:
            self._tell_all(at, [key])

    def _tell_all(self, at: int, keys: Iterable[str]) -> None:
        self._due = at + EVERY
        for request_id, (request, told) in self._summaries.items():
            self._say(*self._summed(request_id, told.news(self._summary(request, at))))
        for asked, told in self._multis.values():
            self._say(*self._multi(asked, told.news(self._figures(asked, at))))
        if self._updates is not None:
            self._say_updates(self._updates, keys, at)

    # --- summary

    def summary(self, request: RequestAccountSummary, at: int) -> None:
        """Tell the figures asked for, and from then on what changes of them."""
        refused = self._summary_refused(request)
        if refused is not None:
            self._say(error(request.request_id, *refused))
            return
        told = _Told()
        self._summaries[request.request_id] = (request, told)
        figures = told.news(self._summary(request, at))
        self._say(*self._summed(request.request_id, figures), AccountSummaryEnd(request_id=request.request_id))
        self._wait(at)

    def _summary_refused(self, request: RequestAccountSummary) -> tuple[int, str] | None:
        if not request.tags.strip(" ,"):
            return 321, invalid("bD", "Tags cannot be null")
        if request.group not in (*_GROUPS, self._venue.account.number):
            return 321, invalid("bD", "Group name is invalid" if request.group else "Group name cannot be null")
        if request.request_id not in self._summaries and len(self._summaries) >= _MOST_SUMMARIES:
            return 322, _TOO_MANY
        return None

    def _summary(self, request: RequestAccountSummary, at: int) -> Iterator[Figure]:
        return answers.summary(request.tags, self._venue.account, self._venue.valuation, at)

    def _summed(self, request_id: int, figures: Iterable[Figure]) -> Iterator[Answer]:
        number = self._venue.account.number
        for tag, value, currency in figures:
            yield AccountSummary(request_id=request_id, account=number, tag=tag, value=value, currency=currency)

    def cancel_summary(self, request: CancelAccountSummary, at: int) -> None:
        """End a summary; nothing is said, as a TWS says nothing."""
        self._summaries.pop(request.request_id, None)

    # --- updates

    def updates(self, request: RequestAccountUpdates, at: int) -> None:
        """Tell values and portfolio, and from then on what changes of them; or stop."""
        number = self._venue.account.number
        if request.account not in ("", number):
            self._say(error(-1, 321, wrong_account("b2", request.account)))
        elif request.subscribe:
            self._updates = _Told()
            self._portfolio.clear()
            self._say_updates(self._updates, answers.held(self._venue.account), at)
            self._say(AccountDownloadEnd(account=number))
            self._wait(at)
        elif self._updates is not None:
            self._updates = None
            self._say(error(-1, 2100, "API client has been unsubscribed from account data."))

    def _say_updates(self, told: _Told, keys: Iterable[str], at: int) -> None:
        account, valuation = self._venue.account, self._venue.valuation
        first = (("AccountCode", account.number, ""), ("AccountReady", "true", ""))
        figures = told.news((*first, *answers.figures(account, valuation, at), *answers.ledger(account, valuation, at)))
        news: list[Answer] = [
            AccountValue(key=key, value=value, currency=currency, account=account.number)
            for key, value, currency in figures
        ]
        for key in keys:
            row = answers.portfolio(key, account, valuation, at)
            if self._portfolio.get(key) != row:
                self._portfolio[key] = row
                news.append(row)
        if news:
            self._say(*news, AccountUpdateTime(time=f"{at // 3600 % 24:02}:{at // 60 % 60:02}"))

    # --- the multi form

    def multi(self, request: RequestAccountUpdatesMulti, at: int) -> None:
        """Tell the figures of the account, and from then on what changes of them."""
        about = request.request_id
        if about in self._multis:
            self._say(error(about, 322, "Error processing request.-'ce' : cause - Duplicate ticker id"))
        elif request.account not in ("", self._venue.account.number):
            self._say(error(about, 321, wrong_account("ce", request.account)))
        else:
            told = _Told()
            self._multis[about] = (request, told)
            figures = told.news(self._figures(request, at))
            self._say(*self._multi(request, figures), AccountUpdateMultiEnd(request_id=about))
            self._wait(at)

    def _figures(self, request: RequestAccountUpdatesMulti, at: int) -> Iterator[Figure]:
        account, valuation = self._venue.account, self._venue.valuation
        yield from answers.ledger(account, valuation, at)
        figures = answers.figures(account, valuation, at)
        yield from (one for one in figures if not request.ledger_and_nlv or one[0] == "NetLiquidation")

    def _multi(self, request: RequestAccountUpdatesMulti, figures: Iterable[Figure]) -> Iterator[Answer]:
        for key, value, currency in figures:
            yield AccountUpdateMulti(
                request_id=request.request_id,
                account=self._venue.account.number,
                model_code=request.model_code,
                key=key,
                value=value,
                currency=currency,
            )

    def cancel_multi(self, request: CancelAccountUpdatesMulti, at: int) -> None:
        """End it; nothing is said, as a TWS says nothing."""
        self._multis.pop(request.request_id, None)

    def _wait(self, at: int) -> None:
        self._due = max(self._due, at + EVERY)
