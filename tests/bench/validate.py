"""1,000 plans read and checked, beside what that costs at least: PyYAML's C parser, and jsonschema's own validation.

Run it alone: python -m tests.bench.validate

Each half of the plans is of one kind: plain numbers, and the language in full (prices and sizes in words, strategies,
conditions, variables). Both sides run in turns, five times; only the ratio of the medians means anything. jsonschema is
given the schema as it is shipped, and data that is ready for it; nothing of what fxrun checks beyond it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from jsonschema import Draft202012Validator

import schemas
from runner.plan import load
from runner.plan.source import parse

PLANS = 1000
ROUNDS = 5
WANTED = 2.0
PLAIN = """\
# yaml-language-server: $schema=../schemas/plan.schema.json
plan: plain-{n}
mode: simulate
contract: EUR.USD
side: buy
size: {size}
order: {{type: limit, price: 1.0400, tif: DAY}}
bracket:
  take_profit: 1.0450
  stop_loss: 1.0350
schedule:
  cron: "{minute} 8 * * mon-fri"
  timezone: Europe/London
  from: 2025-01-22
  until: 2025-01-31
"""
WORDS = """\
plan: words-{n}
vars: {{pips: {pips}}}
contract: EUR.USD
side: buy
size: risk 0.5%
order: {{type: limit, price: "bid - ${{pips}} pips", tif: GTD, until: 2h}}
bracket: {{take_profit: 2R, stop_loss: 25 pips}}
unfilled: {{after: 10m, then: reprice}}
when: {{spread: 2 pips, position: flat}}
schedule: {{on: weekdays at 09:{minute:02}, timezone: Europe/Berlin, calendar: TARGET}}
"""


def texts(count: int) -> list[str]:
    """Return plans of both kinds, no two of which are the same."""
    return [
        (PLAIN if n % 2 else WORDS).format(n=n, size=20_000 + n, minute=n % 60, pips=1 + n % 40) for n in range(count)
    ]


def compare(count: int = PLANS, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the medians of fxrun and of the other side, in seconds for all plans."""
    written = texts(count)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{n}.yaml" for n in range(count)]
        for file, text in zip(files, written, strict=True):
            file.write_text(text, encoding="utf-8")
        sides = (_ours(files), _others(written))
        for side in sides:  # what is read once is read before
            side()
        times = [[_seconds(side) for side in sides] for _ in range(rounds)]
    return median(mine for mine, _ in times), median(other for _, other in times)


def _ours(files: Sequence[Path]) -> Callable[[], None]:
    names = [str(file) for file in files]

    def run() -> None:
        for name in names:
            load(name)

    return run


def _others(written: Sequence[str]) -> Callable[[], None]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    validator = Draft202012Validator(json.loads(schemas.text("plan")))
    data = [json.loads(json.dumps(parse("plan.yaml", text, b"").data, default=float)) for text in written]

    def run() -> None:
        for text, plan in zip(written, data, strict=True):
            yaml.compose(text, Loader=loader)
            assert not list(validator.iter_errors(plan))

    return run


def _seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> int:
    """Print the figures; exit 1 if they fall short."""
    parser = argparse.ArgumentParser(description="check many plans, beside what that costs at least")
    parser.add_argument("--plans", type=int, default=PLANS)
    count = parser.parse_args().plans
    mine, other = compare(count)
    verdict = "PASS" if mine / other <= WANTED else "FALLS SHORT"
    figures = f"{mine:.2f} s, compose and jsonschema alone {other:.2f} s"
    print(f"{verdict}  {count} plans checked: {figures}, ratio {mine / other:.2f}; wanted at most {WANTED}")
    return 0 if verdict == "PASS" else 1


if __name__ == "__main__":
    sys.exit(main())
