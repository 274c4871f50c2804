"""Our descriptors and ibapi's in one process, whichever comes first."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conformance.generations import GENERATIONS
from tests.environments import environment

ROOT = Path(__file__).parents[2]
OURS = (
    "from runner.wire import messages as m\n"
    "from runner.wire.bodies import read_request, write\n"
    "place = m.PlaceOrder(order_id=7, contract=m.WireContract(symbol='EUR'), order=m.WireOrder(action='BUY'))\n"
    "assert read_request(write(place, 226)[4:], 226) == place\n"
)
THEIRS = (
    "from ibapi.protobuf.PlaceOrderRequest_pb2 import PlaceOrderRequest\n"
    "data = PlaceOrderRequest(orderId=7).SerializeToString()\n"
    "assert PlaceOrderRequest.FromString(data).orderId == 7\n"
)


@pytest.mark.parametrize("requirement", [g.requirement for g in GENERATIONS if g.highest > 200])
@pytest.mark.parametrize("code", [OURS + THEIRS + OURS, THEIRS + OURS + THEIRS], ids=["ours first", "theirs first"])
def test_both_pools_in_one_process(requirement: str, code: str) -> None:
    read = "assert PlaceOrderRequest.FromString(write(place, 226)[8:]).contract.symbol == 'EUR'\n"
    subprocess.run([str(environment(requirement)), "-c", code + read], cwd=ROOT, check=True, timeout=60)
