"""SIGTERM and SIGINT, once and twice, at named points and at any time: R15.

Whatever the moment, the runner claims nothing more, waits at most five seconds for what is owed, and says how things
stand; a next one on its journal finds every order, and sends none of them again.

    python -m tests.reliability.test_signals SIGNAL,... PLAN... [OPTIONS]

is fxrun, with the crash point of `FXRUN_CRASH_AT` as the moment at which it gets the signals instead of dying.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.reliability import world as worlds
from tests.reliability.person import Outcome, Person
from tests.reliability.workload import DEEP, bracket, market, resting
from tests.reliability.world import World, copied, in_seconds, world

pytestmark = pytest.mark.long
SEED = 1
EVERY_POINT = {
    "after_login": 1, "during_reconcile": 1, "after_reconcile": 1, "before_fact": 9, "after_fact": 14,
    "before_claim": 2, "in_claim": 3, "after_claim_commit": 2, "after_batch_commit": 1,
    "in_let_go": 2, "after_let_go": 2, "before_first_order": 2, "between_orders": 1, "after_last_order": 2,
    "after_sent_record": 1, "before_cancel": 1, "after_cancel": 1, "before_control_done": 1,
}  # fmt: skip
MIDDLE = ("during_reconcile", "before_fact", "in_claim", "between_orders", "after_last_order", "after_sent_record")
SAID = "signalled at "
OWED = 5.0  # seconds that a runner waits for what is owed
SLACK = 10.0  # for a machine that is busy
ENDS = (0, 3, 6, 7)  # after SIGTERM: fine, or what became of the orders


def signalled() -> int:
    """Run the rest of the command line as fxrun would; at its crash point the process gets signals."""
    names, *rest = sys.argv[1:]
    from runner.core import crashpoints

    def kill(pid: int, _: int) -> None:
        sys.stderr.write(f"{SAID}{datetime.now(UTC).isoformat()}\n")
        sys.stderr.flush()
        for name in names.split(","):
            os.kill(pid, getattr(signal, name))

    crashpoints.os = SimpleNamespace(kill=kill, getpid=os.getpid)  # type: ignore[attr-defined]
    from runner.cli.main import main

    return main(rest)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world with market orders each second, brackets and orders that rest; it settles and is judged at the end."""
    monkeypatch.setattr(worlds, "PLANTED", (sys.executable, "-m", "tests.reliability.test_signals"))
    plans = [market("market", "EUR.USD", "buy", (1, 2)), bracket("bracket", 3), resting("rests", (3,))]
    outcome = Outcome()
    with world(plans, *DEEP, "--seed", str(SEED)) as made:
        yield made
        made.gateway.control(do="calm")
        Person(made, outcome).settle()
        assert outcome.all_faults() == [], outcome.report(SEED, 0)
        assert any(verdict.orders for verdict in outcome.verdicts)


class Spell:
    """One runner, from its start to its end, and what it wrote in between."""

    def __init__(self, here: World, *, at: str = "", signals: str = "") -> None:
        self.here = here
        self._out = here.folder / f"{here.name}.jsonl"
        self._err = here.folder / f"{here.name}.err"
        self._begin = [path.stat().st_size if path.exists() else 0 for path in (self._out, self._err)]
        self.runner: subprocess.Popen[bytes] = here.run(in_seconds(3600), crash=at, planted=signals)

    def errors(self) -> str:
        """Return what it said on stderr."""
        return self._err.read_bytes()[self._begin[1] :].decode()

    def lines(self) -> list[dict[str, Any]]:
        """Return what it said on stdout."""
        return [json.loads(line) for line in self._out.read_bytes()[self._begin[0] :].splitlines()]

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait until something holds, while it runs."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.runner.poll() is None, f"ended with {self.runner.poll()}: {self.errors()}"
            assert time.monotonic() < deadline, f"waited in vain for {what}: {self.errors()}"
            time.sleep(0.02)

    def wait_ready(self) -> None:
        """Wait until it may send."""
        self.wait(lambda: "link: ready" in self.errors(), "a session")

    def signal(self, name: str) -> float:
        """Send a signal, and return when."""
        now = time.time()
        self.runner.send_signal(getattr(signal, name))
        return now

    def end(self, code: tuple[int, ...], since: float | None = None, within: float = OWED + SLACK) -> int:
        """Wait for its end: with a summary and one of these codes, in time, and nothing claimed since the signal."""
        ended = self.runner.wait(90)
        now = time.time()
        said = [line.partition(SAID)[2] for line in self.errors().splitlines() if SAID in line]
        begun = since or datetime.fromisoformat(said[0]).timestamp()
        assert ended in code, f"exit {ended}: {self.errors()}"
        assert now - begun < within
        assert "Traceback" not in self.errors()
        assert self.lines()[-1]["type"] == "summary"
        return self.claimed_since(begun)

    def claimed_since(self, instant: float) -> int:
        """Count the fires that the journal took in since an instant."""
        with copied(self.here.journal) as copy, closing(sqlite3.connect(copy or ":memory:")) as found:
            times = [at for (at,) in found.execute("SELECT claimed_at FROM fire WHERE claimed_at IS NOT NULL")]
        return sum(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() > instant for at in times)


