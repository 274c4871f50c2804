"""What a TWS can be asked, one method a question; none of them changes an order."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from ibapi.execution import ExecutionFilter

from runner.core.contract import ContractSpec
from runner.ib.client import TwsClient
from runner.ib.compile import compile_contract
from runner.ib.session import FIRST_REQUEST_ID


class Requests(ABC):
    """The answers come as facts; where a request has an id, they carry it. Each raises ConnectionFailed if unsent."""

    def __init__(self) -> None:
        self._request_ids = itertools.count(FIRST_REQUEST_ID + 1)

    @abstractmethod
    def _ready_client(self) -> TwsClient: ...

    @abstractmethod
    def _send(self, request: Callable[[], object]) -> None: ...

    def request_open_orders(self) -> None:
        """Ask for the open orders of this client id; they are followed until the session ends."""
        self._send(self._ready_client().reqOpenOrders)

    def request_all_open_orders(self) -> None:
        """Ask for the open orders of every client as they are now; binds none."""
        self._send(self._ready_client().reqAllOpenOrders)

    def request_completed_orders(self) -> None:
        """Ask for the orders of today that are at their end, whoever placed them."""
        client = self._ready_client()
        self._send(lambda: client.reqCompletedOrders(False))

    def request_executions(self) -> int:
        """Ask for today's executions and their commissions; returns the id of the request."""
        client, request = self._ready_client(), next(self._request_ids)
        self._send(lambda: client.reqExecutions(request, ExecutionFilter()))
        return request

    def request_current_time(self) -> None:
        """Ask for the clock of the TWS."""
        self._send(self._ready_client().reqCurrentTime)

    def request_snapshot(self, contract: ContractSpec) -> int:
        """Ask for one bid and ask; returns the id of the request."""
        client, request, named = self._ready_client(), next(self._request_ids), compile_contract(contract)
        self._send(lambda: client.reqMktData(request, named, "", True, False, []))
        return request

    def request_contracts(self, contract: ContractSpec) -> int:
        """Ask which contracts fit a description, and for all that is known of them; returns the id of the request."""
        client, request, named = self._ready_client(), next(self._request_ids), compile_contract(contract)
        self._send(lambda: client.reqContractDetails(request, named))
        return request

    def request_market_rule(self, rule_id: int) -> None:
        """Ask for the steps of prices under a market rule; the answer carries its number alone."""
        client = self._ready_client()
        self._send(lambda: client.reqMarketRule(rule_id))

    def request_account_summary(self, tags: Sequence[str]) -> int:
        """Ask for values of all accounts, such as NetLiquidation or $LEDGER:ALL; returns the id of the request.

        A TWS keeps two summaries at most: cancel each once its end has come.
        """
        client, request = self._ready_client(), next(self._request_ids)
        self._send(lambda: client.reqAccountSummary(request, "All", ",".join(tags)))
        return request

    def cancel_account_summary(self, request: int) -> None:
        """End an account summary."""
        client = self._ready_client()
        self._send(lambda: client.cancelAccountSummary(request))

    def request_positions(self) -> None:
        """Ask for the positions of all accounts."""
        self._send(self._ready_client().reqPositions)

    def cancel_positions(self) -> None:
        """End the changes that follow the positions."""
        self._send(self._ready_client().cancelPositions)

    def request_profit(self, account: str) -> int:
        """Ask for an account's profit; changes follow. Returns the id of the request."""
        client, request = self._ready_client(), next(self._request_ids)
        self._send(lambda: client.reqPnL(request, account, ""))
        return request

    def cancel_profit(self, request: int) -> None:
        """End the changes that follow a profit."""
        client = self._ready_client()
        self._send(lambda: client.cancelPnL(request))
