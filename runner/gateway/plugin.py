"""The pytest plug-in of fxrun: the fixture `tws_gateway`, a simulated TWS of its own for each test.

Loaded into every pytest of an environment that has fxrun, so it imports nothing before the fixture is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runner.gateway.plugin_gateway import TwsGateway

_MARKER = (
    "tws_gateway(account=, cash=, seed=, max_version=, quotes=, speed=, start=, fill=, faults=): "
    "how the gateway of the fixture tws_gateway starts; see docs/gateway.md of fxrun"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def _started(wanted: dict[str, object]) -> TwsGateway:
    from runner.gateway.plugin_gateway import running

    if isinstance(path := wanted.get("faults"), str | os.PathLike):
        from runner.cli.faults import load_faults

        wanted["faults"] = load_faults(Path(path))
    return running(wanted)


@pytest.fixture
def tws_gateway(request: pytest.FixtureRequest) -> Iterator[TwsGateway]:
    """Serve a simulated TWS on a free port of 127.0.0.1 for the length of the test."""
    from runner.errors import FxrunError

    wanted: dict[str, object] = {}
    for marker in reversed([*request.node.iter_markers("tws_gateway")]):  # the closest has the last word
        if marker.args:
            pytest.fail("@pytest.mark.tws_gateway takes its settings by name, such as seed=3", pytrace=False)
        wanted |= marker.kwargs
    try:
        gateway = _started(wanted)
    except FxrunError as error:
        pytest.fail(f"@pytest.mark.tws_gateway: {error}", pytrace=False)
    try:
        yield gateway
    finally:
        gateway.close()
