"""Eight runners at one gateway, each with a client id and a journal of its own: none sees an order of another's.

All are held against the gateway's truth. One is killed in the middle with orders that rest at the broker, and goes on.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.oracle import judge, root_of
from tests.reliability.workload import DEEP, PAIRS, bracket, burst, market, resting
from tests.reliability.world import Plan, World, copied, in_seconds, rows_of, world, write_settings

pytestmark = pytest.mark.long
SEED = 1
COUNT = 8
KILLED = 3  # the client id of the one that is killed and started again
FINE = (0, 6, 7)  # ends of a runner; what fell due while it was gone is missed
ENDED = 5  # of the one that is asked to end, and is not started again before the others have ended
GOES_ON = 20  # seconds; twice that where all start at once
Line = Mapping[str, Any]


def plans_of(client_id: int) -> list[Plan]:
    """Return what one runner has to do: market orders of one pair with another runner, brackets with three others.

    A TWS takes fifteen open orders of a pair and side from an account, however many runners there are.
    """
    name = f"runner-{client_id}"
    side = ("buy", "sell")[client_id % 2]
    plans = [
        market(f"{name}-market", PAIRS[(client_id - 1) // 2], side, (2, 3)),
        resting(f"{name}-rests", (10,), PAIRS[client_id - 1]),
        *([bracket(f"{name}-bracket", 5)] if client_id % 2 else []),
    ]
    until = f'until: "{in_seconds(900)}"'  # to arm a plan is to walk through all that it will do
    return [replace(plan, text=re.sub(r'until: "[^"]*"', until, plan.text)) for plan in plans]


def apart(here: World, client_id: int) -> World:
    """Return a runner's part of the world, with its files written and its plans armed."""
    part = replace(here, plans=plans_of(client_id), name=f"runner-{client_id}", runners=here.runners)
    pairs = {(plan.name, order): plan.pair for plan in part.plans for order in plan.orders}
    part.bounds = replace(here.bounds, pairs=pairs)
    for plan in part.plans:
        (part.folder / f"{plan.name}.plan.yaml").write_text(plan.text)
    write_settings(part, client_id)
    part.arm()
    return part


def wait_for(condition: Any, what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


class Told:
    """What the journal of one runner says, and the truth of its client id."""

    def __init__(self, part: World, client_id: int, truth: list[Line]) -> None:
        self.part = part
        export = part.export()
        self.orders = {line["order_ref"]: line for line in export if line["type"] == "order"}
        self.executions = {line["exec_id"]: line["order_ref"] for line in export if line["type"] == "execution"}
        self.truth = [line for line in truth if line.get("client_id") == client_id]
        self.real = {line["order_ref"]: line for line in self.truth if line["event"] == "order"}
        filled = [line for line in self.truth if line["event"] == "execution"]
        self.filled = {line["exec_id"]: line["order_ref"] for line in filled}
        self.commissions = set(commissions(part.journal))
        self.exports = export


def commissions(path: Path) -> Iterator[str]:
    with copied(path) as copy, closing(sqlite3.connect(copy or ":memory:")) as found:
        yield from (root for (root,) in found.execute("SELECT root FROM commission"))


def written(part: World) -> bytes:
    """Return everything that a runner has written: its journal, its log and what it said."""
    own = [path for path in part.folder.iterdir() if path.name.startswith(f"{part.name}.")]
    return b"".join(path.read_bytes() for path in sorted(own))


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Told]]:
    """Let the eight trade, kill one of them and end another, let them go on, and read what each has written."""
    print(f"seed {SEED}")
    folder = tmp_path_factory.mktemp("eight") / "world"
    spare = burst("spare", 1, in_seconds(-3600))  # a world has a plan; nobody runs this one
    with world([spare], *DEEP, "--seed", str(SEED), folder=folder) as here:
        parts = {number: apart(here, number) for number in range(1, COUNT + 1)}
        first = {number: part.run(in_seconds(3600)) for number, part in parts.items()}
        for part in parts.values():
            wait_for(lambda part=part: rows_of(part.journal).open().get("working", 0) > 0, f"orders of {part.name}")
        first[KILLED].send_signal(signal.SIGKILL)
        first[KILLED].wait(20)
        first[ENDED].send_signal(signal.SIGTERM)
        assert first[ENDED].wait(60) in FINE, parts[ENDED].errors()
        left = rows_of(parts[KILLED].journal)
        again = parts[KILLED].run(in_seconds(GOES_ON))
        time.sleep(GOES_ON / 2)  # the others trade on while one is gone and comes back
        for number in set(first) - {KILLED, ENDED}:
            first[number].send_signal(signal.SIGTERM)
        assert again.wait(GOES_ON + 60) in FINE, parts[KILLED].errors()
        last = {number: part.run(in_seconds(2 * GOES_ON)) for number, part in parts.items()}
        for number, runner in last.items():
            assert runner.wait(2 * GOES_ON + 90) in FINE, parts[number].errors()
        assert left.open()["working"] > 0
        assert set(left.states) <= set(rows_of(parts[KILLED].journal).states)
        truth = here.gateway.lines()
        yield {number: Told(part, number, truth) for number, part in parts.items()}


