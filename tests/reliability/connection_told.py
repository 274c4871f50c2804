"""What one session tells, printed a fact a line: run with each ibapi, it must print the same.

python -m tests.reliability.connection_told PORT
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal

from runner.core import facts as f
from runner.core.ticket import OrderType, Side
from tests.reliability.connection_peer import ACCOUNT, Live, compiled, live

LONGEST_REF = "fx1:abcdefghijkl:0123456789abcdefghijklm"  # 40 characters
FIRST = 11
TAGS = ("NetLiquidation", "TotalCashValue", "$LEDGER:ALL")


def told(client: Live) -> list[f.Fact]:
    """Ask and trade a little, and return what was told, in an order that no race changes."""
    connection = client.connection
    client.log_in()
    connection.use_above(FIRST - 1)
    first = connection.take_order_ids(3)
    seen: list[f.Fact] = [client.ask(lambda: connection.what_if(compiled(first)), f.WhatIfSeen)]
    after = len(client.facts)
    connection.place(compiled(first, order_ref=LONGEST_REF))
    seen += [client.wait(kind, after=after) for kind in (f.OpenOrderSeen, f.ExecutionSeen, f.CommissionSeen)]
    resting = compiled(
        first + 1,
        side=Side.SELL,
        order_type=OrderType.STOP_LIMIT,
        limit_price=Decimal("0.5"),
        stop_price=Decimal("0.5"),
    )
    seen.append(client.ask(lambda: connection.place(resting), f.OpenOrderSeen))
    seen += between(client, connection.request_open_orders, f.OpenOrdersEnd, f.OpenOrderSeen)
    seen += between(client, connection.request_all_open_orders, f.OpenOrdersEnd, f.OpenOrderSeen)
    seen += between(client, connection.request_completed_orders, f.CompletedOrdersEnd, f.CompletedOrderSeen)
    seen += between(client, connection.request_executions, f.ExecutionsEnd, f.ExecutionSeen)
    seen += between(client, lambda: connection.request_account_summary(TAGS), f.AccountSummaryEnd, f.AccountValueSeen)
    seen += between(client, connection.request_positions, f.PositionsEnd, f.PositionSeen)
    seen.append(client.ask(lambda: connection.request_profit(ACCOUNT), f.ProfitSeen))
    seen.append(client.ask(lambda: connection.cancel(first + 1), f.OrderStatusSeen))
    return seen


def between(client: Live, ask: Callable[[], object], end: type[f.Fact], kind: type[f.Fact]) -> list[f.Fact]:
    """Ask, and return the answers of a kind and their end."""
    after = len(client.facts)
    last: f.Fact = client.ask(ask, end)
    return [*client.of(kind, after), last]


def main(port: int) -> None:
    """Print what is told."""
    with live(port) as client:
        for fact in told(client):
            print(fact)


if __name__ == "__main__":
    main(int(sys.argv[1]))
