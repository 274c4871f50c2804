"""What the venue says about an order, as messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b

from runner.gateway.account import Margins
from runner.gateway.book import Entry, Stage
from runner.gateway.settings import BASE_CURRENCY
from runner.wire.messages import (
    CommissionReport,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    OpenOrder,
    OrderStatus,
    RequestExecutions,
    WireExecution,
    WireOrderState,
)

ZERO = Decimal(0)
_DAY = 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """One execution with its cost."""

    details: ExecutionDetails
    commission: CommissionReport
    at: int  # epoch seconds


class Numbers:
    """Makes permIds and execution ids.

    They come from the seed, the order and plan time: the same run has the same, another run has others (a journal
    that holds both runs must not take the fills of one for duplicates of the other's), and no run has one twice.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._used: set[tuple[str, int]] = set()

    def perm_id(self, entry: Entry, at: int) -> int:
        """Return a new permId."""
        return 1 << 30 | self._fresh("perm", 30, entry, at)

    def execution_id(self, entry: Entry, at: int) -> str:
        """Return a new execution id, of the form 0000e0d5.5f3c1a2b.01.01."""
        number = self._fresh("exec", 48, entry, at)
        return f"0000{number >> 32:04x}.{number & 0xFFFFFFFF:08x}.01.01"

    def avoid(self, perm_ids: Iterable[int], execution_ids: Iterable[str]) -> None:
        """Never make these, which an earlier gateway has given away."""
        self._used.update(("perm", perm_id & (1 << 30) - 1) for perm_id in perm_ids)
        self._used.update(("exec", _number(execution_id)) for execution_id in execution_ids)

    def _fresh(self, kind: str, bits: int, entry: Entry, at: int) -> int:
        text = f"{self._seed}:{kind}:{entry.client_id}:{entry.order_id}:{entry.order.order_ref}:{at}"
        mask = (1 << bits) - 1
        number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) & mask
        while (kind, number) in self._used:
            number = (number + 1) & mask
        self._used.add((kind, number))
        return number


def _number(execution_id: str) -> int:
    high, low, *_ = execution_id.split(".")
    return int(high, 16) << 32 | int(low, 16)


def time_text(at: int) -> str:
    """Write an instant as a TWS that keeps UTC does."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d %H:%M:%S UTC")


def open_order(entry: Entry, margins: Margins | None = None, commission: Decimal | None = None) -> OpenOrder:
    """Say everything that is known of an order."""
    state = WireOrderState(status="PreSubmitted" if margins else entry.status)
    if margins is not None:
        state = _previewed(state, margins, commission)
    return OpenOrder(order_id=entry.order_id, contract=entry.contract, order=entry.order, order_state=state)


def _previewed(state: WireOrderState, margins: Margins, commission: Decimal | None) -> WireOrderState:
    change = margins.after - margins.before
    return replace(
        state,
        init_margin_before=margins.before,
        maint_margin_before=margins.maintenance_before,
        equity_with_loan_before=margins.equity,
        init_margin_change=change,
        maint_margin_change=margins.maintenance_after - margins.maintenance_before,
        equity_with_loan_change=ZERO,
        init_margin_after=margins.after,
        maint_margin_after=margins.maintenance_after,
        equity_with_loan_after=margins.equity,
        commission=commission,
        commission_currency=BASE_CURRENCY,
        margin_currency=BASE_CURRENCY,
    )


def order_status(entry: Entry) -> OrderStatus:
    """Say where an order stands."""
    return OrderStatus(
        order_id=entry.order_id,
        status=entry.status,
        filled=entry.filled,
        remaining=entry.remaining,
        average_fill_price=entry.price,
        perm_id=entry.perm_id,
        parent_id=entry.order.parent_id,
        last_fill_price=entry.price,
        client_id=entry.client_id,
        why_held=entry.why_held,
    )


def completed_order(entry: Entry) -> CompletedOrder:
    """Say how an order ended."""
    texts = {
        Stage.FILLED: f"Filled Size: {entry.filled.normalize():f}",
        Stage.CANCELLED: "Cancelled by Trader",
        Stage.REJECTED: "Order rejected",
    }
    state = WireOrderState(
        status=entry.status,
        completed_time=time_text(entry.ended),
        completed_status=texts.get(entry.stage, ""),
    )
    return CompletedOrder(contract=entry.contract, order=entry.order, order_state=state)


def fill(entry: Entry, execution_id: str, at: int, account: str) -> ExecutionDetails:
    """Report the execution of the whole of an order."""
    return ExecutionDetails(
        request_id=-1,
        contract=entry.contract,
        execution=WireExecution(
            order_id=entry.order_id,
            execution_id=execution_id,
            time=time_text(at),
            account=account,
            exchange=entry.contract.exchange,
            side="BOT" if entry.is_buy else "SLD",
            shares=entry.filled,
            price=entry.price,
            perm_id=entry.perm_id,
            client_id=entry.client_id,
            cumulative_quantity=entry.filled,
            average_price=entry.price,
            order_ref=entry.order.order_ref,
            last_liquidity=2 if entry.order.order_type == "MKT" else 1,
        ),
    )


def error(about: int, code: int, text: str) -> ErrorMessage:
    """Say that something is wrong, or only noteworthy."""
    return ErrorMessage(about=about, code=code, text=text)


def asked_for(details: ExecutionDetails, request_id: int) -> ExecutionDetails:
    """Return an execution as the answer to a request."""
    return replace(details, request_id=request_id)


def day_start(at: int, days_ago: int = 0) -> int:
    """Return the midnight from which a TWS that keeps UTC still knows what has ended."""
    return at - at % _DAY - days_ago * _DAY


def matches(fill: Fill, wanted: RequestExecutions, client_id: int) -> bool:
    """Tell whether a client that asks is told of an execution: of its own ones (client 0: of all)."""
    execution, contract = fill.details.execution, fill.details.contract
    sides = {"BUY": "BOT", "SELL": "SLD"}
    return (
        client_id in (0, execution.client_id)
        and wanted.client_id in (0, execution.client_id)
        and execution.time >= _comparable(wanted.time)
        and wanted.account in ("", execution.account)
        and wanted.symbol in ("", contract.symbol)
        and wanted.security_type in ("", contract.security_type)
        and wanted.exchange in ("", execution.exchange)
        and sides.get(wanted.side.upper(), wanted.side.upper()) in ("", execution.side)
    )


def _comparable(time: str) -> str:
    """Bring the start of a filter (`20260301-09:30:00`, one or two blanks instead) into the form of time_text."""
    return re.sub(r"^(\d{8})[- ]+(\d{2}:\d{2}:\d{2}).*", r"\1 \2", time)
