"""Values are drawn anew in each run; its seed is printed, and given again it draws the same."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

SEED = int(os.environ.get("CONFORMANCE_SEED", "") or random.randrange(10**6))
_TOLERATED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def drawn(examples: int) -> Callable[[Any], Any]:
    """Let a test see so many values; nothing is shrunk, for the oracle is asked over a pipe."""
    chosen = settings(
        max_examples=examples, phases=[Phase.generate], deadline=None, suppress_health_check=_TOLERATED, database=None
    )
    return lambda test: chosen(seed(SEED)(test))
