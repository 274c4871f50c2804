"""The table that a run of other people's clients ends with, and the option that fills all of it."""

from __future__ import annotations

import pytest

from tests.clients import table


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all-versions."""
    parser.addoption(
        "--all-versions", action="store_true", help="Run other people's clients at every version, not at two each."
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print client x version x case."""
    if table.RUNS and terminalreporter.verbosity >= -1:
        terminalreporter.section("client x version x case")
        terminalreporter.write_line("\n".join(table.lines()))
