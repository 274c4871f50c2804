"""One oracle a generation of ibapi: the installed one, and two newer ones in environments of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conformance import table
from tests.conformance.peer import PYTHON, Oracle

ROOT = Path(__file__).parents[2]
OLD_VERSIONS = (100, 110, 131, 145, 151, 153, 157)
# where a layout changes, and one on either side; from 201 on, where a message becomes protobuf
NEW_VERSIONS = (100, 145, 157, 163, 164, 169, 170, 176, *range(177, 204))
NEWEST_VERSIONS = (*NEW_VERSIONS, *range(204, 219), 222, 223, 225, 226)
HIGHEST = {"10.30.1": 187, "10.37.2": 203, "10.51.1": 226}
GENERATIONS = ("installed", "nautilus-ibapi==10.30.1", "ibapi-stable==10.37.2", "ibapi-latest==10.51.1")
NO_ANSWER = (
    "NewConnectionError",
    "ReadTimeout",
    "ConnectTimeout",
    "ProxyError",
    "Temporary failure in name resolution",
)


def environment(requirement: str) -> Path:
    """Return the Python of an environment that holds requirement, made once and kept."""
    tag = f"{requirement.replace('==', '-')}-py{sys.version_info.major}.{sys.version_info.minor}"
    home = ROOT / ".venv-ibapi" / tag
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = home / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement]
        result = subprocess.run(install, capture_output=True, text=True, check=False)
        if result.returncode and any(sign in result.stderr for sign in NO_ANSWER):
            pytest.skip(f"the package registry did not answer for {requirement}")
        assert result.returncode == 0, result.stderr
        done.touch()
    return python


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
