"""Every row of the plan language on the wall clock: the same plans in `--rehearsal`, at a gateway of its own process,
and in `--simulate` come to the same orders and fires, wherever these do not depend on a price of the moment.

All of it is two runs of each kind, side by side; the tests look at what they said. Times are counted from the begin of
a run: the gateway's clock stands at the last Wednesday, the runner's on the wall.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.broker import FXRUN, gateway

LASTS = timedelta(seconds=26)
FIRES = timedelta(seconds=8)  # when schedules begin, so that a slow machine is ready by then
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rows_in_rehearsal")]  # two runs for all of them
DESK_PIPS = "200"  # a variable of the environment

CONVERTS = """
plan: a-converts
convert: {from: USD, to: CHF, keep: 99_500_000}
"""
TYPES = """
plan: types
contract: EUR.USD
side: buy
size: 25_000
orders:
  - {id: market}
  - {id: limit, order: {type: limit, price: 0.5}}
  - {id: stop, order: {type: stop, stop: 1.9}}
  - {id: stop-limit, order: {type: stop_limit, stop: 1.9, price: 1.95}}
  - {id: trailing-stop, side: sell, order: {type: trailing_stop, trail: 100 pips}}
  - {id: trailing-limit, side: sell, order: {type: trailing_limit, trail: 100 pips, limit_offset: 2 pips}}
  - {id: mit, order: {type: market_if_touched, stop: 0.5}}
  - {id: lit, order: {type: limit_if_touched, stop: 0.5, price: 0.55}}
"""
TERMS = """
plan: terms
contract: GBP.USD
side: buy
size: 20_000
orders:
  - {id: day, order: {type: limit, price: 0.5, tif: DAY}}
  - {id: gtc, order: {type: limit, price: 0.5, tif: GTC}}
  - {id: ioc, order: {type: limit, price: 0.5, tif: IOC}}
  - {id: fok, order: {type: limit, price: 0.5, tif: FOK}}
  - {id: gtd, order: {type: limit, price: 0.5, tif: GTD, until: 2h}}
  - {id: good-after, order: {type: limit, price: 0.5, good_after: 30m}}
  - {id: outside, order: {type: limit, price: 0.5, outside_rth: true}}
  - {id: all-or-none, order: {type: limit, price: 0.5, all_or_none: true}}
  - {id: at-least, order: {type: limit, price: 0.5, min_quantity: 10_000}}
  - {id: further, order: {type: stop, stop: 1.99, ib: {triggerMethod: 2}}}
"""
UNFILLED = """
plan: unfilled
contract: AUD.USD
side: buy
size: 30_000
order: {type: limit, price: 0.3}
orders:
  - {id: leave, unfilled: {after: 3s, then: leave}}
  - {id: cancel, unfilled: {after: 3s, then: cancel}}
  - {id: cross, unfilled: {after: 3s, then: cross}}
  - {id: reprice, order: {type: limit, price: bid - 200 pips}, unfilled: {after: 6s, then: reprice}}
"""
STRATEGIES = """
plan: strategies
orders:
  - {id: bracket, contract: EUR.USD, side: buy, size: 20_000, bracket: {take_profit: 2R, stop_loss: 200 pips}}
  - {id: trails, contract: EUR.GBP, side: sell, size: 20_000, bracket: {take_profit: 4%, trailing_stop: 200 pips}}
  - {id: group-a, contract: EUR.CHF, side: buy, size: 20_000, oca: {group: g}, order: {type: limit, price: 0.5}}
  - {id: group-b, contract: EUR.CHF, side: buy, size: 20_000, oca: {group: g}}
  - {id: ladder, contract: USD.JPY, side: buy, size: 60_000, ladder: {count: 3, from: 50, to: 40, sizes: linear}}
  - {id: slices, contract: NZD.USD, side: buy, size: 90_000, slices: {count: 3, over: 6s}}
  - {id: invest, contract: USD.CAD, side: buy, invest: {amount: 20_000 CAD}, order: {type: limit, price: 0.5}}
  - {id: target, contract: EUR.JPY, side: buy, target: {position: 30_000, band: 1_000}}
  - {id: flatten, contract: EUR.JPY, flatten: {open_orders: cancel}, schedule: {at: "{+4}"}}
