"""`fxrun doctor` as a process, against small real servers and the process of a gateway."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.broker import gateway, lines, run

RUN = [sys.executable, "-c", "import sys; from runner.cli.main import main; sys.exit(main())", "doctor"]
ROOT = Path(__file__).parent.parent.parent


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in an empty folder, as its files are looked at."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*RUN, *arguments], capture_output=True, text=True, timeout=60, cwd=folder, env=bare(folder), check=False
        )
        assert list(Path(folder).iterdir()) == [], "nothing is left behind"
        return done


def bare(folder: object) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}


def text(*fields: object) -> bytes:
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return struct.pack("!I", len(body)) + body


def tws(clock: Callable[[], float], greeting: str, accounts: str = "DU1234567") -> Callable[[socket.socket], None]:
    """Answer a session as a TWS of server version 157 would."""

    def script(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(text(157, greeting))
        steps = (
            (b"71\0", text(15, 1, accounts) + text(9, 1, 12)),
            (b"5\x001\0", text(53, 1)),
            (b"49\x001\0", text(49, 1, int(clock()))),
            (b"\0IDEALPRO\0", text(4, 2, 2_000_000_001, 10285, "Your API version does not support fractional rules")),
        )
        for question, answer in steps:
            asked = b""
            while question not in asked:
                asked += peer.recv(4096)
            peer.sendall(answer)
        while peer.recv(4096):
            pass

    return script


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    listeners = []

    def start(script: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    script(peer)

        threading.Thread(target=run, daemon=True).start()
        return str(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def test_all_is_well_on_paper(serve: Callable[..., str]) -> None:
    port = serve(tws(time.time, "20261124 08:11:16 EST"))
    done = doctor("--port", port, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    checks = {check["check"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert list(checks) == [
        *("ibapi", "time zones", "settings", "journal", "journal disk"),
        *("connection", "handshake", "server version", "accounts", "account kind", "next order id"),
        *("read-only API", "clock", "market data"),
    ]
    assert checks["ibapi"]["status"] == "ok"
    assert checks["accounts"]["message"] == "DU1234567 (paper)"
    assert checks["next order id"]["message"] == "12"
    assert checks["server version"]["status"] == "warn"
    assert "ibapi-latest" in checks["server version"]["advice"]
    assert checks["clock"]["status"] == "ok"
    assert checks["read-only API"]["status"] == "ok"
    assert (checks["market data"]["status"], "10285" in checks["market data"]["message"]) == ("warn", True)
    assert "pip install ./IBJts/source/pythonclient" in checks["market data"]["advice"]


@pytest.mark.parametrize(
    ("seconds", "status", "code"), [(0, "OK", 0), (20, "WARN", 0), (-20, "WARN", 0), (90, "FAIL", 3)]
)
def test_s12_a_clock_that_is_off(serve: Callable[..., str], seconds: int, status: str, code: int) -> None:
    port = serve(tws(lambda: time.time() + seconds, "20261124 08:11:16 EST", "U1,F2,X3"))
    done = doctor("--port", port)
    assert done.returncode == code
    assert "OK    accounts: U1 (live), F2 (live), X3 (of unknown kind)\n" in done.stdout
    assert f"\n{status:<4}  clock: the TWS is " in done.stdout
    assert ("-> set the clock of this machine by NTP" in done.stdout) is (seconds != 0)
    if seconds:
        assert f" s {'ahead of' if seconds > 0 else 'behind'} this machine" in done.stdout


def test_a_simulated_gateway_is_called_so(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(tws(time.time, "20261124 08:11:16 fxrun simulated")))
    assert "OK    accounts: DU1234567 (simulated)\n" in done.stdout


def test_s12_a_simulated_gateway_may_have_any_time(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(tws(lambda: time.time() + 90_000, "20261124 08:11:16 fxrun simulated")))
    assert done.returncode == 0
    assert "WARN  clock: the TWS is " in done.stdout


def test_what_the_tws_says_cannot_move_the_cursor(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(tws(time.time, "20261124 08:11:16 \x1b[2JEST", "DU1\\x1b[2J,U2")))
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "U2 (live)" in done.stdout


def test_no_account(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(tws(time.time, "20261124 08:11:16 EST", "")))
    assert done.returncode == 3
    assert "FAIL  accounts: " in done.stdout


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    done = doctor("--port", port)
    assert (done.returncode, done.stderr) == (5, "")
    *_, finding, advice = done.stdout.splitlines()
    assert finding == f"FAIL  connection: nothing listens at 127.0.0.1:{port}"
    assert advice.startswith("      -> start TWS or IB Gateway")


def test_a_silent_peer(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(lambda peer: time.sleep(3)), "--timeout", "0.3")
    assert done.returncode == 5
    assert "FAIL  connection: " in done.stdout
    assert "said nothing for 0.3 s" in done.stdout


def test_a_tws_that_does_not_tell_the_time(serve: Callable[..., str]) -> None:
    def script(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(text(157, "20261124 08:11:16 EST") + text(15, 1, "DU1") + text(9, 1, 1))
        while peer.recv(4096):
            pass

    done = doctor("--port", serve(script), "--timeout", "0.5")
    assert done.returncode == 0
    assert "WARN  clock: the TWS did not say" in done.stdout


def test_two_distributions_of_the_module(tmp_path: Path) -> None:
    """Their metadata is all that tells: the files of the second one have replaced those of the first."""
    owner = tmp_path / "ibapi_other-10.99.dist-info"
    owner.mkdir()
    (owner / "METADATA").write_text("Metadata-Version: 2.1\nName: ibapi-other\nVersion: 10.99\n")
    (owner / "top_level.txt").write_text("ibapi\n")
    code = f"import sys; sys.path.append({str(tmp_path)!r}); {RUN[2]}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--port", port],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 5
    assert "FAIL  ibapi: more than one distribution owns the module: " in done.stdout
    assert "ibapi-other 10.99" in done.stdout


def test_without_ibapi() -> None:
    code = f"import sys; sys.modules['ibapi'] = None; {RUN[2]}"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "FAIL  ibapi: ibapi cannot be imported" in done.stdout
    assert "connection" not in done.stdout


@pytest.mark.parametrize("wrong", [["--port", "0"], ["--port", "65536"], ["--timeout", "nan"], ["--client-id", "0"]])
def test_wrong_usage(wrong: list[str]) -> None:
    assert doctor(*wrong).returncode == 2


# --- against a gateway, and with files


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with gateway("--from", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")) as found:  # its clock is looked at
        yield found


def checked(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    return {line["check"]: (line["status"], line["message"]) for line in lines(done, "check")}


def test_all_of_it_at_a_gateway_that_the_settings_name(tmp_path: Path, port: int) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("plan: p\naccount: DU1234567\ncontract: EUR.USD\nside: buy\nsize: 25_000\n")
    done = run(tmp_path, "doctor", plan.name, "--json", settings=f"connection: {{port: {port}}}\naccount: DU1234567\n")
    found = checked(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert {name for name, (status, _) in found.items() if status != "ok"} <= {"server version", "market data"}
    assert found["account kind"][1] == "simulated, and it is the account that settings and plans name"
    assert found["settings"][1].startswith("fxrun.yaml, mode 0")
    assert found["plan"][1].startswith("plan.yaml, mode 0")
    assert "median of 20" in found["journal disk"][1]
    assert found["market data"][1].startswith("EUR.USD ") or found["market data"][0] == "warn"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fxrun.yaml", "plan.yaml"]


def test_x07_an_account_that_is_not_there(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "doctor", "--json", settings=f"connection: {{port: {port}}}\naccount: U7654321\n")
    assert done.returncode == 3
    assert checked(done)["account kind"] == (
        "fail",
        "settings and plans name U7654321, which this session is not logged in to",
    )


def test_read_only_fails_and_says_what_to_untick(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n  - do: read_only\n    when: {at: 0}\n")
    with gateway("--faults", str(faults)) as at:
        done = run(tmp_path, "doctor", "--port", at)
    assert done.returncode == 3
    assert "FAIL  read-only API: the TWS takes no orders: 321 " in done.stdout
    assert "-> untick Global Configuration > API > Settings > Read-Only API" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_x04_files_that_others_may_change_or_read(tmp_path: Path, port: int) -> None:
    plan, journal, link = tmp_path / "plan.yaml", tmp_path / "fxrun.db", tmp_path / "link.yaml"
    plan.write_text("plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\n")
    journal.touch()
    journal.chmod(0o644)
    plan.chmod(0o666)
    link.symlink_to(plan)
    done = run(tmp_path, "doctor", plan.name, "--port", port)
    linked = checked(run(tmp_path, "doctor", link.name, "--port", port, "--json"))
    assert done.returncode == 3
    assert (
        "FAIL  plan: plan.yaml may be changed by everybody (mode 0666)\n      -> chmod o-w plan.yaml\n" in done.stdout
    )
    assert f"WARN  journal: {journal} may be read by others (mode 0644)\n      -> chmod 600 {journal}\n" in done.stdout
    assert linked["plan"] == ("fail", "link.yaml is a link, and live refuses it")


def test_a_journal_that_has_no_place(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "doctor", "--port", port, "--journal", "nowhere/fxrun.db", "--json")
    assert done.returncode == 3
    assert checked(done)["journal disk"] == ("fail", "the folder nowhere does not exist")


@pytest.mark.skipif(os.name != "posix", reason="PYTHONTZPATH has another form there")
def test_s10_time_zone_data_of_the_package_where_the_system_has_none(tmp_path: Path, port: int) -> None:
    found = checked(run(tmp_path, "doctor", "--port", port, "--json", PYTHONTZPATH=""))
    assert found["time zones"][0] == "ok"
    assert found["time zones"][1].startswith("the package tzdata, version 20")


def test_a_session_that_ends_in_the_middle(serve: Callable[..., str]) -> None:
    def script(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(text(157, "20261124 08:11:16 EST") + text(15, 1, "DU1") + text(9, 1, 1))
        asked = b""
        while b"5\x001\0" not in asked:
            asked += peer.recv(4096)

    done = doctor("--port", serve(script), "--timeout", "3")
    assert done.returncode == 5
    assert "FAIL  connection: the connection was lost while asking for the open orders" in done.stdout
