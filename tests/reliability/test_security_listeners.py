"""X01: every socket that fxrun listens on is a loopback one, told by the kernel and not by fxrun."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FXRUN = [sys.executable, "-m", "runner"]
LISTENS = "0A"
PLAN = "plan: ticking\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 1s}\n"

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel is asked through /proc")


def listeners(pid: int) -> set[tuple[str, int]]:
    """Return the addresses that a process listens on, as the kernel has them."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            target = str(link.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((_address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    words = bytes.fromhex(text)
    packed = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    return str(ipaddress.ip_address(packed))


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*FXRUN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.wait(20)


def until_it_listens(running: subprocess.Popen[str], count: int) -> set[tuple[str, int]]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        if len(found := listeners(running.pid)) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it ended with {running.poll()} or does not listen")


def test_x01_the_probe_sees_a_socket_on_every_address() -> None:
    """The check can fail: a socket on all addresses is told as one."""
    code = "import socket, time; s = socket.create_server(('0.0.0.0', 0)); print('up', flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        found = listeners(running.pid)
        running.kill()
    assert {address for address, _ in found} == {"0.0.0.0"}


def test_x01_the_gateway_listens_on_loopback_with_all_its_sockets(tmp_path: Path) -> None:
    with process("gateway", "--port", "0", "--control", "0", "--state", str(tmp_path / "state.db")) as running:
        found = until_it_listens(running, 2)
    assert len(found) == 2
    assert all(ipaddress.ip_address(address).is_loopback for address, _ in found), found


def test_x01_a_simulated_run_listens_on_loopback_and_only_for_its_own_gateway(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    with process("run", str(tmp_path / "plan.yaml"), "--simulate", "--realtime", "--json") as running:
        found = until_it_listens(running, 1)
    assert len(found) == 1
    assert all(ipaddress.ip_address(address).is_loopback for address, _ in found), found


def test_x01_a_rehearsal_and_so_a_live_run_listens_on_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    with process("gateway", "--port", "0") as gateway:
        ((_, port),) = until_it_listens(gateway, 1)
        with process(str(tmp_path / "plan.yaml"), "--rehearsal", f"127.0.0.1:{port}", "--json") as running:
            assert running.stdout is not None
            told = next(line for line in running.stdout if '"type": "fire"' in line)
            assert '"sent"' in told
            assert listeners(running.pid) == set()


def test_x01_the_dashboard_listens_on_loopback(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")
    with process("serve", str(tmp_path), "--dashboard=0", "--settings", str(settings(tmp_path))) as running:
        found = until_it_listens(running, 1)
    assert len(found) == 1
    assert all(ipaddress.ip_address(address).is_loopback for address, _ in found), found


def settings(folder: Path) -> Path:
    """Write settings whose journal is in a folder of the test."""
    file = folder / "fxrun.yaml"
    file.write_text(f"account: DU1234567\njournal: {folder / 'fxrun.db'}\n")
    file.chmod(0o600)
    return file
