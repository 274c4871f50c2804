"""Whose fact it is: by orderRef, then permId, then the order id of this session; what is nobody's yet is kept.

An order id is a route and no identity: a TWS that was restarted may give it out again.
"""

from __future__ import annotations

from collections.abc import Iterable

from runner.core.facts import CompletedOrderSeen, ExecutionSeen, OpenOrderSeen, OrderStatusSeen

OrderFact = OpenOrderSeen | OrderStatusSeen | ExecutionSeen | CompletedOrderSeen

_KEYS = 1000  # that many unknown orders are kept facts of; the oldest is dropped for a new one
_FACTS = 200  # of one unknown order


class Attribution:
    """Which order_ref a permId or an order id stands for, and the facts that stand for none."""

    def __init__(self, client_id: int) -> None:
        self.client_id = client_id
        self._refs: dict[int, dict[str, None]] = {}  # by order id
        self._ids: dict[str, dict[int, None]] = {}  # by order_ref
        self._perms: dict[int, str] = {}
        self._kept: dict[str | int, list[OrderFact]] = {}  # by order_ref or permId

    def route(self, order_id: int, order_ref: str) -> None:
        """Note that an order has this order id in this session."""
        self._refs.setdefault(order_id, {})[order_ref] = None
        self._ids.setdefault(order_ref, {})[order_id] = None

    def forget_routes(self) -> None:
        """Forget the order ids of a session that has ended."""
        self._refs.clear()
        self._ids.clear()

    def by_route(self, order_id: int) -> str | None:
        """Return the only order with this order id, None if there is none or it was given out twice."""
        refs = self._refs.get(order_id, {})
        return next(iter(refs)) if len(refs) == 1 else None

    def routes_of(self, order_ref: str) -> tuple[int, ...]:
        """Return the order ids of an order, oldest first."""
        return tuple(self._ids.get(order_ref, ()))

    def learn(self, order_ref: str, perm_id: int | None) -> None:
        """Note a permId of an order."""
        if perm_id is not None:
            self._perms[perm_id] = order_ref

    def unlearn(self, order_ref: str, perm_ids: Iterable[int | None]) -> None:
        """Forget the permIds of an order, and its order ids of this session."""
        for perm_id in perm_ids:
            if perm_id is not None:
                self._perms.pop(perm_id, None)
        for order_id in self._ids.pop(order_ref, ()):
            refs = self._refs.get(order_id, {})
            refs.pop(order_ref, None)
            if not refs:
                self._refs.pop(order_id, None)

    def by_perm_id(self, perm_id: int | None) -> str | None:
        """Return the order that a permId stands for."""
        return None if perm_id is None else self._perms.get(perm_id)

    def keep(self, key: str | int, fact: OrderFact) -> None:
        """Keep a fact of an order that may yet become known under an order_ref or a permId."""
        if key not in self._kept and len(self._kept) >= _KEYS:
            del self._kept[next(iter(self._kept))]
        kept = self._kept.setdefault(key, [])
        if len(kept) < _FACTS and fact not in kept:
            kept.append(fact)

    def take(self, key: str | int | None) -> list[OrderFact]:
        """Give back the facts that were kept under a name, oldest first."""
        return [] if key is None else self._kept.pop(key, [])
