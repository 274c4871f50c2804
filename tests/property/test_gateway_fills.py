"""Fills of resting orders against a walk through every second of the same prices."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.book import Entry
from runner.gateway.commissions import commission
from runner.gateway.desk import Desk
from runner.gateway.fills import FillModel
from runner.gateway.market import Quote, SyntheticMarket
from runner.gateway.reports import Fill
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.messages import Answer, PlaceOrder
from tests.integration.gateway_peer import START, order

SPAN = 4 * 3600
PAIR = "EUR.USD"
MARKET = SyntheticMarket(1)
AT = int(START.timestamp())
TICK = Decimal("0.00005")


@cache
def walk() -> list[Quote]:
    return [quote for second in range(SPAN) if (quote := MARKET.quote(PAIR, AT + second)) is not None]


def expected(kind: str, *, buy: bool, stop: Decimal, limit: Decimal) -> tuple[int, Decimal] | None:
    """Return the second and the price of a fill, by looking at every second."""
    is_triggered = kind == "LMT"
    for second, quote in enumerate(walk()):
        far, sign = (quote.ask, 1) if buy else (quote.bid, -1)
        is_new = second == 0
        if not is_triggered and (far - stop) * sign >= 0:
            is_triggered = is_new = True
            if kind == "STP":
                return second, far
        if is_triggered and kind != "STP" and (limit - far) * sign >= 0:
            return second, far if is_new else limit
    return None


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["LMT", "STP", "STP LMT"]),
    buy=st.booleans(),
    stop=st.integers(-40, 40),
    limit=st.integers(-40, 40),
)
def test_a_fill_is_where_a_walk_finds_it(kind: str, buy: bool, stop: int, limit: int) -> None:
    middle = walk()[0].bid.quantize(Decimal("0.0001"))
    stop_price, limit_price = middle + stop * TICK, middle + limit * TICK
    prices = {"limit": str(limit_price)} if kind != "STP" else {}
    prices |= {"stop": str(stop_price)} if kind != "LMT" else {}
    venue = Venue(MARKET, GatewaySettings())
    Desk(venue).take(1, order(1, "BUY" if buy else "SELL", kind, time_in_force="GTC", **prices), AT)
    end = START + timedelta(seconds=SPAN - 1)
    while (due := venue.next_event()) is not None and due <= end:
        venue.advance(due)
    (entry,) = venue.book.entries.values()
    found = (entry.ended - AT, entry.price) if entry.filled else None
    assert found == expected(kind, buy=buy, stop=stop_price, limit=limit_price)


# --- what always holds, whatever is ordered


KINDS = ["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"]
MODELS = st.builds(FillModel, latency=st.integers(0, 5), partial=st.sampled_from([0, 100]), slippage=st.integers(0, 5))
SINGLE = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["BUY", "SELL"]),
        "kind": st.sampled_from(KINDS),
        "limit": st.integers(-40, 40),
        "stop": st.integers(-40, 40),
        "quantity": st.sampled_from([3, 5_000, 25_000, 1_000_000, 7_000_001]),
        "time_in_force": st.sampled_from(["DAY", "GTC", "IOC", "FOK"]),
        "all_or_none": st.booleans(),
        "min_quantity": st.sampled_from([0, 2]),
        "oca_group": st.sampled_from(["", "g", "h"]),
        "oca_type": st.integers(0, 3),
    }
)


def _placed(number: int, wanted: dict[str, object]) -> PlaceOrder:
    given = dict(wanted)
    action, kind = str(given.pop("action")), str(given.pop("kind"))
    middle = walk()[0].bid.quantize(Decimal("0.0001"))
    limit, stop = (middle + int(str(given.pop(name))) * TICK for name in ("limit", "stop"))
    if kind.startswith("TRAIL"):
        stop = TICK * 30
        given |= {"limit_price_offset": TICK * 4} if kind == "TRAIL LIMIT" else {}
    given["total_quantity"] = Decimal(int(str(given.pop("quantity"))))
    return order(number, action, kind, limit=str(limit), stop=str(stop), **given)


class Ear:
    """Hears what a client is told."""

    def __init__(self) -> None:
        self.told: list[Answer] = []

    def say(self, *answers: Answer) -> None:
        self.told += answers

    def filled(self, pair: str, at: int) -> None:
        pass


@settings(max_examples=120, deadline=None)
@given(orders=st.lists(SINGLE, min_size=1, max_size=6), model=MODELS, gaps=st.lists(st.integers(0, 60), min_size=6))
def test_what_always_holds(orders: list[dict[str, object]], model: FillModel, gaps: list[int]) -> None:
    venue, ear = Venue(MARKET, GatewaySettings(fill_model=model, cash={"USD": Decimal(10**9)})), Ear()
    venue.join(1, ear)
    desk, now = Desk(venue), START
    for number, (wanted, gap) in enumerate(zip(orders, gaps, strict=False), 1):
        venue.advance(now := now + timedelta(seconds=gap))
        desk.take(1, _placed(number, wanted), int(now.timestamp()))
    while (due := venue.next_event()) is not None and due <= START + timedelta(hours=1):
        venue.advance(due)
    for entry in venue.book.entries.values():
        _check(entry, [fill for fill in venue.fills_since(0) if fill.order_id == entry.order_id])
    _check_sizes(venue.fills_since(0))
    _check_groups(venue, orders)
    held = sum((one.filled if one.is_buy else -one.filled for one in venue.book.entries.values()), Decimal(0))
    assert held == sum((holding.units for holding in venue.account.holdings.values()), Decimal(0))


def _check(entry: Entry, fills: list[Fill]) -> None:
    assert sum((fill.quantity for fill in fills), Decimal(0)) == entry.filled <= entry.quantity or entry.order.oca_group
    assert [fill.cumulative for fill in fills] == list(accumulate(fill.quantity for fill in fills))
    if entry.order.order_type in ("LMT", "STP LMT", "LIT", "TRAIL LIMIT"):
        limit, sign = entry.order.limit_price or Decimal(0), 1 if entry.is_buy else -1
        assert all((limit - fill.price) * sign >= 0 for fill in fills), "never beyond the limit"
    if entry.order.all_or_none or entry.order.time_in_force == "FOK":
        assert len(fills) <= 1
    if fills:
        spent = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
        assert abs(spent / entry.filled - entry.price) < Decimal("1e-8")
        cost = sum((fill.cost for fill in fills), Decimal(0))
        assert abs(cost - commission(entry.pair, entry.filled, entry.price, entry.price)) <= Decimal("0.01")
        assert fills[0].cost >= 2


def _check_sizes(fills: list[Fill]) -> None:
    taken: Counter[tuple[int, str]] = Counter()
    for fill in fills:
        taken[fill.at, fill.of.side] += int(fill.quantity)
    for (at, side), quantity in taken.items():
        quote = MARKET.quote(PAIR, at)
        assert quote is not None
        assert quantity <= (quote.ask_size if side == "BOT" else quote.bid_size)


def _check_groups(venue: Venue, orders: list[dict[str, object]]) -> None:
    """What was ordered is filled at most once: by the order, and by later ones of its group while it was there."""
    for entry in venue.book.entries.values():
        asked = Decimal(int(str(orders[entry.order_id - 1]["quantity"])))
        group = [one.order_id for one in venue.book.entries.values() if one.order.oca_group == entry.order.oca_group]
        own = [place for place, fill in enumerate(venue.fills_since(0)) if fill.order_id == entry.order_id]
        if entry.order.oca_group and own and entry.order.oca_type != 1:
            before = venue.fills_since(0)[: own[-1]]
            since = [fill for fill in before if fill.order_id in group and fill.order_id > entry.order_id]
            others = sum((fill.quantity for fill in since if fill.order_id != entry.order_id), Decimal(0))
            assert entry.filled + others <= asked


@settings(max_examples=100, deadline=None)
@given(buy=st.booleans(), trail=st.integers(1, 60), first=st.none() | st.integers(-30, 30))
def test_a_trailing_stop_is_where_a_walk_finds_it(buy: bool, trail: int, first: int | None) -> None:
    sides = [(quote.ask, -1) if buy else (quote.bid, 1) for quote in walk()]
    stop = None if first is None else walk()[0].bid.quantize(Decimal("0.0001")) + first * TICK
    found, best = None, None
    for second, (price, sign) in enumerate(sides):
        if second or stop is None:  # a stop that is given holds until the market draws it along
            best = price if best is None else max(best, price) if sign > 0 else min(best, price)
            trailed = best - sign * trail * TICK
            stop = trailed if stop is None else max(stop, trailed) if sign > 0 else min(stop, trailed)
        if (price - stop) * sign <= 0:
            found = second, price
            break
    terms = {} if first is None else {"trail_stop_price": walk()[0].bid.quantize(Decimal("0.0001")) + first * TICK}
    venue = Venue(MARKET, GatewaySettings())
    wanted = order(1, "BUY" if buy else "SELL", "TRAIL", stop=str(trail * TICK), time_in_force="GTC", **terms)
    Desk(venue).take(1, wanted, AT)
    end = START + timedelta(seconds=SPAN - 1)
    while (due := venue.next_event()) is not None and due <= end:
        venue.advance(due)
    (entry,) = venue.book.entries.values()
    assert ((entry.ended - AT, entry.price) if entry.filled else None) == found
