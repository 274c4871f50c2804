"""A quotes file against a scan of its rows."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway import hours
from runner.gateway.market import QuotesMarket, Touch

CLOSE = 1_736_546_400  # Friday 2025-01-10 17:00 in New York
Row = tuple[int, int, int]  # seconds since the row before, bid in tenths of a pip, spread
ROWS = st.lists(st.tuples(st.integers(1, 90_000), st.integers(99_990, 100_010), st.integers(0, 3)), min_size=1)


def written(rows: list[Row], first: int) -> tuple[str, list[tuple[int, int, int]]]:
    """Return a file, and the time, bid and ask of each of its rows."""
    at, found = first, []
    for apart, bid, spread in rows:
        at += apart
        found.append((at, bid, bid + spread))
    text = "".join(f"{at},{bid / 100_000:.5f},{ask / 100_000:.5f}\n" for at, bid, ask in found)
    return "time,bid,ask\n" + text, found


def by_scan(rows: list[tuple[int, int, int]], touch: Touch, start: int, end: int) -> int | None:
    """The open seconds that matter are the first of each row, of the wait and after each closing."""
    moments = {start, *(at for at, _, _ in rows)}
    for second in sorted(moments | {hours.next_open(at) for at in moments}):
        known = [(bid, ask) for at, bid, ask in rows if at <= second]
        if not start <= second < end or not hours.is_open(second) or not known:
            continue
        price = Decimal(known[-1][touch.side == "ask"]) / 100_000
        if price >= touch.level if touch.above else price <= touch.level:
            return second
    return None


@given(
    ROWS,
    st.integers(-200_000, 100_000),
    st.integers(0, 400_000),
    st.integers(99_988, 100_015),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_first_touch_is_that_of_a_scan(
    rows: list[Row], start: int, wait: int, level: int, ask: bool, above: bool
) -> None:
    text, found = written(rows, CLOSE - 150_000)
    touch = Touch("ask" if ask else "bid", above, Decimal(level) / 100_000)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "quotes.csv"
        file.write_text(text, encoding="utf-8")
        market = QuotesMarket(file)
    start += CLOSE
    assert market.first_touch("EUR.USD", touch, start, start + wait) == by_scan(found, touch, start, start + wait)
