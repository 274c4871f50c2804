"""The log: one line an event, no accounts, no secrets, no flood."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.cli.logs import FILES, SIZE, Log, log_path
from runner.cli.marks import mask, mask_all
from runner.core.order_state import OrderState
from runner.errors import Refused

AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path / "fxrun.db")


def quiet(text: str) -> None:
    raise AssertionError(text)


def test_a_line_has_time_kind_and_plain_values(path: Path) -> None:
    log = Log(path, note=quiet)
    log.write("order", AT, order_ref="fx1:p:abc", state=OrderState.WORKING, filled=Decimal("25000.50"), perm_id=17)
    log.write("link", AT, since=AT, is_up=True, why=None, tries=[1, 2])
    log.close()
    assert path.name == "fxrun.db.log"
    assert told(path) == [
        {
            "time": "2026-11-25T14:30:00Z",
            "kind": "order",
            "order_ref": "fx1:p:abc",
            "state": "working",
            "filled": "25000.5",
            "perm_id": 17,
        },
        {
            "time": "2026-11-25T14:30:00Z",
            "kind": "link",
            "since": "2026-11-25T14:30:00Z",
            "is_up": True,
            "why": None,
            "tries": [1, 2],
        },
    ]


@pytest.mark.parametrize(
    "text",
    ['x\n{"level": "error"}', "a\r\nb", "\x1b[2J\x00", "\u202egnp.exe", "\u2028next", '"}\n{"kind": "order"'],
    ids=repr,
)
def test_x05_one_event_is_one_line_whatever_the_broker_says(path: Path, text: str) -> None:
    log = Log(path, note=quiet)
    log.write("notice", AT, code=201, text=text)
    log.write("order", AT, contract=text)
    log.close()
    raw = path.read_bytes()
    assert raw.count(b"\n") == 2
    assert all(0x20 <= byte < 0x7F or byte == 0x0A for byte in raw)
    first, second = told(path)
    assert (first["kind"], first["text"], second["contract"]) == ("notice", text, text)


def test_x03_values_of_secrets_in_the_environment_are_left_out(path: Path) -> None:
    canaries = {"MY_API_KEY": "canary-1", "token": "canary-12", "A_SECRET_B": "canary\n3", "DB_PASSWORD": "pässword"}
    log = Log(path, note=quiet, environ={**canaries, "KEYBOARD": "on", "PLACE": "Vienna"})
    text = "with canary-12, canary-1 and canary\n3 or pässword from Vienna, on"
    log.write("notice", AT, text=text, deep={"canary-1": ["xcanary-1x"]})
    log.close()
    (line,) = told(path)
    assert "canary" not in path.read_text("ascii")
    assert "ssword" not in path.read_text("ascii")
    assert line["text"] == "with [redacted], [redacted] and [redacted] or [redacted] from Vienna, on"


def test_accounts_are_masked_wherever_they_stand(path: Path) -> None:
    log = Log(path, note=quiet)
    log.write("login", AT, account="DU1234567", accounts=("U7654321", "DF99887"), text="Order of DU1234567: no")
    log.close()
    (line,) = told(path)
    assert line["account"] == "DU***567"
    assert line["accounts"] == ["U7***321", "DF***887"]
    assert line["text"] == "Order of DU***567: no"
    assert (mask("DU1"), mask_all("EUR 1234567, EUR1, fx1:aDU1234567")) == ("***", "EUR 1234567, EUR1, fx1:aDU1234567")


def test_c12_a_repeated_notice_is_written_once_a_minute_with_a_count(path: Path) -> None:
    """1100, 833 times in 15 hours: at most a line a minute, and none forgotten."""
    log = Log(path, note=quiet)
    for number in range(833):
        log.write("notice", AT + timedelta(seconds=number * 7), code=1100, text="Connectivity has been lost")
    log.close()
    lines = told(path)
    told_at = [line["time"] for line in lines if "left_out" not in line]
    assert len(told_at) == len(set(told_at)) <= 833 * 7 / 60 + 1
    assert len(told_at) + sum(line.get("left_out", 0) for line in lines) == 833


def test_transitions_are_written_each_time(path: Path) -> None:
    log = Log(path, note=quiet)
    for state in ("down", "up", "down", "up"):
        log.write("link", AT, state=state)
    log.close()
    assert [line["state"] for line in told(path)] == ["down", "up", "down", "up"]


def test_s04_a_clock_that_is_put_back_silences_nothing(path: Path) -> None:
    log = Log(path, note=quiet)
    for at in (AT, AT - timedelta(hours=1), AT - timedelta(hours=1)):
        log.write("notice", at, code=1100)
    log.close()
    assert [line.get("left_out") for line in told(path)] == [None, None, 1]


def test_a_full_file_is_put_aside_and_only_so_many_are_kept(path: Path) -> None:
    log = Log(path, note=quiet)
    lines = SIZE // 3000
    for number in range(lines * (FILES + 2)):
        log.write("order", AT, number=number, text="x" * 3000)
    log.close()
    kept = sorted(path.parent.iterdir())
    assert [each.name for each in kept] == [path.name, *(f"{path.name}.{n}" for n in range(1, FILES + 1))]
    assert all(each.stat().st_size <= SIZE for each in kept)
    if os.name == "posix":
        assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}


def test_a_text_without_end_is_cut(path: Path) -> None:
    log = Log(path, note=quiet)
    log.write("notice", AT, text="x" * 1_000_000)
    log.close()
    assert path.stat().st_size < 5000
    assert told(path)[0]["text"].endswith("... (1000000 characters)")


@posix_only
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_x04_nobody_else_may_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        Log(path, note=quiet).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        Log(path, note=quiet).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix_only
def test_x04_a_link_to_somewhere_else_is_refused(path: Path) -> None:
    target = path.with_name("target")
    path.symlink_to(target)
    with pytest.raises(Refused, match="plain file of your own"):
        Log(path, note=quiet)
    assert not target.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is a matter of Linux")
def test_r10_a_full_disk_is_said_once_and_stops_nothing(path: Path) -> None:
    """The file is changed for one that is always full, as no test can fill a disk."""
    said: list[str] = []
    log = Log(path, note=said.append)
    full = os.open("/dev/full", os.O_WRONLY)
    stream = log._file.stream
    os.dup2(full, stream.fileno())
    os.close(full)
    for _ in range(3):
        log.write("order", AT, state="working")
    log.close()
    assert len(said) == 1
    assert "incomplete from here" in said[0]
