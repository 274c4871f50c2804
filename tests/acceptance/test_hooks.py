"""Hooks: real commands that are told of events, and a run that never waits for them."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runner.cli.hooks import MOST_WAITING, Hooks

KEEP = "import sys; sys.stdout = open(sys.argv[1], 'a'); sys.stdout.write(sys.stdin.read())"
AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


def command(code: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *map(str, arguments))


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_event_is_one_line_of_json_on_stdin(tmp_path: Path) -> None:
    kept, said = tmp_path / "told", []
    hooks = Hooks({"unknown": command(KEEP, kept)}, said.append)
    hooks.tell("unknown", {"plan": "p", "order": "main", "order_ref": "fx1:p:a", "reason": "no\nanswer", "time": AT})
    hooks.tell("missed", {"plan": "p"})
    hooks.close()
    hooks.tell("unknown", {"plan": "late"})
    assert said == []
    assert told(kept) == [
        {
            "type": "unknown",
            "plan": "p",
            "order": "main",
            "fire": None,
            "order_ref": "fx1:p:a",
            "reason": "no\nanswer",
            "time": "2026-11-25T14:30:00Z",
        }
    ]


def test_events_come_in_their_order_with_accounts_masked(tmp_path: Path) -> None:
    kept, said = tmp_path / "told", []
    hooks = Hooks(dict.fromkeys(("halt", "rejected"), command(KEEP, kept)), said.append, closing=30)
    for number in range(4):
        hooks.tell("halt" if number % 2 else "rejected", {"reason": f"{number} on DU1234567", "code": 201})
    hooks.close()
    assert said == []
    assert [(line["type"], line["reason"]) for line in told(kept)] == [
        ("rejected", "0 on DU***567"),
        ("halt", "1 on DU***567"),
        ("rejected", "2 on DU***567"),
        ("halt", "3 on DU***567"),
    ]
    assert {line["code"] for line in told(kept)} == {201}


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    kept = tmp_path / "a; touch b $(c)"
    hooks = Hooks({"halt": command(KEEP, kept)}, print)
    hooks.tell("halt", {})
    hooks.close()
    assert kept.exists()


def test_failures_are_noted_once_each_and_never_raise(tmp_path: Path) -> None:
    kept, said = tmp_path / "told", []
    commands = {
        "halt": (str(tmp_path / "nothing-here"),),
        "missed": command("raise SystemExit(3)"),
        "unknown": command(KEEP, kept),
    }
    hooks = Hooks(commands, said.append, closing=30)
    for event in ("halt", "missed", "halt", "missed", "unknown"):
        hooks.tell(event, {"big": "x" * 1_000_000 if event == "missed" else ""})
    hooks.close()
    assert len(said) == 2
    assert said[0].startswith("hook halt: its command cannot be started (")
    assert said[1] == "hook missed: its command ended with exit code 3"
    assert len(told(kept)) == 1


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    kept, said, child = tmp_path / "told", [], tmp_path / "child"
    hang = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "open(sys.argv[1], 'w').write(str(p.pid)); time.sleep(60)"
    )
    hooks = Hooks({"halt": command(hang, child), "missed": command(KEEP, kept)}, said.append, time_out=2, closing=30)
    hooks.tell("halt", {})
    hooks.tell("missed", {})
    hooks.close()
    assert said == ["hook halt: its command was ended: it took longer than 2 s"]
    assert len(told(kept)) == 1
    if os.name == "posix":
        assert _is_gone(int(child.read_text()))


def _is_gone(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_burst_waits_in_a_queue_of_bounded_length(tmp_path: Path) -> None:
    """The first command does not end before all was told, so nothing can have left the queue but that one."""
    gate, kept, said = tmp_path / "gate", tmp_path / "told", []
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\n{KEEP}"
    hooks = Hooks({"unknown": command(wait, kept)}, said.append, closing=0.2)
    for number in range(MOST_WAITING + 50):
        hooks.tell("unknown", {"order": str(number)})
    assert said == [f"hook unknown: {MOST_WAITING} events are waiting for their commands already; some are left out"]
    hooks.close()
    assert said[1] == "hooks: not every command was done within 0.2 s of the end of the run"
    gate.touch()


def test_without_commands_no_thread_is_started() -> None:
    before = threading.active_count()
    hooks = Hooks({}, pytest.fail)
    hooks.tell("halt", {})
    hooks.close()
    hooks.close()
    assert threading.active_count() == before
