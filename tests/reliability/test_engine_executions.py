"""A trade that is taken back without a word: the list of its day lacks it. Nothing is changed, and all is told."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.events import Filled
from runner.core.order_state import OrderState
from tests.reliability.field import Field, Runner, at, open_field, soon
from tests.reliability.processes import FXRUN, ROOT


def status(field: Field, *, as_json: bool = False) -> str:
    """Return what `fxrun status` says of the journal."""
    words = [*FXRUN, "status", "--journal", str(field.path), *(["--json"] if as_json else [])]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False).stdout


def unlisted(field: Field) -> list[dict[str, Any]]:
    lines = map(json.loads, status(field, as_json=True).splitlines())
    return [line for line in lines if line["type"] == "unlisted"]


def executions(runner: Runner) -> list[Filled]:
    return [event for event in list(runner.events) if isinstance(event, Filled)]


def told(runner: Runner) -> list[str]:
    return [text for text in runner.notices() if "not among those that the broker tells of any more" in text]


def ask_anew(field: Field, runner: Runner) -> None:
    """Let the session end; the pass of the next one is over when it is ready."""
    before = len(runner.links)
    field.gateway.fault("reset")
    runner.wait(lambda: len(runner.links) > before, "the loss")
    runner.wait_ready()


def test_an_execution_that_the_day_s_list_does_not_name_any_more_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(at(soon(4), soon(3600))) as runner:
            runner.wait(lambda: executions(runner), "the fill")
            (fill,) = executions(runner)
            ask_anew(field, runner)
            assert (told(runner), unlisted(field)) == ([], [])  # it is named, and all is well
            field.gateway.fault("drop", message="ExecutionDetails", times=1000)
            ask_anew(field, runner)
            runner.wait(lambda: told(runner), "the alarm")
            ask_anew(field, runner)
            (text,) = told(runner)  # once, though it stays away
            assert f"such as {fill.exec_id} of {fill.order_ref}: BUY 25000 EUR.USD" in text
            assert runner.alarms == ["unlisted"]
            assert [(line["exec_id"], line["order_ref"]) for line in unlisted(field)] == [
                (fill.exec_id, fill.order_ref)
            ]  # fmt: skip
            shown = status(field)
            assert f"NOT LISTED: execution {fill.exec_id} of {fill.order_ref}" in shown
            assert "nothing needs attention" not in shown
        row = field.order(fill.order_ref)
        assert row is not None
        assert (row.state, row.filled) == (OrderState.FILLED, Decimal(25_000))
        with field.runner(at(soon(3600))) as runner:  # another process knows that it was told
            runner.wait_ready()
            assert (told(runner), len(unlisted(field))) == ([], 1)
            field.gateway.fault("calm")
            ask_anew(field, runner)
            runner.wait(lambda: not unlisted(field), "its return to be noted")
        row = field.order(fill.order_ref)
        assert row is not None
        assert (row.state, row.filled) == (OrderState.FILLED, Decimal(25_000))


def test_a_list_without_its_end_tells_of_no_execution_that_is_gone(tmp_path: Path) -> None:
    with open_field(tmp_path) as field, field.runner(at(soon(4), soon(3600))) as runner:
        runner.wait(lambda: executions(runner), "the fill")
        field.gateway.fault("drop", message="ExecutionDetails", times=1000)
        field.gateway.fault("drop", message="ExecutionDetailsEnd", times=1)
        before = len(runner.links)
        field.gateway.fault("reset")
        runner.wait(lambda: len(runner.links) > before, "the loss")
        field.gateway.fault("calm")
        runner.wait_ready()
        assert (told(runner), unlisted(field)) == ([], [])
