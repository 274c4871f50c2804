"""`fxrun serve`: a folder of plans, carried out while files come, change and go, and its processes are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import broker

TICK = "plan: {name}\ncontract: EUR.USD\nside: buy\nsize: {size}\nschedule: {{every: 1s}}\noverlap: allow\n"
SETTINGS = """\
account: DU1234567
connection: {{port: {port}, timeout: 20s}}
limits: {{max_quantity: 100_000, max_daily_quantity: 90_000_000, max_open_orders: 15}}
"""
PATIENCE = 40.0
Line = Mapping[str, Any]


class Served:
    """A service that runs, and what it has said."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder

    def lines(self, kind: str | None = None) -> list[Line]:
        text = (self.folder / "out").read_text()
        found = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in found if kind is None or line["type"] == kind]

    @property
    def told(self) -> str:
        return (self.folder / "err").read_text()

    def wait(self, wanted: Callable[[], object], what: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < deadline, f"{what} did not come: {self.told[-2000:]} {self.lines()[-5:]}"
            assert self.process.poll() is None, self.told
            time.sleep(0.05)

    def sent(self, plan: str, quantity: str | None = None) -> int:
        """Count the orders of a plan: those of a simulated one rest while the market is closed."""
        sent = [line for line in self.lines("order") if line["plan"] == plan and line["state"] == "sent"]
        return sum(1 for line in sent if quantity in (None, line["quantity"]))

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)

    def lanes(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@contextmanager
def served(folder: Path, *arguments: str, **environ: str) -> Iterator[Served]:
    """Serve folder/plans."""
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder / "no-config"), **environ}
    command = [*broker.FXRUN, "serve", "plans", "--json", *arguments]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env=env)
        try:
            yield Served(process, folder)
        finally:
            process.kill()
            process.wait(10)


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    made = tmp_path / "plans"
    made.mkdir(mode=0o700)
    return made


def tick(path: Path, name: str, size: int = 25_000) -> None:
    path.write_text(TICK.format(name=name, size=size))


def test_plans_come_change_break_and_go(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("a"), "an order of a")
        tick(plans / "b.yaml", "b", 21_000)
        service.wait(lambda: service.sent("b", "21000"), "an order of b")
        tick(plans / "a.yaml", "a", 26_000)
        service.wait(lambda: service.sent("a", "26000"), "an order of the edited plan")
        (plans / "a.yaml").write_text("plan: a\nside: [\n")
        service.wait(lambda: "a goes on in the version before" in service.told, "a word about the broken edit")
        (problem,) = service.lines("problem")
        assert (problem["file"], problem["line"]) == ("plans/a.yaml", 3)
        before = service.sent("a", "26000")
        service.wait(lambda: service.sent("a", "26000") > before, "an order of the version before")
        (plans / "b.yaml").unlink()
        service.wait(lambda: "b is gone" in service.told, "a word about the plan that is gone")
        time.sleep(1.5)
        before = service.sent("b")
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 5
        assert service.sent("b") <= before + 1
    fires = [(line["plan"], line["fire"]) for line in service.lines("fire") if line["state"] == "sent"]
    assert len(fires) == len(set(fires)), "no fire twice"
    by_fire = [line["fire"] for line in service.lines("order") if line["state"] == "sent" and line["plan"] == "a"]
    assert len(by_fire) == len(set(by_fire))


def test_hangup_reads_the_folder_at_once(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("a"), "an order of a")
        tick(plans / "b.yaml", "b")
        service.process.send_signal(signal.SIGHUP)
        began = time.monotonic()
        service.wait(lambda: [line for line in service.lines("plan") if line["plan"] == "b"], "the new plan")
        assert time.monotonic() - began < 1.9, "sooner than two looks"
        assert service.stop(signal.SIGINT) == 130


