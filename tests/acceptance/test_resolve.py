"""`fxrun resolve`: what a person says of an order is added to the record, asked twice, and only where it is open."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from runner.core.order_state import OrderState as S
from tests.acceptance.beside import FXRUN, TERMINAL, desk, lines_of, record, run, state_of

REFUSED_STATES = [state for state in S if state not in (S.UNKNOWN, S.DENIED, S.NOT_RECEIVED)]


def rows(journal: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(journal)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


@pytest.mark.parametrize("outcome", ["filled", "lost"])
def test_r19_an_unknown_order_is_resolved_and_who_said_so_is_kept(tmp_path: Path, outcome: str) -> None:
    journal = desk(tmp_path)
    ref, other = record(journal, [("weekday", S.UNKNOWN), ("weekday", S.UNKNOWN)])
    before = rows(journal, "remark")
    done = run(tmp_path, "resolve", ref, "--as", outcome, "--yes", "--json")
    (line,) = lines_of(done.stdout, "resolve")
    assert (line["order_ref"], line["as"], line["left"]) == (ref, outcome, 1)
    assert state_of(journal, ref) is not S.UNKNOWN
    assert state_of(journal, other) is S.UNKNOWN
    after = rows(journal, "remark")
    assert after[: len(before)] == before
    (added,) = after[len(before) :]
    assert ref in added
    assert outcome in str(added)


def test_r19_history_is_never_edited(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.UNKNOWN)])
    run(tmp_path, "resolve", ref, "--as", "lost", "--yes")
    fires, orders, remarks = (rows(journal, table) for table in ("fire", "intent", "remark"))
    for outcome in ("filled", "lost"):
        done = run(tmp_path, "resolve", ref, "--as", outcome, "--yes", code=2)
        assert "nothing to resolve" in done.stderr
    assert (fires, orders, remarks) == tuple(rows(journal, table) for table in ("fire", "intent", "remark"))


@pytest.mark.parametrize("state", REFUSED_STATES)
def test_r19_an_order_whose_state_is_known_is_none_to_resolve(tmp_path: Path, state: S) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", state)])
    done = run(tmp_path, "resolve", ref, "--as", "lost", "--yes", code=2)
    assert state.value in done.stderr
    assert state_of(journal, ref) is state


def test_r19_without_a_terminal_and_without_yes_nothing_happens(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.UNKNOWN)])
    done = run(tmp_path, "resolve", ref, "--as", "filled", stdin="yes\n", code=2)
    assert "--yes" in done.stderr
    assert state_of(journal, ref) is S.UNKNOWN


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminal")
@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("y", 3), ("no", 3), ("", 3), ("\x04", 3), ("\x03", 130)])
def test_r19_a_terminal_is_asked_for_a_whole_yes(tmp_path: Path, answer: str, code: int) -> None:
    import pty

    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.UNKNOWN)], note="the TWS has never heard of it")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*FXRUN, "resolve", ref, "--as", "lost"],
        cwd=tmp_path, env=TERMINAL, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True,
        preexec_fn=_controls(theirs),
    ) as resolve:  # fmt: skip
        os.close(theirs)
        shown = b""
        while b"Type yes:" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, answer.encode() if answer in ("\x03", "\x04") else f"{answer}\n".encode())
        try:
            assert resolve.wait(30) == code
        finally:
            resolve.kill()
    os.close(ours)
    assert b"the TWS has never heard of it" in shown
    assert ref.encode() in shown
    assert (state_of(journal, ref) is S.UNKNOWN) is (code != 0)


def _controls(terminal: int) -> object:
    """Make a terminal the controlling one, so that Ctrl-C on it is a signal; one that whoever runs this may ignore."""
    import fcntl
    import termios

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    return prepare


def test_r19_the_beginning_of_a_name_must_name_one_order(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    first, second, done = record(journal, [("weekday", S.UNKNOWN), ("weekday", S.UNKNOWN), ("weekday", S.FILLED)])
    for ref in ("fx1:", "fx1:weekday:", ""):
        run(tmp_path, "resolve", ref, "--as", "lost", "--yes", code=2)
    assert "nothing to resolve" in run(tmp_path, "resolve", done, "--as", "lost", "--yes", code=2).stderr
    short = next(first[:n] for n in range(13, 40) if not second.startswith(first[:n]))
    run(tmp_path, "resolve", short, "--as", "lost", "--yes")
    assert (state_of(journal, first) is S.UNKNOWN, state_of(journal, second) is S.UNKNOWN) == (False, True)


def test_r19_a_name_that_is_none_asks_what_was_meant(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.UNKNOWN)])
    done = run(tmp_path, "resolve", f"{ref[:-1]}0", "--as", "lost", "--yes", code=2)
    assert f'did you mean "{ref}"?' in done.stderr


@pytest.mark.parametrize(
    "args", [(), ("REF",), ("REF", "--as", "gone"), ("REF", "--as"), ("REF", "more", "--as", "lost")]
)
def test_r19_misuse_is_exit_2(tmp_path: Path, args: tuple[str, ...]) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.UNKNOWN)])
    run(tmp_path, "resolve", *(ref if arg == "REF" else arg for arg in args), code=2)
    assert state_of(journal, ref) is S.UNKNOWN
