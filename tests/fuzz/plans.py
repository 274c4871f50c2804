"""Plans drawn from the whole language, each checked, explained and run for three days on the simulated gateway.

    python -m tests.fuzz.plans --plans 200 --seed 1

Order types, lives, sizes, prices, strategies, conditions and what is done about unfilled orders are drawn apart, so
about a third of the plans make no sense and are refused (exit 2), which must be told with a place. What is taken must
be explained, and run to its summary, whatever the broker says of it. A fault of fxrun ends the campaign with the plan
that showed it, exit 1.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random

from runner.cli.main import main as fxrun

SPAN = ("--from", "2025-03-03", "--until", "2025-03-06")
PRICES = (
    "bid - 5 pips", "ask + 3 pips", "mid", "mid - 0.1%", "bid", "ask", "1.03", "mid + 0.0010", "ask - 10 pips",
    "bid + 10 pips", "entry + 5 pips", "20 pips",
)  # fmt: skip
TYPES = (
    "market", "limit", "stop", "stop_limit", "trailing_stop", "trailing_limit", "market_if_touched",
    "limit_if_touched",
)  # fmt: skip
SIZES = ("20_000", "0.25 lots", "30_000 USD", "10% of cash", "risk 0.01%")
CONDITIONS = (
    "{spread: 2 pips}", "{position: flat}", "{above: 0.5, below: 500, within: 2m}", "{position: open, within: 1m}",
    "{window: {opens: 08:00, closes: 20:00}}",
)  # fmt: skip
STRATEGIES = (
    "bracket: {take_profit: 2R, stop_loss: 25 pips}", "bracket: {take_profit: 20 pips}", "bracket: {stop_loss: 0.3%}",
    "bracket: {take_profit: 1.5R, trailing_stop: 0.2%}", "ladder: {count: 4, from: bid - 2 pips, to: bid - 20 pips}",
    "ladder: {count: 3, from: bid - 2 pips, to: bid - 40 pips, sizes: geometric, ratio: 1.5}",
    "slices: {count: 3, over: 1h, rest: cross}", "slices: {count: 5, over: 2h, vary: 20}", "invest: {amount: 500 USD}",
    "convert: {from: EUR, keep: 1000}", "convert: {from: USD}", "target: {position: 50_000, band: 2000}",
    "target: {percent: 20}", "flatten: {open_orders: cancel}", "oca: {group: pair}",
)  # fmt: skip


class Failed(Exception):
    """A plan did what no plan may do."""


def drawn(random: Random, number: int) -> str:
    """Return the text of one plan."""
    head = [f"plan: drawn-{number}", f"contract: {random.choice(('EUR.USD', 'EUR.USD', 'USD.JPY'))}"]
    head.append(f'schedule: {{cron: "{random.randrange(60)} {random.randrange(24)} * * *"}}')
    return "\n".join([*head, "orders:", *(_entry(random, n) for n in range(random.randint(1, 3))), ""])


def _entry(random: Random, number: int) -> str:
    strategy = random.choice(STRATEGIES) if random.random() < 0.6 else ""
    is_sized = not strategy.startswith(("convert", "flatten", "invest", "target"))
    keys = [f"id: o{number}"]
    if not strategy.startswith(("convert", "flatten")):
        keys.append(f"side: {random.choice(('buy', 'sell'))}")
    if is_sized:
        keys.append(f"size: {random.choice(SIZES)}")
    if random.random() < 0.7:
        keys.append(f"order: {_order(random)}")
    if random.random() < 0.3:
        after, then = random.choice(("5m", "1h")), random.choice(("leave", "cancel", "reprice", "cross"))
        keys.append(f"unfilled: {{after: {after}, then: {then}}}")
    if random.random() < 0.3:
        keys.append(f"when: {random.choice(CONDITIONS)}")
    return "  - " + "\n    ".join([*keys, *([strategy] if strategy else [])])


def _order(random: Random) -> str:
    kind = random.choice(TYPES)
    wanted: dict[str, Callable[[], str]] = {
        "price": lambda: random.choice(PRICES),
        "stop": lambda: random.choice(PRICES),
        "trail": lambda: random.choice(("15 pips", "0.3%", "2 pips")),
        "limit_offset": lambda: random.choice(("1 pips", "2 pips")),
    }
    has = {
        "price": kind in ("limit", "stop_limit", "limit_if_touched"),
        "stop": kind in ("stop", "stop_limit", "market_if_touched", "limit_if_touched"),
        "trail": kind.startswith("trailing"),
        "limit_offset": kind == "trailing_limit",
    }
    keys = {"type": kind} | {key: draw() for key, draw in wanted.items() if has[key]}
    tif = random.choice(("DAY", "GTC", "IOC", "FOK", "GTD"))
    keys |= {"tif": tif} | ({"until": random.choice(("10m", "2h", "1d"))} if tif == "GTD" else {})
    rare = {"good_after": "5m", "outside_rth": "true", "all_or_none": "true", "min_quantity": "1000"}
    keys |= {key: value for key, value in rare.items() if random.random() < 0.1}
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def judge(file: Path) -> int:
    """Check, explain and run a plan, and return the exit code; raises Failed."""
    code, _, err = _call("validate", str(file))
    if code == 2 and all(re.match(rf"{re.escape(str(file))}:\d+:\d+: .", line) for line in err.splitlines()):
        return code
    if code != 0:
        raise Failed(f"validate ended with {code}")
    if (code := _call("explain", str(file), *SPAN[:2])[0]) != 0:
        raise Failed(f"explain ended with {code}")
    code, out, _ = _call(str(file), "--simulate", *SPAN, "--json")
    summary = json.loads(out.splitlines()[-1]) if out else {}
    if code not in (0, 3, 4) or summary.get("type") != "summary":
        raise Failed(f"the run ended with {code}")
    if summary["unknown"] or summary["missed"]:
        raise Failed(f"the run lost track: {summary}")
    return code


def _call(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = fxrun(list(arguments))
    if "fault of fxrun" in err.getvalue() or "Traceback" in err.getvalue():
        raise Failed(err.getvalue()[-4000:])
    return code, out.getvalue(), err.getvalue()


def fuzz(plans: int, seed: int) -> Counter[int]:
    """Judge so many plans and count them by their exit code; raises Failed with the plan."""
    random, codes = Random(seed), Counter[int]()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.yaml"
        for number in range(plans):
            file.write_text(text := drawn(random, number), encoding="utf-8")
            try:
                codes[judge(file)] += 1
            except Failed as failure:
                raise Failed(f"{failure}\n{text}") from failure
    return codes


def main() -> int:
    """Run as the first lines say."""
    parser = argparse.ArgumentParser(description="run plans drawn from the whole language")
    parser.add_argument("--plans", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        codes = fuzz(options.plans, options.seed)
    except Failed as failure:
        print(failure)
        return 1
    by_code = ", ".join(f"{count} with exit {code}" for code, count in sorted(codes.items()))
    print(f"{options.plans} plans, seed {options.seed}: {by_code}; no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())
