"""What strategies make of a stock and a future: tickets worked out by hand.

Known at the fire: AAPL 200.03 to 200.07, in cents; 6EZ6 1.08505 to 1.08510, in 0.00005 and 125,000 to the point; an
account in CHF that is worth 50,000, with 10,000.50 USD, a dollar at 0.90 francs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import ContractSpec, Details, Increment
from runner.core.money import is_multiple, plain
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, Side
from runner.plan import load
from runner.plan.model import Instruction
from strategies import STRATEGIES, Denied, conditions, expand, pricing
from strategies.pricing import Market

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FIRE = "2026-03-02T15:00:00Z"
CENTS = Details(
    long_name="APPLE INC", increments=(Increment(Decimal(0), Decimal("0.01")),), least=Decimal(1), size_step=Decimal(1),
    at=NOW,
)  # fmt: skip
APPLE = ContractSpec(
    sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART", local_symbol="AAPL", con_id=265598, details=CENTS
)
EURO = ContractSpec(
    sec_type="FUT", symbol="EUR", currency="USD", exchange="CME", local_symbol="6EZ6", con_id=1,
    multiplier=Decimal(125_000), details=replace(CENTS, increments=(Increment(Decimal(0), Decimal("0.00005")),)),
)  # fmt: skip
BASE = Snapshot(
    now=NOW,
    cash={"USD": Decimal("10000.50")},
    net_liquidation=Decimal(50_000),
    account_currency="CHF",
    rates={"USD": Decimal("0.90")},
    position=Decimal(30),
)
OF_APPLE = replace(BASE, quote=Quote(Decimal("200.03"), Decimal("200.07"), NOW))
OF_EURO = replace(BASE, quote=Quote(Decimal("1.08505"), Decimal("1.08510"), NOW))
HEAD = "plan: p\ncontract: {sec_type: STK, symbol: AAPL, currency: USD}\nschedule: {every: 1h}\n"

STOCK: Mapping[str, tuple[str, list[str]]] = {
    "single": (  # 200.03 - 0.1% = 199.82997, a buy down; 3000 / 199.82 = 15.01
        "side: buy\nsize: 3000 USD\norder: {type: limit, price: bid - 0.1%}",
        ["entry BUY 15 LMT 199.82 -"],
    ),
    "bracket": (  # 200.07 - 1% = 198.0693, a sell up 198.07; R 2.00; 250 CHF / (2 * 0.9) = 138.9
        "side: buy\nsize: risk 0.5%\nbracket: {take_profit: 2R, stop_loss: 1%}",
        ["entry BUY 138 MKT - -", "take_profit SELL 138 LMT 204.07 -", "stop_loss SELL 138 STP - 198.07"],
    ),
    "oca": (
        "side: buy\nsize: 20\norder: {type: stop, stop: ask + 0.505}\noca: {group: breakout}",
        ["entry BUY 20 STP - 200.57"],  # 200.575, a buy down
    ),
    "ladder": (  # 199.53 to 198.03; halfway 198.78; 6 in parts 1, 2, 3
        "side: buy\nsize: 6\nladder: {count: 3, from: bid - 0.50, to: bid - 2, sizes: linear}",
        ["rung-1 BUY 1 LMT 199.53 -", "rung-2 BUY 2 LMT 198.78 -", "rung-3 BUY 3 LMT 198.03 -"],
    ),
    "slices": ("side: buy\nsize: 100\nslices: {count: 3, over: 30m}", ["slice-1 BUY 33 MKT - -"]),
    "invest": ("side: buy\ninvest: {amount: 500 USD}", ["entry BUY 2 MKT - -"]),  # 500 / 200.07 = 2.499
    "target": (  # 10000 / (200.07 * 0.9) = 55.5, and there are 30
        "side: buy\ntarget: {percent: 20}",
        ["entry BUY 25 MKT - -"],
    ),
    "flatten": ("flatten: {open_orders: cancel}", ["entry SELL 30 MKT - -"]),
}
FUTURE: Mapping[str, tuple[str, list[str]]] = {
    "money": ("side: buy\nsize: 300_000 USD", ["entry BUY 2 MKT - -"]),  # 135,637.50 each
    "risk": (  # 1.08510 - 0.3% = 1.0818447, up 1.08185; R 0.00325; 500 CHF / (0.00325 * 125000 * 0.9 = 365.6) = 1.4
        "side: buy\nsize: risk 1%\nbracket: {stop_loss: 0.3%}",
        ["entry BUY 1 MKT - -", "stop_loss SELL 1 STP - 1.08185"],
    ),
    "target": (  # 15 * 135,637.50; there are 30
        "side: buy\ntarget: {position: 2_100_000 USD}",
        ["entry SELL 15 MKT - -"],
    ),
}


def plan(text: str, folder: Path, contract: ContractSpec) -> Instruction:
    file = folder / "p.yaml"
    file.write_text(HEAD + text + "\n", encoding="utf-8")
    return replace(load(str(file)).instructions[0], contract=contract)


def told(ticket: OrderTicket) -> str:
    prices = (ticket.limit_price, ticket.stop_price)
    shown = " ".join("-" if price is None else plain(price) for price in prices)
    return f"{ticket.key.role} {ticket.side.value} {plain(ticket.quantity)} {ticket.order_type.value} {shown}"


def test_every_strategy_but_that_of_currencies_trades_stocks() -> None:
    assert {*STOCK, "convert"} == {*STRATEGIES}


@pytest.mark.parametrize("name", STOCK)
def test_of_a_stock(name: str, tmp_path: Path) -> None:
    text, tickets = STOCK[name]
    assert list(map(told, expand(plan(text, tmp_path, APPLE), FIRE, OF_APPLE))) == tickets


@pytest.mark.parametrize("name", FUTURE)
def test_of_a_future(name: str, tmp_path: Path) -> None:
    text, tickets = FUTURE[name]
    assert list(map(told, expand(plan(text, tmp_path, EURO), FIRE, OF_EURO))) == tickets


def test_half_of_the_cash_is_that_of_the_contract(tmp_path: Path) -> None:
    text = "side: sell\nsize: 50% of cash"  # 5000.25 / 200.03 = 24.99
    assert list(map(told, expand(plan(text, tmp_path, APPLE), FIRE, OF_APPLE))) == ["entry SELL 24 MKT - -"]


def test_a_trailing_stop_by_an_amount(tmp_path: Path) -> None:
    text = "side: sell\nsize: 10\nbracket: {take_profit: 2R, trailing_stop: 1.505}"
    entry, profit, stop = expand(plan(text, tmp_path, APPLE), FIRE, OF_APPLE)
    assert (entry.quantity, profit.limit_price) == (10, Decimal("197.03"))  # 200.03 - 2 * (201.53 - 200.03)
    assert stop.trail is not None
    assert stop.trail.amount == Decimal("1.50")  # nearer, not further


def test_sizes_are_multiples_of_the_step(tmp_path: Path) -> None:
    tokyo = replace(APPLE, details=replace(CENTS, size_step=Decimal(100), least=Decimal(100)))
    found = expand(plan("side: buy\nsize: 60_000 USD", tmp_path, tokyo), FIRE, OF_APPLE)
    assert [one.quantity for one in found] == [200]  # 299.9
    text = "side: buy\nsize: 600\nladder: {count: 2, from: bid - 1, to: bid - 2, sizes: linear}"
    assert [one.quantity for one in expand(plan(text, tmp_path, tokyo), FIRE, OF_APPLE)] == [200, 400]
    with pytest.raises(Denied, match="does not come to a single unit"):
        expand(plan("side: buy\nsize: 600 USD", tmp_path, tokyo), FIRE, OF_APPLE)


def test_what_is_not_known_yet_has_no_grid(tmp_path: Path) -> None:
    asked = ContractSpec(sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART")
    text = "side: buy\nsize: 1\norder: {type: limit, price: bid}"
    with pytest.raises(Denied, match=r"the steps that AAPL\.STK\.USD is priced in are asked of the broker"):
        expand(plan(text, tmp_path, asked), FIRE, OF_APPLE)


def test_a_spread_as_an_amount(tmp_path: Path) -> None:
    wide = plan("side: buy\nsize: 1\nwhen: {spread: 0.03}", tmp_path, APPLE)
    fine = plan("side: buy\nsize: 1\nwhen: {spread: 0.04}", tmp_path, APPLE)
    assert conditions.unmet(wide, OF_APPLE, has_filled=False) == "the spread of 0.04 is above 0.03"
    assert conditions.unmet(fine, OF_APPLE, has_filled=False) is None


LEVELS = (
    Increment(Decimal(0), Decimal("0.0001")),
    Increment(Decimal(1), Decimal("0.01")),
    Increment(Decimal(100), Decimal("0.5")),
)
STEPPED = replace(APPLE, details=replace(CENTS, increments=LEVELS))


@pytest.mark.parametrize(
    ("side", "value", "expected"),
    [
        (Side.BUY, "0.99995", "0.9999"),
        (Side.SELL, "0.99995", "1"),
        (Side.BUY, "1.009", "1"),
        (Side.SELL, "99.991", "100"),
        (Side.BUY, "100.49", "100"),
        (Side.SELL, "100.01", "100.5"),
    ],
)
def test_ticks_follow_the_level_of_the_price(side: Side, value: str, expected: str) -> None:
    market = Market(contract=STEPPED, side=side, snapshot=OF_APPLE)
    assert pricing.on_tick(Decimal(value), market) == Decimal(expected)


@given(st.decimals("0.0002", "300", places=6), st.sampled_from(Side))
def test_a_price_lies_on_the_grid_of_where_it_is_and_is_never_worse(value: Decimal, side: Side) -> None:
    found = pricing.on_tick(value, Market(contract=STEPPED, side=side, snapshot=OF_APPLE))
    tick = STEPPED.tick_at(found)
    assert tick is not None
    assert is_multiple(found, tick)
    assert (value - found) * side.sign >= 0
    assert abs(value - found) < max(tick, Decimal("0.5") if found >= 100 else tick)
