"""A ticket in the journal and back: with all that a plan may add to it, and as the first journals wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import LISTED, ContractSpec, Details, Increment
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side, Terms, TimeInForce, Trail
from runner.journal import contracts, payload

ENTRY = OrderTicket(
    key=OrderKey(plan="p", order="main", fire="2026-11-25T14:30:00Z", role="entry"),
    role=Role.ENTRY,
    contract=ContractSpec(symbol="EUR", currency="USD"),
    side=Side.BUY,
    quantity=Decimal(25_000),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("1.085"),
)
FIRST = (
    '{"key":["p","main","2026-11-25T14:30:00Z","entry",1],"contract":["EUR","USD","CASH","IDEALPRO"],"side":"BUY",'
    '"quantity":"25000","order_type":"LMT","limit_price":"1.085","stop_price":null,"time_in_force":"DAY"}'
)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
amounts = st.decimals("0.00001", "1000000", places=5)
terms = st.builds(
    Terms,
    good_till=st.none() | instants,
    good_after=st.none() | instants,
    outside_rth=st.booleans(),
    all_or_none=st.booleans(),
    min_quantity=st.none() | amounts,
    cash_quantity=st.none() | amounts,
    extra=st.lists(st.tuples(st.text(), st.text() | st.booleans() | st.integers() | amounts)).map(tuple),
)
trails = st.builds(Trail, amount=st.none() | amounts, percent=st.none() | amounts, limit_offset=st.none() | amounts)


RULE = (Increment(Decimal(0), Decimal("0.0001")), Increment(Decimal(1), Decimal("0.01")))
DETAILS = Details(
    long_name="APPLE INC", increments=RULE, least=Decimal(1), size_step=Decimal(1),
    at=datetime(2026, 11, 2, tzinfo=UTC), time_zone="US/Eastern", closes=(time(13), time(16)), late_closes=(time(20),),
)  # fmt: skip
listed = st.builds(
    ContractSpec,
    symbol=st.text(), currency=st.text(), sec_type=st.sampled_from(("", *LISTED)), exchange=st.text(),
    primary_exchange=st.text(), local_symbol=st.text(), trading_class=st.text(), last_trade_date=st.text(),
    multiplier=st.none() | amounts, strike=st.none() | amounts, right=st.sampled_from(["", "C", "P"]),
    con_id=st.integers(0, 2**31 - 1), details=st.sampled_from([None, DETAILS]),
)  # fmt: skip


@given(contract=listed)
def test_a_contract_that_is_no_pair_comes_back(contract: ContractSpec) -> None:
    ticket = replace(ENTRY, contract=contract)
    assert payload.load(payload.dump(ticket)) == ticket
    assert contracts.load(contracts.dump(contract)) == contract


def test_a_plain_ticket_is_written_as_the_first_journals_did() -> None:
    assert payload.dump(ENTRY) == FIRST
    assert payload.load(FIRST) == ENTRY


@given(
    name=st.sampled_from(["entry", "slice-3", "take_profit"]),
    role=st.sampled_from(Role),
    trail=st.none() | trails,
    added=terms,
    parent=st.none() | st.just("fx1:p:abc"),
    group=st.none() | st.just("fx1:p:oca"),
)
def test_everything_comes_back(
    name: str, role: Role, trail: Trail | None, added: Terms, parent: str | None, group: str | None
) -> None:
    key = replace(ENTRY.key, role=name)
    ticket = replace(
        ENTRY, key=key, role=role, order_type=OrderType.TRAILING_STOP, time_in_force=TimeInForce.GTD, trail=trail,
        terms=added, parent=parent, oca_group=group,
    )  # fmt: skip
    assert payload.load(payload.dump(ticket)) == ticket
