"""`--state FILE`: what a gateway knew is known to the next one, however the first one ended."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.errors import FxrunError, JournalBusy, Refused, UsageError
from runner.gateway.fills import FillModel
from runner.gateway.settings import GatewaySettings
from runner.gateway.state_file import StateFile
from runner.gateway.truth import TruthFile
from runner.wire.messages import (
    AccountSummary,
    Answer,
    CancelOrder,
    CompletedOrder,
    ExecutionDetails,
    NextValidId,
    OpenOrder,
    OrderCondition,
    OrderStatus,
    PlaceOrder,
    Position,
    RequestAccountSummary,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestIds,
    RequestPositions,
)
from tests.integration.gateway_peer import START, Client, Stage, errors, only, order, prices, staged, statuses

CODE = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"
QUOTES = ((0, "1.0850", "1.0852"), (3600, "1.0950", "1.0952"), (7200, "1.0750", "1.0752"), (90_000, "1.0800", "1.0802"))
GTC = {"time_in_force": "GTC"}
DEEP = GatewaySettings(cash={"USD": Decimal(10**9)}, fill_model=FillModel(depth=1000))


@contextmanager
def kept(folder: Path, start: datetime = START, *quotes: tuple[int, str, str]) -> Iterator[tuple[Stage, Client]]:
    """Run a gateway that keeps its state in a folder, and a client of it."""
    settings = GatewaySettings()
    store = StateFile(folder / "state", settings)
    with staged(prices(folder, *(quotes or QUOTES)), start=start, settings=settings, store=store) as stage:
        yield stage, stage.client(7)


def account_of(client: Client) -> list[tuple[str, str, str]]:
    """Return the cash and worth of the account."""
    told = client.ask(RequestAccountSummary(request_id=1, group="All", tags="$LEDGER"))
    return [(one.tag, one.currency, one.value) for one in only(AccountSummary, told)]


def open_orders(client: Client) -> list[OpenOrder]:
    """Return the orders that are live."""
    return only(OpenOrder, client.ask(RequestAllOpenOrders()))


def test_everything_comes_back(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(order(3), order(5, "SELL", "LMT", limit="1.1000", order_ref="Ä\n", **GTC))
        client.ask(order(6, "SELL", "LMT", limit="1.3", **GTC))
        client.ask(CancelOrder(order_id=6))
        before = [
            open_orders(client),
            client.ask(RequestExecutions(request_id=1)),
            client.ask(RequestCompletedOrders()),
            only(Position, client.ask(RequestPositions())),
            account_of(client),
        ]
    with kept(tmp_path) as (_, client):
        assert [
            open_orders(client),
            client.ask(RequestExecutions(request_id=1)),
            client.ask(RequestCompletedOrders()),
            only(Position, client.ask(RequestPositions())),
            account_of(client),
        ] == before
        assert [one.order_id for one in open_orders(client)] == [5]
        assert len(only(ExecutionDetails, before[1])) == 1
        assert len(only(CompletedOrder, before[2])) == 2
        assert statuses(client.ask(CancelOrder(order_id=5))) == [(5, "Cancelled")]


def test_the_next_valid_id_of_each_client(tmp_path: Path) -> None:
    with kept(tmp_path) as (stage, client):
        client.ask(order(3), order(9, "HOLD"))
        assert errors(client.ask(order(8)))[0] == (8, 103)
        other = stage.client(8)
        other.ask(order(100, what_if=True))
        assert only(NextValidId, other.ask(RequestIds()))[0].order_id == 1
    with kept(tmp_path) as (stage, client):
        assert only(NextValidId, client.welcome)[0].order_id == 10, "an id is used by an order that was refused, too"
        assert only(NextValidId, stage.client(8).welcome)[0].order_id == 1
        assert errors(client.ask(order(3))) == [(3, 104)]
        assert errors(client.ask(order(2))) == [(2, 103)]


def test_what_is_filled_while_nobody_serves_is_not(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(order(1, "SELL", "LMT", limit="1.0900", **GTC), order(2, "BUY", "LMT", limit="1.0755", **GTC))
        client.ask(order(3, "BUY", "LMT", limit="1.0801", **GTC))
    with kept(tmp_path, START + timedelta(seconds=7199)) as (stage, client):
        told = client.ask(RequestExecutions(request_id=1))
        (done,) = only(ExecutionDetails, told)
        assert (done.execution.order_id, done.execution.price) == (1, Decimal("1.0950")), "at the price of now"
        assert done.execution.time.startswith("20250305 16:29:59")
        stage.pass_until(START + timedelta(seconds=7200))
        told = only(ExecutionDetails, client.ask())
        assert [(one.execution.order_id, one.execution.price) for one in told] == [
            (2, Decimal("1.0755")),
            (3, Decimal("1.0801")),
        ]


def test_what_was_only_asked_about_is_not_kept(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(order(1, "SELL", "LMT", limit="1.2", **GTC))
        client.ask(order(1, "SELL", "LMT", limit="1.3", what_if=True), order(1, "BUY", "LMT", limit="1.4", **GTC))
        client.ask(order(1, "SELL", "LMT", limit="1.25", **GTC), order(1, "SELL", "LMT", limit="1.3", what_if=True))
    with kept(tmp_path) as (_, client):
        assert [one.order.limit_price for one in open_orders(client)] == [Decimal("1.25")]


def test_a_day_order_expires_when_its_session_ended(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(order(1, "SELL", "LMT", limit="1.2"), order(2, "SELL", "LMT", limit="1.2", **GTC))
    with kept(tmp_path, START + timedelta(hours=7)) as (_, client):
        assert [one.order_id for one in open_orders(client)] == [1, 2], "its session goes on"
    with kept(tmp_path, START + timedelta(hours=8)) as (_, client):
        assert [one.order_id for one in open_orders(client)] == [2]
        (ended,) = only(CompletedOrder, client.ask(RequestCompletedOrders()))
        assert (ended.order.order_ref, ended.order_state.completed_time) == ("ref-1", "20250305 22:00:00 UTC")


def test_an_order_that_waited_for_the_opening(tmp_path: Path) -> None:
    closed = datetime.fromisoformat("2025-03-08T12:00:00Z")  # a Saturday
    opened = datetime.fromisoformat("2025-03-10T12:00:00Z")
    ended = datetime.fromisoformat("2025-03-11T12:00:00Z")
    quotes = tuple(
        (int((day - START).total_seconds()) - 60, "1.08", "1.0802") for day in (START, closed, opened, ended)
    )
    with kept(tmp_path, closed, *quotes) as (_, client):
        told = client.ask(order(1, "SELL", "LMT", limit="1.2"), order(2, "BUY", "LMT", limit="1.2", **GTC))
        assert {status for _, status in statuses(told)} == {"PreSubmitted"}
    with kept(tmp_path, opened, *quotes) as (_, client):
        assert statuses(client.ask(RequestAllOpenOrders())) == [(1, "Submitted")]
        (done,) = only(ExecutionDetails, client.ask(RequestExecutions(request_id=1)))
        assert (done.execution.order_id, done.execution.price) == (2, Decimal("1.0802"))
    with kept(tmp_path, ended, *quotes) as (_, client):
        assert statuses(client.ask(RequestAllOpenOrders())) == []


def test_a_bracket_goes_on(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(
            order(1, "BUY", "LMT", limit="1.0760", transmit=False, **GTC),
            order(2, "SELL", "LMT", limit="1.0800", parent_id=1, transmit=False, **GTC),
            order(3, "SELL", "STP", stop="1.0700", parent_id=1, **GTC),
            order(9, "BUY", "LMT", limit="1", transmit=False, **GTC),
        )
        before = open_orders(client)
    with kept(tmp_path) as (stage, client):
        assert open_orders(client) == before
        stage.pass_until(START + timedelta(seconds=7200))
        assert [one[0] for one in statuses(client.ask()) if one[1] == "Filled"] == [1]
    with kept(tmp_path, START + timedelta(seconds=8000)) as (stage, client):
        assert statuses(client.ask(RequestAllOpenOrders())) == [(2, "Submitted"), (3, "PreSubmitted")]
        stage.pass_until(START + timedelta(seconds=90_000))
        told = statuses(client.ask())
        assert told.count((2, "Filled")) == 1
        assert told.count((3, "Cancelled")) == 1
        told = statuses(client.ask(order(9, "BUY", "LMT", limit="1", **GTC)))
        assert told == [(9, "Submitted")], "what was not transmitted yet can be"


def test_numbers_are_given_away_once(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        told = client.ask(*(order(number, order_ref="same") for number in range(1, 30)))
    first = {one.execution.execution_id for one in only(ExecutionDetails, told)}
    perms = {one.execution.perm_id for one in only(ExecutionDetails, told)}
    assert len(first) == len(perms) == 29
    with kept(tmp_path) as (stage, _):
        told = stage.client(8).ask(*(order(number, order_ref="same") for number in range(1, 30)))
        assert first.isdisjoint(one.execution.execution_id for one in only(ExecutionDetails, told))
        assert perms.isdisjoint(one.execution.perm_id for one in only(ExecutionDetails, told))
        numbers = stage.gateway.call(lambda venue: venue.numbers)
        assert (len(numbers._perm_ids), len(numbers._executions)) == (2 * 29, 2 * 29)


def test_a_correction_takes_the_place_of_what_it_corrects(tmp_path: Path) -> None:
    with kept(tmp_path) as (stage, client):
        client.ask(order(1), order(2))
        stage.gateway.call(lambda _: stage.gateway.command({"do": "correct", "price": Decimal("1.0860")}))
        client.ask()
        before = client.ask(RequestExecutions(request_id=1)), account_of(client)
    with kept(tmp_path) as (_, client):
        assert (client.ask(RequestExecutions(request_id=1)), account_of(client)) == before
    ids = [one.execution.execution_id[-3:] for one in only(ExecutionDetails, before[0])]
    assert sorted(ids) == [".01", ".02"]


def test_what_a_fault_has_lost_is_lost(tmp_path: Path) -> None:
    with kept(tmp_path) as (stage, client):
        client.ask(order(5), order(6, "SELL", "LMT", limit="1.2", **GTC))
        told = account_of(client)
        stage.gateway.call(lambda _: stage.gateway.command({"do": "restart", "state_lost": True}))
        client = stage.client(7)
        assert only(NextValidId, client.welcome)[0].order_id == 1
        client.ask(order(2, "SELL", "LMT", limit="1.3", **GTC))
    with kept(tmp_path) as (_, client):
        assert [one.order_id for one in open_orders(client)] == [2]
        assert only(ExecutionDetails, client.ask(RequestExecutions(request_id=1))) == []
        assert ("TotalCashBalance", "USD", "1000000.00") in account_of(client)
        assert account_of(client) != told


def test_what_is_not_on_the_disk_is_told_to_nobody(tmp_path: Path) -> None:
    with kept(tmp_path) as (stage, client):
        stage.gateway.call(lambda venue: venue.store._connection.execute("PRAGMA query_only=ON").close())
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            client.ask(order(1))
        assert stage.gateway.ended.wait(5)
        assert "--state" in str(stage.gateway.failure)
        assert "cannot be written: attempt to write a readonly database" in str(stage.gateway.failure)


@contextmanager
def running(*options: str) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """Run the command, and a client of it."""
    arguments = [sys.executable, "-c", CODE, "gateway", "--port", "0", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().removeprefix("listening on 127.0.0.1:")
            with closing(Client(int(port))) as client:
                yield client, process
        finally:
            process.kill()


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM"])
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_it_survives_its_process(tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]) -> None:
    state = ("--state", str(tmp_path / "state"), "--cash", "USD=50000")
    with running(*state) as (client, process):
        client.ask(order(1, "BUY", "LMT", limit="0.5", **GTC), order(2, "BUY", "LMT", limit="0.6", **GTC))
        told = open_orders(client)
        os.kill(process.pid, getattr(signal, how))
        assert process.wait(10) == {"SIGKILL": -9, "SIGTERM": 0}[how]
    with running(*state) as (client, process):
        assert open_orders(client) == told
        assert [one.order_id for one in told] == [1, 2]
        busy = _refused(capfd, *state)
        assert busy[0] == 75
        assert "in use by another gateway" in busy[1]
        process.kill()
        assert process.stderr is not None
        assert f"state in {tmp_path / 'state'}: 2 open orders" in process.stderr.read()


def test_time_does_not_go_back(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"))
    with running(*state, "--from", "2035-03-05T14:30:00Z") as (client, _):
        client.ask(order(1))
    with running(*state) as (client, _):
        assert client.wire.server_time.startswith("20350305 14:30:")
        assert len(only(ExecutionDetails, client.ask(RequestExecutions(request_id=1)))) == 1


def _refused(capfd: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    code = main(["gateway", "--port", "0", *options])
    out, err = capfd.readouterr()
    assert out == ""
    return code, " ".join(err.split())


def test_a_file_of_another_account_or_other_cash(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    state = ("--state", str(tmp_path / "state"))
    cash = {"USD": Decimal(50_000), "EUR": Decimal("2.50")}
    StateFile(tmp_path / "state", GatewaySettings(cash=cash)).close(0)
    code, text = _refused(capfd, *state, "--account", "DU7654321")
    assert code == 3
    assert "belongs to account DU1234567, not DU7654321; give --account DU1234567, or name another file" in text
    code, text = _refused(capfd, *state, "--cash", "USD=60000")
    assert code == 2
    assert "was opened with EUR=2.5 USD=50000, not USD=60000; leave --cash out" in text


def _database(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def test_a_file_that_cannot_be_the_state(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database" * 100)
    strange = _database(tmp_path / "strange", "CREATE TABLE one (two)")
    cases: list[tuple[Path, type[FxrunError], str]] = [
        (text, Refused, "not the state of a gateway"),
        (strange, Refused, "a database, but not the state of a gateway"),
        (tmp_path, UsageError, "is a folder"),
        (tmp_path / "no" / "file", UsageError, "the folder .* does not exist"),
    ]
    for path, kind, message in cases:
        with pytest.raises(kind, match=message):
            StateFile(path, GatewaySettings())


def test_a_file_that_is_damaged_or_newer(tmp_path: Path) -> None:
    with kept(tmp_path) as (_, client):
        client.ask(order(1))
    path = tmp_path / "state"
    _database(path, "UPDATE orders SET body = '{\"nothing\": 1}'")
    with pytest.raises(Refused, match="not the state of a gateway"), kept(tmp_path):
        pass
    _database(path, "PRAGMA user_version=2")
    with pytest.raises(Refused, match=r"written by a newer fxrun .schema 2, known 1.; upgrade fxrun"):
        StateFile(path, GatewaySettings())
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(Refused, match="state"):
        StateFile(path, GatewaySettings())


def test_two_gateways_do_not_share_a_file(tmp_path: Path) -> None:
    with kept(tmp_path), pytest.raises(JournalBusy, match="in use by another gateway"):
        StateFile(tmp_path / "state", GatewaySettings())
    with kept(tmp_path):
        pass


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_a_restart_without_a_pause_changes_nothing(tmp_path: Path, seed: int) -> None:
    """The same orders and prices, once in one gateway and once in three, one after the other."""
    draw = random.Random(seed)
    walk, quotes = Decimal("1.0850"), []
    for at in range(0, 6 * 3600, 30):
        walk += Decimal(draw.randint(-30, 30)) / 100_000
        quotes.append((at, str(walk), str(walk + Decimal("0.0002"))))
    lots = [_some_orders(draw, first) for first in (1, 101, 201)]
    stops = [START + timedelta(hours=hours) for hours in (0, 2, 4, 6)]
    told = []
    for name, restarts in (("one", False), ("three", True)):
        (tmp_path / name).mkdir()
        told.append(_played(tmp_path / name, tuple(quotes), lots, stops if restarts else None))
    assert told[0] == told[1]
    assert len(told[0][0]) > 5, "executions"


_LEVELS = {"LMT": ("limit_price",), "STP": ("aux_price",), "MIT": ("aux_price",), "MKT": (), "TRAIL": ()}
_KINDS = {**_LEVELS, "STP LMT": ("limit_price", "aux_price"), "LIT": ("limit_price", "aux_price")}
_ABOVE = OrderCondition(kind=1, contract_id=12087792, exchange="IDEALPRO", is_more=True, price=Decimal("1.086"))


def _some_orders(draw: random.Random, first: int) -> list[PlaceOrder]:
    made: list[PlaceOrder] = []
    for number in range(first, first + 12):
        kind = draw.choice(list(_KINDS))
        level = Decimal("1.0850") + Decimal(draw.randint(-60, 60)) / 10_000
        terms: dict[str, object] = {"time_in_force": draw.choice(("GTC", "DAY")), "order_ref": f"r{number}"}
        terms |= dict.fromkeys(_KINDS[kind], level) | ({"aux_price": Decimal("0.0020")} if kind == "TRAIL" else {})
        terms["total_quantity"] = Decimal(draw.choice((20_000, 25_000, 9_000_000)))
        terms |= draw.choice(_more_terms(draw, number, made[-1] if made else None))
        made.append(order(number, draw.choice(("BUY", "SELL")), kind, **terms))
    return made


def _more_terms(draw: random.Random, number: int, before: PlaceOrder | None) -> list[dict[str, object]]:
    hour = draw.randint(15, 20)
    found: list[dict[str, object]] = [
        {},
        {"oca_group": f"group {number // 4}", "oca_type": draw.randint(1, 3)},
        {"good_after_time": f"20250305 {hour}:07:00 UTC"},
        {"time_in_force": "GTD", "good_till_date": f"20250305 {hour}:37:00 UTC"},
        {"conditions": (_ABOVE,)},
    ]
    if before is not None:
        found.append({"parent_id": before.order.parent_id or before.order_id})
    return found


def _played(
    folder: Path, quotes: tuple[tuple[int, str, str], ...], lots: list[list[PlaceOrder]], stops: list[datetime] | None
) -> tuple[list[object], ...]:
    """Place the lots at two hours' distance; with stops, in a new gateway each time."""
    begins = [START + timedelta(hours=hours) for hours in (0, 2, 4, 6)]
    spans = list(pairwise(begins)) if stops else [(begins[0], begins[-1])]
    rest = [*lots]
    for start, end in spans:
        with kept(folder, start, *quotes) as (stage, client):
            for instant in begins[begins.index(start) : begins.index(end)]:
                stage.pass_until(instant)
                client.ask(*rest.pop(0))
                stage.settled()
            stage.pass_until(end)
            client.ask()
            told = (  # who comes first in one second is not part of the promise
                sorted(map(repr, client.ask(RequestExecutions(request_id=1)))),
                sorted(map(repr, client.ask(RequestAllOpenOrders()))),
                sorted(map(repr, client.ask(RequestCompletedOrders()))),
                account_of(client),
            )
    return told


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_what_was_told_is_known_after_any_kill(tmp_path: Path) -> None:
    """Killed in the midst of a stream of orders: whatever a client was told holds for the next gateway."""
    state = ("--state", str(tmp_path / "state"), "--from", "2025-03-05T14:30:00Z", "--cash", "USD=900000000")
    told: list[Answer] = []
    for turn in range(3):
        with running(*state) as (client, process):
            (first,) = {one.order_id for one in only(NextValidId, client.welcome)}
            for at in range(400):
                side, is_limit = "SELL" if at % 2 else "BUY", at % 3 == 0
                one = order(first + at, side, "LMT" if is_limit else "MKT", limit="0.9" if is_limit else None)
                client.send(client.wire.encode(one))
            enough = len(told) + 20 * (turn + 1)
            with suppress(ConnectionError):
                while True:
                    told += client.read()
                    if len(told) > enough:
                        process.kill()
    with running(*state) as (client, _):
        now = client.ask(RequestExecutions(request_id=1), RequestAllOpenOrders(), RequestCompletedOrders())
        (next_id,) = {one.order_id for one in only(NextValidId, client.welcome)}
    executed = {one.execution.execution_id: one.execution for one in only(ExecutionDetails, now)}
    for seen in only(ExecutionDetails, told):
        assert executed[seen.execution.execution_id] == seen.execution
    perm_ids = {one.order.perm_id for one in (*only(OpenOrder, now), *only(CompletedOrder, now))}
    assert {one.perm_id for one in only(OrderStatus, told)} <= perm_ids
    assert only(OrderStatus, told)
    assert next_id > max(one.order_id for one in only(OrderStatus, told))


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_state_and_truth_tell_the_same_after_any_kill(tmp_path: Path) -> None:
    """Killed between the two files: the next gateway writes into the truth what the state has already."""
    truth = tmp_path / "truth.jsonl"
    state = ("--state", str(tmp_path / "state"), "--truth", str(truth), "--from", "2025-03-05T14:30:00Z")
    for turn in range(12):
        with running(*state, "--fill", "depth=100000") as (client, process):
            (first,) = {one.order_id for one in only(NextValidId, client.welcome)}
            for at in range(60):
                client.send(client.wire.encode(order(first + at, "SELL" if at % 2 else "BUY", "MKT")))
                if at == 20 + turn:
                    client.read()
            process.kill()
    with running(*state) as (client, _):
        now = client.ask(RequestExecutions(request_id=1))
    known = {one.execution.execution_id for one in only(ExecutionDetails, now)}
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert {line["exec_id"] for line in lines if line["event"] == "execution"} == known
    assert known


def test_a_truth_takes_up_what_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    truth = TruthFile(path)
    truth.frame(0, 1, None)
    truth.commit()
    truth.frame(60, 1, None)
    tail = truth.tail()
    truth.close()
    assert tail is not None
    path.write_bytes(path.read_bytes() + tail.text.encode()[:7])  # the process ended within the line
    for _ in range(2):
        again = TruthFile(path)
        again.mend(tail)
        again.commit()
        again.close()
    assert [json.loads(line)["time"][11:16] for line in path.read_text().splitlines()] == ["00:00", "00:01"]
