"""What a plan may set of Order under `ib:`, held against the class of each generation of ibapi."""

from __future__ import annotations

import subprocess
from concurrent.futures import Future
from pathlib import Path

import pytest

from runner.plan.ib_fields import ALLOWED, FORBIDDEN
from tests.conformance.generations import GENERATIONS, Generation

_PRINT = "from ibapi.order import Order; print(*vars(Order()))"


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda generation: generation.name)
def test_every_field_is_allowed_or_refused(generation: Generation, pythons: dict[Generation, Future[Path]]) -> None:
    """A field that is neither was never looked at: it is refused meanwhile, and belongs into one of the two lists."""
    command = (str(pythons[generation].result()), "-c", _PRINT)
    fields = set(subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout.split())
    assert len(fields) > 100
    assert fields - ALLOWED - FORBIDDEN.keys() == set()
