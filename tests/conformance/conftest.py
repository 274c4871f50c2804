"""One oracle a generation of ibapi: the installed one, and two newer ones in environments of their own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest

from tests.conformance import table
from tests.conformance.peer import PYTHON, Oracle
from tests.environments import environment

OLD_VERSIONS = (100, 110, 131, 145, 151, 153, 157)
# where a layout changes, and one on either side; from 201 on, where a message becomes protobuf
NEW_VERSIONS = (100, 145, 157, 163, 164, 169, 170, 176, *range(177, 204))
NEWEST_VERSIONS = (*NEW_VERSIONS, *range(204, 219), 222, 223, 225, 226)
HIGHEST = {"10.30.1": 187, "10.37.2": 203, "10.51.1": 226}
GENERATIONS = ("installed", "nautilus-ibapi==10.30.1", "ibapi-stable==10.37.2", "ibapi-latest==10.51.1")


@pytest.fixture(scope="session", params=GENERATIONS)
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    """The real ibapi, one generation after the other."""
    if request.param == "installed":
        number = _installed()
        made = Oracle(number, PYTHON, OLD_VERSIONS if number.startswith("9.") else NEW_VERSIONS)
    else:
        number = request.param.partition("==")[2]
        versions = tuple(v for v in NEWEST_VERSIONS if v <= HIGHEST[number])
        made = Oracle(number, environment(request.param), versions)
    yield made
    made.close()


def _installed() -> str:
    from importlib.metadata import packages_distributions

    (distribution,) = set(packages_distributions()["ibapi"])
    return version(distribution)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print, with -v, what was held against a real ibapi."""
    if terminalreporter.verbosity >= 0:  # the project asks for -q
        terminalreporter.section("messages by version, held against ibapi")
        terminalreporter.write_line("\n".join(table.lines()))
