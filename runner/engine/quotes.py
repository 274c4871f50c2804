"""The last bid and ask of a pair, asked for when a limit wants one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.contract import ContractSpec
from runner.core.facts import Fact, NoticeSeen, SnapshotEnd, TickSeen
from runner.core.standing import Quote

FRESH = timedelta(seconds=5)  # how old a quote may be, and how long one is waited for


@dataclass(slots=True)
class _Asked:
    contract: ContractSpec
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    is_over: bool = False

    @property
    def is_awaited(self) -> bool:
        return not self.is_over and (self.bid is None or self.ask is None)


class Quotes:
    """`decided` asks at need; `of` is the quote once it is."""

    def __init__(self, ask: Callable[[ContractSpec], int], now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._asked: dict[int, _Asked] = {}
        self._latest: dict[str, int] = {}  # pair -> the request that was made last

    def decided(self, contract: ContractSpec) -> bool:
        """Tell whether a quote is there, or none will come; asks for one where that is not known."""
        asked = self._asked.get(self._latest.get(contract.name, 0))
        if asked is not None and self._now() - asked.at <= FRESH:
            return asked.is_over or (asked.bid is not None and asked.ask is not None)
        if asked is not None and not asked.is_over and asked.bid is None:
            asked.is_over, asked.at = True, self._now()  # nothing came: for now there is none
            return True
        request = self._ask(contract)
        self._asked.pop(self._latest.get(contract.name, 0), None)
        self._asked[request] = _Asked(contract, self._now())
        self._latest[contract.name] = request
        return False

    def of(self, contract: ContractSpec) -> Quote | None:
        """Return bid and ask, None if they are not known."""
        asked = self._asked.get(self._latest.get(contract.name, 0))
        if asked is None or asked.bid is None or asked.ask is None:
            return None
        return Quote(asked.bid, asked.ask, asked.at)

    def is_awaited(self, contract: ContractSpec) -> bool:
        """Tell whether a quote was asked for that has not come and may still come."""
        asked = self._asked.get(self._latest.get(contract.name, 0))
        return asked is not None and asked.is_awaited

    def due(self) -> datetime | None:
        """Return when waiting for a quote ends; not of one that nobody has asked about since its time was over."""
        now = self._now()
        waits = [asked.at + FRESH for asked in self._asked.values() if asked.is_awaited]
        return min((until for until in waits if until > now), default=None)

    def forget(self) -> None:
        """Drop what was asked in a session that has ended."""
        self._asked.clear()
        self._latest.clear()

    def take(self, fact: Fact) -> None:
        """Take in ticks, the end of a snapshot, or the refusal of one."""
        if not self._asked:
            return
        match fact:
            case TickSeen() if (asked := self._asked.get(fact.request_id)) is not None:
                if fact.field == "bid":
                    asked.bid = fact.price
                elif fact.field == "ask":
                    asked.ask = fact.price
            case SnapshotEnd() if (asked := self._asked.get(fact.request_id)) is not None:
                asked.is_over = True
            case NoticeSeen() if (asked := self._asked.get(fact.about)) is not None and asked.bid is None:
                asked.is_over = True
