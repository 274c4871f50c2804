"""What a service makes of a lane that ends, falls silent, or says something last: real processes, no trading."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli import lanes
from runner.cli.lanes import Lane
from runner.cli.observing import Record

SPEAKS = "import os, sys; alive = int(sys.argv[-1]); os.write(alive, b'\\n'); "


def lane(program: str, told: list[Record] | None = None) -> Lane:
    heard = [] if told is None else told
    return Lane("simulate", [sys.executable, "-c", program], lambda _name, record: heard.append(record))


def until(one: Lane, wanted: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not wanted():
        assert time.monotonic() < deadline
        one.tend()
        time.sleep(0.02)


@pytest.mark.parametrize("code", sorted(lanes.FINAL))
def test_one_that_never_carried_anything_out_and_says_why_ends_the_service(code: int) -> None:
    one = lane(f"raise SystemExit({code})")
    until(one, lambda: one.ended is not None)
    assert one.ended == code


@pytest.mark.parametrize("code", sorted(lanes.FINAL))
def test_one_that_did_is_started_again_whatever_it_says(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    one = lane(f"{SPEAKS} raise SystemExit({code})")
    until(one, lambda: one.is_ready)
    until(one, lambda: not one.is_alive)
    assert one.ended is None
    assert "it is started again in 1 s" in capfd.readouterr().err
    assert not one.is_stuck, "one that waits for its start is dead, and no reason to end its neighbour"


def test_one_that_is_silent_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "SILENT", 0.5)
    one = lane(f"{SPEAKS} import time; time.sleep(60)")
    one.tend()
    until(one, lambda: one.is_stuck)
    assert not one.is_alive
    one.stop()
    assert one.wait(time.monotonic() + 10) == 0


def test_what_it_says_last_is_heard() -> None:
    told: list[Record] = []
    last = 'os.write(alive, b\'{"type": "fill"}\\n{"type": "cut\')'
    one = lane(f"{SPEAKS} import signal, time; signal.signal(signal.SIGTERM, lambda *_: ({last}, os._exit(0))); "
               "os.write(alive, b'\\n'); time.sleep(60)", told)  # fmt: skip
    until(one, lambda: one.is_ready)
    time.sleep(0.2)
    one.stop()
    assert one.wait(time.monotonic() + 10) == 0
    assert told == [{"type": "fill"}]


def test_one_that_hangs_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also one that does not hear SIGTERM; the next one is heard of."""
    monkeypatch.setattr(lanes, "SILENT", 0.3)
    monkeypatch.setattr(lanes, "HANGS", 0.8)
    starts = tmp_path / "starts"
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    one = lane(f"{SPEAKS} {deaf} open({str(starts)!r}, 'a').write('x'); time.sleep(60)")
    until(one, lambda: one.is_ready)
    until(one, lambda: starts.exists() and starts.read_text() == "xx")
    told = capfd.readouterr().err
    assert "the lane simulate has said nothing for 1 s and is killed" in told
    assert "was ended by SIGKILL; it is started again in 1 s" in told
    assert one.ended is None
    assert one._process is not None
    one._process.kill()
    assert one.wait(time.monotonic() + 10) == 1


def test_one_that_takes_long_to_begin_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "HANGS", 0.2)
    one = lane("import sys, time, os; time.sleep(1.5); os.write(int(sys.argv[-1]), b'\\n'); time.sleep(60)")
    until(one, lambda: one.is_ready)
    assert time.monotonic() - one._started > 1.4
    one.stop()
    assert one.wait(time.monotonic() + 10) == 0
