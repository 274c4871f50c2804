"""S03: a runner that was down over one, five, five hundred fires: a row for each that says so, nothing sent late."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.core.standing import Arming
from runner.core.times import stamp
from runner.journal.control import Ledger
from runner.journal.store import Journal
from tests.reliability.processes import ACCOUNT
from tests.reliability.workload import DEEP
from tests.reliability.world import Plan, World, in_seconds, world

DOWN = {"down-1": 1, "down-5": 5, "down-500": 500}
EVERY = timedelta(seconds=300)
AGO = timedelta(seconds=90)  # since the last fire: later than a start deadline, earlier than the next one


def plans(last: datetime) -> list[Plan]:
    """Return plans whose last fire was at an instant, and whose next one comes when the test is over."""
    start = stamp(last - 600 * EVERY)
    return [
        Plan(
            name=name,
            text=f"plan: {name}\nmode: live\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
            f"schedule: {{every: 300s, from: {start}}}\n",
            pair="EUR.USD",
            orders={"main": 300},
        )
        for name in DOWN
    ]


def pretend(made: World, last: datetime) -> None:
    """Write down that a runner carried the plans out until so many fires ago, and that they were armed before."""
    with closing(Journal(str(made.journal), private=True)) as journal:
        journal.bind("rehearsal", ACCOUNT)
        for name, count in DOWN.items():
            journal.record_evaluated(name, "main", last - count * EVERY)
    with closing(Ledger(made.journal)) as ledger:
        for plan, file in zip(made.plans, made.files, strict=True):
            digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
            begun = last - 700 * EVERY
            ledger.arm(Arming(plan=plan.name, digest=digest, account=ACCOUNT, at=begun, until=last + timedelta(days=9)))


def carry_out(made: World) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Run for a few seconds; returns the exit code and the fires that were told, by plan."""
    log = made.folder / f"{made.name}.jsonl"
    before = len(log.read_text().splitlines()) if log.exists() else 0
    code = made.run(in_seconds(8)).wait(120)
    told = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    fires = [line for line in told if line["type"] == "fire"]
    return code, {name: [line for line in fires if line["plan"] == name] for name in DOWN}


def test_s03_every_fire_that_nobody_was_there_for_is_missed_by_name() -> None:
    last = datetime.now(UTC).replace(microsecond=0) - AGO
    with world(plans(last), *DEEP) as made:
        pretend(made, last)
        code, fires = carry_out(made)
        assert code == 7, made.errors()
        for name, count in DOWN.items():
            assert [line["time"] for line in fires[name]] == [
                stamp(last - n * EVERY) for n in range(count - 1, -1, -1)
            ], name
            assert {line["state"] for line in fires[name]} == {"missed"}
            assert {line["reason"] for line in fires[name]} == {"fxrun was not running"}
        assert [line for line in made.gateway.lines() if line["event"] == "order"] == []
        status = made.command("status", "--json")
        assert status.returncode == 7
        assert all(name in status.stdout for name in DOWN)
        code, fires = carry_out(made)
        assert code == 0, made.errors()
        assert fires == {name: [] for name in DOWN}
        assert made.check() == ""