def test_each_has_traded_at_the_same_time(trade: dict[int, Told]) -> None:
    spans = []
    for told in trade.values():
        times = sorted(line["time"] for line in told.truth if line["event"] == "order")
        assert len(times) > 10
        spans.append((times[0], times[-1]))
    assert max(begin for begin, _ in spans) < min(end for _, end in spans)


def test_every_order_is_in_the_journal_of_its_own_runner_and_in_no_other(trade: dict[int, Told]) -> None:
    for number, told in trade.items():
        assert set(told.real) <= set(told.orders)
        unsent = {ref: line for ref, line in told.orders.items() if ref not in told.real}
        assert {line["state"] for line in unsent.values()} <= {"not_received", "denied", "unknown"}, unsent
        assert all(line["plan"].startswith(f"runner-{number}-") for line in told.orders.values())
        for ref, line in told.real.items():
            assert told.orders[ref]["perm_id"] == line["perm_id"], ref
    everything = [ref for told in trade.values() for ref in told.orders]
    assert len(everything) == len(set(everything))


def test_so_are_its_executions_and_their_commissions(trade: dict[int, Told]) -> None:
    for told in trade.values():
        assert told.filled
        assert told.executions == told.filled
        assert told.commissions == {root_of(exec_id) for exec_id in told.filled}


def test_no_order_was_doubled_or_lost(trade: dict[int, Told]) -> None:
    for told in trade.values():
        rows = rows_of(told.part.journal)
        verdict = judge(told.truth, told.exports, told.part.due(rows), told.part.about(rows))
        assert verdict.faults == (), verdict.line
        assert told.part.check() == ""


def test_what_one_writes_names_no_order_of_another(trade: dict[int, Told]) -> None:
    for number, told in trade.items():
        text = written(told.part)
        assert f"fx1:runner-{number}-".encode() in text
        for other in set(trade) - {number}:
            assert f"fx1:runner-{other}-".encode() not in text, f"{number} speaks of {other}"


def test_the_killed_one_took_up_its_own_orders_and_no_others(trade: dict[int, Told]) -> None:
    told = trade[KILLED]
    lines = [json.loads(line) for line in (told.part.folder / f"{told.part.name}.jsonl").read_text().splitlines()]
    summaries = [line for line in lines if line["type"] == "summary"]
    assert len(summaries) == 2  # of the three runners the first was killed
    resting_ones = [ref for ref, line in told.orders.items() if line["state"] == "working"]
    assert summaries[-1]["working"] == len(resting_ones) > 0
    assert {line["client_id"] for line in told.truth if "client_id" in line} == {KILLED}
