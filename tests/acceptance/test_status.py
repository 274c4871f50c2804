"""`fxrun status`: what runs, what is armed, what fired, and what needs somebody."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runner.core.order_state import OrderState as S
from runner.core.standing import Arming
from runner.journal.control import Ledger
from runner.journal.store import Journal
from tests.acceptance.beside import FXRUN, LIVE, PAPER, TERMINAL, desk, lines_of, miss, record, run, runner_of

NOW = datetime.now(UTC).replace(microsecond=0)


def noted(folder: Path, journal: Path, next_fire: datetime | None = None) -> str:
    """Note the plan as a runner does; returns the digest of its file."""
    file = folder / "weekday.yaml"
    digest = sha256(file.read_bytes()).hexdigest()
    with closing(Journal(str(journal), private=True)) as opened:
        opened.note_plan("weekday", str(file), digest, next_fire)
    return digest


def arm(journal: Path, digest: str, lasts: timedelta) -> None:
    """Arm the plan, an hour more or less ago."""
    at = min(NOW, NOW + lasts) - timedelta(hours=1)
    with Ledger(journal) as ledger:
        ledger.arm(Arming(plan="weekday", digest=digest, account=PAPER, at=at, until=NOW + lasts))


def plan_line(folder: Path, code: int = 0) -> dict[str, Any]:
    (line,) = lines_of(run(folder, "status", "--json", code=code).stdout, "plan")
    return line


def test_a_quiet_journal_needs_no_attention(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.FILLED)])
    arm(journal, noted(tmp_path, journal, NOW - timedelta(days=1)), timedelta(days=60))
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_link("ready", "127.0.0.1:7497", NOW)
    done = run(tmp_path, "status")
    assert [line for line in done.stdout.splitlines() if not line.startswith("PAPER ")] == []
    assert "no runner is running (live, account DU***567)" in done.stdout
    assert "connection: last ready since" in done.stdout
    assert f"weekday: armed until {NOW + timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}" in done.stdout
    assert " main: sent" in done.stdout
    (due,) = lines_of(run(tmp_path, "fires", "weekday.yaml", "-n", "1", "--json").stdout, "fire")
    assert f"next fire {due['time']}" in done.stdout
    assert "nothing needs attention" in done.stdout
    assert ref not in done.stdout


def test_the_same_as_json(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.FILLED)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(hours=5)), timedelta(days=60))
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_link("down", "code 1100", NOW)
    with runner_of(journal):
        done = run(tmp_path, "status", "--json")
    (line,), (plan,) = lines_of(done.stdout, "status"), lines_of(done.stdout, "plan")
    assert (line["runner"], line["account"], line["mode"], line["paper"]) == (True, PAPER, "live", True)
    assert line["connection"] == {"state": "down", "detail": "code 1100", "time": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    assert (line["halt"], line["unknown"], line["missed"]) == (None, 0, 0)
    assert (plan["arming"], plan["pause"], plan["last_fire"]["state"]) == ("armed", None, "sent")


@pytest.mark.parametrize(
    ("lasts", "state", "words"),
    [
        (timedelta(days=15), "armed", "armed until"),
        (timedelta(days=13, hours=12), "ending", "WARNING, that ends in 13 d"),
        (timedelta(hours=2), "ending", "WARNING, that ends in 0 d"),
        (-timedelta(seconds=1), "expired", "NOT ARMED: its arming ended at"),
    ],
)
def test_b09_an_arming_that_ends_is_told_fourteen_days_before(
    tmp_path: Path, lasts: timedelta, state: str, words: str
) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    arm(journal, noted(tmp_path, journal), lasts)
    assert words in run(tmp_path, "status").stdout
    assert plan_line(tmp_path)["arming"] == state


def test_b09_a_plan_that_was_edited_is_not_armed_until_it_is_armed_again(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    noted(tmp_path, journal)
    assert plan_line(tmp_path)["arming"] == "armed"
    file = tmp_path / "weekday.yaml"
    file.write_text(file.read_text() + "# a remark is an edit, too\n")
    assert plan_line(tmp_path)["arming"] == "edited"
    assert (
        f"weekday.yaml was edited since it was armed; look at it and fxrun arm {file}" in run(tmp_path, "status").stdout
    )
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    assert plan_line(tmp_path)["arming"] == "armed"


def test_the_next_fire_of_a_file_that_has_changed_is_the_one_that_was_noted(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    noted(tmp_path, journal, NOW + timedelta(hours=5))
    (tmp_path / "weekday.yaml").write_text("plan: broken\n")
    assert plan_line(tmp_path)["next_fire"] == f"{NOW + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}"
    (tmp_path / "weekday.yaml").unlink()
    assert plan_line(tmp_path)["next_fire"] == f"{NOW + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}"
    noted_before = NOW - timedelta(hours=5)
    with closing(Journal(str(journal), private=True)) as opened:
        opened.note_plan("weekday", "weekday.yaml", "0" * 64, noted_before)
    assert plan_line(tmp_path)["next_fire"] is None


def test_a_plan_that_was_never_armed_says_so(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    noted(tmp_path, journal)
    assert "weekday: NOT ARMED; fxrun arm" in run(tmp_path, "status").stdout
    assert plan_line(tmp_path)["arming"] == "none"


def test_an_unknown_order_is_exit_6_and_says_what_to_do(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref, _) = record(journal, [("weekday", S.UNKNOWN), ("weekday", S.FILLED)], note="a later id arrived")
    miss(journal, "weekday", NOW - timedelta(hours=2))
    done = run(tmp_path, "status", code=6)
    assert f"UNKNOWN: {ref}" in done.stdout
    assert "a later id arrived; weekday sends nothing until it is resolved" in done.stdout
    assert f"fxrun resolve {ref} --as filled, or --as lost" in done.stdout
    (line,) = lines_of(run(tmp_path, "status", "--json", code=6).stdout, "unknown")
    assert (line["order_ref"], line["plan"]) == (ref, "weekday")
    run(tmp_path, "resolve", ref, "--as", "lost", "--yes")
    assert "UNKNOWN" not in run(tmp_path, "status", code=7).stdout


def test_a_missed_fire_is_exit_7_for_a_day(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    miss(journal, "weekday", NOW - timedelta(hours=25))
    assert "missed" not in run(tmp_path, "status").stdout.replace("main: missed", "")
    miss(journal, "weekday", NOW - timedelta(hours=23))
    assert "120 s late" in run(tmp_path, "status", code=7).stdout
    (line,) = lines_of(run(tmp_path, "status", "--json", code=7).stdout, "missed")
    assert line["time"] == f"{NOW - timedelta(hours=23):%Y-%m-%dT%H:%M:%SZ}"


def test_a_halt_and_a_pause_are_shown_with_what_lifts_them(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    noted(tmp_path, journal)
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_pause("weekday", "fired often enough", NOW)
        opened.set_halt("two permIds for one order", NOW)
    done = run(tmp_path, "status")
    assert "two permIds for one order; lift it with fxrun resume" in done.stdout
    assert "PAUSED: fired often enough; lift it with fxrun resume weekday" in done.stdout
    assert "nothing needs attention" not in done.stdout


def test_a_cancel_that_nobody_has_obeyed_is_shown_until_somebody_has(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.WORKING)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(hours=5)), timedelta(days=60))
    assert "waits for" not in run(tmp_path, "status").stdout
    run(tmp_path, "cancel", ref)
    run(tmp_path, "halt", "--cancel")
    run(tmp_path, "resume")
    done = run(tmp_path, "status")
    assert f"cancel of {ref} waits for a runner since" in done.stdout
    assert "cancel of all orders of fxrun waits for a runner since" in done.stdout
    assert done.stdout.count("nothing obeys until one runs, by fxrun PLAN --live") == 2
    assert "nothing needs attention" not in done.stdout
    told = run(tmp_path, "status", "--json").stdout
    assert [(line["kind"], line["target"]) for line in lines_of(told, "waiting")] == [
        ("cancel", ref), ("cancel", "--all")
    ]  # fmt: skip
    assert lines_of(told, "status")[0]["waiting"] == 2
    with runner_of(journal) as runner:
        done = run(tmp_path, "status")
        assert f"cancel of {ref} waits for the runner since" in done.stdout
        assert "until one runs" not in done.stdout
        assert runner.stdin is not None
    with closing(Journal(str(journal), private=True)) as opened:
        for row in opened.controls():
            opened.control_done(row.id, "1 cancels sent", NOW)
    done = run(tmp_path, "status")
    assert "waits for" not in done.stdout
    assert "nothing needs attention" in done.stdout


def test_x05_what_others_wrote_stays_one_line_of_one_event(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    evil = 'no\n{"type": "status", "level": "info"}\x1b[2J\u202e\u2028{\x85{'
    record(journal, [("weekday", S.UNKNOWN)], account=LIVE, note=evil)
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_link("down", evil, NOW)
    done = run(tmp_path, "status", code=6)
    assert not {"\x1b", "\u202e", "\u2028", "\x85"} & set(done.stdout)
    assert [line for line in done.stdout.splitlines() if line.startswith("{")] == []
    (line,) = lines_of(run(tmp_path, "status", "--json", code=6).stdout, "unknown")
    assert line["note"] == evil


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C of POSIX")
def test_watch_shows_it_anew_until_ctrl_c(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    with subprocess.Popen(
        [*FXRUN, "status", "--watch"], cwd=tmp_path, env=TERMINAL, stdout=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        assert "no runner is running" in watch.stdout.readline() + watch.stdout.readline()
        run(tmp_path, "halt", "--reason", "seen by the watcher")
        for line in watch.stdout:
            assert "\x1b" not in line  # nobody's terminal
            if "seen by the watcher" in line:
                break
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 130
