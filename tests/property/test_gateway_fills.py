"""Fills of resting orders against a walk through every second of the same prices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.desk import Desk
from runner.gateway.market import Quote, SyntheticMarket
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
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
