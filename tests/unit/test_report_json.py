"""Every event as a line: against the schema, with its keys in one order, and exact."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

import schemas
from runner.core.events import (
    Commissioned,
    Event,
    Filled,
    FireDone,
    FireState,
    Noticed,
    OrderChanged,
    PlanStarted,
    Severity,
    Summary,
)
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderType, Role, Side
from runner.report.render_json import line

AT = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
FIRE = "2025-01-06T14:30:00Z"
REF = OrderKey(plan="eurusd-weekday", order="main", fire=FIRE, role="entry").order_ref
PLAN = PlanStarted(
    plan="eurusd-weekday", file="a.yaml", mode="simulate", account="DU1234567", orders=1, start=AT, until=None
)
FIRED = FireDone(plan="eurusd-weekday", order="main", fire=FIRE, time=AT, state=FireState.SENT)
ORDER = OrderChanged(
    plan="eurusd-weekday",
    order="main",
    fire=FIRE,
    order_ref=REF,
    role=Role.ENTRY,
    time=AT,
    state=OrderState.WORKING,
    contract="EUR.USD",
    side=Side.BUY,
    quantity=Decimal("25_000.00"),
    order_type=OrderType.STOP_LIMIT,
    filled=Decimal("1E+4"),
    remaining=Decimal(15_000),
)
FILL = Filled(
    plan="eurusd-weekday",
    order="main",
    fire="once",
    order_ref=REF,
    exec_id="0001.01",
    contract="EUR.USD",
    side=Side.SELL,
    price=Decimal("1.0850"),
    quantity=Decimal(25_000),
    time=AT,
)
COST = Commissioned(
    plan="eurusd-weekday",
    order="main",
    fire="once",
    order_ref=REF,
    exec_id="0001.01",
    amount=Decimal("2.10"),
    currency="USD",
)
NOTICE = Noticed(plan="eurusd-weekday", code=399, severity=Severity.WARNING, text="a\u2028b\x85ü", time=AT)
SUMMARY = Summary(
    plan="a,b",
    fires=3,
    orders=3,
    filled=1,
    working=2,
    commission={"USD": Decimal("4.20"), "CHF": Decimal(1)},
    realized_pnl={"USD": Decimal("-0.00")},
    positions={"EUR.USD": Decimal("-25000")},
)
EVENTS: list[Event] = [
    PLAN,
    replace(PLAN, until=AT),
    FIRED,
    replace(FIRED, state=FireState.SKIPPED, reason="already recorded"),
    ORDER,
    *(replace(ORDER, state=state) for state in OrderState),
    *(replace(ORDER, order_type=order_type) for order_type in OrderType),
    *(replace(ORDER, role=role) for role in Role),
    FILL,
    COST,
    NOTICE,
    replace(NOTICE, plan="", code=0, severity=Severity.INFO),
    replace(NOTICE, order="main", fire=FIRE, order_ref=REF),
    SUMMARY,
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return schemas.load("events")


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_kind_of_event_is_here() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_lines_validate(event: Event, validator: Draft202012Validator) -> None:
    text = line(event)
    assert text.splitlines() == [text]
    assert [error.message for error in validator.iter_errors(json.loads(text))] == []


@pytest.mark.parametrize("event", [PLAN, FIRED, ORDER, FILL, COST, NOTICE, SUMMARY], ids=lambda e: type(e).__name__)
def test_a_key_too_many_or_too_few_does_not_validate(event: Event, validator: Draft202012Validator) -> None:
    record = json.loads(line(event))
    assert not validator.is_valid({**record, "surplus": 1})
    for key in record:
        assert not validator.is_valid({name: value for name, value in record.items() if name != key}), key


def test_money_is_exact_text_and_words_are_those_of_a_plan() -> None:
    assert line(ORDER) == (
        f'{{"type": "order", "plan": "eurusd-weekday", "order": "main", "fire": "{FIRE}", "order_ref": "{REF}", '
        f'"role": "entry", "time": "{FIRE}", "state": "working", "contract": "EUR.USD", "side": "buy", '
        '"quantity": "25000", "order_type": "stop_limit", "filled": "10000", "remaining": "15000"}'
    )


def test_maps_are_sorted_and_have_no_negative_zero() -> None:
    record = json.loads(line(SUMMARY))
    assert list(record["commission"].items()) == [("CHF", "1"), ("USD", "4.2")]
    assert record["realized_pnl"] == {"USD": "0"}
    assert record["positions"] == {"EUR.USD": "-25000"}


def test_a_text_comes_back_as_it_was() -> None:
    assert json.loads(line(NOTICE))["text"] == NOTICE.text


def test_a_notice_about_no_order_has_no_order_keys() -> None:
    assert {"order", "fire", "order_ref"}.isdisjoint(json.loads(line(NOTICE)))


def test_every_property_is_explained_and_its_examples_validate(schema: dict[str, Any]) -> None:
    """An editor and a reader of the schema find a title, a description and an example at each key."""
    for name, kind in schema["$defs"].items():
        assert kind["title"], name
        assert kind["description"], name
        for key, prop in kind.get("properties", {}).items():
            assert prop["title"], f"{name}.{key}"
            assert prop["description"], f"{name}.{key}"
            alone = Draft202012Validator({**prop, "$defs": schema["$defs"]})
            assert all(alone.is_valid(example) for example in prop["examples"]), f"{name}.{key}"
            assert prop["examples"], f"{name}.{key}"
        if "properties" in kind:
            assert kind["additionalProperties"] is False, name
