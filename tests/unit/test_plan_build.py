"""Sound plans become the right frozen values, with the place each came from."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from runner.core.contract import ContractSpec
from runner.core.limits import NO_LIMITS, Amount, Limits, Window
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.errors import PlanInvalid
from runner.plan import Instruction, Mark, Mode, Plan, load, load_all

TOP = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
WHOLE = """\
plan: eurusd-weekday
mode: Live
contract: eur/usd
side: SELL
size: 25_000
order: {type: Stop_Limit, price: 1.0850, stop: 1.0860, tif: gtc}
bracket: {take_profit: 1.0750, stop_loss: 1.0900}
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
  from: 2025-01-01
  until: 2025-12-31
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "plan.yaml"


def loaded(path: Path, text: str) -> Plan:
    path.write_text(text, encoding="utf-8")
    return load(str(path))


def only(path: Path, more: str) -> Instruction:
    (instruction,) = loaded(path, TOP + more).instructions
    return instruction


def test_every_key_arrives(plan_file: Path) -> None:
    plan = loaded(plan_file, WHOLE)
    (order,) = plan.instructions
    assert (plan.name, plan.mode, plan.file) == ("eurusd-weekday", Mode.LIVE, str(plan_file))
    assert plan.digest == hashlib.sha256(plan_file.read_bytes()).hexdigest()
    assert (order.plan, order.order) == ("eurusd-weekday", "main")
    assert order.contract == ContractSpec(symbol="EUR", currency="USD")
    assert (order.side, order.size) == (Side.SELL, units(Decimal(25_000)))
    assert (order.order_type, order.time_in_force) == (OrderType.STOP_LIMIT, TimeInForce.GTC)
    assert (order.limit_price, order.stop_price) == (fixed(Decimal("1.0850")), fixed(Decimal("1.0860")))
    assert order.strategy == "bracket"
    assert order.parameters == {"take_profit": fixed(Decimal("1.0750")), "stop_loss": fixed(Decimal("1.0900"))}


def test_marks_stand_where_the_values_do(plan_file: Path) -> None:
    marks = loaded(plan_file, WHOLE).instructions[0].marks
    assert marks["plan"] == Mark(1, 7)
    assert marks["mode"] == Mark(2, 7)
    assert marks["contract"] == Mark(3, 11)
    assert marks["side"] == Mark(4, 7)
    assert marks["size"] == Mark(5, 7)
    assert marks["order.type"] == Mark(6, 15)
    assert marks["order.price"] == Mark(6, 34)
    assert marks["order.stop"] == Mark(6, 48)
    assert marks["order.tif"] == Mark(6, 61)
    assert marks["bracket.take_profit"] == Mark(7, 24)
    assert marks["bracket.stop_loss"] == Mark(7, 43)
    assert marks["schedule.cron"] == Mark(9, 9)
    assert marks["schedule.until"] == Mark(12, 10)


def test_defaults(plan_file: Path) -> None:
    plan = loaded(plan_file, TOP)
    (order,) = plan.instructions
    assert plan.mode is Mode.SIMULATE
    assert (order.order_type, order.time_in_force) == (OrderType.MARKET, TimeInForce.DAY)
    assert (order.limit_price, order.stop_price, order.strategy, order.schedule) == (None, None, "single", None)
    assert "mode" not in order.marks
    assert "order.type" not in order.marks


