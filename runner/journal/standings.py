"""How many plans stand within one transaction: read at once, and kept up with what is claimed in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from runner.core.standing import Standing
from runner.core.ticket import OrderTicket, Role
from runner.journal import decoding
from runner.journal.claiming import ALL, MINUTE, added, count_of, only, put_tally
from runner.journal.database import Database
from runner.journal.decoding import Row, moment
from runner.journal.gate import Bid, Gate


class Standings:
    """Make one in a transaction. `of` is what `claiming.standing` reads, after all that was `claimed` before it.

    It is of no order in particular: how many others work is counted when one is sent.
    """

    def __init__(self, database: Database, epoch: str, now: datetime, bids: Sequence[Bid]) -> None:
        self._database = database
        self._now = now
        self._day = moment(now)[:10]
        plans = json.dumps(sorted({ALL, *(bid.row.plan for bid in bids)}))
        self._is_owner = database.first(only, "epoch") == epoch
        self._stops = {row[0]: decoding.halt(row) for row in database.read(tuple, "stops_of_all", plans=plans)}
        self._armings = {one.plan: one for one in database.read(decoding.arming, "armings_of", plans=plans)}
        self._unknown: dict[str, tuple[str, ...]] = {}
        for plan, ref in database.read(_pair, "unknown_of_all"):
            self._unknown[plan] = (*self._unknown.get(plan, ()), ref)
        self._today = dict(database.read(decoding.tally, "tallies", day=self._day))
        self._touched: set[str] = set()
        self._fires = dict(database.read(_count, "fires_today_of", plans=plans, day=self._day))
        self._last_minute = database.first(count_of, "claimed_since", since=moment(now - MINUTE)) or 0

    def of(self, plan: str) -> Standing:
        """Return how a plan stands."""
        halt, pause = self._stops.get(ALL), self._stops.get(plan)
        return Standing(
            now=self._now,
            is_owner=self._is_owner,
            halt=None if halt is None else halt.reason,
            halted_at=None if halt is None else halt.at,
            pause=None if pause is None else pause.reason,
            arming=self._armings.get(plan),
            unknown=self._unknown.get(plan, ()),
            today=self._today,
            fires_today=self._fires.get(plan, 0),
            last_minute=self._last_minute,
        )

    def claimed(self, plan: str, tickets: Sequence[OrderTicket], gate: Gate) -> None:
        """Count a fire that was claimed and is not written yet."""
        self._fires[plan] = self._fires.get(plan, 0) + 1
        self._last_minute += len(tickets)
        for ticket in tickets:
            if ticket.role is Role.ENTRY:
                pair = ticket.contract.name
                self._today[pair] = added(self._today.get(pair), ticket, gate.price_of(ticket))
                self._touched.add(pair)

    def write(self) -> None:
        """Write what the day's entries add up to."""
        for pair in sorted(self._touched):
            put_tally(self._database, self._day, pair, self._today[pair])


def _pair(row: Row) -> tuple[str, str]:
    return str(row[0]), str(row[1])


def _count(row: Row) -> tuple[str, int]:
    return str(row[0]), int(row[1])
