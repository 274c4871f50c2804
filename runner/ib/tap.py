"""ibapi's callbacks into facts. It decides nothing, and nothing that goes wrong in it stops the reader."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Concatenate, ParamSpec

from ibapi.contract import Contract, ContractDetails
from ibapi.execution import Execution
from ibapi.order import Order
from ibapi.order_state import OrderState
from ibapi.wrapper import EWrapper

from runner.core import facts
from runner.ib import times, values
from runner.ib.contracts import contract_seen, increments
from runner.ib.versions import commission_of, error_code_and_text

log = logging.getLogger(__name__)

UNREADABLE = 508  # IB's own code for a message that makes no sense
_TICKS = {1: "bid", 2: "ask", 66: "bid", 67: "ask"}  # 66 and 67: delayed

P = ParamSpec("P")


def _guarded(callback: Callable[Concatenate[EventTap, P], None]) -> Callable[Concatenate[EventTap, P], None]:
    """Turn an exception in a callback into a notice."""

    @functools.wraps(callback)
    def wrapped(tap: EventTap, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(tap, *args, **kwargs)
        except Exception as fault:
            tap.unreadable(callback.__name__, fault)

    return wrapped


class EventTap(EWrapper):  # type: ignore[misc]
    """Publishes one fact for every callback that matters to orders; runs on the reader thread."""

    def __init__(self, publish: Callable[[facts.Fact], None]) -> None:
        super().__init__()
        self._publish = publish
        self.zone: tzinfo | None = None  # of times without one, known from the greeting

    def unreadable(self, what: str, fault: Exception) -> None:
        """Publish that something TWS sent could not be read."""
        log.debug("%s could not be read", what, exc_info=fault)
        reason = " ".join(str(fault).split())[:200] or type(fault).__name__
        text = f"a message of the TWS could not be read ({what}): {reason}"
        self._publish(facts.NoticeSeen(about=-1, code=UNREADABLE, text=text))

    @_guarded
    def nextValidId(self, orderId: int) -> None:
        """Publish the smallest free order id."""
        self._publish(facts.NextOrderIdSeen(order_id=values.integer(orderId)))

    @_guarded
    def managedAccounts(self, accountsList: str) -> None:
        """Publish the accounts of the session."""
        names = (name.strip() for name in values.text(accountsList).split(","))
        self._publish(facts.AccountsSeen(accounts=tuple(name for name in names if name)))

    @_guarded
    def currentTime(self, time: int) -> None:
        """Publish the clock of the TWS."""
        self._publish(facts.CurrentTimeSeen(at=datetime.fromtimestamp(time, UTC)))

    @_guarded
    def error(self, reqId: int, *rest: Any) -> None:
        """Publish a notice."""
        code, text = error_code_and_text(rest)
        self._publish(facts.NoticeSeen(about=values.integer(reqId), code=values.integer(code), text=values.text(text)))

    @_guarded
    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Publish an order as the TWS holds it, or what an order that was only asked about would cost."""
        if order.whatIf:
            self._publish(_what_if(values.integer(orderId), orderState))
            return
        self._publish(
            facts.OpenOrderSeen(
                order_id=values.integer(orderId),
                client_id=values.client(order.clientId),
                perm_id=values.identity(order.permId),
                order_ref=values.text(order.orderRef),
                account=values.text(order.account),
                status=values.text(orderState.status),
                warning=values.text(orderState.warningText),
                contract=values.named(contract),
                side=values.SIDES.get(order.action),
                quantity=values.number(order.totalQuantity) or None,
                order_type=values.text(order.orderType) or None,
                limit_price=values.number(order.lmtPrice) or None,
                stop_price=values.number(order.auxPrice) or None,
                time_in_force=values.text(order.tif) or None,
                parent_id=values.identity(order.parentId),
                filled=values.number(order.filledQuantity),
            )
        )

    @_guarded
    def openOrderEnd(self) -> None:
        """Publish that the open orders are complete."""
        self._publish(facts.OpenOrdersEnd())

    @_guarded
    def orderStatus(
        self, orderId: int, status: str, filled: Any, remaining: Any, avgFillPrice: Any, *rest: Any
    ) -> None:
        """Publish where an order stands."""
        perm_id, _parent_id, _last_price, client_id, why_held = rest[:5]
        self._publish(
            facts.OrderStatusSeen(
                order_id=values.integer(orderId),
                client_id=values.client(client_id),
                perm_id=values.identity(perm_id),
                status=values.text(status),
                filled=values.number(filled),
                remaining=values.number(remaining),
                average_price=values.number(avgFillPrice) or None,
                why_held=values.text(why_held),
            )
        )

    @_guarded
    def execDetails(self, reqId: int, contract: Contract, execution: Execution) -> None:
        """Publish one execution."""
        self._publish(
            facts.ExecutionSeen(
                order_id=values.integer(execution.orderId),
                client_id=values.client(execution.clientId),
                perm_id=values.identity(execution.permId),
                order_ref=values.text(execution.orderRef),
                exec_id=values.text(execution.execId),
                account=values.text(execution.acctNumber),
                contract=values.name(contract),
                side=values.SIDES[execution.side],
                price=values.required(execution.price, "price"),
                quantity=values.required(execution.shares, "quantity"),
                at=times.parse_time(execution.time or "", self.zone),
            )
        )

    @_guarded
    def execDetailsEnd(self, reqId: int) -> None:
        """Publish that the executions are complete."""
        self._publish(facts.ExecutionsEnd(request_id=values.integer(reqId)))

    @_guarded
    def commissionReport(self, commissionReport: Any) -> None:
        """Publish a commission, as ibapi up to 10.30 names it."""
        self._commission(commissionReport, commissionReport.commission)

    @_guarded
    def commissionAndFeesReport(self, commissionAndFeesReport: Any) -> None:
        """Publish a commission, as ibapi from 10.37 on names it."""
        self._commission(commissionAndFeesReport, commissionAndFeesReport.commissionAndFees)

    def _commission(self, report: Any, amount: Any) -> None:
        self._publish(
            facts.CommissionSeen(
                exec_id=values.text(report.execId), amount=values.number(amount), currency=values.text(report.currency)
            )
        )

    @_guarded
    def completedOrder(self, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Publish an order that is at its end."""
        self._publish(
            facts.CompletedOrderSeen(
                perm_id=values.identity(order.permId),
                order_ref=values.text(order.orderRef),
                account=values.text(order.account),
                status=values.text(orderState.status),
                completed_status=values.text(orderState.completedStatus),
                filled=values.number(order.filledQuantity),
                at=times.parse_time(orderState.completedTime or "", self.zone),
                contract=values.named(contract),
                side=values.SIDES.get(order.action),
                quantity=values.number(order.totalQuantity) or None,
            )
        )

    @_guarded
    def completedOrdersEnd(self) -> None:
        """Publish that the completed orders are complete."""
        self._publish(facts.CompletedOrdersEnd())

    @_guarded
    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        """Publish a bid or an ask; -1 and 0 say that there is none."""
        field, value = _TICKS.get(tickType), values.number(price)
        if field is not None and value is not None and value > 0:
            self._publish(facts.TickSeen(request_id=values.integer(reqId), field=field, price=value))

    @_guarded
    def tickSnapshotEnd(self, reqId: int) -> None:
        """Publish that a snapshot is complete."""
        self._publish(facts.SnapshotEnd(request_id=values.integer(reqId)))

    # --- contracts

    @_guarded
    def contractDetails(self, reqId: int, contractDetails: ContractDetails) -> None:
        """Publish one contract that fits what was asked for."""
        self._publish(contract_seen(values.integer(reqId), contractDetails))

    @_guarded
    def contractDetailsEnd(self, reqId: int) -> None:
        """Publish that all contracts that fit were told."""
        self._publish(facts.ContractsEnd(request_id=values.integer(reqId)))

    @_guarded
    def marketRule(self, marketRuleId: int, priceIncrements: Any) -> None:
        """Publish the steps of prices under a rule."""
        rule = values.integer(marketRuleId)
        self._publish(facts.MarketRuleSeen(rule_id=rule, increments=increments(priceIncrements)))

    # --- account

    @_guarded
    def accountSummary(self, reqId: int, account: str, tag: str, value: str, currency: str) -> None:
        """Publish one value of an account."""
        self._publish(
            facts.AccountValueSeen(
                request_id=values.integer(reqId),
                account=values.text(account),
                tag=values.text(tag),
                value=values.text(value),
                currency=values.text(currency),
            )
        )

    @_guarded
    def accountSummaryEnd(self, reqId: int) -> None:
        """Publish that an account summary is complete."""
        self._publish(facts.AccountSummaryEnd(request_id=values.integer(reqId)))

    @_guarded
    def position(self, account: str, contract: Contract, position: Any, avgCost: Any) -> None:
        """Publish what an account holds of a contract."""
        self._publish(
            facts.PositionSeen(
                account=values.text(account),
                contract=values.name(contract),
                quantity=values.required(position, "position"),
                average_cost=values.number(avgCost),
            )
        )

    @_guarded
    def positionEnd(self) -> None:
        """Publish that the positions are complete."""
        self._publish(facts.PositionsEnd())

    @_guarded
    def pnl(self, reqId: int, dailyPnL: Any, unrealizedPnL: Any, realizedPnL: Any) -> None:
        """Publish an account's profit."""
        self._publish(
            facts.ProfitSeen(
                request_id=values.integer(reqId),
                daily=values.number(dailyPnL),
                unrealized=values.number(unrealizedPnL),
                realized=values.number(realizedPnL),
            )
        )


def _what_if(order_id: int, state: OrderState) -> facts.WhatIfSeen:
    commission = commission_of(state)
    return facts.WhatIfSeen(
        order_id=order_id,
        init_margin_before=values.number(state.initMarginBefore),
        init_margin_change=values.number(state.initMarginChange),
        init_margin_after=values.number(state.initMarginAfter),
        maint_margin_before=values.number(state.maintMarginBefore),
        maint_margin_change=values.number(state.maintMarginChange),
        maint_margin_after=values.number(state.maintMarginAfter),
        equity_with_loan_before=values.number(state.equityWithLoanBefore),
        equity_with_loan_change=values.number(state.equityWithLoanChange),
        equity_with_loan_after=values.number(state.equityWithLoanAfter),
        commission=values.number(commission.amount),
        min_commission=values.number(commission.least),
        max_commission=values.number(commission.most),
        commission_currency=values.text(commission.currency),
        warning=values.text(state.warningText),
    )
