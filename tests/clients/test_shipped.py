"""The tests that @stoqey/ib ships for a real TWS, as they are: what fails is what the gateway does not offer."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.gateway import AFTERNOON, serving
from tests.environments import node_environment
from tests.integration.gateway_peer import Client, order, statuses

FILES = (
    "api-next-live/.*",
    "api/(connect|contract-api|contract-details|market-data|market-scanner|pnl|positions)",
    "api/order/(cancelOrder|placeConditionalOrder|reqAllOpenOrders|reqCompletedOrders)",
)
NOT_OFFERED = (
    *("Bond", "Crypto", "DAX", "Future", "Index", "Option"),  # their future is the ES
    *("ExecutionCondition", "MarginCondition", "PercentChangeCondition", "VolumeCondition", "all conditions"),
    *("historical ticks last", "historical bid/ask ticks", "Most active US stocks"),
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each test of the suite: its whole name, passed or failed."""
    modules = node_environment("@stoqey/ib@1.6.10", "jest@29.7.0")
    folder = tmp_path_factory.mktemp("jest")
    found, config = folder / "results.json", folder / "jest.config.json"
    suite = modules / "@stoqey/ib/dist/tests/unit"
    options = {"testMatch": ["**/*.test.js"], "haste": {"retainAllFiles": True}, "transform": {}}
    config.write_text(json.dumps({"rootDir": str(suite), "testPathIgnorePatterns": [], **options}))
    jest = ["node", str(modules / "jest/bin/jest.js"), "--config", str(config), "--json", "--outputFile", str(found)]
    with serving(*AFTERNOON) as port:
        client = Client(port)  # the suite asks for positions, so there is to be one
        told = client.ask(order(1))
        assert statuses(told)[-1] == (1, "Filled")
        done = subprocess.run(
            [*jest, "--maxWorkers=2", "--forceExit", *FILES],
            env={**os.environ, "IB_PORT": str(port)},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        client.close()
    assert found.exists(), done.stderr
    return _read(found)


def _read(found: Path) -> dict[str, str]:
    files = json.loads(found.read_text())["testResults"]
    return {
        f"{Path(one['name']).parent.name}/{Path(one['name']).stem}: {each['fullName']}": each["status"]
        for one in files
        for each in one["assertionResults"]
    }


def test_only_what_is_not_offered_fails(results: dict[str, str]) -> None:
    failed = {name for name, status in results.items() if status != "passed"}
    assert {name for name in failed if not any(word in name for word in NOT_OFFERED)} == set()


def test_the_suite_was_there(results: dict[str, str]) -> None:
    assert list(results.values()).count("passed") == 33
