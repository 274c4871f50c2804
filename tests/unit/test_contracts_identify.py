"""From what a TWS tells of a contract to the contract that is traded, or to the reason why it is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import pytest
from ibapi.contract import Contract, ContractDetails

from runner.core.contract import ContractSpec, Increment
from runner.core.facts import ContractSeen, ContractsEnd, Fact, MarketRuleSeen
from runner.core.ids import OrderKey
from runner.core.order_state import Change
from runner.core.ticket import OrderTicket, OrderType, Role, Side, Terms
from runner.ib.compile import compile_contract
from runner.ib.contracts import contract_seen
from runner.ib.tap import EventTap
from runner.lifecycle.identify import Unidentified, changed, chosen, identified, rule_of, words
from runner.lifecycle.reading import end_of

NOW = datetime(2026, 11, 2, 15, 0, 0, 250_000, tzinfo=UTC)
ASKED = ContractSpec(sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART")
CENTS = (Increment(Decimal(0), Decimal("0.01")),)


def details(**changes: object) -> ContractDetails:
    found = ContractDetails()
    found.contract = Contract()
    found.contract.conId, found.contract.symbol, found.contract.secType = 265598, "AAPL", "STK"
    found.contract.currency, found.contract.exchange, found.contract.primaryExchange = "USD", "SMART", "NASDAQ"
    found.contract.localSymbol, found.contract.tradingClass = "AAPL", "NMS"
    found.longName, found.minTick, found.priceMagnifier = "APPLE INC", 0.01, 1
    found.validExchanges, found.marketRuleIds = "SMART,NYSE,ISLAND", "26,27,26"
    found.timeZoneId = "US/Eastern"
    found.liquidHours = "20261102:0930-20261102:1600;20261103:CLOSED;20261127:0930-20261127:1300"
    found.tradingHours = "20261102:0400-20261102:2000"
    for name, value in changes.items():
        setattr(found if hasattr(found, name) or name in ("minSize", "sizeIncrement") else found.contract, name, value)
    return found


def seen(**changes: object) -> ContractSeen:
    return contract_seen(7, details(**changes))


def test_what_a_tws_tells_becomes_a_contract_with_its_number() -> None:
    told = seen(minSize=Decimal("0.0001"), sizeIncrement=Decimal("0.0001"))
    assert (rule_of(ASKED, told), rule_of(replace(ASKED, exchange="NYSE"), told)) == (26, 27)
    found = identified(ASKED, chosen(ASKED, [told, told]), {26: CENTS}, NOW)
    assert (found.name, found.con_id, found.exchange, found.multiplier) == ("AAPL.STK.USD", 265598, "SMART", None)
    assert found.details is not None
    assert (found.details.long_name, found.details.at) == ("APPLE INC", NOW.replace(microsecond=0))
    assert (found.details.least, found.details.size_step) == (1, 1)  # the API takes no fractions
    assert (found.details.closes, found.details.late_closes) == ((time(13), time(16)), (time(20),))
    sent = compile_contract(found)
    assert (sent.conId, sent.exchange, sent.secType, sent.localSymbol) == (265598, "SMART", "STK", "AAPL")
    assert (sent.primaryExchange, sent.tradingClass, sent.multiplier) == ("", "", "")


def test_an_option_is_asked_for_in_full() -> None:
    asked = ContractSpec(
        sec_type="OPT", symbol="AAPL", currency="USD", exchange="SMART", last_trade_date="20261218", right="C",
        strike=Decimal("200.5"), multiplier=Decimal(100),
    )  # fmt: skip
    sent = compile_contract(asked)
    assert (sent.lastTradeDateOrContractMonth, sent.strike, sent.right, sent.multiplier) == (
        "20261218",
        200.5,
        "C",
        "100",
    )
    told = seen(
        secType="OPT", localSymbol="AAPL  261218C00200500", lastTradeDateOrContractMonth="20261218 16:00 EST",
        strike=200.5, right="CALL", multiplier="100",
    )  # fmt: skip
    found = identified(asked, told, {26: CENTS}, NOW)
    assert (found.name, found.right, found.strike) == ("AAPL 261218C00200500.OPT.USD", "C", Decimal("200.5"))
    assert (found.worth, found.last_trade_date) == (100, "20261218")


def test_without_a_rule_the_least_step_counts() -> None:
    found = identified(ASKED, seen(marketRuleIds=""), {}, NOW)
    assert found.tick_at(Decimal(5)) == Decimal("0.01")
    with pytest.raises(Unidentified, match="does not tell in what steps"):
        identified(ASKED, seen(marketRuleIds="", minTick=0.0), {}, NOW)


def test_a_number_may_turn_out_to_be_a_pair() -> None:
    asked = ContractSpec(sec_type="", symbol="", currency="", exchange="", con_id=12087792)
    euro = seen(secType="CASH", symbol="EUR", currency="USD", localSymbol="EUR.USD", conId=12087792)
    assert identified(asked, euro, {}, NOW) == ContractSpec(symbol="EUR", currency="USD")
    with pytest.raises(Unidentified, match=r"is the pair EUR\.XAU; expected one that IDEALPRO quotes"):
        identified(asked, replace(euro, currency="XAU"), {}, NOW)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([], "knows no such contract: asked for {sec_type: STK, symbol: AAPL, currency: USD, exchange: SMART}"),
        (
            [seen(), replace(seen(), con_id=5, primary_exchange="MEXI", currency="MXN")],
            "{sec_type: STK, symbol: AAPL, currency: MXN, primary_exchange: MEXI}  # con_id: 5, AAPL, APPLE INC",
        ),
        ([replace(seen(), con_id=number) for number in range(1, 31)], "  and 10 more"),
    ],
)
def test_none_or_several_are_told(told: list[ContractSeen], message: str) -> None:
    with pytest.raises(Unidentified) as caught:
        chosen(ASKED, told)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"secType": "BOND"}, "is of the type BOND; expected CASH, STK"), ({"priceMagnifier": 100}, "100 to one")],
)
def test_what_fxrun_cannot_count_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(Unidentified, match=message):
        identified(ASKED, seen(**changes), {26: CENTS}, NOW)


def test_another_number_than_before_is_told() -> None:
    before, now = (identified(ASKED, seen(conId=number), {26: CENTS}, NOW) for number in (5, 6))
    assert changed(ASKED, before, before) is None
    told = changed(ASKED, before, now)
    assert told is not None
    assert "was con_id 5 on 2026-11-02T15:00:00Z and is con_id 6 now" in told
    assert "{con_id: 6, exchange: SMART}" in told


def test_words_are_those_of_a_plan() -> None:
    future = ContractSpec(
        sec_type="FUT", symbol="EUR", currency="USD", exchange="CME", last_trade_date="202612",
        multiplier=Decimal(125_000),
    )  # fmt: skip
    written = "{sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: 2026-12, multiplier: 125000}"
    assert words(future) == written


def test_callbacks_become_facts() -> None:
    heard: list[Fact] = []
    tap = EventTap(heard.append)
    tap.contractDetails(7, details())
    tap.contractDetailsEnd(7)
    steps = [SimpleNamespace(lowEdge=1.0, increment=0.01), SimpleNamespace(lowEdge=0.0, increment=0.0001)]
    tap.marketRule(26, steps)
    fine = Increment(Decimal(0), Decimal("0.0001"))
    assert heard == [
        seen(),
        ContractsEnd(request_id=7),
        MarketRuleSeen(rule_id=26, increments=(fine, Increment(Decimal(1), Decimal("0.01")))),
    ]


@pytest.mark.parametrize(
    ("zone", "ends", "late"),
    [
        ("US/Eastern", datetime(2026, 11, 2, 18, tzinfo=UTC), datetime(2026, 11, 3, 1, tzinfo=UTC)),
        ("EST (Eastern Standard Time)", datetime(2026, 11, 2, 18, tzinfo=UTC), datetime(2026, 11, 3, 1, tzinfo=UTC)),
        ("CST (Central Standard Time)", None, None),
        ("../../etc/passwd", None, None),
    ],
)
def test_a_day_order_ends_with_a_session_as_far_as_that_is_known(
    zone: str, ends: datetime | None, late: datetime | None
) -> None:
    contract = identified(ASKED, seen(timeZoneId=zone), {26: CENTS}, NOW)
    order = OrderTicket(
        key=OrderKey(plan="p", order="main", fire="once", role="entry"), role=Role.ENTRY, contract=contract,
        side=Side.BUY, quantity=Decimal(1), order_type=OrderType.MARKET,
    )  # fmt: skip
    for ticket, at in ((order, ends), (replace(order, terms=Terms(outside_rth=True)), late)):
        told = end_of(ticket, NOW, at or NOW.replace(day=9), cancel_asked=False)
        assert told is (Change.CANCELLED if at is None else Change.EXPIRED)
        assert end_of(ticket, NOW, NOW, cancel_asked=False) is Change.CANCELLED
