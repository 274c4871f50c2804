"""Contracts as a client asks for them: their details, what a word finds, their price grids."""

from __future__ import annotations

from runner.gateway import answers_contracts, rules
from runner.gateway.instruments import find_all
from runner.gateway.reports import error
from runner.gateway.subscriptions import Say, invalid
from runner.wire.messages import (
    ContractDataEnd,
    RequestContractDetails,
    RequestMarketRule,
    RequestMatchingSymbols,
    SymbolSamples,
)


class ContractInquiries:
    """Answers what one client asks of contracts."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def details(self, request: RequestContractDetails, at: int) -> None:
        """Tell every contract that fits a description."""
        found = find_all(request.contract, at)
        if not found:
            self._say(error(request.request_id, *rules.UNKNOWN_CONTRACT))
            return
        told = (answers_contracts.contract_data(request.request_id, one, at) for one in found)
        self._say(*told, ContractDataEnd(request_id=request.request_id))

    def rule(self, request: RequestMarketRule, at: int) -> None:
        """Tell a price grid."""
        rule = answers_contracts.market_rule(request.rule_id)
        cause = f"Invalid market rule id {request.rule_id}"
        self._say(error(-1, 321, invalid("cp", cause)) if rule is None else rule)

    def matching(self, request: RequestMatchingSymbols, at: int) -> None:
        """Tell what a word is the beginning of."""
        found = answers_contracts.samples(request.pattern, at)
        self._say(SymbolSamples(request_id=request.request_id, samples=found))
