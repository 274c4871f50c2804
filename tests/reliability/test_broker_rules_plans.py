"""B04, B05, B06, B10: sizes, prices, working orders and mixed plans, judged before anything is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.fx import IDEALPRO_PAIRS, Pair
from runner.core.ids import OrderKey
from runner.core.limits import Limits
from runner.core.price import fixed
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.errors import PlanInvalid
from runner.ib.compile import compile_group
from runner.plan import load
from runner.risk.checks import Proposal, denial
from runner.settings.model import DEFAULT_LIMITS

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 7, 1, 15, tzinfo=UTC)
MINIMUM = {  # IDEALPRO's smallest orders by the base currency, as IB's page has them
    "EUR": 20_000, "GBP": 20_000, "USD": 25_000, "AUD": 25_000, "CAD": 25_000, "CHF": 25_000, "NZD": 35_000,
    "SGD": 35_000, "CNH": 150_000, "DKK": 150_000, "NOK": 150_000, "SEK": 175_000, "HKD": 200_000, "MXN": 300_000,
    "ZAR": 350_000,
}  # fmt: skip


def fxrun(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *words],
        capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip


def write(path: Path, pair: str = "EUR.USD", size: object = 25_000, more: str = "", name: str = "demo") -> Path:
    path.write_text(f"plan: {name}\ncontract: {pair}\nside: buy\nsize: {size}\n{more}", encoding="utf-8")
    return path


# --- B04: sizes


@pytest.mark.parametrize("below", [0, 1])
def test_b04_below_the_minimum_of_the_base_currency_is_warned_of_and_not_refused(below: int, tmp_path: Path) -> None:
    """By the base: 20,000 EUR.JPY are whole, though a yen's table would start at 2,500,000."""
    pairs = [name for name in IDEALPRO_PAIRS if name[:3] in MINIMUM]
    plans = [
        write(tmp_path / f"{n}.yaml", pair, MINIMUM[pair[:3]] - below, name=f"p{n}") for n, pair in enumerate(pairs)
    ]
    done = fxrun("validate", *map(str, plans))
    assert done.returncode == 0
    assert done.stderr.count("odd lot") == below * len(pairs)
    assert done.stdout.count(": ok") == len(pairs)


def test_b04_every_pair_is_measured_in_its_base() -> None:
    for name in IDEALPRO_PAIRS:
        base, _, quote = name.partition(".")
        wanted = MINIMUM.get(base)
        assert Pair(base, quote).minimum == (None if wanted is None else Decimal(wanted))


def test_b04_an_odd_lot_is_sent_told_of_and_filled(tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.yaml", size=5_000)
    done = fxrun("run", str(plan), "--simulate", "--json", "--from", "2026-07-01T15:00Z")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [line["code"] for line in lines if line["type"] == "notice"] == [399]
    assert lines[-1]["filled"] == 1


def ticket(number: int = 0, *, side: Side = Side.BUY, quantity: Decimal = Decimal(25_000)) -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="demo", order="main", fire=f"2026-07-01T15:00:{number:02}Z", role="entry"),
        role=Role.ENTRY, contract=ContractSpec(symbol="EUR", currency="USD"), side=side, quantity=quantity,
        order_type=OrderType.LIMIT, limit_price=Decimal("1.1"),
    )  # fmt: skip


MAXIMUM = {  # IDEALPRO's largest orders by the base currency, as others have them in their sources
    "USD": 7_000_000, "EUR": 6_000_000, "GBP": 5_000_000, "AUD": 6_000_000, "CAD": 6_000_000, "CHF": 6_000_000,
    "NZD": 8_000_000, "SGD": 8_000_000, "CNH": 40_000_000, "DKK": 35_000_000, "NOK": 35_000_000, "SEK": 40_000_000,
    "HKD": 50_000_000, "MXN": 70_000_000, "ZAR": 100_000_000,
}  # fmt: skip


@pytest.mark.parametrize("base", MAXIMUM)
def test_b04_above_the_maximum_of_the_base_currency_is_denied(base: str) -> None:
    name = next(name for name in IDEALPRO_PAIRS if name.startswith(base))
    for more, denied in ((-1, False), (0, False), (1, True)):
        one = replace(
            ticket(quantity=Decimal(MAXIMUM[base] + more)), contract=ContractSpec(symbol=base, currency=name[4:])
        )
        reason = denial(Proposal(tickets=(one,), limits=Limits(), standing=Standing(now=NOW), quote=None))
        assert (reason is not None) is denied, (base, more)
        assert reason is None or ("IDEALPRO" in reason and str(MAXIMUM[base]) in reason)


@pytest.mark.parametrize(("size", "denied"), [(49_999, False), (50_000, False), (50_001, True)])
def test_b04_above_the_largest_size_of_the_settings_is_denied(size: int, denied: bool) -> None:
    limits = Limits(max_quantity=Decimal(50_000))
    tickets = (ticket(quantity=Decimal(size)),)
    reason = denial(Proposal(tickets=tickets, limits=limits, standing=Standing(now=NOW), quote=None))
    assert (reason is not None) is denied
    assert reason is None or "max_quantity" in reason