"""
CONDITIONS = """
plan: conditions
contract: GBP.JPY
side: buy
size: 20_000
order: {type: limit, price: 50}
orders:
  - {id: above, when: {above: 50}}
  - {id: not-above, when: {above: 900}}
  - {id: below, when: {below: 900}}
  - {id: not-below, when: {below: 50}}
  - {id: spread, when: {spread: 100 pips}}
  - {id: not-spread, when: {spread: 0.1 pips}}
  - {id: flat, when: {position: flat}}
  - {id: not-flat, when: {position: open}}
  - {id: window, when: {window: {opens: "{t-600}", closes: "{t+600}", timezone: UTC}}}
  - {id: not-window, when: {window: {opens: "{t+3600}", closes: "{t+7200}", timezone: UTC}}}
  - {id: first, contract: USD.JPY, order: {type: market}}
  - {id: after, when: {after: first, within: 10s}, schedule: {at: "{+1}"}}
  - {id: not-after, when: {after: above, within: 2s}, schedule: {at: "{+1}"}}
"""
WORDS = """
plan: words
contract: CAD.JPY
side: buy
vars: {amount: {type: size, default: 15_000}, pips: {type: number, default: 100}}
env: [DESK_PIPS]
size: ${amount}
order: {type: limit, price: "bid - ${pips} pips"}
orders:
  - {id: bid}
  - {id: ask, side: sell, order: {type: limit, price: "ask + ${env:DESK_PIPS} pips"}}
  - {id: mid, side: sell, order: {type: limit, price: mid + 2%}}
  - {id: trigger, order: {type: stop, stop: ask + 150 pips}}
  - {id: lots, size: 0.25 lots}
  - {id: money, size: 2_000_000 JPY, order: {type: limit, price: 50}}
  - {id: base, size: 30_000 CAD}
  - {id: cash, contract: AUD.USD, size: 0.01% of cash, order: {type: limit, price: 0.3}}
  - {id: risk, contract: AUD.USD, size: risk 0.0005%, order: {type: limit, price: 0.3}, bracket: {stop_loss: 100 pips}}
"""
SCHEDULES = """
plan: schedules
contract: EUR.SEK
side: buy
size: 20_000
schedule: {every: 4s, from: "{+0}", until: "{+10}"}
orders:
  - {id: every, overlap: allow}
  - {id: at, schedule: {at: ["{+1}", "{+3}"]}}
  - {id: jitter, schedule: {at: "{+1}", jitter: 3s}}
  - {id: overlap, order: {type: limit, price: 2}}
  - {id: enough, max_fires: 2}
  - {id: blackout, schedule: {every: 4s, from: "{+0}", blackout: "{t-600}..{t+600}"}}
"""
PAUSES = """
plan: pauses
contract: EUR.NOK
side: buy
size: 20_000
order: {type: limit, price: 2, ib: {hidden: true}}
pause_on: reject
schedule: {every: 4s, from: "{+0}", until: "{+10}"}
"""
MINUTES = """
plan: minutes
contract: EUR.USD
side: buy
vars: {amount: {type: size, default: 9_000}}
size: ${amount}
orders:
  - {id: cron, schedule: {cron: "{minute} * * * *"}}
  - {id: words, schedule: {on: "{day}s at {clock}", timezone: UTC}}
