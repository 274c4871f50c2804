"""A year of a weekday order, and the start of `fxrun validate`, each beside what a user would hold it against.

    python tests/bench/year.py

Prints medians and ratios; only the ratios mean anything, as both sides run in turns on one machine. The peer is the
released backtesting 0.6.6, unmodified, in an environment this script makes under .venv-bench/.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.own_gateway import clean_environment

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv-bench"
BARS = HOME / "bars.pickle"
PEER = Path(__file__).with_name("backtesting_peer.py")
PLAN = "examples/eurusd-weekday.yaml"
SPAN = ("--from", "2025-01-01", "--until", "2026-01-01")
YEAR_RUNS, START_RUNS = 5, 15
FXRUN = (sys.executable, "-m", "runner")

PLAN_OF_40_LINES = """\
plan: forty-lines
mode: simulate
contract: EUR.USD
side: buy
order:
  type: market
orders:
""" + "".join(
    f"""\
  - id: order-{number}
    size: 25_000
    side: buy
    contract: EUR.USD
    schedule:
      cron: "{number} 9 * * mon-fri"
      timezone: America/New_York
      from: 2025-01-01
"""
    for number in range(4)
)


def peer_python() -> Path:
    """Return the interpreter of the peer's environment, made and filled if it is not there."""
    folder = "Scripts" if sys.platform == "win32" else "bin"
    python = HOME / folder / "python"
    if not BARS.exists():
        venv.create(HOME, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "backtesting==0.6.6"], check=True)
        subprocess.run([python, PEER, "write", BARS], check=True)
    return python


def seconds(command: Sequence[str | Path]) -> float:
    """Return how long a process takes, whole."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=clean_environment())
    return time.perf_counter() - begun


def compare(title: str, runs: int, ours: Sequence[str | Path], other: Sequence[str | Path]) -> float:
    """Run both in turns, print the medians and return their ratio."""
    seconds(ours), seconds(other)  # compiled bytecode and a warm disk for both
    pairs = [(seconds(ours), seconds(other)) for _ in range(runs)]
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{title}: fxrun {mine * 1000:.0f} ms, other {theirs * 1000:.0f} ms, ratio {mine / theirs:.2f}")
    return mine / theirs


def check_same_work(python: Path) -> None:
    """Stop unless both sides fill 261 orders."""
    ours = subprocess.run(
        [*FXRUN, PLAN, "--simulate", *SPAN, "--json"], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    theirs = subprocess.run([python, PEER, "run", BARS], check=True, capture_output=True, text=True).stdout
    print(f"fxrun: {ours.splitlines()[-1]}\npeer: {theirs.strip()}")
    if '"filled": 261' not in ours or not theirs.startswith("261 "):
        sys.exit("the two sides did not do the same work")


def main() -> int:
    """Measure; exit 1 if fxrun is not below the peer, or its start above twice its imports."""
    python = peer_python()
    check_same_work(python)
    year = compare(
        "a year of weekdays, whole process",
        YEAR_RUNS,
        [*FXRUN, PLAN, "--simulate", *SPAN, "--json"],
        [python, PEER, "run", BARS],
    )
    plan = HOME / "forty-lines.yaml"
    plan.write_text(PLAN_OF_40_LINES, encoding="utf-8")
    start = compare(
        "validate a 40-line plan",
        START_RUNS,
        [*FXRUN, "validate", plan],
        [sys.executable, "-c", "import yaml, jsonschema, cronsim"],
    )
    return 0 if year < 1 and start <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
