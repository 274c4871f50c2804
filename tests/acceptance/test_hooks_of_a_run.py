"""`hooks:` and `codes:` of fxrun.yaml in a rehearsal as it is typed: real commands, real faults of a gateway."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.beside import FXRUN, PAPER, TERMINAL, lines_of, run
from tests.reliability.processes import GatewayProcess

pytestmark = pytest.mark.slow

KEEP = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
HANG = "import time; time.sleep(90)"
EVENTS = ("missed", "unknown", "rejected", "halt", "link_down", "arming")
PATIENCE = 60.0


def write(
    folder: Path, port: int, plans: Mapping[str, int | None], hooks: Mapping[str, list[str]], more: str = ""
) -> list[str]:
    """Write plans, each with the seconds between two fires, and settings with hooks; arms them, returns their files."""
    files = []
    for name, every in plans.items():
        schedule = "" if every is None else f"schedule: {{every: {every}s}}\n"
        text = f"plan: {name}\nmode: live\ncontract: EUR.USD\nside: buy\nsize: 25_000\n{schedule}"
        (folder / f"{name}.yaml").write_text(text)
        files.append(f"{name}.yaml")
    settings = [
        f"connection: {{port: {port}}}",
        f"account: {PAPER}",
        "limits: {max_quantity: 50_000, max_daily_quantity: 90_000_000}",
        "grace: 5s",
        "resets: []",
        *(["hooks:"] if hooks else []),
        *(f"  {event}: {json.dumps(command)}" for event, command in hooks.items()),
        more,
    ]
    (folder / "fxrun.yaml").write_text("\n".join([*settings, ""]))
    run(folder, "arm", *files, "--rehearsal", "--yes", PAPER, "--for", "1d")
    return files


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path)
    made.start()
    yield made
    made.stop()


@contextmanager
def running(folder: Path, files: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Let a rehearsal run until the end of the block; its stdout goes to run.jsonl, its stderr to run.err."""
    command = [*FXRUN, *files, "--rehearsal", "--json"]
    with (folder / "run.jsonl").open("w") as out, (folder / "run.err").open("w") as err:
        process = subprocess.Popen(command, cwd=folder, env=TERMINAL, stdout=out, stderr=err, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Return the lines of the run so far; one that is being written is left out."""
    whole, _, _ = (folder / "run.jsonl").read_text().rpartition("\n")
    return lines_of(whole, kind)


def told(folder: Path) -> list[dict[str, Any]]:
    """Return what the hooks were told so far."""
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait(folder: Path, condition: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, f"waited in vain for {what}: {(folder / 'run.err').read_text()[-2000:]}"
        time.sleep(0.1)


def of(folder: Path, event: str) -> list[dict[str, Any]]:
    return [line for line in told(folder) if line["type"] == event]


def filled(folder: Path, plan: str) -> int:
    return len([line for line in events(folder, "fill") if line["plan"] == plan])


def test_each_event_reaches_its_command_as_one_line_of_json(tmp_path: Path, gateway: GatewayProcess) -> None:
    hooks = {event: [sys.executable, "-c", KEEP, str(tmp_path / "told")] for event in EVENTS}
    files = write(tmp_path, gateway.port, {"steady": 12, "refused": 4, "lost": 3}, hooks)
    gateway.control(do="reject", order="fx1:refused:*", code=201, times=1)
    gateway.control(do="swallow", order="fx1:lost:*", times=1)
    with running(tmp_path, files) as process:
        for event in ("arming", "rejected", "unknown"):
            wait(tmp_path, lambda event=event: of(tmp_path, event), event)
        gateway.control(do="connectivity_lost", **{"for": 30})  # a fire is not sent once the next one is due
        for event in ("link_down", "missed"):
            wait(tmp_path, lambda event=event: of(tmp_path, event), event)
        run(tmp_path, "halt", "--reason", "to try it")
        wait(tmp_path, lambda: of(tmp_path, "halt"), "halt")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 6
    for line in told(tmp_path):
        assert {"type", "plan", "order", "fire", "order_ref", "reason", "time"} <= set(line)
        assert PAPER not in json.dumps(line)
        assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert {line["plan"] for line in of(tmp_path, "arming")} == {"steady", "refused", "lost"}
    (refused,) = of(tmp_path, "rejected")
    states = {line["order_ref"]: line["state"] for line in events(tmp_path, "order")}
    assert (refused["plan"], states[refused["order_ref"]]) == ("refused", "rejected")
    (lost,) = of(tmp_path, "unknown")
    assert (lost["plan"], states[lost["order_ref"]]) == ("lost", "unknown")
    assert "to try it" in of(tmp_path, "halt")[-1]["reason"]
    assert len(of(tmp_path, "link_down")) == 1
    missed = {(line["plan"], line["fire"]) for line in of(tmp_path, "missed")}
    found = {(line["plan"], line["time"]) for line in events(tmp_path, "fire") if line["state"] == "missed"}
    assert missed == found
    assert "hook" not in (tmp_path / "run.err").read_text()


def test_a_hook_that_hangs_fails_or_is_missing_does_not_touch_trading(tmp_path: Path, gateway: GatewayProcess) -> None:
    hooks = {
        "rejected": [sys.executable, "-c", HANG],
        "arming": [str(tmp_path / "nothing-here"), "--page"],
        "halt": [sys.executable, "-c", "raise SystemExit(3)"],
    }
    files = write(tmp_path, gateway.port, {"steady": 1, "refused": 2}, hooks)
    gateway.control(do="reject", order="fx1:refused:*", code=201, times=100)
    with running(tmp_path, files) as process:
        wait(tmp_path, lambda: filled(tmp_path, "steady") >= 3, "fills")
        begun = (filled(tmp_path, "steady"), time.monotonic())
        wait(tmp_path, lambda: filled(tmp_path, "steady") >= begun[0] + 8, "more fills")
        assert time.monotonic() - begun[1] < 30  # and a hook hangs for 90
        assert len([line for line in events(tmp_path, "order") if line["state"] == "rejected"]) >= 3
        said = (tmp_path / "run.err").read_text()
        assert said.count("REHEARSAL hook arming: its command cannot be started (") == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 4
    assert [line for line in events(tmp_path, "fire") if line["state"] != "sent"] == []
    said = (tmp_path / "run.err").read_text()
    assert "REHEARSAL hooks: not every command was done within 5 s of the end of the run" in said
    assert [line for line in said.splitlines() if not line.startswith("REHEARSAL ")] == []
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("codes", "refusal", "code", "state"),
    [
        ("", 12345, 6, "unknown"),  # a code that no table has leaves an order as it is, and nothing else comes
        ("codes: {12345: reject}", 12345, 4, "rejected"),
        ("", 201, 4, "rejected"),
        ("codes: {201: warning}", 201, 6, "unknown"),
    ],
)
def test_codes_of_the_settings_say_what_a_code_of_the_broker_means(
    tmp_path: Path, gateway: GatewayProcess, codes: str, refusal: int, code: int, state: str
) -> None:
    files = write(tmp_path, gateway.port, {"once": None}, {}, codes)
    gateway.control(do="reject", order="fx1:once:*", code=refusal, text="of a kind of its own")
    until = (datetime.now(UTC) + timedelta(seconds=30 if code == 6 else 8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = run(tmp_path, *files, "--rehearsal", "--json", "--until", until, code=code)
    (last,) = [line["state"] for line in lines_of(done.stdout, "order")][-1:]
    assert last == state
    (notice,) = [line for line in lines_of(done.stdout, "notice") if line["code"] == refusal]
    assert notice["severity"] == ("error" if state == "rejected" else "warning")


@pytest.mark.parametrize("codes", ["{201: ignore}", "{1100: info}", "{202: reject}", "{x: info}"])
def test_codes_that_cannot_be_set_are_refused_with_their_place(tmp_path: Path, codes: str) -> None:
    (tmp_path / "fxrun.yaml").write_text(f"account: {PAPER}\ncodes: {codes}\n")
    (tmp_path / "once.yaml").write_text("plan: once\nmode: live\ncontract: EUR.USD\nside: buy\nsize: 25_000\n")
    for words in (("once.yaml", "--rehearsal"), ("settings",)):
        done = run(tmp_path, *words, code=2)
        assert done.stderr.startswith("fxrun.yaml:2:")
        assert len(done.stderr.splitlines()) == 1
