"""Whatever a file of faults says, the gateway stays, and a client it does not concern trades on."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from runner.gateway.faults import Verb
from runner.gateway.faults_read import CONDITIONS, PARAMETERS, BadFault, BadFaults, read_fault, read_faults
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import (
    CancelOrder,
    GlobalCancel,
    RequestExecutions,
    RequestIds,
    RequestMarketData,
    RequestOpenOrders,
)
from tests.integration.gateway_peer import EURUSD, Client, Stage, order, staged, statuses

HEALTHY = 77
SMALL = st.integers(1, 5)
SECONDS = st.decimals(0, 20, places=2)
NAMES_OUT = st.sampled_from(["Greeting", "NextValidId", "ErrorMessage", "OpenOrder", "OrderStatus", "ExecutionDetails"])
NAMES_IN = st.sampled_from(["StartApi", "PlaceOrder", "RequestIds", "CancelOrder"])
PARAMETER = {
    "for": SECONDS, "byte": st.integers(0, 60), "code": st.sampled_from([103, 201, 202, 504]),
    "text": st.text(max_size=5), "use_id": st.booleans(), "data_lost": st.booleans(),
    "state_lost": st.booleans(), "ids_back": st.integers(0, 9),
    "rate": SMALL, "strikes": SMALL, "price": st.just(Decimal("1.05")), "by": st.just(Decimal("0.001")),
    "execution": st.sampled_from(["", "none"]), "pair": st.sampled_from(["EUR.USD", "AAPL", "XAUUSD"]),
    "side": st.sampled_from(["buy", "SELL"]), "quantity": st.sampled_from([Decimal(1), Decimal(25_000)]),
    "type": st.sampled_from(["MKT", "LMT", "STP"]), "tif": st.sampled_from(["DAY", "GTC"]),
    "perm_id": st.just(1_483_106_241),
}  # fmt: skip
NEEDED = ("pair", "side", "quantity")  # or hand_order would seldom mean anything
WHEN = st.one_of(
    st.fixed_dictionaries({"at": SECONDS}),
    st.fixed_dictionaries({"every": st.decimals(1, 20, places=1), "times": SMALL}),
    st.fixed_dictionaries({"order": st.one_of(SMALL, st.sampled_from(["ref-*", "*", "x"]))}),
    st.fixed_dictionaries({"frame": SMALL, "direction": st.sampled_from(["in", "out"])}),
    st.fixed_dictionaries({"message": NAMES_OUT}, optional={"frame": SMALL}),
    st.fixed_dictionaries({"message": NAMES_IN, "direction": st.just("in")}),
    st.just({}),
)


@st.composite
def faults(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a fault that concerns client 1 alone, unless it is about the whole gateway."""
    verb = draw(st.sampled_from(list(Verb)))
    fault: dict[str, Any] = {"do": verb.value}
    for name in PARAMETERS[verb]:
        if name in NEEDED or draw(st.booleans()):
            fault[name] = draw(PARAMETER[name])
    fault["when"] = {**draw(WHEN), "client": 1}
    if draw(st.booleans()):
        fault["when"]["share"] = draw(st.integers(0, 100))
    return fault


def _makes_sense(fault: dict[str, Any]) -> bool:
    try:
        read_fault(fault)
    except BadFault:
        return False
    return True


def _provoke(stage: Stage, client: Client) -> None:
    asked = client.wire.encode(
        *[order(number) for number in (1, 2)],
        *[order(number, "BUY", "LMT", limit="0.5") for number in (3, 4)],
        RequestIds(),
        CancelOrder(order_id=3),
        RequestMarketData(request_id=8, contract=EURUSD),
        RequestOpenOrders(),
        RequestExecutions(request_id=9),
        GlobalCancel(),
    )
    with suppress(OSError):
        client.sock.sendall(asked)


def _connect(stage: Stage) -> Client | None:
    from socket import create_connection

    from runner.wire.session import ClientSession

    try:
        sock = create_connection(("127.0.0.1", stage.port), timeout=5)
    except ConnectionRefusedError:  # it is away
        return None
    client = Client.__new__(Client)
    client.sock, client.wire, client.sent = sock, ClientSession(max_version=178), 0
    client.wire.version = 178
    with suppress(OSError):
        sock.sendall(client.wire.greeting() + client.wire.start(1))
    return client


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(faults(), min_size=2, max_size=6), st.integers(0, 5))
def test_no_fault_hurts_a_client_that_it_is_not_about(told: list[dict[str, Any]], seed: int) -> None:
    read = read_faults({"seed": seed, "faults": [fault for fault in told if _makes_sense(fault)]})
    with staged(settings=GatewaySettings(faults=read)) as stage:
        for _ in range(2):
            client = _connect(stage)
            if client is not None:
                _provoke(stage, client)
                _pass(stage, 25)
                client.close()
        _pass(stage, 60)
        assert stage.gateway.failure is None
        assert not stage.gateway.ended.is_set()
        healthy = stage.client(HEALTHY)
        assert statuses(healthy.ask(order(1)))[-1] == (1, "Filled")
        stage.gateway.call(lambda venue: venue.book.next_id(1))


def _pass(stage: Stage, seconds: float) -> None:
    """Let time pass in steps, without asking whether all that was sent has been taken in."""
    for _ in range(5):
        stage.time.set(stage.time.now() + timedelta(seconds=seconds / 5))
        wakes = stage.gateway.wake()
        assert stage.gateway.meter.wait(consumed=0, wakes=wakes, timeout=5) is not None


@given(st.lists(faults(), max_size=3), st.integers(0, 5))
def test_the_schema_takes_what_the_gateway_takes(told: list[dict[str, Any]], seed: int) -> None:
    from runner.plan.shape import _validator

    data = {"seed": seed, "faults": told}
    try:
        read_faults(data)
    except BadFaults:
        return
    assert [*_validator("faults").iter_errors(data)] == []


def test_the_schema_knows_the_same_verbs_parameters_and_conditions() -> None:
    schema = schemas.load("faults")
    Draft202012Validator.check_schema(schema)
    fault = schema["$defs"]["fault"]
    assert fault["properties"]["do"]["enum"] == [verb.value for verb in Verb]
    assert tuple(fault["properties"]["when"]["properties"]) == CONDITIONS
    allowed = {
        rule["if"]["properties"]["do"]["const"]: rule["then"]["propertyNames"]["enum"] for rule in fault["allOf"]
    }
    assert allowed == {verb.value: ["do", "when", *PARAMETERS[verb]] for verb in Verb}
    assert set(fault["properties"]) == {"do", "when"}.union(*PARAMETERS.values())
