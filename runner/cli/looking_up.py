"""What the broker says of a contract, asked in a session of questions: which one it is, and its quote of now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from runner.cli.asking import AnswerRefused, NoAnswer
from runner.core.facts import ContractSeen, ContractsEnd, MarketRuleSeen, SnapshotEnd, TickSeen
from runner.core.standing import Quote

if TYPE_CHECKING:
    from runner.cli.asking import Asking
    from runner.core.contract import ContractSpec, Increment
    from runner.core.facts import Fact


def contract(session: Asking, spec: ContractSpec, at: datetime) -> ContractSpec:
    """Return a contract as it is traded; raises Unidentified where there is none or several, AnswerRefused, NoAnswer.

    A pair is what it is, and nobody is asked.
    """
    if spec.is_pair:
        return spec
    from runner.lifecycle.identify import chosen, identified, rule_of

    one = chosen(spec, _that_fit(session, spec))
    rule = rule_of(spec, one)
    return identified(spec, one, {} if rule is None else _steps(session, rule), at)


def _that_fit(session: Asking, spec: ContractSpec) -> list[ContractSeen]:
    from runner.engine.contracts import NOT_FOUND

    def is_last(fact: Fact, request: int | None) -> bool:
        return isinstance(fact, ContractsEnd) and fact.request_id == request

    try:
        told = session.collect(f"what {spec.name} is", lambda: session.connection.request_contracts(spec), is_last)
    except AnswerRefused as refused:
        if refused.code == NOT_FOUND:
            return []
        raise
    return [fact for fact in told if isinstance(fact, ContractSeen)]


def _steps(session: Asking, rule: int) -> dict[int, tuple[Increment, ...]]:
    """Return the steps of a market rule, nothing if the broker does not tell them: its least tick serves then."""
    try:
        told = session.collect(
            f"market rule {rule}",
            lambda: session.connection.request_market_rule(rule),
            lambda fact, _: isinstance(fact, MarketRuleSeen) and fact.rule_id == rule,
        )
    except (AnswerRefused, NoAnswer):
        return {}
    return {fact.rule_id: fact.increments for fact in told if isinstance(fact, MarketRuleSeen)}


def quote(session: Asking, spec: ContractSpec, at: datetime) -> Quote | None:
    """Return the quote of now, None if there is none to be had."""
    prices = {}

    def is_last(fact: Fact, request: int | None) -> bool:
        if isinstance(fact, TickSeen) and fact.request_id == request:
            prices[fact.field] = fact.price
        is_end = isinstance(fact, SnapshotEnd) and fact.request_id == request
        return is_end or prices.keys() >= {"bid", "ask"}

    try:
        session.collect(f"a quote of {spec.name}", lambda: session.connection.request_snapshot(spec), is_last)
    except (AnswerRefused, NoAnswer):
        return None
    return Quote(prices["bid"], prices["ask"], at) if prices.keys() >= {"bid", "ask"} else None
