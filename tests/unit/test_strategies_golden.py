"""Every strategy as a plan writes it: one golden plan each, with tickets that were worked out by hand.

Known at the fire: EUR.USD 1.08503 to 1.08511; an account in CHF that is worth 50,000, with 10,000.50 USD and 4,000 EUR,
a dollar at 0.90 and a euro at 0.97 francs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.core import plugins
from runner.core.contract import ContractSpec
from runner.core.money import plain
from runner.core.size import units
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.errors import PlanInvalid
from runner.plan import load
from runner.plan.model import Instruction
from schemas import strategies as schemed
from strategies import STRATEGIES, Denied, Nothing, expand, needs, on_fact, slices
from strategies.base import Fact, Finish, State

NOW = datetime(2026, 3, 2, 9, 0, 0, 250, tzinfo=UTC)
FIRE = "2026-03-02T09:00:00Z"
KNOWN = Snapshot(
    now=NOW,
    quote=Quote(Decimal("1.08503"), Decimal("1.08511"), NOW),
    cash={"USD": Decimal("10000.50"), "EUR": Decimal(4000)},
    net_liquidation=Decimal(50_000),
    account_currency="CHF",
    rates={"USD": Decimal("0.90"), "EUR": Decimal("0.97")},
    position=Decimal(30_000),
)
HEAD = "plan: p\ncontract: EUR.USD\nschedule: {every: 1h}\n"

# plan -> name, side, quantity, type, limit, stop or trail
GOLDEN: Mapping[str, tuple[str, list[str]]] = {
    "single": (  # 1.08511 + 0.0005 = 1.08561, a sell up to 1.08565; 30000 / 1.08565 = 27633.2
        "side: sell\nsize: 30_000 USD\norder: {type: limit, price: ask + 5 pips}",
        ["entry SELL 27633 LMT 1.08565 -"],
    ),
    "bracket": (  # 1.08511 - 0.0025 = 1.08261 up to 1.08265, R 0.00246; 250 CHF / (0.00246 * 0.9) = 112917.8
        "side: buy\nsize: risk 0.5%\nbracket: {take_profit: 2R, stop_loss: 25 pips}",
        ["entry BUY 112917 MKT - -", "take_profit SELL 112917 LMT 1.09005 -", "stop_loss SELL 112917 STP - 1.08265"],
    ),
    "oca": (
        "side: buy\nsize: 0.2 lots\norder: {type: stop, stop: ask + 20 pips}\noca: {group: breakout}",
        ["entry BUY 20000 STP - 1.0871"],  # 1.08711, a buy down
    ),
    "ladder": (  # 1.08453 and 1.08253 down, halfway 1.0835; 60000 in parts 1, 2, 3
        "side: buy\nsize: 60_000\nladder: {count: 3, from: bid - 5 pips, to: bid - 25 pips, sizes: linear}",
        ["rung-1 BUY 10000 LMT 1.0845 -", "rung-2 BUY 20000 LMT 1.0835 -", "rung-3 BUY 30000 LMT 1.0825 -"],
    ),
    "slices": (
        "side: buy\nsize: 100_000\nslices: {count: 3, over: 30m}",
        ["slice-1 BUY 33333 MKT - -"],
    ),
    "invest": ("side: buy\ninvest: {amount: 500 USD}", ["entry BUY 460 MKT - -"]),  # 500 / 1.08511 = 460.8
    "convert": ("convert: {from: EUR, keep: 1000}", ["entry SELL 3000 MKT - -"]),
    "target": ("side: buy\ntarget: {position: 50_000, band: 1_000}", ["entry BUY 20000 MKT - -"]),
    "flatten": ("flatten: {open_orders: cancel}", ["entry SELL 30000 MKT - -"]),
}


def plan(text: str, folder: Path) -> Instruction:
    file = folder / "p.yaml"
    file.write_text(HEAD + text + "\n", encoding="utf-8")
    return load(str(file)).instructions[0]


def told(ticket: OrderTicket) -> str:
    limit, stop = (None if each is None else plain(each) for each in (ticket.limit_price, ticket.stop_price))
    parts = [ticket.key.role, ticket.side.value, plain(ticket.quantity), ticket.order_type.value, limit, stop]
    return " ".join(part or "-" for part in parts)


@pytest.fixture
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Instruction:
    return plan(GOLDEN[request.param][0], tmp_path)


def test_every_strategy_has_a_schema_and_a_golden_plan() -> None:
    assert set(STRATEGIES) == {*schemed(), "single"} == set(GOLDEN)


@pytest.mark.parametrize("written", GOLDEN, indirect=True)
def test_the_golden_plan_comes_to_the_tickets_worked_out_by_hand(written: Instruction) -> None:
    assert [told(ticket) for ticket in expand(written, FIRE, KNOWN)] == GOLDEN[written.strategy][1]
    assert expand(written, FIRE, KNOWN) == expand(written, FIRE, KNOWN)


@pytest.mark.parametrize("written", GOLDEN, indirect=True)
def test_what_is_needed_and_not_known_denies(written: Instruction) -> None:
    wanted = needs(written)
    if Need.QUOTE in wanted:
        with pytest.raises(Denied, match=r"no quote of EUR\.USD"):
            expand(written, FIRE, replace(KNOWN, quote=None))
    if Need.ACCOUNT in wanted:
        with pytest.raises(Denied, match="the account"):
            expand(written, FIRE, replace(KNOWN, cash={}, net_liquidation=None))
    only = Snapshot(
        now=NOW,
        quote=KNOWN.quote if Need.QUOTE in wanted else None,
        cash=KNOWN.cash if Need.ACCOUNT in wanted else {},
        net_liquidation=KNOWN.net_liquidation if Need.ACCOUNT in wanted else None,
        account_currency="CHF" if Need.ACCOUNT in wanted else None,
        rates=KNOWN.rates if Need.ACCOUNT in wanted else {},
        position=KNOWN.position if Need.POSITION in wanted else Decimal(0),
    )
    assert expand(written, FIRE, only) == expand(written, FIRE, KNOWN)  # and nothing that is not needed is looked at


# what the entries of the golden plan may come to at most, by plain arithmetic
MOST = {
    "single": lambda known: Decimal(30_000) / known.quote.ask,
    "bracket": lambda known: Decimal(250) / (Decimal("0.00245") * Decimal("0.9")),  # the stop is nearer by a tick
    "oca": lambda known: Decimal(20_000),
    "ladder": lambda known: Decimal(60_000),
    "slices": lambda known: Decimal(100_000),
    "invest": lambda known: 500 / known.quote.ask,
    "convert": lambda known: known.cash["EUR"] - 1000,
    "target": lambda known: abs(50_000 - known.position),
    "flatten": lambda known: abs(known.position),
}


@pytest.mark.parametrize("written", GOLDEN, indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    bid=st.integers(90_000, 130_000), spread=st.integers(0, 30), euros=st.integers(-5_000, 10**7),
    position=st.integers(-(10**6), 10**6),
)  # fmt: skip
def test_never_more_than_was_written(written: Instruction, bid: int, spread: int, euros: int, position: int) -> None:
    known = replace(
        KNOWN,
        quote=Quote(Decimal(bid) / 100_000, Decimal(bid + spread) / 100_000, NOW),
        cash={"EUR": Decimal(euros)},
        position=Decimal(position),
    )
    try:
        tickets = expand(written, FIRE, known)
    except (Denied, Nothing):
        return
    entries = [ticket for ticket in tickets if ticket.role is Role.ENTRY]
    assert 0 < sum(ticket.quantity for ticket in entries) <= MOST[written.strategy](known)
    assert len({ticket.order_ref for ticket in tickets}) == len(tickets)
    assert all(ticket.quantity == entries[0].quantity for ticket in tickets if ticket.role is not Role.ENTRY)


# --- what each has beside its golden plan


@pytest.mark.parametrize(
    ("given", "wanted", "ticket"),
    [
        ("EUR", "USD", "SELL 4000 of EUR.USD"),
        ("USD", "EUR", "BUY 9216 of EUR.USD"),
        ("USD", "CHF", "SELL 10000 of USD.CHF"),
    ],
)
def test_a_conversion_finds_its_pair_and_side(given: str, wanted: str, ticket: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(f"plan: p\nconvert: {{from: {given}, to: {wanted}}}\n", encoding="utf-8")
    (found,) = expand(load(str(tmp_path / "p.yaml")).instructions[0], FIRE, KNOWN)
    assert f"{found.side.value} {plain(found.quantity)} of {found.contract.name}" == ticket


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("convert: {from: USD}", '1:1: a missing key: found no "contract" in the plan'),
        ("convert: {from: USD, to: USD}", '2:26: no pair to convert by: found "USD" into "USD"'),
        ("contract: EUR.USD\nconvert: {from: USD, to: CHF}", "3:26: convert.to is not the other one of the pair"),
        ("contract: EUR.USD\nconvert: {from: GBP, to: USD}", "3:17: convert.from is not of the pair"),
    ],
)
def test_a_conversion_without_a_pair_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(f"plan: p\n{text}\n", encoding="utf-8")
    with pytest.raises(PlanInvalid) as refused:
        load(str(tmp_path / "p.yaml"))
    assert f"p.yaml:{problem}" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("text", "tickets"),
    [
        (  # marks at 100000 / 7 and 300000 / 7
            "side: sell\nsize: 100_000\nladder: {count: 3, from: 1.0900, to: 1.0910, sizes: geometric, tif: GTC}",
            ["rung-1 SELL 14285 LMT 1.09 -", "rung-2 SELL 28572 LMT 1.0905 -", "rung-3 SELL 57143 LMT 1.091 -"],
        ),
        (  # at the dearest rung: 10000 / 1.0845 = 9220.8, in halves
            "side: buy\nsize: 10_000 USD\nladder: {count: 2, from: bid - 5 pips, to: bid - 25 pips}",
            ["rung-1 BUY 4610 LMT 1.0845 -", "rung-2 BUY 4610 LMT 1.0825 -"],
        ),
        ("convert: {from: USD}", ["entry BUY 9216 MKT - -"]),  # 10000.50 / 1.08511 = 9216.1
        ("side: sell\ntarget: {position: 0.1 lots}", ["entry SELL 40000 MKT - -"]),  # from 30000 long to 10000 short
        ("side: buy\ntarget: {percent: 20}", ["entry SELL 19691 MKT - -"]),  # 10000 CHF / 0.97 = 10309.2
        ("side: buy\ntarget: {position: 40_000 USD}", ["entry BUY 6862 MKT - -"]),  # 40000 / 1.08511 = 36862.6
        ("side: buy\ninvest: {amount: 500 USD}\norder: {type: limit, price: 1.08}", ["entry BUY 462 LMT 1.08 -"]),
    ],
)
def test_further_plans(text: str, tickets: list[str], tmp_path: Path) -> None:
    assert [told(ticket) for ticket in expand(plan(text, tmp_path), FIRE, KNOWN)] == tickets


@pytest.mark.parametrize(
    ("text", "known", "told"),
    [
        ("convert: {from: EUR, keep: 4000}", KNOWN, "the account has 4000 EUR; 4000 EUR are kept"),
        ("convert: {from: EUR, keep: 3950, at_least: 100}", KNOWN, "100 are the least to convert"),
        ("side: buy\ntarget: {position: 31_000, band: 1_000}", KNOWN, "30000 is 1000 from the target of 31000"),
        ("flatten: {open_orders: leave}", replace(KNOWN, position=Decimal(0)), "p has no position in EUR.USD"),
    ],
)
def test_where_nothing_is_to_be_done_the_reason_is_told(text: str, known: Snapshot, told: str, tmp_path: Path) -> None:
    with pytest.raises(Nothing, match=told):
        expand(plan(text, tmp_path), FIRE, known)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("side: buy\nsize: 2\nladder: {count: 3, from: 1.08, to: 1.07}", "does not go round"),
        ("side: buy\nsize: 9000\nladder: {count: 5, from: 1.0800, to: 1.0801}", "two of them have one price"),
        ("side: buy\nsize: 2\nslices: {count: 3, over: 1h}", "does not go round"),
        ("side: buy\nsize: 3\nslices: {count: 3, over: 1h, vary: 50}", None),
        ("side: buy\nsize: 4\nslices: {count: 3, over: 1h, vary: 10}", "cannot be cut into 3 parts"),
    ],
)
def test_what_means_nothing_at_the_fire_is_denied(text: str, told: str | None, tmp_path: Path) -> None:
    if told is None:
        assert expand(plan(text, tmp_path), FIRE, KNOWN)
        return
    with pytest.raises(Denied, match=told):
        expand(plan(text, tmp_path), FIRE, KNOWN)


def test_orders_of_a_group_are_of_one_group_at_each_fire_and_of_another_at_the_next(tmp_path: Path) -> None:
    written = plan(GOLDEN["oca"][0], tmp_path)
    here, there = written, replace(written, order="other", side=Side.SELL)
    groups = [expand(one, fire, KNOWN)[0].oca_group for one in (here, there) for fire in (FIRE, "2026-03-02T10:00:00Z")]
    assert groups[0] == groups[2] != groups[1] == groups[3]


@given(
    total=st.integers(1, 10**7), count=st.integers(2, 40), vary=st.integers(0, 90), seed=st.integers(0, 9),
    number=st.integers(0, 10**6),
)  # fmt: skip
def test_drawn_sizes_add_up_stay_within_their_bounds_and_come_again(
    total: int, count: int, vary: int, seed: int, number: int
) -> None:
    written = Instruction(
        plan="p", order="main", contract=ContractSpec(symbol="EUR", currency="USD"), side=Side.BUY,
        size=units(Decimal(1)), order_type=OrderType.MARKET, strategy="slices",
        parameters={"count": Decimal(count), "vary": Decimal(vary), "seed": Decimal(seed), "over": timedelta(hours=1)},
    )  # fmt: skip
    try:
        sizes = slices.split(written, str(number), Decimal(total))
    except Denied:
        return
    assert sizes == slices.split(written, str(number), Decimal(total))
    assert sum(sizes) == total
    even, part = Decimal(total) / count, Decimal(vary) / 100
    edge = 1 if vary == 0 else 0  # even shares differ by the unit that does not go round
    assert all(even * (1 - part) - edge <= size <= even * (1 + part) + edge for size in sizes)


def test_a_fault_in_a_packages_strategy_denies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("broken")
    module.SCHEMA = {}  # type: ignore[attr-defined]
    module.needs = lambda _instruction: Need.NOTHING  # type: ignore[attr-defined]
    module.expand = lambda *_: 1 / 0  # type: ignore[attr-defined]
    module.on_fact = lambda *_: [].pop()  # type: ignore[attr-defined]
    monkeypatch.setattr(plugins, "find", lambda name: plugins.Plugin(name, module) if name == "broken" else None)
    written = replace(plan(GOLDEN["single"][0], tmp_path), strategy="broken")
    with pytest.raises(Denied, match="the strategy broken failed: ZeroDivisionError: division by zero"):
        expand(written, FIRE, KNOWN)
    state = State(instruction=written, fire=FIRE, due=NOW, started=KNOWN, legs=())
    assert on_fact(state, Fact(now=NOW, quote=None)) == (
        Finish("the strategy broken failed: IndexError: pop from empty list"),
    )
    with pytest.raises(Denied, match="no package has the strategy gone any more"):
        expand(replace(written, strategy="gone"), FIRE, KNOWN)