# --- B05: prices

PRICES = {
    ("EUR.USD", "1.10005"): True, ("EUR.USD", "1.1"): True, ("EUR.USD", "1.10003"): False,
    ("EUR.USD", "1.100051"): False,
    ("EUR.USD", "0.00005"): True, ("EUR.USD", "0.00004"): False, ("EUR.USD", "1.100050000"): True,
    ("USD.JPY", "151.255"): True, ("USD.JPY", "151.25"): True, ("USD.JPY", "151.253"): False,
    ("USD.JPY", "1.10005"): False, ("EUR.JPY", "0.005"): True, ("EUR.USD", '"1.10005"'): False,
}  # fmt: skip


@pytest.mark.parametrize(("pair", "price"), PRICES)
def test_b05_a_price_is_held_to_the_half_pip_by_the_digits_that_stand_there(
    pair: str, price: str, tmp_path: Path
) -> None:
    """In binary fractions 1.10005 is no multiple of 0.00005; quoted it is text, and text is no price."""
    path = write(tmp_path / "plan.yaml", pair, more=f"order: {{type: limit, price: {price}}}\n")
    if PRICES[pair, price]:
        assert load(str(path)).instructions[0].limit_price == fixed(Decimal(price))
    else:
        with pytest.raises(PlanInvalid) as caught:
            load(str(path))
        assert [(p.line, p.column) for p in caught.value.problems] == [(5, 29)]


def test_b05_floats_would_refuse_what_is_right() -> None:
    assert 1.10005 % 0.00005 > 1e-9
    assert Decimal("1.10005") % Decimal("0.00005") == 0


@settings(max_examples=300, deadline=None)
@given(count=st.integers(1, 4_000_000), pair=st.sampled_from(IDEALPRO_PAIRS), off=st.sampled_from([0, 0, 1, 3, 9]))
def test_b05_on_the_grid_is_sent_digit_for_digit_and_off_it_never(
    count: int, pair: str, off: int, tmp_path_factory: Any
) -> None:
    tick = Pair(*pair.split(".")).tick_size
    price = count * tick + off * tick / 10
    path = tmp_path_factory.getbasetemp() / "grid.yaml"
    write(path, pair, more=f"order: {{type: limit, price: {price:f}}}\n")
    if off or price > 1_000_000:
        with pytest.raises(PlanInvalid):
            load(str(path))
        return
    instruction = load(str(path)).instructions[0]
    sent = ticket()
    sent = replace(sent, limit_price=instruction.limit_price and instruction.limit_price.number)
    (compiled,) = compile_group([sent])
    assert Decimal(repr(compiled.order.lmtPrice)) == price


# --- B06: working orders of one side


def test_b06_the_sixteenth_working_order_of_a_side_is_denied_by_default() -> None:
    """A TWS refuses the 21st of a contract and side; fxrun's own cap comes first."""
    assert DEFAULT_LIMITS.max_open_orders == 15
    for working in range(25):
        standing = Standing(now=NOW, open_orders=working)
        reason = denial(Proposal(tickets=(ticket(),), limits=DEFAULT_LIMITS, standing=standing, quote=None))
        assert (reason is None) is (working < 15), working
        assert reason is None or ("max_open_orders" in reason and "BUY orders of EUR.USD" in reason)


def test_b06_exits_of_a_bracket_count_on_the_side_they_will_work_on() -> None:
    entry = ticket()
    exits = tuple(ticket(n, side=Side.SELL) for n in range(1, 3))
    limits = Limits(max_open_orders=1)
    proposal = Proposal(tickets=(entry, *exits), limits=limits, standing=Standing(now=NOW), quote=None)
    assert "max_open_orders" in (denial(proposal) or "")


# --- B10: one invalid plan among many


def test_b10_one_invalid_plan_of_a_thousand_refuses_all_before_anything_runs(tmp_path: Path) -> None:
    """The declared rule: a command runs all its plans or none."""
    plans = [write(tmp_path / f"p{n:04}.yaml", name=f"p{n:04}") for n in range(1_000)]
    write(plans[617], size=0, name="p0617")
    journal = tmp_path / "j.db"
    done = fxrun("run", *map(str, plans), "--simulate", "--from", "2026-07-01T15:00Z", "--journal", str(journal))
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [f"{plans[617]}:4:7"]
    assert not journal.exists()


def test_b10_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    plans = [write(tmp_path / f"p{n}.yaml", name=f"p{n}", size=0 if n % 3 else 1) for n in range(9)]
    done = fxrun("validate", *map(str, plans))
    assert done.returncode == 2
    places = [line.partition(": ")[0] for line in done.stderr.splitlines()]
    assert places == [f"{plans[n]}:4:7" for n in range(9) if n % 3]