def ask_cancel(here: World, spell: Spell) -> None:
    """Have everything cancelled that rests."""
    spell.wait_ready()
    spell.wait(lambda: "working" in worlds.rows_of(here.journal).open(), "an order that rests")
    here.command("cancel", "--all")


@pytest.mark.parametrize(
    ("signals", "points", "codes"),
    [
        ("SIGTERM", tuple(EVERY_POINT)[::3], ENDS),
        pytest.param("SIGTERM", tuple(EVERY_POINT), ENDS, marks=pytest.mark.long),
        ("SIGINT", MIDDLE[:2], (130,)),
        pytest.param("SIGTERM,SIGTERM", MIDDLE, ENDS, marks=pytest.mark.long),
        pytest.param("SIGINT,SIGTERM", MIDDLE, (130,), marks=pytest.mark.long),
    ],
    ids=["sigterm", "sigterm-everywhere", "sigint", "sigterm-twice", "both"],
)
def test_r15_a_signal_at_a_named_point(here: World, signals: str, points: tuple[str, ...], codes: tuple[int]) -> None:
    for point in points:
        spell = Spell(here, at=f"{point}:{EVERY_POINT[point]}", signals=signals)
        if "cancel" in point or "control" in point:
            ask_cancel(here, spell)
        claimed = spell.end(codes)
        assert claimed <= (point == "before_claim"), f"{claimed} fires claimed after {signals} at {point}"
        assert here.check() == "", point


@pytest.mark.long
def test_r15_signals_at_any_time_from_the_very_start(here: World) -> None:
    draw = random.Random(SEED)
    print(f"seed {SEED}")
    for number in range(10):
        started = time.time()
        spell = Spell(here)
        name = draw.choice(("SIGTERM", "SIGINT"))
        if number % 2:
            spell.wait_ready()
        time.sleep(draw.uniform(0, 2))
        began = spell.signal(name)
        code = spell.runner.wait(90)
        assert time.time() - began < OWED + SLACK
        if code in (-signal.SIGTERM, -signal.SIGINT, 1) and not number % 2:  # Python itself was still starting
            assert not spell.lines()
            assert spell.claimed_since(started) == 0
            continue
        assert code in ((130,) if name == "SIGINT" else ENDS), f"exit {code} after {name}: {spell.errors()}"
        if "link: ready" in spell.errors():
            assert spell.lines()[-1]["type"] == "summary"
        assert spell.claimed_since(began + 0.5) == 0
        assert here.check() == ""


def silence(here: World) -> None:
    """Let nothing that a gateway says of an order arrive any more."""
    for message in ("OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionReport"):
        here.gateway.control(do="drop", message=message, times=100_000)


def silent_spell(here: World) -> Spell:
    """Start a runner that has sent orders which no answer comes to."""
    spell = Spell(here)
    spell.wait_ready()
    silence(here)
    spell.wait(lambda: "sent" in worlds.rows_of(here.journal).open(), "an order that nobody answers")
    return spell


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 6), ("SIGINT", 130)])
def test_r15_it_waits_five_seconds_for_an_answer_and_no_longer(here: World, name: str, code: int) -> None:
    spell = silent_spell(here)
    began = spell.signal(name)
    assert spell.end((code,), began) == 0
    assert time.time() - began > OWED - 0.5
    assert spell.lines()[-1]["unknown"] > 0


@pytest.mark.long
def test_r15_a_second_sigterm_ends_the_wait(here: World) -> None:
    spell = silent_spell(here)
    began = spell.signal("SIGTERM")
    time.sleep(0.5)
    spell.signal("SIGTERM")
    assert spell.end((6,), began, within=OWED - 0.5) == 0
    assert spell.lines()[-1]["unknown"] > 0


if __name__ == "__main__":
    sys.exit(signalled())
