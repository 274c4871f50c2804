"""What a search for the first touch costs, by how long the wait is: python tests/bench/first_touch.py

For each span after a fire: the highest and the lowest level that the path reaches in it, which are the hardest to find,
and a level it never reaches, searched cold (the bounds of the days not yet known) and warm. A scan of every second is
extrapolated from one hour.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from runner.gateway.market import SyntheticMarket, Touch

PAIR = "EUR.USD"
HOUR = 3_600
SPANS = {"1 h": HOUR, "1 d": 24 * HOUR, "30 d": 720 * HOUR, "1 y": 8_760 * HOUR, "10 y": 87_600 * HOUR}
STARTS = [int(datetime(year, 3, 4, 15, tzinfo=UTC).timestamp()) for year in (2002, 2008, 2014, 2016, 2030, 2050)]
NEVER = Decimal("9")


def milliseconds(work: Callable[[], object]) -> float:
    """Return the time one call takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def record_levels(market: SyntheticMarket, start: int, span: int) -> list[Touch]:
    """Return the highest and the lowest level that the span touches: the hardest to find."""
    found = []
    for above in (True, False):
        low, high = Decimal("0.0001"), Decimal("5")
        while high - low > Decimal("0.00001"):
            middle = (low + high) / 2
            touched = market.first_touch(PAIR, Touch("bid", above, middle), start, start + span) is not None
            low, high = (middle, high) if touched == above else (low, middle)
        found.append(Touch("bid", above, low if above else high))
    return found


def measure(span: int) -> tuple[float, float, float, int]:
    """Return median cold, median warm and worst warm milliseconds, and how many of the levels were touched."""
    cold, warm, touched = [], [], 0
    for start in STARTS:
        market = SyntheticMarket(1)
        market.quote(PAIR, start)
        for touch in [*record_levels(market, start, span), Touch("bid", True, NEVER)]:
            search = lambda touch=touch, where=market: where.first_touch(PAIR, touch, start, start + span)  # noqa: E731, B023
            fresh = SyntheticMarket(1)
            fresh.quote(PAIR, start)
            cold.append(milliseconds(lambda: search(where=fresh)))  # noqa: B023
            warm.append(min(milliseconds(search) for _ in range(3)))
            touched += search() is not None
    return statistics.median(cold), statistics.median(warm), max(warm), touched


def main() -> None:
    """Print the table."""
    market = SyntheticMarket(1)
    far_apart = milliseconds(lambda: [market.quote(PAIR, STARTS[0] + 86_399 * day) for day in range(5_000)])
    print(f"a quote, each on a day of its own: {far_apart / 5_000 * 1e3:.0f} us")
    scan = milliseconds(lambda: [market.quote(PAIR, STARTS[0] + second) for second in range(HOUR)])
    print(f"{'wait':>6} {'cold ms':>9} {'warm ms':>9} {'worst ms':>9} {'touched':>8} {'a scan, ms':>12}")
    for name, span in SPANS.items():
        cold, warm, worst, touched = measure(span)
        share = f"{touched}/{3 * len(STARTS)}"
        print(f"{name:>6} {cold:9.3f} {warm:9.3f} {worst:9.3f} {share:>8} {scan * span / HOUR:12,.0f}")


if __name__ == "__main__":
    main()