"""
CONTRACTS = """
plan: contracts
side: buy
size: 2
contract: {sec_type: STK, symbol: AAPL, currency: USD}
orders:
  - {id: stock}
  - {id: number, contract: {con_id: 756733, exchange: SMART}}
  - id: metal
    contract: {sec_type: CMDTY, symbol: XAUUSD, currency: USD}
    bracket: {take_profit: 2R, stop_loss: 5%}
  - {id: cfd, contract: {sec_type: CFD, symbol: IBDE40, currency: EUR}, order: {type: limit, price: 100.5}}
  - {id: future, contract: {sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: "{quarter}"}}
  - id: option
    contract: {sec_type: OPT, symbol: SPY, currency: USD, last_trade_date: "{quarter}", strike: 590, right: put}
    order: {type: limit, price: 0.50}
  - {id: trails, side: sell, order: {type: trailing_stop, trail: 20.00}}
  - {id: unfilled, order: {type: limit, price: 10}, unfilled: {after: 3s, then: cross}}
  - {id: invest, invest: {amount: 1_005 USD}, order: {type: limit, price: 10}}
  - {id: ladder, size: 6, ladder: {count: 3, from: bid - 50, to: 50, sizes: linear}}
  - {id: slices, size: 9, slices: {count: 3, over: 6s}}
  - id: group-a
    contract: {sec_type: STK, symbol: IWM, currency: USD}
    oca: {group: g}
    order: {type: limit, price: 9}
  - {id: group-b, contract: {sec_type: STK, symbol: IWM, currency: USD}, oca: {group: g}}
  - {id: spread, when: {spread: 5.00}}
  - {id: not-spread, when: {spread: 0.001}}
  - {id: target, contract: {sec_type: STK, symbol: MSFT, currency: USD}, target: {position: 30}}
  - id: flatten
    contract: {sec_type: STK, symbol: MSFT, currency: USD}
    flatten: {open_orders: cancel}
    schedule: {at: "{+4}"}
