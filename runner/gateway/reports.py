"""What the venue says about an order, as messages."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from runner.gateway.account import Margins
from runner.gateway.book import Entry, Stage
from runner.gateway.changes import changed
from runner.gateway.deadlines import instant
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
_GROUPS = 4093


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What executions have in common."""

    client_id: int
    account: str
    contract: WireContract
    side: str  # BOT or SLD
    liquidity: int
    is_unbound: bool = False  # of orders entered by hand


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """One execution with its cost; what is said of it is made when it is said."""

    at: int  # epoch seconds
    order_id: int
    perm_id: int
    order_ref: str
    of: Terms
    number: int
    revision: int = 1
    quantity: Decimal
    price: Decimal
    cumulative: Decimal  # of its order, with this one
    average: Decimal
    cost: Decimal
    profit: Decimal | None = None

    @property
    def client_id(self) -> int:
        """Whose order it was."""
        return self.of.client_id

    @property
    def execution_id(self) -> str:
        """The id of the form 0000e0d5.5f3c1a2b.01.01, with .02 at its end once it was corrected."""
        return f"0000{self.number >> 32:04x}.{self.number & 0xFFFFFFFF:08x}.01.{self.revision:02}"

    @property
    def details(self) -> ExecutionDetails:
        """The execution as a message."""
        of = self.of
        return ExecutionDetails(
            request_id=-1,
            contract=of.contract,
            execution=WireExecution(
                order_id=0 if of.is_unbound else self.order_id,
                execution_id=self.execution_id,
                time=time_text(self.at),
                account=of.account,
                exchange=of.contract.exchange,
                side=of.side,
                shares=self.quantity,
                price=self.price,
                perm_id=self.perm_id,
                client_id=of.client_id,
                cumulative_quantity=self.cumulative,
                average_price=self.average,
                order_ref=self.order_ref,
                last_liquidity=of.liquidity,
            ),
        )

    @property
    def commission(self) -> CommissionReport:
        """Its cost as a message."""
        return CommissionReport(
            execution_id=self.execution_id, commission=self.cost, currency=BASE_CURRENCY, realized_pnl=self.profit
        )


class Used:
    """A set of whole numbers below 2**64 that takes nine bytes for each instead of seventy."""

    def __init__(self) -> None:
        self._groups = [array("Q") for _ in range(_GROUPS)]

    def add(self, number: int) -> None:
        """Take one in."""
        if number not in self:
            self._groups[number % _GROUPS].append(number)

    def __contains__(self, number: int) -> bool:
        return number in self._groups[number % _GROUPS]

    def __len__(self) -> int:
        return sum(map(len, self._groups))


class Numbers:
    """Makes permIds and execution ids.

    They come from the seed, the order and plan time: the same run has the same, another run has others (a journal
    that holds both runs must not take the fills of one for duplicates of the other's), and no run has one twice.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._perm_ids, self._executions = Used(), Used()

    def perm_id(self, entry: Entry, at: int) -> int:
        """Return a new permId."""
        number = self._draw("perm", entry, at) & (1 << 30) - 1
        while (perm_id := 1 << 30 | number) in self._perm_ids:
            number = (number + 1) & (1 << 30) - 1
        self._perm_ids.add(perm_id)
        return perm_id

    def execution(self, entry: Entry, at: int) -> int:
        """Return a new number of an execution, of 48 bits."""
        number = self._draw("exec", entry, at) & (1 << 48) - 1
        while number in self._executions:
            number = (number + 1) & (1 << 48) - 1
        self._executions.add(number)
        return number

    def avoid(self, perm_ids: Iterable[int], execution_ids: Iterable[str]) -> None:
        """Never make these, which an earlier gateway has given away."""
        for perm_id in perm_ids:
            self._perm_ids.add(perm_id)
        for execution_id in execution_ids:
            self._executions.add(_number(execution_id))

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
    state = _state(entry.status) if margins is None else _previewed(_state("PreSubmitted"), margins, commission)
    order = entry.order if entry.stop is None else changed(entry.order, trail_stop_price=entry.stop)
    return OpenOrder(order_id=entry.told_id, contract=entry.contract, order=order, order_state=state)


@lru_cache(maxsize=16)
def _state(status: str) -> WireOrderState:
    return WireOrderState(status=status)


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
        order_id=entry.told_id,
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
    of, contract = fill.of, fill.of.contract
    sides = {"BUY": "BOT", "SELL": "SLD"}
    return (
        client_id in (0, of.client_id)
        and wanted.client_id in (0, of.client_id)
        and _is_of(fill.at, wanted)
        and wanted.account in ("", of.account)
        and wanted.symbol in ("", contract.symbol)
        and wanted.security_type in ("", contract.security_type)
        and wanted.exchange in ("", contract.exchange)
        and sides.get(wanted.side.upper(), wanted.side.upper()) in ("", of.side)
    )


def _is_of(at: int, wanted: RequestExecutions) -> bool:
    """Tell whether an instant is late enough, and on one of the days that are asked for, if any are."""
    days = {one.date for one in wanted.specific_dates}
    if days and int(time_text(at)[:8]) not in days:
        return False
    start = filter_start(wanted.time)
    return start is None or at >= start


@lru_cache(maxsize=64)
def filter_start(text: str) -> int | None:
    """Return the instant from which a filter asks, None for any; a day alone means its beginning."""
    if not text.strip():
        return None
    return instant(f"{text.strip()} 00:00:00" if text.strip().isdecimal() else text)
