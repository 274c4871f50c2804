"""ibapi's callbacks into facts. It decides nothing, and nothing that goes wrong in it stops the reader."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Concatenate, ParamSpec

from ibapi.contract import Contract
from ibapi.execution import Execution
from ibapi.order import Order
from ibapi.order_state import OrderState
from ibapi.wrapper import EWrapper

from runner.core import facts
from runner.core.money import plain
from runner.core.ticket import Side
from runner.ib import times
from runner.ib.neutral import is_unset
from runner.ib.versions import error_code_and_text

log = logging.getLogger(__name__)

UNREADABLE = 508  # IB's own code for a message that makes no sense
_DIGITS = 30  # 1E+999999999 is a number too, and as long as that when it is written out
_SIDES = {"BOT": Side.BUY, "SLD": Side.SELL, "BUY": Side.BUY, "SELL": Side.SELL}
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
        self._publish(facts.NextOrderIdSeen(order_id=_integer(orderId)))

    @_guarded
    def managedAccounts(self, accountsList: str) -> None:
        """Publish the accounts of the session."""
        names = (name.strip() for name in _text(accountsList).split(","))
        self._publish(facts.AccountsSeen(accounts=tuple(name for name in names if name)))

    @_guarded
    def currentTime(self, time: int) -> None:
        """Publish the clock of the TWS."""
        self._publish(facts.CurrentTimeSeen(at=datetime.fromtimestamp(time, UTC)))

    @_guarded
    def error(self, reqId: int, *rest: Any) -> None:
        """Publish a notice."""
        code, text = error_code_and_text(rest)
        self._publish(facts.NoticeSeen(about=_integer(reqId), code=_integer(code), text=_text(text)))

    @_guarded
    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Publish an order as the TWS holds it."""
        self._publish(
            facts.OpenOrderSeen(
                order_id=_integer(orderId),
                client_id=_client(order.clientId),
                perm_id=_perm_id(order.permId),
                order_ref=_text(order.orderRef),
                account=_text(order.account),
                status=_text(orderState.status),
                warning=_text(orderState.warningText),
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
                order_id=_integer(orderId),
                client_id=_client(client_id),
                perm_id=_perm_id(perm_id),
                status=_text(status),
                filled=_number(filled),
                remaining=_number(remaining),
                average_price=_number(avgFillPrice) or None,
                why_held=_text(why_held),
            )
        )

    @_guarded
    def execDetails(self, reqId: int, contract: Contract, execution: Execution) -> None:
        """Publish one execution."""
        self._publish(
            facts.ExecutionSeen(
                order_id=_integer(execution.orderId),
                client_id=_client(execution.clientId),
                perm_id=_perm_id(execution.permId),
                order_ref=_text(execution.orderRef),
                exec_id=_text(execution.execId),
                account=_text(execution.acctNumber),
                contract=_text(contract.localSymbol or f"{contract.symbol}.{contract.currency}"),
                side=_SIDES[execution.side],
                price=_required(execution.price, "price"),
                quantity=_required(execution.shares, "quantity"),
                at=times.parse_time(execution.time or "", self.zone),
            )
        )

    @_guarded
    def execDetailsEnd(self, reqId: int) -> None:
        """Publish that the executions are complete."""
        self._publish(facts.ExecutionsEnd(request_id=_integer(reqId)))

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
            facts.CommissionSeen(exec_id=_text(report.execId), amount=_number(amount), currency=_text(report.currency))
        )

    @_guarded
    def completedOrder(self, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Publish an order that is at its end."""
        self._publish(
            facts.CompletedOrderSeen(
                perm_id=_perm_id(order.permId),
                order_ref=_text(order.orderRef),
                account=_text(order.account),
                status=_text(orderState.status),
                completed_status=_text(orderState.completedStatus),
                filled=_number(order.filledQuantity),
                at=times.parse_time(orderState.completedTime or "", self.zone),
            )
        )

    @_guarded
    def completedOrdersEnd(self) -> None:
        """Publish that the completed orders are complete."""
        self._publish(facts.CompletedOrdersEnd())

    @_guarded
    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        """Publish a bid or an ask; -1 and 0 say that there is none."""
        field, value = _TICKS.get(tickType), _number(price)
        if field is not None and value is not None and value > 0:
            self._publish(facts.TickSeen(request_id=_integer(reqId), field=field, price=value))

    @_guarded
    def tickSnapshotEnd(self, reqId: int) -> None:
        """Publish that a snapshot is complete."""
        self._publish(facts.SnapshotEnd(request_id=_integer(reqId)))


def _number(value: Any) -> Decimal | None:
    """Make a Decimal of what the versions give: float, Decimal, int or text; None for unset."""
    if is_unset(value):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation as fault:
        raise ValueError(f"{value!r} is not a number") from fault
    if not number.is_finite() or is_unset(number):
        return None
    if abs(number.adjusted()) > _DIGITS:
        raise ValueError(f"{number:.3e} is no price and no quantity")
    return Decimal(plain(number))  # 25000.0 and 25000 are one quantity, and shall look like one on every ibapi


def _required(value: Any, what: str) -> Decimal:
    if (number := _number(value)) is None:
        raise ValueError(f"the {what} is missing")
    return number


def _integer(value: Any) -> int:
    """Return an integer that fits where integers are kept; text has no limit."""
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{str(number)[:20]}... is too large for an id")
    return number


def _perm_id(value: Any) -> int | None:
    """Return the permanent id; 0 means that there is none yet."""
    return None if is_unset(value) or not value else _integer(value)


def _client(value: Any) -> int:
    """Return the client id; an order that no client placed has none, which is the 0 of the TWS itself."""
    return 0 if is_unset(value) else _integer(value)


def _text(value: Any) -> str:
    """Return text that can be written as UTF-8: escapes of a TWS are halves of characters, and may miss the other."""
    return str(value or "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
