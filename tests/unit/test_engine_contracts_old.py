"""What a run knows of a contract grows old: it is asked again in the session after a day, and the old answer holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.core.contract import ContractSpec
from runner.core.events import Noticed
from runner.core.facts import ContractsEnd, MarketRuleSeen, NoticeSeen
from runner.engine.contracts import YOUNG, Contracts
from runner.journal.store import MEMORY, Journal
from runner.lifecycle.identify import Unidentified
from tests.integration.test_engine_contracts import SHARES
from tests.unit.test_contracts_identify import CENTS, NOW, seen


class Line:
    """A broker that knows one contract by a number; 0: it knows none. It answers when it is let."""

    def __init__(self, journal: Journal) -> None:
        self.now, self.con_id, self.asked, self.told = NOW, 265598, 0, list[Noticed]()
        self.contracts = Contracts(self, journal, lambda: self.now, self.told.append)
        self.contracts.begin_with([SHARES])
        self.answer()

    def request_contracts(self, contract: ContractSpec) -> int:
        self.asked += 1
        return self.asked

    def request_market_rule(self, rule_id: int) -> None:
        self.contracts.take(MarketRuleSeen(rule_id=rule_id, increments=CENTS))

    def answer(self) -> None:
        self.contracts.go_on()
        if self.con_id:
            self.contracts.take(replace(seen(conId=self.con_id), request_id=self.asked))
            self.contracts.take(ContractsEnd(request_id=self.asked))
        else:
            self.contracts.take(NoticeSeen(about=self.asked, code=200, text="No security definition"))
        while self.contracts.go_on():
            pass

    def number(self) -> int:
        found = self.contracts.of(SHARES)
        assert not isinstance(found, str)
        return found.contract.con_id

    def next_session(self, after: timedelta) -> None:
        self.now += after
        self.contracts.forget()


@pytest.fixture
def line() -> Iterator[Line]:
    journal = Journal(MEMORY)
    yield Line(journal)
    journal.close()


def test_an_answer_of_today_is_not_asked_for_again(line: Line) -> None:
    line.next_session(YOUNG - timedelta(seconds=1))
    line.contracts.go_on()
    assert (line.asked, line.contracts.is_settled, line.number()) == (1, True, 265598)


def test_an_old_answer_holds_until_the_new_one_is_there_which_is_told_once(line: Line) -> None:
    line.next_session(YOUNG)
    line.contracts.go_on()
    assert (line.asked, line.contracts.is_settled, line.number()) == (2, False, 265598)
    line.answer()
    assert (line.contracts.is_settled, line.number(), len(line.told)) == (True, 265598, 1)
    line.next_session(YOUNG - timedelta(seconds=1))
    line.contracts.go_on()
    assert line.asked == 2, "it is a day old only a day after it was asked again"


@pytest.mark.parametrize(("con_id", "why"), [(7, "is con_id 7 now"), (0, "the broker knows no such contract")])
def test_a_contract_that_has_become_another_or_none_denies_from_then_on(line: Line, con_id: int, why: str) -> None:
    line.con_id = con_id
    line.next_session(YOUNG)
    line.answer()
    with pytest.raises(Unidentified, match=why):
        line.number()
