"""Where an order waits, for how long, and when something next happens to it."""

from __future__ import annotations

from runner.gateway import conditions, rules, trailing
from runner.gateway.agenda import Agenda
from runner.gateway.book import Book, Entry, Stage
from runner.gateway.deadlines import instant
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Market, Quote
from runner.gateway.matching import awaited, has_trigger, is_trailing

_HORIZON = 400 * 86400  # an order that rests longer is looked at again; a search this long costs no more than a day's
_LONGEST_TRY = 256  # seconds until an order that takes all or nothing is looked at again, at most


class Waiting:
    """Moves orders between the stages in which they wait, and plans what is due."""

    def __init__(self, market: Market, book: Book) -> None:
        self._market = market
        self._book = book
        self.agenda = Agenda()
        self._sessions: dict[tuple[str, bool], tuple[int, int]] = {}  # the one that was last asked about

    def is_open(self, entry: Entry, at: int) -> bool:
        """Tell whether what an order is for trades at that second, in the hours the order allows."""
        opens, closes = self._sessions.get((entry.pair, entry.order.outside_rth), (0, 0))
        return opens <= at < closes or self._market.is_open(entry.pair, at, entry.order.outside_rth)

    def next_open(self, entry: Entry, at: int) -> int:
        """Return when it trades next."""
        return self._market.next_open(entry.pair, at, entry.order.outside_rth)

    def quote(self, entry: Entry, at: int) -> Quote | None:
        """Return the quote that an order meets in that second."""
        return self._market.quote(entry.pair, at, entry.order.outside_rth)

    # --- stages

    def open(self, entry: Entry, at: int) -> None:
        """Put an order where it waits first."""
        entry.rests, entry.ready, entry.tries = False, None, 0
        parent = self._book.parent(entry)
        if entry.stage in (Stage.UNSENT, Stage.CHILD) and parent is not None and parent.stage is not Stage.FILLED:
            self._book.mark(entry, Stage.CHILD)
            return
        self.release(entry, at)

    def release(self, entry: Entry, at: int) -> None:
        """Put an order that waits for no other where it waits first."""
        entry.starts = instant(entry.order.good_after_time) or 0
        ends = [self._expiry(entry, at), INSTRUMENTS[entry.pair].trades_until]
        entry.expires = min((end for end in ends if end is not None), default=None)
        self._book.mark(entry, self._stage(entry, at))

    def _expiry(self, entry: Entry, at: int) -> int | None:
        order = entry.order
        if order.time_in_force == "GTD":
            return instant(order.good_till_date)
        if order.time_in_force == "GTC":
            return None
        return self._session(entry, max(at, entry.starts))[1]

    def _session(self, entry: Entry, at: int) -> tuple[int, int]:
        """Return when the session of that second, or the next one, begins or began at the latest, and when it ends."""
        key = entry.pair, entry.order.outside_rth
        known = self._sessions.get(key, (0, 0))
        if not known[0] <= at < known[1]:
            opens = self._market.next_open(key[0], at, key[1])
            known = self._sessions[key] = opens, self._market.next_close(key[0], opens, key[1])
        return known

    def _stage(self, entry: Entry, at: int) -> Stage:
        if self.is_held(entry, at):
            return Stage.HELD
        if not self.is_open(entry, at):
            return Stage.OPENING
        if not has_trigger(entry.order.order_type) or entry.is_triggered:
            return Stage.WORKING
        if is_trailing(entry.order.order_type) and entry.stop is None:
            trailing.begin(entry, self.quote(entry, at), at)
        return Stage.TRIGGER

    def is_held(self, entry: Entry, at: int) -> bool:
        """Tell whether an order waits for its time or its conditions; they need to have been met once."""
        order = entry.order
        if at < entry.starts:
            return True
        if order.conditions and not order.conditions_cancel_order and not entry.is_released:
            entry.is_released = conditions.holds(order, self._market, at)
            return not entry.is_released
        return False

    def is_called_off(self, entry: Entry, at: int) -> bool:
        """Tell whether the conditions are met that end an order."""
        order = entry.order
        return bool(order.conditions) and order.conditions_cancel_order and conditions.holds(order, self._market, at)

    def follow(self, entry: Entry, at: int) -> None:
        """Bring a trailing stop to where it stands now."""
        if entry.stage is Stage.TRIGGER and is_trailing(entry.order.order_type):
            trailing.follow(self._market, entry, at)

    # --- what is due

    def plan(self, entry: Entry, at: int) -> None:
        """Find out when something next happens to an order, and note it."""
        end = at + _HORIZON if entry.expires is None else entry.expires
        due = min(self._due(entry, at, end) or end, end)
        order = entry.order
        if order.conditions and order.conditions_cancel_order:
            due = min(conditions.next_time(order, self._market, at + 1, due) or due, due)
        self.agenda.plan(entry, due)

    def _due(self, entry: Entry, at: int, end: int) -> int | None:
        if entry.stage is Stage.HELD:
            if at < entry.starts:
                return entry.starts
            return conditions.next_time(entry.order, self._market, at + 1, end)
        if entry.stage is Stage.OPENING:
            return self.next_open(entry, at)
        if entry.stage is Stage.TRIGGER and is_trailing(entry.order.order_type):
            return trailing.next_touch(self._market, entry, end)
        touch = awaited(entry, rules.edge(entry))
        return self._market.first_touch(entry.pair, touch, at + 1, end, entry.order.outside_rth)

    def plan_try(self, entry: Entry, at: int) -> None:
        """Look again at an order for which the quoted size was not enough: soon, then less and less often."""
        pause = min(2**entry.tries, _LONGEST_TRY)
        entry.tries += 1
        due = self.next_open(entry, at + pause)
        self.agenda.plan(entry, due if entry.expires is None else min(due, entry.expires))
