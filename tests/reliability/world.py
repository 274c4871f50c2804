"""A small world for a campaign: a gateway process with its truth, plans, settings, a journal, and runners that die.

Everything is a process of its own, started and ended by its id. Times are the wall's: fxrun's own clock is, in a
rehearsal; the gateway's may begin on a working day when the wall's is none.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.reliability.oracle import AROUND, Bounds, Circumstances, Claim, Fire, Recorded, Verdict, judge
from tests.reliability.processes import ACCOUNT, ALWAYS, FXRUN, ROOT, GatewayProcess

PLANTED = (sys.executable, "-m", "tests.reliability.planted")
READY = "link: ready"
OPEN = ("planned", "sent", "working", "held", "cancel_pending", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A plan's text, its pair, and its orders: name -> seconds between two fires, None for a single one."""

    name: str
    text: str
    pair: str
    orders: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """What the tables of a journal hold."""

    recorded: tuple[Recorded, ...]
    claims: Mapping[str, Claim]
    states: Mapping[str, str]  # order_ref -> state
    closed: frozenset[str] = frozenset()

    def open(self) -> dict[str, int]:
        """Return how many orders are in each state that is not the end."""
        found: dict[str, int] = {}
        for ref, state in self.states.items():
            if state in OPEN and ref not in self.closed:
                found[state] = found.get(state, 0) + 1
        return found


def in_seconds(count: float) -> str:
    """Return an instant of the wall as the command line takes it."""
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime(ALWAYS)


@contextmanager
def copied(path: Path) -> Iterator[Path | None]:
    """Copy a journal with its log, so that a look changes nothing; None if there is no journal yet."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(name), Path(folder, name))
        copy = Path(folder, path.name)
        yield copy if copy.exists() and copy.stat().st_size else None


def rows_of(path: Path) -> Rows:
    """Read the fires and claims of a journal; what is not there yet is empty."""
    with copied(path) as copy:
        if copy is None:
            return Rows(recorded=(), claims={}, states={})
        with closing(sqlite3.connect(copy)) as found:
            try:
                fires = found.execute("SELECT plan, order_name, fire, state FROM fire").fetchall()
                orders = found.execute(
                    "SELECT order_ref, client_id, route_id, claimed_at, role, state, closed_with_run FROM intent"
                ).fetchall()
            except sqlite3.OperationalError:
                return Rows(recorded=(), claims={}, states={})
    claims = {
        ref: Claim(client_id=client, order_id=route, at=datetime.fromisoformat(at).astimezone(UTC), role=role)
        for ref, client, route, at, role, _, _ in orders
        if client is not None and route is not None and at is not None
    }
    return Rows(
        recorded=tuple(Recorded(plan=p, order=o, time=t, state=s) for p, o, t, s in fires),
        claims=claims,
        states={row[0]: row[5] for row in orders},
        closed=frozenset(row[0] for row in orders if row[6]),
    )


@dataclass(slots=True)
class World:
    """Plans and settings in a folder, with a gateway that runs; use `world()` to make one."""

    folder: Path
    plans: Sequence[Plan]
    gateway: GatewayProcess
    bounds: Bounds
    name: str = "fxrun"  # of the journal and the settings: another name is another runner
    runners: list[subprocess.Popen[bytes]] = field(default_factory=list)
    restarts: list[datetime] = field(default_factory=list)  # of the gateway
    started: datetime | None = None
    last_until: str = ""

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / f"{self.name}.db"

    @property
    def settings(self) -> Path:
        """The settings' file."""
        return self.folder / f"{self.name}.yaml"

    @property
    def files(self) -> list[str]:
        """The plans' files."""
        return [str(self.folder / f"{plan.name}.plan.yaml") for plan in self.plans]

    @property
    def address(self) -> str:
        """Where the gateway listens."""
        return f"127.0.0.1:{self.gateway.port}"

    def command(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command of fxrun beside the runner, on this world's settings."""
        command = [*FXRUN, *words, "--settings", str(self.settings)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT)

    def arm(self) -> None:
        """Arm every plan for the rehearsal."""
        done = self.command("arm", *self.files, "--rehearsal", self.address, "--yes", ACCOUNT)
        assert done.returncode == 0, done.stderr + done.stdout

    def run(
        self,
        until: str,
        *,
        crash: str = "",
        planted: str = "",
        environ: Mapping[str, str] | None = None,
        address: str = "",
    ) -> subprocess.Popen[bytes]:
        """Start a runner of all plans; what it says goes to runner.jsonl and runner.log beside the journal."""
        program = [*PLANTED, planted] if planted else list(FXRUN)
        command = [*program, *self.files, "--rehearsal", address or self.address]
        command += ["--settings", str(self.settings)]
        command += ["--until", until, "--json"]
        added = {**(environ or {}), **({"FXRUN_CRASH_AT": crash} if crash else {})}
        with (
            (self.folder / f"{self.name}.jsonl").open("ab") as out,
            (self.folder / f"{self.name}.err").open("ab") as log,
        ):
            runner = subprocess.Popen(command, stdout=out, stderr=log, cwd=ROOT, env={**os.environ, **added})
        self.runners.append(runner)
        self.started = self.started or datetime.now(UTC)
        self.last_until = until
        return runner

    def errors(self) -> str:
        """Return what the runners have said on stderr, its end."""
        path = self.folder / f"{self.name}.err"
        return path.read_text()[-4000:] if path.exists() else ""

    def ready(self) -> int:
        """Return how often runners of this journal have had their session."""
        path = self.folder / f"{self.name}.err"
        return path.read_text().count(READY) if path.exists() else 0

    def await_ready(self, before: int, seconds: float = 60) -> bool:
        """Wait until a runner has its session once more than before: how long that takes is the machine's affair."""
        deadline = time.monotonic() + seconds
        while self.ready() == before and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.ready() > before

    def settle(self, seconds: float = 25, *, planted: str = "") -> int:
        """Let a last runner run in peace that long; returns its exit code."""
        runner = self.run(in_seconds(seconds), planted=planted)
        return runner.wait(seconds + 60)

    def export(self) -> list[dict[str, Any]]:
        """Return the lines of `fxrun journal export`."""
        done = self.command("journal", "export")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self) -> str:
        """Return what `fxrun journal check` finds, "" for nothing."""
        done = self.command("journal", "check")
        return "" if done.returncode == 0 else done.stdout + done.stderr + f"exit {done.returncode}"

    def due(self, rows: Rows) -> list[Fire]:
        """Return the fires that were due: each multiple of its seconds from an order's first row to the last end."""
        end = int(datetime.fromisoformat(self.last_until).timestamp())
        wanted = []
        for plan in self.plans:
            for order, every in plan.orders.items():
                times = [row.time for row in rows.recorded if (row.plan, row.order) == (plan.name, order)]
                if every is None or not times:
                    continue
                first = int(datetime.fromisoformat(min(times)).timestamp())
                instants = (datetime.fromtimestamp(at, UTC).strftime(ALWAYS) for at in range(first, end, every))
                wanted += [Fire(plan=plan.name, order=order, time=instant) for instant in instants]
        return wanted

    def silent(self) -> list[str]:
        """Return the orders that never had a fire, or whose first came long after the first runner."""
        rows = rows_of(self.journal)
        assert self.started is not None
        latest = (self.started + timedelta(seconds=30)).strftime(ALWAYS)
        first: dict[tuple[str, str], str] = {}
        for row in rows.recorded:
            key = (row.plan, row.order)
            first[key] = min(row.time, first.get(key, row.time))
        names = ((plan.name, order, every) for plan in self.plans for order, every in plan.orders.items())
        return [f"{p}/{o}" for p, o, every in names if every and first.get((p, o), "none") > latest]

    def about(self, rows: Rows, *, halted_from: int | None = None) -> Circumstances:
        """Return what the oracle has to know beside both accounts."""
        return Circumstances(
            recorded=rows.recorded,
            claims=rows.claims,
            bounds=self.bounds,
            halted_from=halted_from,
            forgotten=self._midnights(),
            restarted=self.restarts,
        )

    def judge(self, *, halted_from: int | None = None) -> Verdict:
        """Hold the journal against the gateway's truth."""
        rows = rows_of(self.journal)
        about = self.about(rows, halted_from=halted_from)
        return judge(self.gateway.lines(), self.export(), self.due(rows), about)

    def restart_gateway(self) -> None:
        """Kill the gateway, and start it again with what is on its disk."""
        self.gateway.kill()
        self.restarts.append(datetime.now(UTC))
        self.gateway.start()

    def _midnights(self) -> list[datetime]:
        """Return the days' ends since the start, at which a TWS forgets what it did."""
        assert self.started is not None
        day = self.started.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        now = datetime.now(UTC) + AROUND
        return [day + timedelta(days=n) for n in range((now - day).days + 1)] if day <= now else []

    def end(self) -> None:
        """End every process of this world, each by its id."""
        for runner in self.runners:
            if runner.poll() is None:
                runner.kill()
            runner.wait(20)
        self.gateway.kill()


