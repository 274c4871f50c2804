"""Fuzzed strings into the grammars of prices, sizes, durations and schedules in words.

    python -m tests.fuzz.grammar --examples 1000000 --seed 1

Half of the strings are sound ones with one to three characters changed, a third are heaps of the grammars' own words,
the rest is anything. Each string goes into every grammar and must have a meaning there, or a problem with its place in
it. A meaning must be finite and more than nothing; what has none must say what was expected. Anything else, a traceback
above all, is printed with the string, exit 1.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

from runner.core.price import PriceExpr
from runner.core.size import SizeExpr
from runner.plan import grammar
from runner.plan.text import Misread
from runner.schedule.phrase import DayRule, PhraseError, SessionRule
from runner.schedule.phrase_grammar import parse_phrase


def _phrase(text: str) -> object:
    try:
        return parse_phrase(text)
    except PhraseError as error:
        raise Misread(error.place, str(error)) from None


GRAMMARS: dict[str, Callable[[str], object]] = {
    "price": grammar.price,
    "size": grammar.size,
    "duration": grammar.duration,
    "phrase": _phrase,
}
SOUND = (
    "1.085", "0.00005", "bid - 5 pips", "mid + 0.1%", "ask", "entry + 2R", "20 pips", "2R", "0.5%", "ENTRY-1_0 Pip",
    "last business day of month at 15:55", "first friday at 13:30", "weekdays at 09:30, 15:30", "day 15 at 09:00",
    "session close - 10m", "market open + 5m", "mon, wed and fri at 09:30", "2nd last weekday of quarter at 10:00",
    "30_000", "0.25 lots", "30_000 USD", "50% of cash", "risk 0.5%", "1 lot", "90s", "15m", "1h", "1d", "1000000",
)  # fmt: skip
WORDS = (
    "bid", "ask", "mid", "entry", "pips", "pip", "R", "%", "+", "-", " ", "  ", "lots", "lot", "of", "cash", "risk",
    "USD", "EUR", "XYZ", "usd", "0", "1", "12", "1_000", "0.5", ".", ",", "_", "e5", "9" * 29, "1" + "0" * 40, "s", "m",
    "first ", "last ", "2nd ", "day ", "business ", "friday ", "every ", "of ", "month ", "at ", "09:30", "25:00",
    "and ", "market ", "session ", "open ", "close ",
    "h", "d", "nan", "inf", "\t", "\n", "\0", "\u0661", "\u00bd", "\u2212", "\U0001f600", "(", "__import__('os')", "{}",
)  # fmt: skip


class Failed(Exception):
    """A string has neither a meaning nor a problem with a place."""


def strings(count: int, seed: int) -> list[str]:
    """Return the strings of one seed."""
    random = Random(seed)
    return [_string(random) for _ in range(count)]


def _string(random: Random) -> str:
    kind = random.random()
    if kind < 0.5:
        return _damaged(random, random.choice(SOUND))
    if kind < 0.84:
        return "".join(random.choice(WORDS) for _ in range(random.randrange(9)))
    return "".join(chr(random.randrange(1, 0xD7FF)) for _ in range(random.randrange(80)))


def _damaged(random: Random, text: str) -> str:
    for _ in range(random.randrange(4)):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(WORDS)[:3] + text[at + random.randrange(3) :]
    return text


def judge(name: str, text: str) -> bool:
    """Tell whether text has a meaning; raises Failed where it has neither that nor a problem with its place."""
    try:
        meaning = GRAMMARS[name](text)
    except Misread as problem:
        if not 0 <= problem.index <= len(text) or not str(problem).isprintable() or "expected" not in str(problem):
            raise Failed(f"{name} of {text!r}: {problem} at {problem.index}") from None
        return False
    except Exception as fault:
        raise Failed(f"{name} of {text!r}: {fault!r}") from fault
    if not _is_sensible(meaning):
        raise Failed(f"{name} of {text!r} is {meaning!r}")
    return True


def _is_sensible(meaning: object) -> bool:
    match meaning:
        case PriceExpr(anchor=anchor, offset=offset):
            return offset.is_finite() and (anchor is not None or offset > 0)
        case SizeExpr(amount=amount):
            return amount.is_finite() and amount > 0
        case timedelta():
            return meaning > timedelta()
        case DayRule(times=times, weekdays=weekdays, months=months):
            return bool(times and weekdays and months)
        case SessionRule(offset=offset):
            return abs(offset) < timedelta(days=1)
    return False


def fuzz(examples: int, seed: int) -> Counter[str]:
    """Judge so many strings in each grammar and count those with a meaning; raises Failed."""
    meanings: Counter[str] = Counter()
    for text in strings(examples, seed):
        meanings.update(name for name in GRAMMARS if judge(name, text))
    return meanings


def main() -> int:
    """Run as the first lines say."""
    parser = argparse.ArgumentParser(description="fuzz the grammars of prices, sizes, durations and schedules in words")
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        meanings = fuzz(options.examples, options.seed)
    except Failed as failure:
        print(failure)
        return 1
    counts = ", ".join(f"{name} {meanings[name]:,}" for name in GRAMMARS)
    print(f"{options.examples:,} strings, seed {options.seed}; with a meaning: {counts}; every other has its place")
    return 0


if __name__ == "__main__":
    sys.exit(main())
