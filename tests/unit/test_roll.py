"""What a lane says to a service that does not listen: kept while there is room, and the rest counted; and its end."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from runner.cli import roll
from runner.cli.observing import LEFT_OUT
from runner.cli.roll import Order, Roll
from runner.core.events import FireDone, FireState

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def skipped(number: int) -> FireDone:
    return FireDone(plan="p", order="o", fire=str(number), time=NOW, state=FireState.SKIPPED, reason="x" * 200)


def heard(end: int, one: Roll) -> list[dict[str, Any]]:
    """Read as the service does, until nothing more comes."""
    text = b""
    while True:
        one._beat = 0.0
        one.beat(NOW)
        try:
            text += os.read(end, 1 << 20)
        except BlockingIOError:
            return [json.loads(line) for line in text.split(b"\n") if line]
        if not one._unsaid and not one._left_out and text.endswith(b"\n\n"):
            return [json.loads(line) for line in text.split(b"\n") if line]


def test_what_nobody_takes_is_kept_and_told_in_its_order(pipe: tuple[int, int]) -> None:
    one = Roll([], pipe[1])
    for number in range(600):  # more than a pipe takes
        one.tell(skipped(number))
    one.alarm("halt", {"plan": "", "reason": "odd", "time": "now"})
    told = heard(pipe[0], one)
    assert [line["fire"] for line in told if line["type"] == "fire"] == [str(number) for number in range(600)]
    assert told[-1] == {"type": "alarm", "event": "halt", "plan": "", "reason": "odd", "time": "now"}


def test_alarms_stay_where_there_is_no_room_and_what_is_left_out_is_counted(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "MOST_WAITING", 50)
    one = Roll([], pipe[1])
    one.alarm("halt", {"plan": "", "reason": "first", "time": "now"})
    for number in range(2000):
        one.tell(skipped(number))
        if number == 1000:
            one.alarm("halt", {"plan": "", "reason": "in the middle", "time": "now"})
    told = heard(pipe[0], one)
    fires = [line for line in told if line["type"] == "fire"]
    assert [line["reason"] for line in told if line["type"] == "alarm"] == ["first", "in the middle"]
    assert sum(line["count"] for line in told if line["type"] == LEFT_OUT) == 2000 - len(fires)
    assert fires[-1]["fire"] == "1999"


def test_a_line_that_no_pipe_takes_whole_is_counted(pipe: tuple[int, int]) -> None:
    one = Roll([], pipe[1])
    one.alarm("halt", {"plan": "", "reason": "x" * 10_000, "time": "now"})
    assert heard(pipe[0], one) == [{"type": LEFT_OUT, "count": 1}]


LANE = """
import time
from unittest.mock import sentinel
from runner.cli.roll import Roll, first_order
roll = Roll(first_order().plans, 2)
roll.begin(lambda: None, sentinel.figures)
time.sleep(0.2)
print("over")
"""


def test_a_lane_ends_in_order_while_it_waits_for_orders() -> None:
    with subprocess.Popen([sys.executable, "-c", LANE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as lane:
        assert lane.stdin is not None
        assert lane.stdout is not None
        pickle.dump(Order(), lane.stdin)
        lane.stdin.flush()
        assert lane.stdout.read() == b"over\n"
        assert lane.wait(10) == 0, "stdin is open, as it is if a lane ends before the service does"