def write_settings(world: World, client_id: int = 1, **limits: object) -> None:
    """Write the settings of a world; limits replace the generous ones."""
    chosen = {"max_quantity": 10_000_000, "max_daily_quantity": 10**12, "max_open_orders": 15, **limits}
    lines = [
        f"connection: {{host: 127.0.0.1, port: {world.gateway.port}, client_id: {client_id}}}",
        f"account: {ACCOUNT}",
        f"journal: {world.journal.name}",
        "limits:",
        *(f"  {name}: {value}" for name, value in chosen.items() if value is not None),
    ]
    world.settings.write_text("\n".join([*lines, ""]))


@contextmanager
def world(
    plans: Sequence[Plan], *options: str, folder: Path | None = None, faults: str = "", **limits: Any
) -> Iterator[World]:
    """Make a world whose gateway runs and whose plans are armed; its processes end with the block.

    `options` are the gateway's. Without `folder` it is a temporary one that is removed.
    """
    home = folder or Path(tempfile.mkdtemp(prefix="fxrun-"))
    home.mkdir(mode=0o700, exist_ok=True)
    gateway = GatewayProcess(home, *options, faults=faults)
    bounds = Bounds(pairs={(p.name, order): p.pair for p in plans for order in p.orders}, **_bounds(limits))
    made = World(home, plans, gateway, bounds)
    try:
        for plan in plans:
            (home / f"{plan.name}.plan.yaml").write_text(plan.text)
        gateway.start()
        write_settings(made, **limits)
        made.arm()
        yield made
    finally:
        made.end()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


def _bounds(limits: Mapping[str, Any]) -> dict[str, Any]:
    known = ("max_quantity", "max_daily_quantity", "max_open_orders", "max_orders_per_minute")
    return {name: limits[name] for name in known if name in limits}
