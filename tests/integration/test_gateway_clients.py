"""Clients written by others, unchanged. FXRUN_CLIENT_PYTHONS may name interpreters (os.pathsep between them) whose
packages are ibapi of another generation, or ib_async; the ibapi of this environment always takes part."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gateway_peer import staged

SCRIPTS = Path(__file__).parent / "clients"
OTHERS = [name for name in os.environ.get("FXRUN_CLIENT_PYTHONS", "").split(os.pathsep) if name]


def _script_for(python: str) -> str:
    has_ib_async = subprocess.run([python, "-c", "import ib_async"], capture_output=True, check=False).returncode == 0
    return "ib_async_round.py" if has_ib_async else "ibapi_round.py"


@pytest.mark.parametrize("python", [sys.executable, *OTHERS])
def test_a_round_of_trades(python: str) -> None:
    script = "ibapi_round.py" if python == sys.executable else _script_for(python)
    with staged() as stage:
        done = subprocess.run(
            [python, str(SCRIPTS / script), str(stage.port)], capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "round complete at server version" in done.stdout
