"""Clients written by others, unchanged: the installed ibapi, two newer generations of it, and ib_async."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.gateway.settings import GatewaySettings
from tests.environments import environment
from tests.integration.gateway_peer import staged

SCRIPTS = Path(__file__).parent
CLIENTS = {
    "installed": "ibapi_round.py",
    "ibapi-stable==10.37.2": "ibapi_round.py",
    "ibapi-latest==10.51.1": "ibapi_round.py",
    "ib_async==2.1.0": "ib_async_round.py",
}

# offered more than the default, these speak protobuf: some messages at 203, all at 226
PROTOBUF = [("ibapi-stable==10.37.2", 226), ("ibapi-latest==10.51.1", 226)]
SPOKEN = dict(zip(PROTOBUF, (203, 226), strict=True))


@pytest.mark.parametrize(("client", "newest"), [*((client, 178) for client in CLIENTS), *PROTOBUF])
def test_a_round_of_trades(client: str, newest: int) -> None:
    python = sys.executable if client == "installed" else str(environment(client))
    with staged(settings=GatewaySettings(max_version=newest)) as stage:
        done = subprocess.run(
            [python, str(SCRIPTS / CLIENTS[client]), str(stage.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"round complete at server version {SPOKEN.get((client, newest), '')}" in done.stdout
