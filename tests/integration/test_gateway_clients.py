"""Clients written by others, unchanged: the installed ibapi, two newer generations of it, and ib_async."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import environment
from tests.integration.gateway_peer import staged

SCRIPTS = Path(__file__).parent / "clients"
CLIENTS = {
    "installed": "ibapi_round.py",
    "ibapi-stable==10.37.2": "ibapi_round.py",
    "ibapi-latest==10.51.1": "ibapi_round.py",
    "ib_async==2.1.0": "ib_async_round.py",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_round_of_trades(client: str) -> None:
    python = sys.executable if client == "installed" else str(environment(client))
    with staged() as stage:
        done = subprocess.run(
            [python, str(SCRIPTS / CLIENTS[client]), str(stage.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "round complete at server version" in done.stdout
