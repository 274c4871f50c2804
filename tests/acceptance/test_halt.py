"""`fxrun halt` and `fxrun resume`: with the broker and the runner down, and beside a runner."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from runner.core.order_state import OrderState
from runner.journal.control import Ledger
from runner.journal.store import Journal
from tests.acceptance.beside import LIVE, PAPER, desk, lines_of, record, run, runner_of


def test_b03_halt_needs_neither_broker_nor_runner_and_outlasts_both(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", OrderState.WORKING)])
    done = run(tmp_path, "halt", "--reason", "what is this order")
    assert done.stdout == "PAPER halted: nothing is sent until fxrun resume (what is this order)\n"
    with closing(Journal(str(journal), private=True)) as opened:
        assert opened.halted() == "what is this order"
        assert opened.controls() == ()


def test_b03_halt_reaches_a_runner_that_has_the_journal(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    with runner_of(journal):
        (line,) = lines_of(run(tmp_path, "halt", "--json").stdout, "halt")
    assert (line["runner"], line["cancel"], line["mode"], line["paper"]) == (True, False, "live", True)
    halt = Ledger(journal).halted()
    assert halt is not None
    assert halt.reason == "halted by hand"


def test_b03_halt_cancel_asks_for_the_cancellation_of_all(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", OrderState.WORKING)])
    done = run(tmp_path, "halt", "--cancel")
    assert "no runner has this journal" in done.stdout
    with closing(Journal(str(journal), private=True)) as opened:
        assert [(row.kind, row.target) for row in opened.controls()] == [("cancel", "--all")]
    with runner_of(journal):
        assert "the runner cancels all working orders" in run(tmp_path, "halt", "--cancel").stdout


def test_resume_lifts_a_halt_once(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    run(tmp_path, "halt")
    assert run(tmp_path, "resume").stdout.startswith("PAPER resumed")
    assert Ledger(journal).halted() is None
    assert run(tmp_path, "resume").stdout == "PAPER nothing was halted\n"


def test_resume_of_a_plan_lifts_its_pause_and_not_the_halt(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    with closing(Journal(str(journal), private=True)) as opened:
        opened.set_pause("weekday", "has fired often enough", datetime.now(UTC))
        opened.set_pause("other", "has fired often enough", datetime.now(UTC))
        opened.set_halt("two permIds", datetime.now(UTC))
    done = run(tmp_path, "resume", "weekday.yaml")
    assert "weekday is not paused any more" in done.stdout
    assert "still halted" in done.stderr
    assert set(Ledger(journal).pauses()) == {"other"}
    done = run(tmp_path, "resume")
    assert "still paused: other" in done.stderr
    assert set(Ledger(journal).pauses()) == {"other"}


def test_resume_of_a_name_that_is_none_asks_what_was_meant(tmp_path: Path) -> None:
    desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    assert 'did you mean "weekday"?' in run(tmp_path, "resume", "wekday", code=2).stderr
    assert "weekday was not paused" in run(tmp_path, "resume", "weekday").stdout


def test_x05_a_reason_cannot_write_lines_of_its_own(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [], account=LIVE)
    reason = '\x1b[2J\u202e{"a": 1}\r'
    for command in (("halt", "--reason", reason), ("status",)):
        done = run(tmp_path, *command)
        assert "\\x1b[2J\\u202e" in done.stdout
        assert not {"\x1b", "\u202e", "\r"} & set(done.stdout)
    (line,) = lines_of(run(tmp_path, "status", "--json").stdout, "status")
    assert line["halt"]["reason"] == reason


def test_b03_halt_is_not_kept_by_settings_that_are_broken(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    (tmp_path / "fxrun.yaml").write_text("limts: {}\n")
    done = run(tmp_path, "halt", code=2)
    assert "name the journal with --journal" in done.stderr
    run(tmp_path, "halt", "--journal", "fxrun.db")
    assert Ledger(journal).halted() is not None


def test_halt_without_a_journal_says_so(tmp_path: Path) -> None:
    desk(tmp_path)
    for command in ("halt", "resume", "status"):
        done = run(tmp_path, command, code=2)
        assert "fxrun.db" in done.stderr
    assert not (tmp_path / "fxrun.db").exists()
