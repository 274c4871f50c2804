"""What the broker says of orders, whoever placed them: one pass over open orders, completed orders and executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from runner.cli.asking import Asking
from runner.core.facts import (
    CompletedOrderSeen,
    CompletedOrdersEnd,
    ExecutionSeen,
    ExecutionsEnd,
    Fact,
    OpenOrderSeen,
    OpenOrdersEnd,
    OrderStatusSeen,
)
from runner.core.ids import PREFIX
from runner.core.ticket import Side

_OURS = f"{PREFIX}:"
_MANUAL = 0  # client id of orders that were entered in the TWS itself


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOrder:
    """One order as the broker tells it; None for what it does not tell of an order at its end."""

    order_ref: str
    perm_id: int | None
    account: str
    is_working: bool
    status: str
    contract: str | None
    side: Side | None
    quantity: Decimal | None
    filled: Decimal | None
    client_id: int | None = None
    order_id: int | None = None
    order_type: str | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: str | None = None

    @property
    def is_ours(self) -> bool:
        """True if its orderRef is one of fxrun's, of whichever journal."""
        return self.order_ref.startswith(_OURS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """One pass; every list came with its End."""

    orders: tuple[BrokerOrder, ...]  # working ones first
    executed: Mapping[str, Decimal] = field(default_factory=dict)  # order_ref to units, in today's executions

    @property
    def refs(self) -> frozenset[str]:
        """The order_refs of fxrun's that were named."""
        return frozenset(one.order_ref for one in self.orders if one.is_ours) | frozenset(self.executed)


def gather(session: Asking) -> Book:
    """Ask for open orders of all clients, completed orders and executions; raises what `Asking.collect` raises."""
    connection = session.connection
    working = session.collect(
        "the open orders", connection.request_all_open_orders, lambda fact, _: isinstance(fact, OpenOrdersEnd)
    )
    ended = session.collect(
        "the completed orders",
        connection.request_completed_orders,
        lambda fact, _: isinstance(fact, CompletedOrdersEnd),
    )
    fills = session.collect(
        "the executions",
        connection.request_executions,
        lambda fact, request: isinstance(fact, ExecutionsEnd) and fact.request_id == request,
    )
    orders = [*_working(working), *map(_ended, (fact for fact in ended if isinstance(fact, CompletedOrderSeen)))]
    mine = tuple(one for one in orders if one.account in ("", session.account))
    return Book(orders=mine, executed=_executed(fills, session.account))


def _working(facts: Iterable[Fact]) -> list[BrokerOrder]:
    """Return the open orders; what came twice is the later, and a status is joined to its order."""
    found: dict[tuple[int | None, int, int], BrokerOrder] = {}
    for fact in facts:
        match fact:
            case OpenOrderSeen():
                found[_key(fact)] = _open(fact)
            case OrderStatusSeen() if (before := found.get(_key(fact))) is not None:
                filled = before.filled if fact.filled is None else fact.filled
                found[_key(fact)] = replace(before, status=fact.status, filled=filled)
    return list(found.values())


def _key(fact: OpenOrderSeen | OrderStatusSeen) -> tuple[int | None, int, int]:
    # orders that were entered by hand share one order id, others may have no permanent id yet
    return (fact.perm_id, 0, 0) if fact.perm_id is not None else (None, fact.client_id, fact.order_id)


def _open(fact: OpenOrderSeen) -> BrokerOrder:
    return BrokerOrder(
        order_ref=fact.order_ref,
        perm_id=fact.perm_id,
        account=fact.account,
        is_working=True,
        status=fact.status,
        contract=fact.contract,
        side=fact.side,
        quantity=fact.quantity,
        filled=fact.filled,
        client_id=fact.client_id,
        order_id=fact.order_id,
        order_type=fact.order_type,
        limit_price=fact.limit_price,
        stop_price=fact.stop_price,
        time_in_force=fact.time_in_force,
    )


def _ended(fact: CompletedOrderSeen) -> BrokerOrder:
    return BrokerOrder(
        order_ref=fact.order_ref,
        perm_id=fact.perm_id,
        account=fact.account,
        is_working=False,
        status=fact.status,
        contract=fact.contract,
        side=fact.side,
        quantity=fact.quantity,
        filled=fact.filled,
    )


def _executed(facts: Iterable[Fact], account: str) -> dict[str, Decimal]:
    """Sum executions by order_ref; of an execution that was corrected only the last revision counts."""
    latest: dict[str, tuple[int, ExecutionSeen]] = {}
    for fact in facts:
        if isinstance(fact, ExecutionSeen) and fact.account == account and fact.order_ref.startswith(_OURS):
            root, _, revision = fact.exec_id.rpartition(".")
            number = int(revision) if revision.isdecimal() else 0
            if root not in latest or number >= latest[root][0]:
                latest[root] = number, fact
    sums: dict[str, Decimal] = {}
    for _, execution in latest.values():
        sums[execution.order_ref] = sums.get(execution.order_ref, Decimal(0)) + execution.quantity
    return sums


def placed_by(one: BrokerOrder) -> str:
    """Say who placed an order that is not fxrun's."""
    if one.client_id is None:
        return "foreign"
    return "foreign, by hand" if one.client_id == _MANUAL else f"foreign, client {one.client_id}"
