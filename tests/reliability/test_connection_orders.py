"""What leaves for an order, on the bytes; what a question about one leaves undone; what comes back of its name."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from runner.core.contract import ContractSpec
from runner.core.facts import CompletedOrderSeen, ExecutionSeen, OpenOrderSeen, PositionSeen, ProfitSeen, WhatIfSeen
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce
from runner.gateway.settings import GatewaySettings
from runner.ib.compile import CompiledOrder, as_question, compile_group
from runner.ib.linked import number
from runner.ib.neutral import changed
from runner.ib.versions import installed
from runner.wire.messages import PlaceOrder
from tests.environments import ROOT, environment
from tests.integration.gateway_peer import staged
from tests.reliability.connection_peer import ACCOUNT, compiled, eventually, live, wired
from tests.reliability.connection_told import FIRST, LONGEST_REF, told
from tests.reliability.truth_peer import Witness

TEXT = b"3\0"  # placeOrder as text
PROTOBUF = (203).to_bytes(4, "big")  # and as protobuf
WHAT_IF = b"\x88\x04\x01"  # field 65 of an order is true
NEWEST = "ibapi-latest==10.51.1"

# a market order as ibapi 9.81.1 writes it for server version 157, a bar for each zero byte
GOLDEN = b"".join(
    (
        b"3|11|0|EUR|CASH||0.0|||IDEALPRO||USD|||||BUY|25000|MKT|||DAY||DU1234567||0|",
        b"fx1:abcdefghijkl:0123456789abcdefghijklm|1|0|0|0|0|0|0|0||0||||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||",
        b"||||||0|||0|0|||0||0|0|0|0||1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|",
        b"1.7976931348623157e+308|1.7976931348623157e+308|0||||1.7976931348623157e+308|||||0|0|0||",
    )
).replace(b"|", b"\0")
# the same order as ibapi 10.51.1 writes it for server version 226
GOLDEN_PROTOBUF = bytes.fromhex(
    "000000cb080b121c080012034555521a04434153484208494445414c50524f52035553441a9c010800180020002a03425559"
    "32053235303030380042034d4b545a034441596209445531323334353637e201286678313a6162636465666768696a6b6c3a"
    "303132333435363738396162636465666768696a6b6c6df00100f80100d80200f00200900401a80400b00400c004ffffffff"
    "ffffffffff01e1040000000000000000c00500c9050000000000000000d9050000000000000000900600ca06002200"
)


def asked(version: int, witness: Witness) -> list[bytes]:
    """Ask what an order would cost, then place it; return both frames."""
    with (
        staged(settings=GatewaySettings(max_version=version), truth=witness) as stage,
        wired(stage.port) as wire,
        live(wire.port) as client,
    ):
        client.log_in()
        client.ask(lambda: client.connection.what_if(compiled(FIRST)), WhatIfSeen)
        assert witness.orders == [], "a question must leave no order"
        client.ask(lambda: client.connection.place(compiled(FIRST)), ExecutionSeen)
        assert {entry.order_id for entry in witness.orders} == {FIRST}
        return orders(wire.frames())


def orders(frames: Sequence[bytes]) -> list[bytes]:
    """Return the frames that place orders."""
    return [frame for frame in frames if frame.startswith((TEXT, PROTOBUF))]


def test_o19_the_flag_of_a_question_is_on_the_bytes_and_no_order_comes_of_it() -> None:
    witness = Witness()
    question, order = asked(157, witness)
    fields, others = question.split(b"\0"), order.split(b"\0")
    assert len(fields) == len(others)
    different = [(one, other) for one, other in zip(fields, others, strict=True) if one != other]
    assert different == [(b"1", b"0")], "one field differs, and that is the flag"
    understood = witness.of(PlaceOrder)
    assert [one.order.what_if for one in understood] == [True, False]
    assert replace(understood[0].order, what_if=False) == understood[1].order


@pytest.mark.parametrize("version", [version for version in (163, 178, 200, 203, 226) if version > 157])
def test_o19_the_flag_is_there_in_every_version(version: int) -> None:
    witness = Witness()
    question, order = asked(version, witness)
    if installed().max_server_version >= 203 <= version:
        assert question.startswith(PROTOBUF)
        assert (question.count(WHAT_IF), order.count(WHAT_IF)) == (1, 0)
    assert [one.order.what_if for one in witness.of(PlaceOrder)] == [True, False]


def test_o19_a_question_about_one_of_a_group_stands_alone_and_leaves_the_order_as_it_was() -> None:
    tickets = bracket()
    group = number(compile_group(tickets), 7, ACCOUNT)
    before = [changed(one) for one in group]
    questions = [as_question(one).order for one in group]
    assert [(one.whatIf, one.transmit, one.parentId) for one in questions] == [(True, True, 0)] * 3
    assert [changed(one) for one in group] == before
    witness = Witness()
    with staged(truth=witness) as stage, live(stage.port) as client:
        client.log_in()
        for one in group:
            client.ask(lambda one=one: client.connection.what_if(one), WhatIfSeen)  # type: ignore[misc]
        assert [seen.order_id for seen in client.of(WhatIfSeen)] == [7, 8, 9]
        assert client.of(OpenOrderSeen) == []
    assert witness.orders == []


def test_o20_a_name_of_forty_characters_comes_back_everywhere() -> None:
    assert len(LONGEST_REF) == 40
    with staged() as stage, live(stage.port) as client:
        seen = told(client)
    names = {
        kind: {fact.order_ref for fact in seen if isinstance(fact, kind)}
        for kind in (OpenOrderSeen, ExecutionSeen, CompletedOrderSeen)
    }
    assert all(LONGEST_REF in told for told in names.values())
    assert names[ExecutionSeen] == names[CompletedOrderSeen] == {LONGEST_REF}


def test_what_is_told_of_orders_and_of_the_account() -> None:
    with staged() as stage, live(stage.port) as client:
        seen = told(client)
    what_if = next(fact for fact in seen if isinstance(fact, WhatIfSeen))
    assert what_if.init_margin_change == Decimal("669.375")
    assert (what_if.commission, what_if.min_commission, what_if.commission_currency) == (Decimal(2), None, "USD")
    resting = [fact for fact in seen if isinstance(fact, OpenOrderSeen)][-1]
    assert (resting.contract, resting.side, resting.quantity) == ("EUR.USD", Side.SELL, Decimal(25000))
    assert (resting.order_type, resting.limit_price, resting.stop_price) == ("STP LMT", Decimal("0.5"), Decimal("0.5"))
    assert (resting.time_in_force, resting.parent_id, resting.filled) == ("DAY", None, None)
    completed = next(fact for fact in seen if isinstance(fact, CompletedOrderSeen))
    assert (completed.contract, completed.side, completed.quantity) == ("EUR.USD", Side.BUY, Decimal(25000))
    held = next(fact for fact in seen if isinstance(fact, PositionSeen))
    assert (held.account, held.contract, held.quantity) == (ACCOUNT, "EUR.USD", Decimal(25000))
    profit = next(fact for fact in seen if isinstance(fact, ProfitSeen))
    assert profit.daily is not None


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["ibapi-stable==10.37.2", NEWEST])
def test_o19_o20_every_generation_of_ibapi_hears_the_same(generation: str) -> None:
    with staged() as stage, live(stage.port) as client:
        expected = [str(fact) for fact in told(client)]
    witness = Witness()
    with staged(truth=witness) as stage, wired(stage.port) as wire:
        command = [str(environment(generation, with_fxrun=True)), "-m", "tests.reliability.connection_told"]
        run = subprocess.run(
            [*command, str(wire.port)], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False
        )
        assert run.returncode == 0, run.stderr
        question, *placed = orders(wire.frames())
    assert run.stdout.splitlines() == expected
    assert question.startswith(PROTOBUF)
    assert [frame.count(WHAT_IF) for frame in (question, *placed)] == [1, 0, 0]
    assert [one.order.what_if for one in witness.of(PlaceOrder)] == [True, False, False]


def ticket(role: Role = Role.ENTRY, **changes: object) -> OrderTicket:
    values = {
        "key": OrderKey(plan="p", order="main", fire="once", role=role.value),
        "role": role,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY,
        "quantity": Decimal(25000),
        "order_type": OrderType.MARKET,
    } | changes
    return OrderTicket(**values)  # type: ignore[arg-type]


def bracket() -> list[OrderTicket]:
    entry = ticket()
    return [entry, *(ticket(role, parent=entry.order_ref) for role in (Role.TAKE_PROFIT, Role.STOP_LOSS))]


def said(one: CompiledOrder) -> dict[str, str]:
    """Return the fields of an order that say something; those of its contract are checked here."""
    told = {(field.owner, field.name): field.value for field in changed(one)}
    contract = {name: value for (owner, name), value in told.items() if owner == "Contract"}
    assert contract == {"symbol": "EUR", "secType": "CASH", "exchange": "IDEALPRO", "currency": "USD"}
    return {name: value for (owner, name), value in told.items() if owner == "Order"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"orderType": "MKT", "tif": "DAY"}),
        (
            {"order_type": OrderType.LIMIT, "limit_price": Decimal("1.08505"), "time_in_force": TimeInForce.GTC},
            {"orderType": "LMT", "lmtPrice": "1.08505", "tif": "GTC"},
        ),
        (
            {"order_type": OrderType.STOP, "stop_price": Decimal("1.1"), "time_in_force": TimeInForce.IOC},
            {"orderType": "STP", "auxPrice": "1.1", "tif": "IOC"},
        ),
        (
            {"order_type": OrderType.STOP_LIMIT, "stop_price": Decimal("1.1"), "limit_price": Decimal("1.10005")},
            {"orderType": "STP LMT", "lmtPrice": "1.10005", "auxPrice": "1.1", "tif": "DAY"},
        ),
    ],
)
def test_o21_a_compiled_order_says_this_and_nothing_else(changes: dict[str, object], expected: dict[str, str]) -> None:
    made = ticket(**changes)
    (one,) = number(compile_group([made]), 7, ACCOUNT)
    common = {
        "orderId": "7", "action": "BUY", "totalQuantity": "25000", "account": ACCOUNT, "orderRef": made.order_ref,
    }  # fmt: skip
    assert said(one) == common | expected
    assert one.order.transmit is True
    assert not one.order.whatIf
    assert not any(getattr(one.order, flag, False) for flag in ("eTradeOnly", "firmQuoteOnly"))


def test_o21_only_the_last_of_a_group_transmits() -> None:
    tickets = bracket()
    group = number(compile_group(tickets), 7, ACCOUNT)
    assert [(one.order.orderId, one.order.parentId, one.order.transmit) for one in group] == [
        (7, 0, False), (8, 7, False), (9, 7, True),
    ]  # fmt: skip
    assert [said(one)["account"] for one in group] == [ACCOUNT] * 3
    assert len({said(one)["orderRef"] for one in group}) == 3


@pytest.mark.skipif(installed().max_server_version != 157, reason="a newer ibapi writes some defaults otherwise")
def test_o21_a_market_order_is_these_bytes() -> None:
    with (
        staged(settings=GatewaySettings(max_version=157)) as stage,
        wired(stage.port) as wire,
        live(wire.port) as client,
    ):
        client.log_in()
        client.ask(lambda: client.connection.place(compiled(FIRST, order_ref=LONGEST_REF)), ExecutionSeen)
        (frame,) = orders(wire.frames())
    assert frame == GOLDEN


@pytest.mark.slow
def test_o21_a_market_order_is_these_bytes_as_protobuf() -> None:
    with staged() as stage, wired(stage.port) as wire:
        python = str(environment(NEWEST, with_fxrun=True))
        command = [python, "-m", "tests.reliability.connection_told", str(wire.port)]
        subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
        assert orders(wire.frames())[1] == GOLDEN_PROTOBUF


def test_the_order_ids_of_a_journal_are_never_used_again() -> None:
    """What `use_above` was told holds in this session and in later ones, whatever the TWS says is next."""
    with staged() as stage, live(stage.port) as client:
        login = client.log_in()
        client.connection.use_above(40)
        assert client.connection.take_order_ids(2) == 41
        assert client.connection.login_next_id == login.next_order_id < 41
        client.drop()
        assert client.log_in().next_order_id == login.next_order_id
        assert client.connection.take_order_ids(1) == 43


def test_when_bytes_came_last_is_known() -> None:
    with staged() as stage, live(stage.port) as client:
        assert client.connection.last_heard == 0
        client.log_in()
        first = client.connection.last_heard
        client.connection.request_current_time()
        assert eventually(lambda: client.connection.last_heard > first)
