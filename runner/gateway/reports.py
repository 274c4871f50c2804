"""What the venue says about an order, as messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from runner.gateway.account import Margins
from runner.gateway.book import Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.settings import BASE_CURRENCY
from runner.wire.messages import (
    CommissionReport,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    OpenOrder,
    OrderStatus,
    RequestExecutions,
    WireContract,
    WireExecution,
    WireOrderState,
)

ZERO = Decimal(0)
_DAY = 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """One execution with its cost; what is said of it is made when it is said."""

    at: int  # epoch seconds
    client_id: int
    order_id: int
    perm_id: int
    order_ref: str
    account: str
    contract: WireContract
    side: str  # BOT or SLD
    execution_id: str
    quantity: Decimal
    price: Decimal
    cumulative: Decimal  # of its order, with this one
    average: Decimal
    liquidity: int
    cost: Decimal
    profit: Decimal | None = None

    @property
    def details(self) -> ExecutionDetails:
        """The execution as a message."""
        return ExecutionDetails(
            request_id=-1,
            contract=self.contract,
            execution=WireExecution(
                order_id=self.order_id,
                execution_id=self.execution_id,
                time=time_text(self.at),
                account=self.account,
                exchange=self.contract.exchange,
                side=self.side,
                shares=self.quantity,
                price=self.price,
                perm_id=self.perm_id,
                client_id=self.client_id,
                cumulative_quantity=self.cumulative,
                average_price=self.average,
                order_ref=self.order_ref,
                last_liquidity=self.liquidity,
            ),
        )

    @property
    def commission(self) -> CommissionReport:
        """Its cost as a message."""
        return CommissionReport(
            execution_id=self.execution_id, commission=self.cost, currency=BASE_CURRENCY, realized_pnl=self.profit
        )


class Numbers:
    """Makes permIds and execution ids.

    They come from the seed, the order and plan time: the same run has the same, another run has others (a journal
    that holds both runs must not take the fills of one for duplicates of the other's), and no run has one twice.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._used: set[int] = set()  # permIds, and below zero the numbers of executions

    def perm_id(self, entry: Entry, at: int) -> int:
        """Return a new permId."""
        number = self._draw("perm", entry, at) & (1 << 30) - 1
        while (perm_id := 1 << 30 | number) in self._used:
            number = (number + 1) & (1 << 30) - 1
        self._used.add(perm_id)
        return perm_id

    def execution_id(self, entry: Entry, at: int) -> str:
        """Return a new execution id, of the form 0000e0d5.5f3c1a2b.01.01."""
        number = self._draw("exec", entry, at) & (1 << 48) - 1
        while ~number in self._used:
            number = (number + 1) & (1 << 48) - 1
        self._used.add(~number)
        return f"0000{number >> 32:04x}.{number & 0xFFFFFFFF:08x}.01.01"

    def avoid(self, perm_ids: Iterable[int], execution_ids: Iterable[str]) -> None:
        """Never make these, which an earlier gateway has given away."""
        self._used.update(perm_ids)
        self._used.update(~_number(execution_id) for execution_id in execution_ids)

    def _draw(self, kind: str, entry: Entry, at: int) -> int:
        text = f"{self._seed}:{kind}:{entry.client_id}:{entry.order_id}:{entry.order.order_ref}:{at}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _number(execution_id: str) -> int:
    high, low, *_ = execution_id.split(".")
    return int(high, 16) << 32 | int(low, 16)


@lru_cache(maxsize=64)
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


def order_status(entry: Entry, status: str = "") -> OrderStatus:
    """Say where an order stands; status: in another word."""
    return OrderStatus(
        order_id=entry.order_id,
        status=status or entry.status,
        filled=entry.filled,
        remaining=entry.remaining,
        average_fill_price=entry.price,
        perm_id=entry.perm_id,
        parent_id=entry.order.parent_id,
        last_fill_price=entry.last_price,
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
    order = changed(entry.order, filled_quantity=entry.filled)
    return CompletedOrder(contract=entry.contract, order=order, order_state=state)


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
    contract = fill.contract
    sides = {"BUY": "BOT", "SELL": "SLD"}
    return (
        client_id in (0, fill.client_id)
        and wanted.client_id in (0, fill.client_id)
        and time_text(fill.at) >= _comparable(wanted.time)
        and wanted.account in ("", fill.account)
        and wanted.symbol in ("", contract.symbol)
        and wanted.security_type in ("", contract.security_type)
        and wanted.exchange in ("", contract.exchange)
        and sides.get(wanted.side.upper(), wanted.side.upper()) in ("", fill.side)
    )


def _comparable(time: str) -> str:
    """Bring the start of a filter (`20260301-09:30:00`, one or two blanks instead) into the form of time_text."""
    return re.sub(r"^(\d{8})[- ]+(\d{2}:\d{2}:\d{2}).*", r"\1 \2", time)
