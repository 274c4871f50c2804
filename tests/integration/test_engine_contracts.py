"""Contracts that are no pairs, on a real gateway over a socket: asked for while a run goes on, a loss in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.core.contract import ContractSpec
from runner.core.events import FireDone, FireState, Noticed, Severity
from runner.core.size import units
from runner.plan.model import Instruction
from tests.integration.test_engine import HOURLY, START, Rig, rig
from tests.integration.test_engine_renewal import HOUR, at, carried_out, fires, plan

APPLE = ContractSpec(sec_type="STK", symbol="AAPL", currency="USD", exchange="SMART")
NOBODY = replace(APPLE, symbol="ZZZZ")
SHARES = replace(HOURLY, contract=APPLE, size=units(HOURLY.size.amount / 1000))


def of(contract: ContractSpec) -> Instruction:
    return replace(SHARES, contract=contract)


def reasons(r: Rig) -> list[str]:
    return [one.reason or "" for one in r.events if isinstance(one, FireDone) and one.state is FireState.DENIED]


def notices(r: Rig, severity: Severity) -> list[Noticed]:
    """Return what fxrun itself noticed, and not the broker."""
    found = (one for one in r.events if isinstance(one, Noticed) and one.code == 0)
    return [one for one in found if one.severity is severity]


def told(r: Rig, severity: Severity) -> list[str]:
    return [one.text for one in notices(r, severity)]


def test_it_is_asked_for_before_the_first_fire_and_kept() -> None:
    with rig() as r:
        carried_out(r, r.run(SHARES, until=2 * HOUR))
        assert fires(r)[0] == ("p", "08:00", FireState.SENT)  # it waits for the opening, so the next is skipped
        (text,) = told(r, Severity.INFO)[:1]
        assert text.startswith("AAPL.STK.USD is APPLE INC: con_id 265598, prices in 0.01 USD")
        assert {row.ticket.contract.con_id for row in r.journal.orders()} == {265598}
        kept = r.journal.contract(APPLE)
        assert kept is not None
        assert kept.name == "AAPL.STK.USD"


def test_an_unknown_one_ends_a_run_before_anything_is_sent() -> None:
    with rig() as r:
        run = r.run(HOURLY, replace(of(NOBODY), order="other"), until=2 * HOUR)
        carried_out(r, run)
        assert fires(r) == []
        assert r.journal.orders() == ()
        assert run.lookup.refusal is not None
        (problem,) = run.lookup.refusal.problems
        assert "the broker knows no such contract" in problem.message


def test_where_plans_come_and_go_an_unknown_one_denies_its_own_fires_alone() -> None:
    with rig() as r:
        other = replace(of(NOBODY), order="other")
        run = r.run(HOURLY, other, until=2 * HOUR, changes=lambda: None)
        carried_out(r, run)
        assert run.lookup.refusal is None
        assert sorted(state.value for _, _, state in fires(r)) == ["denied", "denied", "sent", "sent"]
        assert all("the broker knows no such contract" in reason for reason in reasons(r))
        assert sum("the broker knows no such contract" in text for text in told(r, Severity.ERROR)) == 1


def test_a_plan_that_comes_has_its_contract_asked_for_then() -> None:
    with rig() as r:
        changed = at(r, 1, plan("p", HOURLY), plan("q", SHARES), plan("r", of(NOBODY)))
        carried_out(r, r.run(HOURLY, until=3 * HOUR, changes=changed))
        found = [one for one in fires(r) if one[0] != "p"]
        assert sorted(found) == [("q", "10:00", FireState.SENT), ("r", "10:00", FireState.DENIED)]
        assert len([one for one in fires(r) if one[0] == "p" and one[2] is FireState.SENT]) == 3
        (error,) = notices(r, Severity.ERROR)
        assert error.text.startswith("r:1:1: the broker knows no such contract")
        assert error.time < START + timedelta(hours=1, minutes=1), "and not only when its fire is denied"


def test_an_edit_that_does_not_fit_the_contract_denies_from_then_on() -> None:
    with rig() as r:
        euros = plan("p", replace(SHARES, size=replace(SHARES.size, amount=SHARES.size.amount / 2)), digest="new")
        carried_out(r, r.run(SHARES, until=2 * HOUR + timedelta(minutes=1), changes=at(r, 1, euros)))
        states = [state for _, _, state in fires(r)]
        assert states[0] is FireState.SENT
        assert states[-1] is FireState.DENIED
        assert "size is between the steps: found 12.5" in reasons(r)[-1]
