"""`fxrun serve --dashboard` from outside: how it begins and ends, what it costs, and what its pages are made from."""

from __future__ import annotations

import html
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")
pytest.importorskip("uvicorn")

from runner.cli.observing import LaneView
from runner.dashboard.server import Dashboard
from runner.errors import Problem
from tests.acceptance import broker, dashboards

ROOT = Path(__file__).parents[2]
WITHOUT = "import sys; sys.modules['starlette'] = None; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    made = tmp_path / "plans"
    made.mkdir(mode=0o700)
    (made / "a.yaml").write_text(dashboards.tick("a", "1h"))
    return made


def test_the_address_is_in_a_file_of_the_owner_alone_and_goes_with_the_service(tmp_path: Path, plans: Path) -> None:
    left = plans / dashboards.FILE
    left.symlink_to(tmp_path / "elsewhere")
    with dashboards.shown(tmp_path) as found:
        assert not found.file.is_symlink()
        assert stat.S_IMODE(found.file.stat().st_mode) == 0o600
        assert found.ask("GET", "/view", token=found.token).status == 200
        assert found.service.stop() == 0, found.service.told
        assert not found.file.exists()
    assert not (tmp_path / "elsewhere").exists()


def test_each_start_draws_another_token(tmp_path: Path, plans: Path) -> None:
    tokens = set()
    for _ in range(2):
        with dashboards.shown(tmp_path) as found:
            tokens.add(found.token)
            assert [found.ask("GET", "/view", token=token).status for token in tokens].count(200) == 1
    assert len(tokens) == 2


def test_a_service_that_is_stopped_while_pages_are_open_ends_at_once(tmp_path: Path, plans: Path) -> None:
    with dashboards.shown(tmp_path) as found, socket.create_connection(("127.0.0.1", found.port), 10) as page:
        headers = f"Host: 127.0.0.1:{found.port}\r\nAuthorization: Bearer {found.token}\r\n"
        page.sendall(f"GET /events HTTP/1.1\r\n{headers}\r\n".encode())
        assert b"event: open" in page.recv(4096) + page.recv(4096)
        began = time.monotonic()
        assert found.service.stop() == 0, found.service.told
        assert time.monotonic() - began < 5
    assert "Traceback" not in found.service.told


def test_a_port_in_use_ends_it_before_anything_runs(tmp_path: Path, plans: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = broker.run(tmp_path, "serve", "plans", f"--dashboard={port}")
    assert done.returncode == 5
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "name another port" in done.stderr
    assert not list(plans.glob("*.db")), "no lane was started"


def test_a_place_where_its_address_cannot_be_kept_ends_it(tmp_path: Path, plans: Path) -> None:
    (plans / dashboards.FILE).mkdir()
    done = broker.run(tmp_path, "serve", "plans", "--dashboard=0")
    assert (done.returncode, "keeps its address there" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["plans", "--allow-control"], "--allow-control is about the dashboard"),
        (["--dashboard", "plans"], "write DIR before it, or --dashboard=8497"),
        (["plans", "--dashboard=70000"], "is not a port"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str], word: str, tmp_path: Path, plans: Path) -> None:
    done = broker.run(tmp_path, "serve", *arguments)
    assert (done.returncode, word in done.stderr) == (2, True), done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, plans: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "serve", "plans", "--dashboard"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--dashboard needs starlette; install it with: pip install 'fxrun[dashboard]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_of_it_is_imported_without_the_option() -> None:
    code = "import sys; import runner.cli.commands.serve, runner.cli.commands.validate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"starlette", "uvicorn", "jinja2", "asyncio", "runner.dashboard"}.isdisjoint(done.stdout.split())


def test_what_the_pages_are_made_from_is_in_the_wheel(tmp_path: Path) -> None:
    code = f"import hatchling.build; print(hatchling.build.build_wheel({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [path for path in (ROOT / "runner/dashboard").rglob("*") if path.suffix in (".html", ".css", ".js", ".svg")]
    assert len(files) >= 8
    assert {str(path.relative_to(ROOT)) for path in files} <= names