def test_rehearsed_and_simulated_plans_side_by_side(tmp_path: Path, plans: Path) -> None:
    tick(plans / "sim.yaml", "sim")
    (plans / "live.yaml").write_text("mode: live\n" + TICK.format(name="live", size=22_000))
    with broker.gateway() as port:
        (plans / "fxrun.yaml").write_text(SETTINGS.format(port=port))
        for file in plans.iterdir():
            file.chmod(0o600)
        with served(tmp_path, "--rehearsal", f"127.0.0.1:{port}") as service:
            service.wait(lambda: service.sent("sim"), "an order of the simulated plan")
            service.wait(
                lambda: [one for one in service.lines("notice") if "live is not armed" in one["text"]],
                "a word of arming",
            )
            service.wait(lambda: [one for one in service.lines("fire") if one["state"] == "denied"], "a denied fire")
            armed = broker.run(tmp_path, "arm", "plans/live.yaml", "--rehearsal", "--yes", "DU1234567")
            assert armed.returncode == 0, armed.stderr
            service.wait(lambda: service.sent("live", "22000"), "an order of the rehearsed plan")
            status = broker.run(tmp_path, "status", "--json", "--journal", "plans/fxrun.db")
            assert '"live"' in status.stdout
            assert service.stop() == 0
    denied = {line["plan"] for line in service.lines("fire") if line["state"] == "denied"}
    assert denied == {"live"}
    modes = {line["plan"]: line["mode"] for line in service.lines("plan")}
    assert modes == {"sim": "simulate", "live": "rehearsal"}
    orders = broker.lines(broker.run(tmp_path, "journal", "export", "--journal", "plans/fxrun.db"), "order")
    assert {line["plan"] for line in orders} == {"live"}


def test_a_live_plan_without_live_is_left_alone_and_said_to_be(tmp_path: Path, plans: Path) -> None:
    tick(plans / "sim.yaml", "sim")
    (plans / "live.yaml").write_text("mode: live\n" + TICK.format(name="live", size=22_000))
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("sim"), "an order")
        (problem,) = service.lines("problem")
        assert "this service has no --live" in problem["message"]
        assert service.stop() == 0
    assert not service.sent("live")


def test_a_lane_that_is_killed_is_started_again_and_sends_nothing_twice(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("a") >= 2, "two orders")
        (lane,) = service.lanes()
        os.kill(lane, signal.SIGKILL)
        service.wait(lambda: "is started again" in service.told, "a word about the lane")
        before = service.sent("a")
        service.wait(lambda: service.sent("a") > before, "an order of the new lane")
        assert service.stop() == 0
    fires = [line["fire"] for line in service.lines("order") if line["state"] == "sent"]
    assert len(fires) == len(set(fires))


def test_no_lane_outlives_its_service(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("a"), "an order")
        (lane,) = service.lanes()
        service.process.kill()
        deadline = time.monotonic() + 15
        while Path(f"/proc/{lane}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(f"/proc/{lane}").exists()


def test_a_second_service_on_the_same_folder_ends_with_75(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    with served(tmp_path) as service:
        service.wait(lambda: service.sent("a"), "an order")
        second = broker.run(tmp_path, "serve", "plans")
        assert second.returncode == 75
        assert "process" in second.stderr
        assert service.stop() == 0


def test_systemd_is_told(tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(PATIENCE)
        with served(tmp_path, NOTIFY_SOCKET=address, WATCHDOG_USEC="1000000") as service:
            said = [systemd.recv(4096).decode() for _ in range(6)]
            assert "READY=1\nSTATUS=1 simulate" in said
            assert said.count("WATCHDOG=1") >= 4
            assert service.stop() == 0
            systemd.setblocking(False)
            rest = []
            try:
                while True:
                    rest.append(systemd.recv(4096).decode())
            except BlockingIOError:
                pass
            assert rest[-1] == "STOPPING=1"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["nowhere"], 2, "expected a folder of plans"),
        (["plans", "--live", "--rehearsal", "127.0.0.1:7497"], 2, "exclude each other"),
        (["plans", "--live"], 3, "no account is pinned"),
    ],
)
def test_what_cannot_be_served(arguments: list[str], code: int, word: str, tmp_path: Path, plans: Path) -> None:
    tick(plans / "a.yaml", "a")
    done = broker.run(tmp_path, "serve", *arguments)
    assert (done.returncode, word in done.stderr) == (code, True), done.stderr
