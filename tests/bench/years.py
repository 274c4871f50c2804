"""Years before breakfast: 26 years of a weekday order, and a year of minute bars with a daily bracket.

    python tests/bench/years.py [--nautilus]

The 26 years are timed alone, as wall and processor seconds. The year is checked first: its 261 round trips are those of
a plain loop over the bars, to the second and the tenth of a pip. Then it runs in turns with the released backtesting
0.6.6 doing the same daily trade on the same bars, unmodified, in the environment that year.py makes; both are whole
processes, and the peer reads the bars in the format it reads fastest. With --nautilus also against nautilus_trader
1.231.0, in an environment of a gigabyte.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from runner.core.fx_hours import is_open
from tests.bench.own_gateway import clean_environment
from tests.bench.year import BARS, FXRUN, HOME, PEER, PLAN, ROOT, compare, peer_python

YEARS = ("--from", "2000-01-03", "--until", "2026-01-01")
YEAR = ("--from", "2025-01-01", "--until", "2026-01-01")
RUNS, BRACKET_RUNS = 3, 5
FIRES = 6783
CSV = HOME / "bars.csv"
NAUTILUS = ROOT / ".venv-nautilus"
BRACKET = """\
plan: daily-bracket
contract: EUR.USD
side: buy
size: 25_000
order: {type: market}
bracket: {take_profit: 20 pips, stop_loss: 20 pips}
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
"""
_ZONE = ZoneInfo("America/New_York")
_HALF = Decimal("0.00001")  # of the usual spread of EUR.USD, which candles get
_TICK, _AWAY = Decimal("0.00005"), Decimal("0.0020")
_QUARTER, _SECOND = timedelta(seconds=15), timedelta(seconds=1)
Trip = tuple[str, Decimal, str, Decimal]  # entered when and at what, left when and at what


# --- the plain loop


def prices(path: Path) -> Iterator[tuple[datetime, Decimal]]:
    """Yield the middle price at each quarter of each minute: open, the nearer of low and high, the other, close."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["time"]).astimezone(UTC)
            first, high, low, last = (Decimal(row[name]) for name in ("open", "high", "low", "close"))
            middle = (low, high) if first - low <= high - first else (high, low)
            for number, price in enumerate((first, *middle, last)):
                yield at + number * _QUARTER, price


def traded(path: Path) -> Iterator[tuple[datetime, Decimal, bool]]:
    """Yield the prices at which anything can trade, those that wait for the market at its opening; and if they did."""
    held: tuple[datetime, Decimal] | None = None
    for at, price in prices(path):
        if held is not None and (opening := _opening(held[0], at)) is not None and opening < at:
            yield opening, held[1], True
        held = None
        if is_open(at):
            yield at, price, not is_open(at - _SECOND)
        else:
            held = at, price


def _opening(since: datetime, until: datetime) -> datetime | None:
    """Return the first open second of (since, until), None if there is none."""
    at = since
    while at < until and not is_open(at):
        at += _SECOND
    return at if at < until else None


def round_trips(path: Path) -> list[Trip]:
    """Buy at half past nine in New York at the ask; leave 20 pips up at the limit, or 20 pips down at the bid."""
    done: list[Trip] = []
    held: list[tuple[datetime, Decimal, Decimal, Decimal]] = []
    for at, price, is_first in traded(path):
        bid, ask = price - _HALF, price + _HALF
        for trip in [*held]:
            entered, paid, profit, loss = trip
            if bid >= profit or bid <= loss:
                left = bid if bid <= loss or is_first else profit
                done.append((f"{entered:%FT%TZ}", paid, f"{at:%FT%TZ}", left))
                held.remove(trip)
        local = at.astimezone(_ZONE)
        if (local.hour, local.minute, local.second) == (9, 30, 0):
            held.append((at, ask, _above(ask + _AWAY), _above(ask - _AWAY)))
    return sorted(done)


def _above(price: Decimal) -> Decimal:
    return (price / _TICK).to_integral_value(ROUND_CEILING) * _TICK


def trips_of(told: str) -> list[Trip]:
    """Return the round trips of a run: the entry of each fire, and the exit that filled."""
    lines = [json.loads(line) for line in told.splitlines()]
    fills = {line["order_ref"]: (line["time"], Decimal(line["price"])) for line in lines if line["type"] == "fill"}
    roles = {line["order_ref"]: (line["fire"], line["role"]) for line in lines if line["type"] == "order"}
    by_fire: dict[str, dict[bool, tuple[str, Decimal]]] = {}
    for ref, fill in fills.items():
        fire, role = roles[ref]
        by_fire.setdefault(fire, {})[role == "entry"] = fill
    return sorted((*sides[True], *sides[False]) for sides in by_fire.values() if len(sides) == 2)


# --- the measures


def check_bracket(plan: Path) -> int:
    """Stop unless the year is the plain loop's; returns how many round trips there were."""
    command = [*FXRUN, str(plan), "--simulate", *YEAR, "--quotes", str(CSV), "--json"]
    ours = trips_of(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    plain = round_trips(CSV)
    if ours != plain:
        first = next((pair for pair in zip(ours, plain, strict=False) if pair[0] != pair[1]), None)
        sys.exit(f"{len(ours)} round trips, the plain loop has {len(plain)}; the first that differ: {first}")
    return len(ours)


def time_years() -> tuple[float, float]:
    """Return the wall and processor seconds of 26 years, whole process."""
    before, begun = os.times(), time.perf_counter()
    command = [*FXRUN, PLAN, "--simulate", *YEARS]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=clean_environment()).stdout
    took, after = time.perf_counter() - begun, os.times()
    if f"{FIRES} fires; {FIRES} orders, {FIRES} filled" not in told:
        sys.exit(f"26 years are {FIRES} fires: {told[-300:]}")
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return took, used


def main() -> int:
    """Measure; exit 1 if the year is not below the peer, or 26 years take 8 seconds or more."""
    runs = [time_years() for _ in range(RUNS)]
    wall, used = (statistics.median(side) for side in zip(*runs, strict=True))
    print(f"26 years of a weekday order, {FIRES} fires: {wall:.1f} s, {used:.1f} s of the processor")
    python = peer_python()
    if not CSV.exists():
        subprocess.run([python, PEER, "csv", BARS, CSV], check=True)
    plan = HOME / "daily-bracket.yaml"
    plan.write_text(BRACKET, encoding="utf-8")
    print(f"a year of minute bars: {check_bracket(plan)} round trips, those of a plain loop")
    ours = [*FXRUN, str(plan), "--simulate", *YEAR, "--quotes", str(CSV)]
    other = [python, PEER, "bracket", BARS]
    year = compare("a year of minute bars with a daily bracket, whole process", BRACKET_RUNS, ours, other)
    tenth = compare_nautilus(ours) if "--nautilus" in sys.argv else 0.0
    return 0 if wall < 8 and year < 1 and tenth <= 0.1 else 1


def compare_nautilus(ours: Sequence[str | Path]) -> float:
    """Run against nautilus_trader, in an environment that is made if it is not there; returns the ratio."""
    python = NAUTILUS / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(NAUTILUS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "nautilus_trader==1.231.0"], check=True)
    other = [python, Path(__file__).with_name("nautilus_peer.py"), BARS]
    return compare("the same against nautilus_trader, whole process", BRACKET_RUNS, ours, other)


if __name__ == "__main__":
    sys.exit(main())
