"""The oracle is told lies, one of each kind, and must find every one; and it must find nothing in an honest account."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.reliability.oracle import Bounds, Circumstances, Claim, Fire, Recorded, Verdict, judge

AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
Lines = list[dict[str, Any]]


def moment(second: int) -> str:
    return (AT + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ref(number: int) -> str:
    return f"fx1:plan:{number:016d}"


def honest() -> tuple[Lines, Lines, list[Fire], dict[str, Any]]:
    """Return four fires: filled in two parts, cancelled, working, and rejected without a trace but its frame."""
    truth: Lines = []
    for number in range(1, 5):
        here = {"time": moment(number), "client_id": 1, "order_id": number}
        truth.append({"event": "frame", "request": "PlaceOrder", **here})
        if number < 4:
            made = {"perm_id": 100 + number, "order_ref": ref(number), "side": "BUY", "quantity": "20"}
            truth.append({"event": "order", **here, **made})
    facts = {"client_id": 1, "side": "BUY"}
    for part in ("01", "02"):
        truth.append({"event": "execution", "time": moment(9), **facts, "order_id": 1, "perm_id": 101, "price": "1.1",
                      "order_ref": ref(1), "quantity": "10", "exec_id": f"x.{part}.01"})  # fmt: skip
    truth.append({"event": "cancel", "time": moment(9), **facts, "order_id": 2, "perm_id": 102, "order_ref": ref(2),
                  "quantity": "20"})  # fmt: skip
    states = {1: ("filled", "20"), 2: ("cancelled", "0"), 3: ("working", "0"), 4: ("rejected", "0")}
    export: Lines = [
        {"type": "order", "plan": "plan", "order": "main", "fire_time": moment(n), "order_ref": ref(n),
         "perm_id": 100 + n, "state": state, "quantity": "20", "filled": filled}
        for n, (state, filled) in states.items()
    ]  # fmt: skip
    export += [
        {"type": "execution", "order_ref": ref(1), "exec_id": f"x.{part}.01", "price": "1.1", "quantity": "10",
         "time": moment(9)}
        for part in ("01", "02")
    ]  # fmt: skip
    about = {
        "recorded": [Recorded(plan="plan", order="main", time=moment(n), state="sent") for n in states],
        "claims": {ref(n): Claim(client_id=1, order_id=n, at=AT + timedelta(seconds=n)) for n in states},
    }
    return truth, export, [Fire(plan="plan", order="main", time=moment(n)) for n in states], about


def verdict(change: Callable[[Lines, Lines, dict[str, Any]], object], **more: Any) -> Verdict:
    """Judge the honest account after a change to it."""
    truth, export, fires, about = copy.deepcopy(honest())
    change(truth, export, about)
    return judge(truth, export, fires, Circumstances(**about, **more))


def order_of(lines: Lines, number: int) -> dict[str, Any]:
    return next(line for line in lines if line.get("order_ref") == ref(number) and "state" in line)


def without(truth: Lines, number: int) -> None:
    truth[:] = [line for line in truth if line.get("order_ref") != ref(number)]


def say(state: str, number: int) -> Callable[[Lines, Lines, dict[str, Any]], None]:
    def change(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
        order_of(export, number)["state"] = state

    return change


def test_an_honest_account_is_clean() -> None:
    found = verdict(lambda *_: None)
    assert found.is_clean, found.faults
    assert (found.orders, found.acknowledged, found.executions) == (3, 3, 2)


def _second_order(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    truth.append({**truth[1], "perm_id": 999, "order_id": 9})


def _second_attempt(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    other = "fx1:plan:again"
    truth.append({**truth[1], "perm_id": 999, "order_id": 9, "order_ref": other})
    export.append({**order_of(export, 1), "order_ref": other, "state": "working", "filled": "0"})


def _not_in_the_journal(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    export[:] = [line for line in export if line["order_ref"] != ref(3)]


def _no_row(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    del about["recorded"][2]


def _two_rows(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    about["recorded"].append(about["recorded"][0])


def _open_fire(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    about["recorded"][0] = Recorded(plan="plan", order="main", time=moment(1), state=None)


def _execution_lost(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    export.pop()


def _execution_counted_twice(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    export.append({**export[-1], "exec_id": "y.01.01"})


def _correction_missed(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
    truth.append({**next(line for line in truth if line["event"] == "execution"), "exec_id": "x.01.02", "price": "1.2"})


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (_second_order, "doubled"),
        (_second_attempt, "doubled"),
        (_not_in_the_journal, "lost"),
        (say("not_received", 3), "lost"),
        (say("denied", 3), "lost"),
        (lambda truth, export, about: without(truth, 3), "lost"),
        (_no_row, "fires_wrong"),
        (_two_rows, "fires_wrong"),
        (_open_fire, "fires_wrong"),
        (_execution_lost, "quantities_wrong"),
        (_execution_counted_twice, "quantities_wrong"),
        (_correction_missed, "quantities_wrong"),
        (lambda truth, export, about: order_of(export, 1).update(filled="30"), "quantities_wrong"),
        (say("planned", 3), "unresolved"),
        (say("sent", 4), "unresolved"),
        (say("working", 1), "states_wrong"),
        (say("cancelled", 3), "states_wrong"),
        (say("working", 2), "states_wrong"),
        (say("unknown", 3), "unknown_unfounded"),
    ],
)
def test_each_lie_is_found(change: Callable[..., object], count: str) -> None:
    found = verdict(change)
    assert getattr(found, count) >= 1, found
    assert not found.is_clean


@pytest.mark.parametrize(("state", "lost"), [("cancelled", 0), ("filled", 1), ("working", 1)])
def test_what_was_never_made_may_have_been_told_its_end(state: str, lost: int) -> None:
    def end_without_a_beginning(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
        truth[:] = [line for line in truth if not (line.get("order_ref") == ref(2) and line["event"] == "order")]
        order_of(export, 2)["state"] = state

    assert verdict(end_without_a_beginning).lost == lost


def test_unknown_is_founded_once_a_later_id_has_come_in() -> None:
    """The order with id 4 has left nothing but its frame: nobody can tell it from one that was swallowed."""
    found = verdict(say("unknown", 4))
    assert (found.unknown, found.unknown_unfounded) == (1, 0)
    assert found.is_clean


def test_unknown_is_founded_only_if_a_later_id_came_in_before_a_login() -> None:
    """What counts is the next valid id that a login tells: an id that came in after the last login was none of it."""

    def change(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
        order_of(export, 4)["state"] = "unknown"
        truth[:] = [line for line in truth if line["order_id"] != 4]
        later = {"event": "frame", "request": "PlaceOrder", "time": moment(20), "client_id": 1, "order_id": 5}
        truth.append(later)

    def and_login(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
        change(truth, export, about)
        truth.append({"event": "frame", "request": "StartApi", "time": moment(21), "client_id": 1})

    assert verdict(change).unknown_unfounded == 1
    assert verdict(and_login).is_clean


def test_unknown_is_unfounded_where_no_such_id_ever_came_in() -> None:
    def change(truth: Lines, export: Lines, about: dict[str, Any]) -> None:
        order_of(export, 4)["state"] = "unknown"
        truth[:] = [line for line in truth if line["order_id"] != 4]

    assert verdict(change).unknown_unfounded == 1


def test_unknown_is_founded_over_the_end_of_a_day() -> None:
    assert verdict(say("unknown", 3), forgotten=[AT + timedelta(hours=12)]).is_clean
    assert not verdict(say("unknown", 3), forgotten=[AT - timedelta(hours=12)]).is_clean


def test_no_order_behind_a_halt() -> None:
    assert verdict(lambda *_: None, halted_from=4).after_halt == 1
    assert verdict(lambda *_: None, halted_from=99).after_halt == 0


@pytest.mark.parametrize(
    ("limits", "is_over"),
    [
        ({"max_quantity": Decimal(20)}, False),
        ({"max_quantity": Decimal(19)}, True),
        ({"max_daily_quantity": Decimal(60)}, False),
        ({"max_daily_quantity": Decimal(59)}, True),
        ({"max_open_orders": 3}, False),
        ({"max_open_orders": 2}, True),
        ({"max_orders_per_minute": 3}, False),
        ({"max_orders_per_minute": 2}, True),
    ],
)
def test_limits_hold_for_what_the_gateway_took(limits: dict[str, Any], is_over: bool) -> None:
    bounds = Bounds(pairs={("plan", "main"): "EUR.USD"}, **limits)
    assert bool(verdict(lambda *_: None, bounds=bounds).over_limit) is is_over


@pytest.mark.parametrize(("second", "is_over"), [(0, True), (3, False), (20, True)])
def test_what_a_gateway_lost_with_its_state_works_no_more(second: int, is_over: bool) -> None:
    bounds = Bounds(pairs={("plan", "main"): "EUR.USD"}, max_open_orders=2)
    emptied = [AT + timedelta(seconds=second)]
    assert bool(verdict(lambda *_: None, bounds=bounds, emptied=emptied).over_limit) is is_over
