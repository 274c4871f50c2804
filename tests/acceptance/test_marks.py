"""Every line of a rehearsal says REHEARSAL, every line about a paper account PAPER: results, errors and problems alike.

A problem keeps `file:line:column:` at its beginning, where editors look for it; the mark follows. JSON stays JSON.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.core.order_state import OrderState as S
from tests.acceptance.beside import LIMITS, LIVE, PAPER, desk, record, run
from tests.acceptance.broker import gateway

PLACE = re.compile(r"[^:]+:\d+:\d+: ")
TICKING = """\
plan: ticking
mode: live
contract: EUR.USD
side: buy
size: 25_000
schedule: {every: 2s}
"""


def unmarked(done: subprocess.CompletedProcess[str], mark: str, *, as_json: bool = False) -> list[str]:
    """Return the lines that do not begin with the mark; a problem's place may come before it."""
    assert done.stdout or done.stderr
    for line in done.stdout.splitlines() if as_json else ():
        json.loads(line)
    texts = (done.stderr,) if as_json else (done.stdout, done.stderr)
    return [
        line for text in texts for line in text.splitlines() if not PLACE.sub("", line, count=1).startswith(mark)
    ]  # fmt: skip


def in_seconds(count: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def write(folder: Path, port: int, account: str = PAPER, limits: str = LIMITS) -> None:
    (folder / "ticking.yaml").write_text(TICKING)
    (folder / "fxrun.yaml").write_text(f"connection: {{port: {port}}}\naccount: {account}\n{limits}")


BEFORE_A_RUN = [
    (("missing.yaml", "--rehearsal"), 2),
    (("bad.yaml", "--rehearsal"), 2),
    (("odd.yaml", "--rehearsal", "--until", "2020-01-01"), 2),
    (("ticking.yaml", "--rehearsal", "nowhere"), 2),
    (("ticking.yaml", "--rehearsal", "--until", "yesterday"), 2),
    (("ticking.yaml", "--rehearsal", "--frobnicate"), 2),
    (("ticking.yaml", "--rehearsal", "--live"), 2),
    (("ticking.yaml", "--rehearsal"), 3),  # not armed
    (("tickin", "--rehearsal"), 2),
    (("arm", "ticking.yaml", "--rehearsal"), 3),  # nobody types the account
    (("arm", "ticking.yaml", "--rehearsal", "--yes", "DU7654321"), 3),
    (("arm", "ticking.yaml", "--rehearsal", "--for", "soon"), 2),
    (("arm", "ticking.yaml", "odd.yaml", "--rehearsal", "--yes", PAPER), 0),
    (("run", "ticking.yaml", "--rehearsal", "--dry-run"), 0),
]
AS_JSON = [words for words, _ in BEFORE_A_RUN if words[0] in ("bad.yaml", "ticking.yaml", "arm", "run")][::3]


@pytest.mark.parametrize(("words", "code"), BEFORE_A_RUN)
def test_every_line_says_rehearsal_before_anything_is_reached(
    tmp_path: Path, nobody: int, words: tuple[str, ...], code: int
) -> None:
    write(tmp_path, nobody)
    (tmp_path / "bad.yaml").write_text(TICKING.replace("buy", "bye").replace("25_000", "many"))
    (tmp_path / "odd.yaml").write_text(TICKING.replace("ticking", "odd").replace("25_000", "1_000"))
    assert unmarked(run(tmp_path, *words, code=code), "REHEARSAL") == []
    if words in AS_JSON:
        assert unmarked(run(tmp_path, *words, "--json", code=code), "REHEARSAL", as_json=True) == []


def test_a_problem_keeps_its_place_at_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(TICKING.replace("buy", "bye"))
    done = run(tmp_path, "bad.yaml", "--rehearsal", code=2)
    assert done.stderr.startswith("bad.yaml:4:7: REHEARSAL ")
    plain = run(tmp_path, "validate", "bad.yaml", code=2)
    assert done.stderr.replace("REHEARSAL ", "") == plain.stderr
    (tmp_path / "odd.yaml").write_text(TICKING.replace("ticking", "odd").replace("25_000", "1_000"))
    (tmp_path / "fxrun.yaml").write_text(f"account: {PAPER}\n{LIMITS}")
    armed = run(tmp_path, "arm", "odd.yaml", "--yes", PAPER)
    assert re.search(r"^odd.yaml:5:7: PAPER warning: ", armed.stderr, re.MULTILINE)
    (tmp_path / "fxrun.yaml").write_text(f"account: {LIVE}\n{LIMITS}")
    live = run(tmp_path, "arm", "odd.yaml", "--yes", LIVE, "--journal", "other.db")
    assert re.search(r"^odd.yaml:5:7: warning: ", live.stderr, re.MULTILINE)


@pytest.mark.slow
def test_every_line_of_a_rehearsal_says_so_and_so_do_the_commands_beside_it(tmp_path: Path) -> None:
    with gateway() as port:
        write(tmp_path, port)
        run(tmp_path, "arm", "ticking.yaml", "--rehearsal", "--yes", PAPER)
        for more in ((), ("--json",)):
            done = run(tmp_path, "ticking.yaml", "--rehearsal", "--until", in_seconds(9), *more, code=None)
            assert done.returncode in (0, 7), done.stderr
            assert "link: ready" in done.stderr
            assert unmarked(done, "REHEARSAL", as_json=bool(more)) == []
        for words in (*ASKING, ("what-if", "ticking.yaml")):
            _look(tmp_path, words, "REHEARSAL", code=0)
        _look(tmp_path, ("account",), "REHEARSAL", as_json=True)
        for words in (("status",), ("cancel", "ticking.yaml")):
            _look(tmp_path, words, "REHEARSAL")
    # the gateway is gone, and the journal is bound all the same
    for words in (("positions",), ("reconcile",), ("what-if", "ticking.yaml")):
        _look(tmp_path, words, "REHEARSAL", code=5)
    bare = run(tmp_path, "ticking.yaml", "--rehearsal", f"127.0.0.1:{port}", "--until", in_seconds(5), code=None)
    assert unmarked(bare, "REHEARSAL") == []


ASKING = [("account",), ("positions",), ("orders",), ("reconcile",)]
BESIDE = [
    ("status",), ("halt", "--cancel"), ("resume",), ("resume", "nonsense"), ("cancel", "--all"), ("cancel", "nonsense"),
    ("cancel", "fx1:none"), ("resolve", "fx1:none", "--as", "lost", "--yes"),
    ("resolve", "fx1:weekday", "--as", "lost"), ("journal", "check"), ("journal", "backup"),
    ("journal", "backup", "fxrun.db"),
]  # fmt: skip


def _look(folder: Path, words: tuple[str, ...], mark: str, *, code: int | None = None, as_json: bool = False) -> None:
    """Look at every line of a command."""
    done = run(folder, *words, *(["--json"] if as_json else []), code=code)
    assert not done.stdout + done.stderr or unmarked(done, mark, as_json=as_json) == [], words


@pytest.mark.parametrize(("mode", "mark"), [("live", "PAPER"), ("rehearsal", "REHEARSAL")])
def test_every_line_about_a_bound_journal_is_marked(tmp_path: Path, nobody: int, mode: str, mark: str) -> None:
    states = [("weekday", S.UNKNOWN), ("weekday", S.UNKNOWN), ("weekday", S.WORKING)]
    record(desk(tmp_path), states, mode=mode, note="later")
    (tmp_path / "fxrun.yaml").write_text(f"connection: {{port: {nobody}}}\naccount: {PAPER}\n{LIMITS}")
    for words in (*BESIDE, ("orders",), ("account",)):
        _look(tmp_path, words, mark)
        if mode == "rehearsal":
            _look(tmp_path, words, mark, as_json=True)
    refused = run(tmp_path, "weekday.yaml", "--live", code=3)
    assert unmarked(refused, "PAPER") == []


def test_what_is_told_of_a_simulation_says_so(tmp_path: Path) -> None:
    record(desk(tmp_path), [("weekday", S.FILLED)], mode="simulate")
    for words in (("status",), ("report",), ("halt",), ("resume",), ("journal", "check"), ("journal", "backup")):
        _look(tmp_path, words, "SIMULATED")


def test_nothing_is_marked_about_a_live_account(tmp_path: Path, nobody: int) -> None:
    record(desk(tmp_path, LIVE), [("weekday", S.UNKNOWN), ("weekday", S.WORKING)], account=LIVE)
    (tmp_path / "fxrun.yaml").write_text(f"connection: {{port: {nobody}}}\naccount: {LIVE}\n{LIMITS}")
    for words in (("status",), ("halt",), ("journal", "check"), ("orders",), ("weekday.yaml", "--live")):
        done = run(tmp_path, *words, code=None)
        assert "PAPER" not in done.stdout + done.stderr
        assert "REHEARSAL" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("limits", "plan"),
    [
        ("", "ticking.yaml"),  # no limits
        (LIMITS, "ticking.yaml"),  # not armed
        (LIMITS, "simulated.yaml"),  # its mode is another
    ],
)
def test_what_refuses_a_live_run_on_paper_says_paper(tmp_path: Path, nobody: int, limits: str, plan: str) -> None:
    write(tmp_path, nobody, limits=limits)
    (tmp_path / "simulated.yaml").write_text(TICKING.replace("mode: live", "mode: simulate"))
    for words in ((plan, "--live"), ("arm", plan, "--yes", "DU7654321")):
        assert unmarked(run(tmp_path, *words, code=3), "PAPER") == []


def test_a_live_run_on_paper_that_finds_no_tws_says_paper(tmp_path: Path, nobody: int) -> None:
    write(tmp_path, nobody)
    run(tmp_path, "arm", "ticking.yaml", "--yes", PAPER)
    done = run(tmp_path, "ticking.yaml", "--live", "--until", in_seconds(4), code=None)
    assert done.returncode in (5, 7), done.stderr
    assert unmarked(done, "PAPER") == []
