"""Whatever a client sends, and whenever: nothing is lost, counted twice, or left waiting for nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.book import Entry, Stage
from runner.gateway.desk import Desk
from runner.gateway.fills import FillModel
from runner.gateway.market import SyntheticMarket
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.messages import PlaceOrder
from tests.integration.gateway_peer import START, order

MARKET = SyntheticMarket(1)
KINDS = ("MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT")
ODD = [None, *map(Decimal, ("0", "1", "-1", "1e-9", "1e30", "-1e30", "99.999", "0.5", "1e6", "1.08505", "0.00005"))]
NEAR = [Decimal("1.07"), Decimal("1.08"), Decimal("1.2"), *ODD]
TIMES = ("", "20250305 15:00:00", "20250305-15:00:00", "20991231", "x", "20250305 10:00:00 US/Eastern")
SOMETIMES = {
    "trailing_percent": (0.2, ODD), "trail_stop_price": (0.2, ODD), "limit_price_offset": (0.3, ODD),
    "cash_quantity": (0.1, ODD), "good_till_date": (0.2, TIMES), "good_after_time": (0.1, TIMES),
}  # fmt: skip
LAST = 30


def _drawn(random: Random, number: int) -> PlaceOrder:
    changes: dict[str, object] = {
        "total_quantity": random.choice([Decimal(25_000), Decimal(3_000_000), Decimal(0), Decimal(7)]),
        "limit_price": random.choice(NEAR),
        "aux_price": random.choice([Decimal("0.001"), *NEAR]),
        "time_in_force": random.choice(["DAY", "GTC", "IOC", "FOK", "GTD"]),
        "oca_group": random.choice(["", "a", "b"]),
        "oca_type": random.randrange(4),
        "parent_id": random.choice([0, 0, 0, random.randint(1, LAST)]),
        "transmit": random.random() < 0.8,
        "all_or_none": random.random() < 0.1,
        "min_quantity": random.choice([None, 0, 5, 2_000_000]),
        "what_if": random.random() < 0.05,
    }
    changes |= {name: random.choice(these) for name, (share, these) in SOMETIMES.items() if random.random() < share}
    asked = order(
        random.choice([number, number, random.randint(1, LAST)]), random.choice(["BUY", "SELL"]), random.choice(KINDS)
    )
    return replace(asked, order=replace(asked.order, **changes))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9), latency=st.integers(0, 2), slippage=st.integers(0, 3))
def test_nothing_is_lost_or_counted_twice(seed: int, latency: int, slippage: int) -> None:
    random = Random(seed)
    model = FillModel(latency=latency, slippage=slippage, partial=50, reject=10, silence=5)
    venue = Venue(MARKET, GatewaySettings(fill_model=model))
    desk, now = Desk(venue), START
    for number in range(1, LAST + 1):
        at = int(now.timestamp())
        desk.take(1, _drawn(random, number), at)
        if random.random() < 0.15:
            desk.cancel(1, random.randint(1, LAST), at)
        if random.random() < 0.02:
            desk.cancel_all(at)
        now += timedelta(seconds=random.choice([0, 0, 1, 2, 30, 900]))
        venue.advance(now)
        due = venue.next_event()
        assert due is None or due > now
    for entry in venue.book.entries.values():
        _check(venue, entry)
    held = sum((one.quantity if one.of.side == "BOT" else -one.quantity for one in venue.fills_since(0)), Decimal(0))
    assert held == sum((holding.units for holding in venue.account.holdings.values()), Decimal(0))
    for is_buy in (True, False):
        live = [one for one in venue.book.live() if one.is_buy is is_buy and one.stage is not Stage.CHILD]
        assert venue.book.active("EUR.USD", is_buy=is_buy) == len(live)


def _check(venue: Venue, entry: Entry) -> None:
    fills = [fill for fill in venue.fills_since(0) if fill.order_id == entry.order_id]
    assert sum((fill.quantity for fill in fills), Decimal(0)) == entry.filled <= entry.quantity
    assert (entry.stage is Stage.FILLED) == (entry.filled > 0 and entry.remaining == 0)
    assert all(fill.quantity > 0 for fill in fills)
    waits = entry.stage.is_live and entry.stage is not Stage.CHILD
    assert not waits or venue.next_event() is not None, "nothing waits for nothing"
