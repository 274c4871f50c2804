"""Clients written by others, unchanged, each at its own highest server version and below it.

python -m pytest tests/clients                    # two versions each
python -m pytest tests/clients --all-versions     # all of them
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients import table
from tests.clients.cases import CASES
from tests.clients.gateway import MORNING, serving
from tests.environments import environment, node_environment

HERE = Path(__file__).parent
VERSIONS = (157, 176, 178, 193, 200, 203, 213, 226)
AT_ONCE = 6


@dataclass(frozen=True, kw_only=True)
class Library:
    """One client: what is installed, its script, the versions it speaks, and which of them CI shows."""

    name: str
    requirement: str
    script: str
    lowest: int = 100
    highest: int
    shown: int

    def start(self) -> tuple[list[str], dict[str, str]]:
        """Return what starts the script, and its environment variables; installs the client first."""
        with MAKING[self.requirement]:
            if self.script.endswith(".cjs"):
                return ["node", str(HERE / self.script)], {"NODE_PATH": str(node_environment(self.requirement))}
            return [str(environment(self.requirement)), str(HERE / self.script)], {}


IBAPI, IB_ASYNC = "ibapi_cases.py", "ib_async_cases.py"
LIBRARIES = (
    Library(name="ibapi 9.81.1", requirement="ibapi==9.81.1.post1", script=IBAPI, highest=157, shown=157),
    Library(name="10.19.4", requirement="nautilus-ibapi==10.19.4", script=IBAPI, highest=176, shown=157),
    Library(name="10.30.1", requirement="nautilus-ibapi==10.30.1", script=IBAPI, highest=187, shown=178),
    Library(name="10.37.2", requirement="ibapi-stable==10.37.2", script=IBAPI, highest=203, shown=200),
    Library(name="10.45.1", requirement="ibapi-stable==10.45.1", script=IBAPI, highest=223, shown=213),
    Library(name="10.51.1", requirement="ibapi-latest==10.51.1", script=IBAPI, highest=226, shown=193),
    Library(name="ib_insync", requirement="ib_insync==0.9.86", script=IB_ASYNC, lowest=157, highest=176, shown=157),
    Library(name="ib_async", requirement="ib_async==2.1.0", script=IB_ASYNC, lowest=157, highest=178, shown=176),
    Library(name="IBApi", requirement="@stoqey/ib@1.6.10", script="stoqey_cases.cjs", highest=193, shown=157),
    Library(name="IBApiNext", requirement="@stoqey/ib@1.6.10", script="stoqey_next_cases.cjs", highest=193, shown=178),
)
MAKING = {one.requirement: threading.Lock() for one in LIBRARIES}  # one environment serves two scripts


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every client at two versions, or at all."""
    everything = metafunc.config.getoption("--all-versions", default=False)
    runs = []
    for library in LIBRARIES:
        usual = {library.highest, library.shown}
        wanted = {one for one in VERSIONS if library.lowest <= one <= library.highest} if everything else set()
        runs += [(library, version) for version in sorted(usual | wanted)]
    if "run" in metafunc.fixturenames:
        metafunc.parametrize(("library", "version"), runs, ids=[f"{one.name}-{version}" for one, version in runs])


Said = tuple[int, str, str]


def _play(library: Library, version: int) -> Said:
    command, variables = library.start()
    with serving(*MORNING, "--max-version", str(version)) as port:
        done = subprocess.run(
            [*command, str(port), *CASES],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env={**os.environ, **variables},
        )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def pool(request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, int], Future[Said]]]:
    """Start everything that is asked for, some of it at a time."""
    wanted = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    runs = [(one["library"], one["version"]) for one in wanted if "library" in one]
    with ThreadPoolExecutor(AT_ONCE) as workers:
        yield {(library.name, version): workers.submit(_play, library, version) for library, version in runs}
        workers.shutdown(cancel_futures=True)


@pytest.fixture
def run(pool: dict[tuple[str, int], Future[Said]], library: Library, version: int) -> Said:
    """One client's script at one version: exit code, stdout, stderr."""
    return pool[library.name, version].result()


def test_a_client_unchanged(library: Library, version: int, run: Said) -> None:
    code, out, err = run
    told = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    table.RUNS[library.name, version] = {one["case"]: table.Cell(one["ok"], one["detail"]) for one in told}
    failed = [f"{one['case']}: {one['detail']}" for one in told if one["ok"] is False]
    assert not failed, "\n".join(failed)
    assert [one["case"] for one in told] == list(CASES), err
    assert {one["version"] for one in told} == {min(version, library.highest)}
    assert code == 0, err
