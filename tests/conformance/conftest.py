"""One oracle a generation of ibapi, each in an environment of its own unless it is the one that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.conformance import table
from tests.conformance.generations import GENERATIONS, Generation
from tests.conformance.peer import PYTHON, Oracle
from tests.conformance.seeds import SEED
from tests.environments import environment


@pytest.fixture(scope="session")
def pythons() -> Iterator[dict[Generation, Future[Path]]]:
    """The environments of all generations, made at the same time, since that is a matter of the network."""
    with ThreadPoolExecutor(len(GENERATIONS)) as pool:
        yield {generation: pool.submit(_python, generation) for generation in GENERATIONS}


@pytest.fixture(scope="session", params=GENERATIONS, ids=lambda generation: generation.name)
def oracle(request: pytest.FixtureRequest, pythons: dict[Generation, Future[Path]]) -> Iterator[Oracle]:
    """The real ibapi, one generation after the other; skipped where the registry did not answer for this one."""
    made = Oracle(request.param, pythons[request.param].result())
    yield made
    made.close()


def _python(generation: Generation) -> Path:
    name, _, number = generation.requirement.partition("==")
    try:
        is_installed = version(name) == number
    except PackageNotFoundError:
        is_installed = False
    return PYTHON if is_installed else environment(generation.requirement)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seed and, with -v, what was held against a real ibapi."""
    terminalreporter.write_line(f"conformance: values drawn with CONFORMANCE_SEED={SEED}")
    if terminalreporter.verbosity >= 0:  # the project asks for -q
        terminalreporter.section("messages by version, held against ibapi")
        terminalreporter.write_line("\n".join(table.lines()))