def test_times_are_local_and_until_includes_its_day(plan_file: Path) -> None:
    schedule = loaded(plan_file, WHOLE).instructions[0].schedule
    assert schedule is not None
    assert schedule.cron == "30 9 * * mon-fri"
    assert schedule.zone.key == "America/New_York"
    assert schedule.start == datetime(2025, 1, 1, 5, tzinfo=UTC)
    assert schedule.until == datetime(2026, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2025-03-09", datetime(2025, 3, 10, 4, tzinfo=UTC)),  # a day of 23 hours
        ("2025-11-02", datetime(2025, 11, 3, 5, tzinfo=UTC)),  # a day of 25 hours
        ("2025-03-09 17:00", datetime(2025, 3, 9, 21, tzinfo=UTC)),
        ("2025-03-09T17:00Z", datetime(2025, 3, 9, 17, tzinfo=UTC)),
        ("2025-03-09T17:00+05:30", datetime(2025, 3, 9, 11, 30, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_window(plan_file: Path, until: str, expected: datetime) -> None:
    schedule = only(plan_file, f"schedule: {{every: 1h, timezone: America/New_York, until: '{until}'}}\n").schedule
    assert schedule is not None
    assert schedule.until == expected


def test_a_window_of_one_day(plan_file: Path) -> None:
    schedule = only(plan_file, "schedule: {every: 1h, from: 2025-01-01, until: 2025-01-01}\n").schedule
    assert schedule is not None
    assert schedule.start is not None
    assert schedule.until == schedule.start + timedelta(days=1)


@pytest.mark.parametrize("text", ["2027-03-01 09:30", "[2027-04-01T09:30Z, 2027-03-01 09:30]"])
def test_fixed_times_in_order(plan_file: Path, text: str) -> None:
    schedule = only(plan_file, f"schedule:\n  at: {text}\n  timezone: Europe/London\n").schedule
    assert schedule is not None
    assert schedule.at[0] == datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
    assert schedule.at == tuple(sorted(schedule.at))


def test_every(plan_file: Path) -> None:
    schedule = only(plan_file, "schedule: {every: 90s}\n").schedule
    assert schedule is not None
    assert (schedule.every, schedule.cron, schedule.zone.key) == (timedelta(seconds=90), None, "UTC")


@pytest.mark.parametrize(
    "contract",
    [
        "EUR.USD", "EUR/USD", "EURUSD", "eur.usd", '"eurUSD"', "{symbol: EUR, currency: USD}",
        "{symbol: eur, sec_type: CASH, currency: usd, exchange: IDEALPRO}",
    ],
)  # fmt: skip
def test_ways_to_write_a_pair(plan_file: Path, contract: str) -> None:
    text = TOP.replace("EUR.USD", contract)
    assert loaded(plan_file, text).instructions[0].contract == ContractSpec(symbol="EUR", currency="USD")


def test_an_entry_takes_whole_keys_from_the_top(plan_file: Path) -> None:
    more = """\
order: {type: limit, price: 1.0850, tif: GTC}
orders:
  - id: as-above
  - id: own-order
    order: {type: limit, price: 1.0800}
  - id: yen
    contract: USD.JPY
    side: sell
    size: 30_000
    order: {type: market}
    schedule: {every: 1h}
"""
    first, second, third = loaded(plan_file, TOP + more).instructions
    assert (first.order, first.limit_price, first.time_in_force) == (
        "as-above",
        fixed(Decimal("1.0850")),
        TimeInForce.GTC,
    )
    assert (second.limit_price, second.time_in_force) == (fixed(Decimal("1.0800")), TimeInForce.DAY)
    assert (third.contract.name, third.side, third.size.amount) == ("USD.JPY", Side.SELL, Decimal(30_000))
    assert (third.order_type, third.limit_price) == (OrderType.MARKET, None)
    assert third.schedule is not None
    assert first.marks["order.price"] == Mark(5, 29)
    assert second.marks["order.price"] == Mark(9, 33)
    assert second.marks["size"] == Mark(4, 7)
    assert third.marks["size"] == Mark(13, 11)


def test_without_anything_above(plan_file: Path) -> None:
    text = "plan: demo\norders:\n  - {id: a, contract: EUR.USD, side: buy, size: 1}\n"
    assert [i.order for i in loaded(plan_file, text).instructions] == ["a"]


def test_json_is_a_plan(plan_file: Path) -> None:
    data = {
        "plan": "demo",
        "contract": "EUR.USD",
        "side": "buy",
        "size": 25000,
        "order": {"type": "limit", "price": 1.085},
    }
    for text in (json.dumps(data), json.dumps(data, indent="\t"), json.dumps(data, separators=(",", ":"))):
        (order,) = loaded(plan_file, text).instructions
        assert (order.size.amount, order.limit_price) == (Decimal(25000), fixed(Decimal("1.085")))


def test_prices_keep_their_digits(plan_file: Path) -> None:
    order = only(plan_file, "order: {type: limit, price: 1.0850}\n")
    assert order.limit_price is not None
    assert str(order.limit_price.number) == "1.0850"


@pytest.mark.parametrize(
    ("side", "order", "bracket"),
    [
        ("buy", "{type: limit, price: 1.0850}", "{take_profit: 1.0851}"),
        ("buy", "{type: limit, price: 1.0850}", "{stop_loss: 1.08495}"),
        ("sell", "{type: stop, stop: 1.0850}", "{take_profit: 1.0800, stop_loss: 1.0900}"),
        ("buy", "{type: market}", "{take_profit: 1.0900, stop_loss: 1.0800}"),
        ("buy", "{type: limit, price: 1.0850, tif: IOC}", "{take_profit: 1.0900}"),
    ],
)
def test_sound_brackets(plan_file: Path, side: str, order: str, bracket: str) -> None:
    text = TOP.replace("buy", side) + f"order: {order}\nbracket: {bracket}\n"
    assert loaded(plan_file, text).instructions[0].strategy == "bracket"


def test_several_files(tmp_path: Path) -> None:
    names = ("one", "two")
    for name in names:
        tmp_path.joinpath(name).write_text(TOP.replace("demo", name), encoding="utf-8")
    assert [plan.name for plan in load_all([str(tmp_path / name) for name in names])] == ["one", "two"]


def test_a_name_in_two_files_and_the_problems_of_all(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("1.yaml", "2.yaml", "3.yaml"))
    one.write_text(TOP, encoding="utf-8")
    two.write_text(TOP, encoding="utf-8")
    three.write_text(TOP.replace("buy", "bye").replace("demo", "other"), encoding="utf-8")
    with pytest.raises(PlanInvalid) as caught:
        load_all([str(one), str(two), str(three)])
    places = [(Path(p.file).name, p.line, p.column) for p in caught.value.problems]
    assert places == [("2.yaml", 1, 7), ("3.yaml", 3, 7)]
    assert str(one) in caught.value.problems[0].message


def test_account_limits_and_resend_arrive(plan_file: Path) -> None:
    more = """\
account: DU1234567
limits:
  max_quantity: 30_000
  max_notional: 60_000 USD
  price_collar: 0.5%
  max_fires_per_day: 2
  pairs: [eurusd]
  window: {opens: 22:00, closes: 06:00}
resend: proven_absent
"""
    plan = loaded(plan_file, TOP + more)
    assert (plan.account, plan.resend) == ("DU1234567", True)
    assert plan.limits == Limits(
        max_quantity=Decimal(30_000),
        max_notional=(Amount(Decimal(60_000), "USD"),),
        price_collar=Decimal("0.005"),
        max_fires_per_day=2,
        pairs=frozenset({"EUR.USD"}),
        windows=(Window(time(22), time(6), ZoneInfo("UTC")),),
    )
    marks = plan.instructions[0].marks
    assert (marks["account"], marks["limits.max_quantity"]) == (Mark(5, 10), Mark(7, 17))


def test_a_plan_names_no_account_no_limits_and_sends_nothing_again(plan_file: Path) -> None:
    plan = loaded(plan_file, TOP)
    assert (plan.account, plan.limits, plan.resend) == (None, NO_LIMITS, False)
    assert loaded(plan_file, TOP + "resend: never\n").resend is False