"""
ALWAYS = (CONTRACTS, CONVERTS, TYPES, TERMS, UNFILLED, STRATEGIES, CONDITIONS, WORDS, SCHEDULES, PAUSES)
ROWS = """
a-converts/main: sent; market sell ~ filled
conditions/above: sent; limit buy 20000 working
conditions/after: sent; limit buy 20000 working
conditions/below: sent; limit buy 20000 working
conditions/first: sent; market buy 20000 filled
conditions/flat: sent; limit buy 20000 working
conditions/not-above: skipped when
conditions/not-after: skipped when
conditions/not-below: skipped when
conditions/not-flat: skipped when
conditions/not-spread: skipped when
conditions/not-window: skipped when
conditions/spread: sent; limit buy 20000 working
conditions/window: sent; limit buy 20000 working
contracts/cfd: sent; limit buy 2 working
contracts/flatten: sent; market sell 30 filled
contracts/future: sent; market buy 2 filled
contracts/group-a: sent; limit buy 2 cancelled
contracts/group-b: sent; market buy 2 filled
contracts/invest: sent; limit buy 100 working
contracts/ladder: sent; limit buy 1 working; limit buy 2 working; limit buy 3 working
contracts/metal: sent; market buy 2 filled; profit limit sell 2 working; loss stop sell 2 held
contracts/not-spread: skipped when
contracts/number: sent; market buy 2 filled
contracts/option: sent; limit buy 2 working
contracts/slices: sent; 3 x market buy 3 filled
contracts/spread: sent; market buy 2 filled
contracts/stock: sent; market buy 2 filled
contracts/target: sent; market buy 30 filled
contracts/trails: sent; trailing_stop sell 2 held
contracts/unfilled: sent; limit buy 2 cancelled; market buy 2 filled
minutes/cron: sent; market buy 20000 filled
minutes/words: sent; market buy 20000 filled
pauses/main: sent; 2 x denied the plan is paused; limit buy 20000 rejected; 2 x limit buy 20000 denied
schedules/at: 2 x sent; 2 x market buy 20000 filled
schedules/blackout: 5 x skipped blackout
schedules/enough: 2 x sent; skipped max_fires; 2 x market buy 20000 filled
schedules/every: 3 x sent; 3 x market buy 20000 filled
schedules/jitter: sent; market buy 20000 filled
schedules/overlap: sent; 2 x skipped overlap; limit buy 20000 working
strategies/bracket: sent; market buy 20000 filled; profit limit sell 20000 working; loss stop sell 20000 held
strategies/flatten: sent; market sell 30000 filled
strategies/group-a: sent; limit buy 20000 cancelled
strategies/group-b: sent; market buy 20000 filled
strategies/invest: sent; limit buy 40000 working
strategies/ladder: sent; limit buy 10000 working; limit buy 20000 working; limit buy 30000 working
strategies/slices: sent; 3 x market buy 30000 filled
strategies/target: sent; market buy 30000 filled
strategies/trails: sent; market sell 20000 filled; profit limit buy 20000 working; loss trailing_stop buy 20000 held
terms/all-or-none: sent; limit buy 20000 working
terms/at-least: sent; limit buy 20000 working
terms/day: sent; limit buy 20000 working
terms/fok: sent; limit buy 20000 cancelled
terms/further: sent; stop buy 20000 held
terms/good-after: sent; limit buy 20000 held
terms/gtc: sent; limit buy 20000 working
terms/gtd: sent; limit buy 20000 working
terms/ioc: sent; limit buy 20000 cancelled
terms/outside: sent; limit buy 20000 working
types/limit: sent; limit buy 25000 working
types/lit: sent; limit_if_touched buy 25000 held
types/market: sent; market buy 25000 filled
types/mit: sent; market_if_touched buy 25000 held
types/stop-limit: sent; stop_limit buy 25000 held
types/stop: sent; stop buy 25000 held
types/trailing-limit: sent; trailing_limit sell 25000 held
types/trailing-stop: sent; trailing_stop sell 25000 held
unfilled/cancel: sent; limit buy 30000 cancelled
unfilled/cross: sent; limit buy 30000 cancelled; market buy 30000 filled
unfilled/leave: sent; limit buy 30000 working
unfilled/reprice: sent; limit buy 30000 cancelled; limit buy 30000 working
words/ask: sent; limit sell 15000 working
words/base: sent; limit buy 30000 working
words/bid: sent; limit buy 15000 working
words/cash: sent; limit buy ~ working
words/lots: sent; limit buy 25000 working
words/mid: sent; limit sell 15000 working
words/money: sent; limit buy 40000 working
words/risk: sent; limit buy ~ working; loss stop sell ~ held
words/trigger: sent; stop buy 15000 held
"""
DEPENDS = ("a-converts/main", "words/cash", "words/risk")  # their quantities are those of the account
REPEATS = ("unfilled/reprice",)  # as often as there is time


_ROLES = {"entry": "", "take_profit": "profit ", "stop_loss": "loss "}


@dataclass(frozen=True)
class Said:
    """What a run said, a line for each order of a plan: its fires, and the orders as they stood at the end."""

    lines: Mapping[str, str]
    code: int

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[str]) -> Said:
        fires: dict[str, list[str]] = defaultdict(list)
        last: dict[str, dict[str, Any]] = {}
        for line in map(json.loads, done.stdout.splitlines()):
            if line["type"] == "fire":
                reason = (line["reason"] or "").split(":")[0]
                fires[f"{line['plan']}/{line['order']}"].append(f"{line['state']} {reason}".strip())
            elif line["type"] == "order":
                last[line["order_ref"]] = line
        assert last, done.stdout + done.stderr
        orders: dict[str, list[str]] = defaultdict(list)
        for one in last.values():
            name = f"{one['plan']}/{one['order']}"
            role = _ROLES[one["role"]]
            about = f"{role}{one['order_type']} {one['side']} {'~' if name in DEPENDS else one['quantity']}"
            if name not in REPEATS or f"{about} {one['state']}" not in orders[name]:
                orders[name].append(f"{about} {one['state']}")
        lines = {name: "; ".join((*_counted(told), *_counted(orders[name]))) for name, told in fires.items()}
        return cls(lines, done.returncode)


def _counted(texts: Iterable[str]) -> Iterator[str]:
    for text, same in groupby(texts):
        count = sum(1 for _ in same)
        yield text if count == 1 else f"{count} x {text}"


def written(folder: Path, begin: datetime, texts: Sequence[str]) -> list[str]:
    """Write plans whose times count from the begin of a run; returns their files."""
    folder.mkdir()
    names = []
    fires = (begin + FIRES).replace(microsecond=0)
    for text in texts:
        for seconds in range(11):
            text = text.replace(f"{{+{seconds}}}", f"{fires + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}")
        for seconds in (-600, 600, 3600, 7200):
            text = text.replace(f"{{t{seconds:+}}}", f"{begin + timedelta(seconds=seconds):%H:%M}")
        text = text.replace("{quarter}", f"{quarter(begin):%Y-%m}")
        minute = next_minute(begin)
        text = text.replace("{minute}", str(minute.minute)).replace("{day}", f"{minute:%A}".lower())
        text = text.replace("{clock}", f"{minute:%H:%M}")
        name = text.split()[1] + ".yaml"
        (folder / name).write_text(text)
        names.append(name)
    return names


def next_minute(begin: datetime) -> datetime:
    return (begin + timedelta(seconds=5)).replace(second=0, microsecond=0) + timedelta(minutes=1)


def quarter(at: datetime) -> datetime:
    """Return the last month of a quarter, one to four months ahead: in it futures and options end."""
    months = at.year * 12 + at.month + 2 - at.month % 3
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def wednesday() -> datetime:
    """Return the last Wednesday before today, at an hour at which every pair is quoted."""
    today = datetime.now(UTC).replace(hour=14, minute=30, second=0, microsecond=0)
    return today - timedelta(days=(today.weekday() - 3) % 7 + 1)


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def simulated(folder: Path, texts: Sequence[str], lasts: Callable[[datetime], datetime]) -> Said:
    begin = wednesday()
    span = ["--from", stamp(begin), "--until", stamp(lasts(begin))]
    return said(folder, *written(folder, begin, texts), "--simulate", *span)


def rehearsed(
    folder: Path, texts: Sequence[str], lasts: Callable[[datetime], datetime], where: tuple[int, int]
) -> Said:
    """Run plans at a port, with a client id."""
    begin, (port, client) = datetime.now(UTC), where
    words = ["--rehearsal", f"127.0.0.1:{port}", "--until", stamp(lasts(begin))]
    return said(folder, *written(folder, begin, texts), *words, FXRUN_CLIENT_ID=str(client))


def said(folder: Path, *words: str, **environ: str) -> Said:
    """Run all plans of a folder; the one that has a variable for it is given another amount."""
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder), "DESK_PIPS": DESK_PIPS, **environ}
    given = ["--set", "amount=20_000"] if "minutes.yaml" in words else []
    command = [*FXRUN, *words, *given, "--json"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=150, check=False)
    return Said.of(done)


def after_its_time(begin: datetime) -> datetime:
    return begin + LASTS


def after_the_minute(begin: datetime) -> datetime:
    return next_minute(begin) + timedelta(seconds=4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Said, Said]]:
    folder = tmp_path_factory.mktemp("rows")
    with gateway("--from", stamp(wednesday()), "--cash", "USD=100000000") as port, ThreadPoolExecutor(2) as pool:
        rows = pool.submit(rehearsed, folder / "rows", ALWAYS, after_its_time, (port, 1))
        minutes = pool.submit(rehearsed, folder / "minutes", [MINUTES], after_the_minute, (port, 2))
        told = simulated(folder / "rows-simulated", ALWAYS, after_its_time)
        told_minutes = simulated(folder / "minutes-simulated", [MINUTES], after_the_minute)
        return {"rehearsal": (rows.result(), minutes.result()), "simulate": (told, told_minutes)}


@pytest.mark.parametrize("way", ["rehearsal", "simulate"])
@pytest.mark.parametrize("row", ROWS.strip().splitlines(), ids=lambda row: row.split(": ")[0])
def test_a_row_comes_to_the_same_at_either_gateway(row: str, way: str, runs: Mapping[str, tuple[Said, Said]]) -> None:
    name, _, expected = row.partition(": ")
    (found,) = [said.lines[name] for said in runs[way] if name in said.lines]
    assert found == expected


@pytest.mark.parametrize("way", ["rehearsal", "simulate"])
def test_nothing_else_was_sent_and_the_exit_code_is_that_of_the_rejected_order(
    way: str, runs: Mapping[str, tuple[Said, Said]]
) -> None:
    named = {row.partition(": ")[0] for row in ROWS.strip().splitlines()}
    assert {name for said in runs[way] for name in said.lines} == named
    assert [said.code for said in runs[way]] == [4, 0]