def test_what_needs_attention_is_there_with_commands_that_work_as_typed(tmp_path: Path, plans: Path) -> None:
    journal = broker.journal_of(plans, [(broker.ticket(), "unknown", 0)])
    (plans / "b.yaml").write_text("plan: b\n")
    halted = broker.run(tmp_path, "halt", "--reason", "DU1234567 looks odd", "--journal", journal)
    assert halted.returncode == 0, halted.stderr
    with dashboards.rehearsed(tmp_path, {}) as found:
        found.service.wait(lambda: "ready" in found.service.told, "the session")
        found.service.wait(lambda: "The lane is" not in page(found), "lanes that run")
        body = page(found)
        titles = re.findall(r"<h2>(.*?)(?: <span|</h2>)", body[: body.index("What runs")])
        fault = "plans/b.yaml has a fault; its last good version goes on, if there was one"
        assert titles == ["Halted", "Order of unknown outcome in held", fault]
        assert "DU***567 looks odd" in body
        assert broker.ACCOUNT not in body
        commands = [html.unescape(text) for text in re.findall(r"<code>(fxrun .*?)</code>", body)]
        for word, answer in (("resume", ()), ("resolve", ("--yes",))):
            command = next(one for one in commands if word in one)
            done = broker.run(Path("/"), *shlex.split(command)[1:], *answer)
            assert done.returncode == 0, (command, done.stderr)
        after = page(found)
    assert re.findall(r"<h2>(.*?)(?: <span|</h2>)", after[: after.index("What runs")]) == [fault]


def test_a_lane_that_was_killed_is_told_until_it_runs_again(tmp_path: Path, plans: Path) -> None:
    with dashboards.shown(tmp_path) as found:
        found.service.wait(lambda: "All is well" in page(found), "a lane that runs")
        (lane,) = found.service.lanes()
        os.kill(lane, signal.SIGKILL)
        found.service.wait(lambda: "The lane is down" in page(found), "a word about it")
        found.service.wait(lambda: "All is well" in page(found), "the lane again")


def test_every_example_has_its_page(tmp_path: Path) -> None:
    """Strategies, conditions, halts, stocks: what each would send next, or why that cannot be told yet."""
    plans = tmp_path / "plans"
    plans.mkdir(mode=0o700)
    named = {}
    for example in sorted((ROOT / "examples").glob("*.yaml")):
        text = example.read_text()
        if (name := re.search(r"^plan: (\S+)$", text, re.MULTILINE)) and not re.search(
            r"^mode: live", text, re.MULTILINE
        ):
            (plans / example.name).write_text(text)
            named[name[1]] = text
    assert len(named) > 15
    with dashboards.shown(tmp_path) as found:
        found.service.wait(lambda: all(f'/{name}"' in page(found) for name in named), "the plans")
        assert found.ask("GET", "/view?span=week", token=found.token).status == 200
        for name in named:
            answer = found.ask("GET", f"/view/simulate/{name}", token=found.token)
            assert answer.status == 200, (name, answer)
            sends = answer.body[answer.body.index('id="sends"') : answer.body.index('id="fires"')]
            assert "<h3>" in sends
            assert "Contract.symbol" in sends or "Contract.conId" in sends or '"note"' in sends or '"empty"' in sends, (
                name
            )
    assert "Traceback" not in found.service.told


def page(found: dashboards.Shown) -> str:
    return found.ask("GET", "/view", token=found.token).body


def test_a_second_service_of_the_folder_leaves_the_address_of_the_first(tmp_path: Path, plans: Path) -> None:
    """It has a file of its own, and takes it away again; one that was left behind by a dead service is written over."""
    with dashboards.shown(tmp_path) as found:
        view = LaneView(
            name="simulate", mode="simulate", journal=plans / "other.db", is_ready=True, is_alive=True, plans=()
        )
        second = Dashboard(Alone(view), 0, allow_control=False, now=lambda: datetime.now(UTC))
        assert found.file.read_text().strip() == found.address
        assert second.file == found.file.with_name(f"fxrun-dashboard-{second.port}.url")
        assert second.file.read_text().strip() == second.address
        assert second.file.stat().st_mode & 0o777 == 0o600
        second.close()
        assert not second.file.exists()
        assert found.file.exists()
    found.file.write_text(f"{found.address}\n")
    third = Dashboard(Alone(view), 0, allow_control=False, now=lambda: datetime.now(UTC))
    third.close()
    assert third.file == found.file
    assert not found.file.exists()


class Alone:
    """A service of one lane."""

    def __init__(self, view: LaneView) -> None:
        self._view = view

    def lanes(self) -> tuple[LaneView, ...]:
        return (self._view,)

    def problems(self) -> tuple[Problem, ...]:
        return ()
