"""What an order's traffic costs in the codec, a version at a time: one request read, six answers written.

Run it alone: python tests/bench/codec.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

from runner.wire import messages as m
from runner.wire.bodies import read_request, write

ORDERS = 500
ROUNDS = 20
VERSIONS = (157, 178, 200, 226)
EUR = m.WireContract(
    contract_id=12087792,
    symbol="EUR",
    security_type="CASH",
    exchange="IDEALPRO",
    currency="USD",
    local_symbol="EUR.USD",
    trading_class="EUR.USD",
)


def traffic(i: int) -> dict[str, Any]:
    """Return what is said of one order from its placing to its fill."""
    price = D("1.085") + D(i % 500) / 100000
    order = m.WireOrder(
        action="BUY",
        order_type="LMT",
        total_quantity=D(25000),
        limit_price=price,
        time_in_force="GTC",
        order_ref=f"ref{i}",
        client_id=7,
        perm_id=100000 + i,
        account="DU1",
    )
    known = {"order_id": i, "perm_id": 100000 + i, "client_id": 7}
    fill = m.WireExecution(
        execution_id=f"0000e0d5.{i}.01.01",
        time="20261124 10:00:00",
        account="DU1",
        exchange="IDEALPRO",
        side="BOT",
        shares=D(25000),
        price=price,
        cumulative_quantity=D(25000),
        average_price=price,
        order_ref=f"ref{i}",
        **known,
    )
    return {
        "PlaceOrder": m.PlaceOrder(order_id=i, contract=EUR, order=order),
        "OpenOrder": m.OpenOrder(
            order_id=i, contract=EUR, order=order, order_state=m.WireOrderState(status="Submitted")
        ),
        "OrderStatus": m.OrderStatus(status="Submitted", remaining=D(25000), **known),
        "Execution": m.ExecutionDetails(request_id=-1, contract=EUR, execution=fill),
        "Commission": m.CommissionReport(execution_id=fill.execution_id, commission=D("2.00"), currency="USD"),
    }


def cost(work: Callable[[], object]) -> float:
    """Return the microseconds of the processor that one order takes at best."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best / ORDERS * 1e6


def main() -> None:
    """Print a line a version."""
    said = [traffic(i) for i in range(ORDERS)]
    names = [name for name in said[0] if name != "PlaceOrder"]
    print(
        f"microseconds of {ORDERS} orders:  {'PlaceOrder':>10}"
        + "".join(f"{name:>12}" for name in names)
        + "       whole"
    )
    for version in VERSIONS:
        bodies = [write(one["PlaceOrder"], version)[4:] for one in said]
        costs = [cost(lambda v=version, b=bodies: [read_request(body, v) for body in b])]  # type: ignore[misc]
        costs += [cost(lambda v=version, n=name: [write(one[n], v) for one in said]) for name in names]  # type: ignore[misc]
        whole = sum(costs) + costs[1] + costs[2]  # the order and its status are told twice
        print(f"{version:>26}  " + "".join(f"{each:12.1f}" for each in (*costs, whole)))


if __name__ == "__main__":
    main()
