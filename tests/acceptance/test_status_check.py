"""`fxrun status --check`: one line and one exit code, for each thing that needs attention."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from runner.core.order_state import OrderState as S
from runner.journal.store import Journal
from tests.acceptance.beside import desk, lines_of, miss, record, run, runner_of
from tests.acceptance.test_status import NOW, arm, noted


def check(folder: Path, code: int, *arguments: str) -> str:
    return run(folder, "status", "--check", *arguments, code=code).stdout


def linked(journal: Path, state: str) -> None:
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_link(state, "127.0.0.1:7497", NOW)


def test_check_says_ok_in_one_line(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.FILLED)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(days=1)), timedelta(days=60))
    linked(journal, "ready")
    with runner_of(journal):
        assert check(tmp_path, 0) == "PAPER OK: a runner is running, 1 plan\n"
        (line,) = lines_of(check(tmp_path, 0, "--json"), "check")
    assert line["code"] == 0


def test_check_names_everything_and_ends_with_the_first_code(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.UNKNOWN)])
    noted(tmp_path, journal, NOW + timedelta(days=1))
    linked(journal, "ready")
    assert "ATTENTION: no runner is running; 1 order of unknown outcome; weekday is not armed" in check(tmp_path, 5)
    with runner_of(journal):
        assert "ATTENTION: 1 order of unknown outcome; weekday is not armed; see" in check(tmp_path, 6)


def test_check_counts_a_halt_an_ending_arming_and_a_link_that_is_down(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.FILLED)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(days=1)), timedelta(days=3))
    settings = tmp_path / "fxrun.yaml"
    text = settings.read_text()
    settings.write_text(f"{text}resets: []\n")
    linked(journal, "ready")
    with runner_of(journal):
        assert "weekday has an arming about to end" in check(tmp_path, 3)
        run(tmp_path, "halt")
        assert "halted" in check(tmp_path, 3)
        linked_at = f"{NOW - timedelta(minutes=1):%H:%M}"
    linked(journal, "down")
    with runner_of(journal):
        assert "the connection is down" in check(tmp_path, 5)
        settings.write_text(f"{text}resets: [{{at: '{linked_at}', timezone: UTC, lasts: 1h}}]\n")
        assert "the connection" not in check(tmp_path, 3)


def test_a_missed_fire_a_pause_and_a_cancel_that_waits_each_have_their_code(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.WORKING)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(days=1)), timedelta(days=60))
    linked(journal, "ready")
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_pause("weekday", "fired often enough", NOW)
    with runner_of(journal):
        assert "ATTENTION: weekday is paused; see fxrun status" in check(tmp_path, 3)
        run(tmp_path, "resume", "weekday")
        assert "OK" in check(tmp_path, 0)
        run(tmp_path, "cancel", ref)
        assert "OK" in check(tmp_path, 0), "a runner has a minute to obey"
    assert "ATTENTION: no runner is running; 1 cancel waiting for the runner; see" in check(tmp_path, 5)
    miss(journal, "weekday", NOW - timedelta(hours=23))
    with runner_of(journal):
        assert "ATTENTION: 1 fire missed within 24 hours; see" in check(tmp_path, 7)


def test_what_cannot_be_judged_says_why_and_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path, "status", "--check", "--journal", "none.db", code=2)
    assert "there is no journal; name it with --journal" in done.stderr
    (tmp_path / "other.db").write_text("no journal at all, and longer than the head of one would be")
    assert (
        "name another file with --journal" in run(tmp_path, "status", "--check", "--journal", "other.db", code=3).stderr
    )
    assert "choose one" in run(tmp_path, "status", "--check", "--watch", code=2).stderr
