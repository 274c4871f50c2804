"""What fxrun says to wrong input: what happened, to what, and what to do, in one tone."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import broker
from tests.acceptance.beside import LIMITS

PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
"""
PORT = "{port}"  # one at which nobody listens
TAKEN = "{taken}"  # one at which somebody does

# the words, how it ends, and what is to be done by its last words
REFUSALS: list[tuple[str, int, str]] = [
    ("statu", 2, "did you mean 'status'?"),
    ("frobnicate", 2, "the commands are run, serve"),
    ("none.yaml", 2, "none.yaml:1:1: the file does not exist; expected the path of a file in YAML or JSON"),
    ("p.yaml --simulate --from yesterday", 2, "expected YYYY-MM-DD"),
    ("p.yaml --simulate --from 2025-01-05 --until 2025-01-01", 2, "lies before the start, .*; name a later one"),
    ("p.yaml --live --simulate", 2, "exclude each other: choose one"),
    ("p.yaml --live", 3, "p.yaml:1:1: .* write mode: live into it, or leave out --live"),
    ("l.yaml --live", 3, "no account is pinned; write the one that the orders are for into .*fxrun.yaml"),
    ("p.yaml --simulate --sed 1", 2, "no such option '--sed'; did you mean '--seed', '--set'?; see fxrun run --help"),
    ("p.yaml --simulate --seed x", 2, "value for '--seed': 'x' is not a whole number; see fxrun run --help"),
    ("p.yaml --simulate --journal none/x.db", 2, "the folder none does not exist; make it or name another"),
    ("p.yaml --simulate --journal text.db", 3, "not a journal of fxrun, or damaged .*; name another file"),
    ("p.yaml --simulate --journal plans", 2, "is a folder; --journal names a file, such as plans/fxrun.db"),
    ("p.yaml --simulate --quotes none.csv", 2, "none.csv:1:1: the file of quotes does not exist; expected the path"),
    ("p.yaml --simulate --html none/x.html", 2, "the folder none does not exist; make it or name another"),
    ("p.yaml p.yaml --simulate", 2, "expected unique names"),
    ("bad.yaml --simulate", 2, 'found no "contract" in the plan; expected contract: with a pair such as EUR.USD'),
    ("validate", 2, "missing argument 'PLAN...'; see fxrun validate --help"),
    ("validate plans", 2, "found a folder; expected a regular file, such as one of its plans"),
    ("explain p.yaml --set x", 2, "expected NAME=VALUE, such as pips=5; see fxrun explain --help"),
    ("fires p.yaml --year 2025 -n 3", 2, "--year is a whole year: leave out -n, --from and --until"),
    ("fires p.yaml --year 12", 2, "12 is not in the range 1972<=x<=8999; see fxrun fires --help"),
    ("status", 2, "there is no journal; name it with --journal, or in the settings"),
    ("status --check --watch", 2, "exclude each other: choose one"),
    ("report --journal ran.db --from 2026-01-01 --until 2025-01-01", 2, "lies before --from .*; name a later one"),
    ("report --journal ran.db --html plans", 2, "is a folder; name a file, such as plans/report.html"),
    ("report --journal ran.db --csv p.yaml", 2, "is a file; name a folder, which is made if it is not there"),
    ("arm l.yaml --for 3x", 2, "expected a duration such as 90s, 15m, 1h or 1d; see fxrun arm --help"),
    ("desk/l.yaml --live", 3, "l.yaml: l is not armed in .*; see what it would send, and allow it, with: fxrun arm"),
    ("arm desk/l.yaml", 3, "not armed: nobody typed the account; a script confirms with --yes ACCOUNT"),
    ("arm desk/l.yaml --yes U9", 3, "not armed: that is not the account .* type that one, or pin the other"),
    ("cancel", 2, "wants one of PLAN, REF or --all; see fxrun orders for what works"),
    ("cancel nobody --journal ran.db", 2, "no such plan in this journal: 'nobody'; there is none, see fxrun status"),
    ("resume nobody --journal ran.db", 2, "no such plan in this journal: 'nobody'; there is none, see fxrun status"),
    ("resolve x --as filled --journal ran.db", 2, "no such order: 'x'; there is none, see fxrun status, or name"),
    ("resolve x --as maybe --journal ran.db", 2, "'maybe' is not one of 'filled', 'lost'; see fxrun resolve --help"),
    ("resolve x --journal ran.db", 2, "missing option '--as'. Choose from: filled, lost; see fxrun resolve --help"),
    ("journal check --journal text.db", 3, "not a journal of fxrun, or damaged .*; name another file"),
    ("journal export --journal none.db", 2, "there is no journal; a run, or fxrun arm, makes it"),
    ("journal backup p.yaml --journal ran.db", 2, "exists already; a backup replaces nothing, name another file"),
    (f"gateway --port {TAKEN}", 5, "is in use; stop what listens there, or take another with --port"),
    ("gateway --cash 5", 2, "expected CURRENCY=AMOUNT, such as USD=1000000 or EUR=2500.50; see fxrun gateway --help"),
    (f"orders --port {PORT}", 5, f"nothing listens at 127.0.0.1:{PORT}: start TWS or IB Gateway, or to rehearse fxrun"),
    (f"p.yaml --rehearsal 127.0.0.1:{PORT}", 5, f"or to rehearse fxrun gateway --port {PORT}; in a TWS tick"),
    ("serve none", 2, "none: expected a folder of plans; found nothing"),
    ("serve plans --dashboard=x", 2, "'x' is not a port; write DIR before it, or --dashboard=8497; see fxrun serve"),
    (f"serve plans --metrics={TAKEN}", 5, "cannot be listened on .*; name another port with --metrics=PORT, or 0"),
    ("serve plans --allow-control", 2, "--allow-control is about the dashboard; add --dashboard"),
    ("notify", 2, "no receiver in notify: of fxrun.yaml; write one there, such as notify: {to: "),
    ("new p.yaml", 2, "nobody answers: What is the plan called? Say it with --name, such as --name"),
    ("diff p.yaml", 2, "missing argument 'NEW'; see fxrun diff --help"),
    ("completion tcsh", 2, "'tcsh' is not one of 'bash', 'zsh', 'fish'; see fxrun completion --help"),
    ("service uninstall --name nobody", 2, "there is no such unit; fxrun service install writes it"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("refusals")
    (made / "plans").mkdir()
    (made / "desk").mkdir(mode=0o700)
    for name, text in {
        "p.yaml": PLAN,
        "l.yaml": f"mode: live\n{PLAN}".replace("weekday", "l"),
        "desk/l.yaml": f"mode: live\n{PLAN}".replace("weekday", "l"),
        "desk/fxrun.yaml": f"account: U1234567\n{LIMITS}",
        "bad.yaml": "plan: bad\n",
        "text.db": "text",
    }.items():
        (made / name).write_text(text)
        (made / name).chmod(0o600)
    done = broker.run(
        made, "p.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-01-08", "--journal", "ran.db"
    )
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


@pytest.fixture(scope="module")
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    return port


@pytest.mark.parametrize(("line", "code", "said"), REFUSALS, ids=[line for line, _, _ in REFUSALS])
def test_a_refusal_says_what_to_do(line: str, code: int, said: str, folder: Path, taken: int, free: int) -> None:
    words = line.replace(PORT, str(free)).replace(TAKEN, str(taken)).split()
    done = broker.run(folder, *words, HOME=str(folder))
    assert done.returncode == code, done.stderr
    told = " ".join(f"{done.stdout} {done.stderr}".split())  # what journal check finds is its result
    assert _matches(said.replace(PORT, str(free)), told), done.stderr
    assert "Traceback" not in told
    assert "Error:" not in told, "one tone: no library speaks in its own words"


def _matches(said: str, told: str) -> bool:
    """Tell whether something was said; .* stands for anything."""
    return re.search(".*".join(map(re.escape, said.split(".*"))), told) is not None
