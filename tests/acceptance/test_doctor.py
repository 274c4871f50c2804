"""`fxrun doctor` as a process, against small real servers."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

RUN = [sys.executable, "-c", "import sys; from runner.cli.main import main; sys.exit(main())", "doctor"]
ROOT = Path(__file__).parent.parent.parent


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def text(*fields: object) -> bytes:
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return struct.pack("!I", len(body)) + body


def tws(clock: Callable[[], float], greeting: str, accounts: str = "DU1234567") -> Callable[[socket.socket], None]:
    """Answer a session as a TWS of server version 157 would."""

    def script(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(text(157, greeting))
        asked = b""
        while b"71\0" not in asked:
            asked += peer.recv(4096)
        peer.sendall(text(15, 1, accounts) + text(9, 1, 12))
        while b"49\x001\0" not in asked:
            asked += peer.recv(4096)
        peer.sendall(text(49, 1, int(clock())))
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
    assert list(checks) == ["ibapi", "connection", "handshake", "server version", "accounts", "next order id", "clock"]
    assert checks["ibapi"]["status"] == "ok"
    assert checks["accounts"]["message"] == "DU1234567 (paper)"
    assert checks["next order id"]["message"] == "12"
    assert checks["server version"]["status"] == "warn"
    assert "ibapi-latest" in checks["server version"]["advice"]
    assert checks["clock"]["status"] == "ok"


def test_a_live_account_and_a_clock_that_is_off(serve: Callable[..., str]) -> None:
    port = serve(tws(lambda: time.time() + 90, "20261124 08:11:16 EST", "U1,F2,X3"))
    done = doctor("--port", port)
    assert done.returncode == 0
    assert "OK    accounts: U1 (live), F2 (live), X3 (of unknown kind)\n" in done.stdout
    assert "WARN  clock: the TWS is " in done.stdout
    assert " s ahead of this machine" in done.stdout
    assert "-> set the clock of this machine by NTP" in done.stdout


def test_a_simulated_gateway_is_called_so(serve: Callable[..., str]) -> None:
    done = doctor("--port", serve(tws(time.time, "20261124 08:11:16 fxrun simulated")))
    assert "OK    accounts: DU1234567 (simulated)\n" in done.stdout


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


@pytest.mark.parametrize("wrong", [["--port", "0"], ["--port", "65536"], ["--timeout", "nan"], ["--client-id", "-1"]])
def test_wrong_usage(wrong: list[str]) -> None:
    assert doctor(*wrong).returncode == 2
