"""Contracts other than pairs in a plan: what is read, and what is told of that means nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.contract import ContractSpec, currency_of, is_listed_name, unit_of
from runner.errors import PlanInvalid, Problem
from runner.plan import load
from runner.plan.model import Instruction

REST = "side: buy\nsize: 10\nschedule: {every: 1h}\n"


def read(text: str, folder: Path) -> Instruction:
    file = folder / "p.yaml"
    file.write_text("plan: p\n" + text, encoding="utf-8")
    return load(str(file)).instructions[0]


def problems(text: str, folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(PlanInvalid) as caught:
        read(text, folder)
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "{sec_type: STK, symbol: AAPL, currency: USD}",
            ContractSpec(sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART"),
        ),
        (
            "{sec_type: STK, symbol: 7203, currency: JPY, exchange: TSEJ, primary_exchange: TSEJ}",
            ContractSpec(
                sec_type="STK", symbol="7203", currency="JPY", exchange="TSEJ", primary_exchange="TSEJ"
            ),
        ),
        (
            "{sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: 2026-12, multiplier: 125_000}",
            ContractSpec(
                sec_type="FUT", symbol="EUR", currency="USD", exchange="CME", last_trade_date="202612",
                multiplier=Decimal(125_000),
            ),
        ),
        (
            "{sec_type: FUT, local_symbol: 6EZ6, currency: USD}",
            ContractSpec(sec_type="FUT", symbol="", currency="USD", exchange="", local_symbol="6EZ6"),
        ),
        (
            "{sec_type: OPT, symbol: AAPL, currency: USD, last_trade_date: 20261218, strike: 200.5, right: call}",
            ContractSpec(
                sec_type="OPT", symbol="AAPL", currency="USD", exchange="SMART", last_trade_date="20261218",
                strike=Decimal("200.5"), right="C",
            ),
        ),
        ("{con_id: 265598, exchange: SMART}", ContractSpec(
            sec_type="", symbol="", currency="", exchange="SMART", con_id=265598)),
        ("{symbol: EUR, currency: USD}", ContractSpec(symbol="EUR", currency="USD")),
        (
            "{sec_type: CASH, symbol: EUR, currency: USD, exchange: IDEALPRO}",
            ContractSpec(symbol="EUR", currency="USD"),
        ),
    ],
)  # fmt: skip
def test_the_long_form(written: str, expected: ContractSpec, tmp_path: Path) -> None:
    assert read(f"contract: {written}\n{REST}", tmp_path).contract == expected


@pytest.mark.parametrize(
    ("written", "column", "words"),
    [
        ("{sec_type: STK, symbol: AAPL}", 11, 'found no "currency"; expected currency: such as currency: USD'),
        ("{sec_type: STK, currency: USD}", 11, 'found no "symbol"'),
        ("{sec_type: STOCK, symbol: AAPL, currency: USD}", 22, "expected CASH, STK, FUT, CFD, CMDTY or OPT"),
        ("{sec_type: STK, symbol: AAPL, currency: USB}", 51, 'found "USB"; expected such as USD; did you mean "USD"?'),
        ("{sec_type: STK, symbl: AAPL, currency: USD}", 27, 'did you mean "symbol"?'),
        ("{sec_type: STK, symbol: AAPL, currency: USD, strike: 5}", 56, "a stock has no strike: found"),
        ("{symbol: AAPL, currency: USD}", 20, "or sec_type: for a stock (STK)"),
        ("{symbol: EUR, currency: USD, exchange: SMART}", 50, 'pairs are traded on IDEALPRO: found "SMART"'),
        ("{sec_type: FUT, symbol: EUR, currency: USD, last_trade_date: 2026-13}", 72, "no date of a last trade"),
        ("{con_id: 0}", 20, "con_id is not positive"),
        ("{exchange: SMART}", 11, "found no"),
    ],
)
def test_a_contract_that_means_nothing(written: str, column: int, words: str, tmp_path: Path) -> None:
    found = problems(f"contract: {written}\n{REST}", tmp_path)
    assert any(words in one.message and (one.line, one.column) == (2, column) for one in found), found


STOCK = "contract: {sec_type: STK, symbol: AAPL, currency: USD}\nside: buy\n"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("size: 0.25 lots", "size is in lots, which only pairs have: found 0.25 lots; expected a number of units"),
        ("size: 2.5", "size is no whole number: found 2.5; expected whole units of AAPL.STK.USD"),
        ("size: 500 EUR", "found EUR; expected the one it is traded in: USD"),
        ("invest: {amount: 500 EUR}", "expected an amount such as 500 USD"),
        ("convert: {from: USD}", "convert needs a currency pair: found AAPL.STK.USD"),
        (
            "size: 1\norder: {type: limit, price: bid - 5 pips}",
            "order.price is in pips, which only pairs have: found bid - 5 pips; expected an amount, such as bid - 0.05",
        ),
        ("size: 1\nbracket: {stop_loss: 20 pips}", "expected an amount, such as entry - 0.05, or a percentage"),
        ("size: 1\nwhen: {spread: 2 pips}", "when.spread is in pips"),
        ("target: {position: 2 lots}", "target.position is in lots"),
    ],
)
def test_what_only_pairs_have(rest: str, words: str, tmp_path: Path) -> None:
    found = problems(f"{STOCK}{rest}\n", tmp_path)
    assert any(words in one.message for one in found), found


def test_amounts_stand_where_pips_do(tmp_path: Path) -> None:
    text = "size: 1\norder: {type: trailing_limit, trail: 1.50, limit_offset: 0.05}\nwhen: {spread: 0.03}\n"
    found = read(STOCK + text, tmp_path)
    assert found.terms.trail is not None
    assert found.terms.limit_offset is not None
    assert found.when is not None
    assert found.when.spread is not None
    assert [found.terms.trail.number, found.terms.limit_offset.number, found.when.spread.number] == [
        Decimal("1.50"), Decimal("0.05"), Decimal("0.03"),
    ]  # fmt: skip


def test_names_say_what_a_contract_is_counted_and_paid_in() -> None:
    apple = ContractSpec(sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART")
    call = ContractSpec(sec_type="OPT", symbol="AAPL", currency="USD", local_symbol="AAPL  261218C00200000")
    euro = ContractSpec(symbol="EUR", currency="USD")
    assert [one.name for one in (apple, call, euro)] == [
        "AAPL.STK.USD", "AAPL 261218C00200000.OPT.USD", "EUR.USD",
    ]  # fmt: skip
    assert [one.unit for one in (apple, euro)] == ["AAPL.STK.USD", "EUR"]
    assert [unit_of(one.name) for one in (apple, call, euro)] == [apple.unit, call.unit, "EUR"]
    assert [currency_of(one.name) for one in (apple, call, euro)] == ["USD"] * 3
    assert [is_listed_name(name) for name in ("EUR.USD", "EUR.USD.CFD.USD", ".STK.USD")] == [False, True, False]


def test_only_what_is_named_in_the_limits_may_be_traded(tmp_path: Path) -> None:
    limits = "limits: {pairs: [EUR.USD, AAPL.STK.USD, 6EZ6.FUT.USD]}\n"
    named = f"contract: {{sec_type: FUT, local_symbol: 6EH7, currency: USD}}\n{REST}"
    assert read(f"{limits}{STOCK}size: 1\n", tmp_path).contract.symbol == "AAPL"
    (found,) = problems(limits + named, tmp_path)
    assert "contract is not among the plan's own pairs: found 6EH7.FUT.USD" in found.message
    (wrong,) = problems(f"limits: {{pairs: [AAPL]}}\n{STOCK}size: 1\n", tmp_path)
    assert "or another contract, such as AAPL.STK.USD" in wrong.message
