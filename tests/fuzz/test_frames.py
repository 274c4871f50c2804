"""A sample of the fuzzer in every run of the tests; the whole is `python -m tests.fuzz.frames`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.corpus import VERSIONS
from tests.fuzz.frames import Failed, Limits, fuzz


def test_a_healthy_client_trades_on_among_fuzzed_frames() -> None:
    report = fuzz(5_000, seed=20)
    assert report.frames == 5_000
    assert set(report.by_version) == set(VERSIONS)
    changed = sum(count for name, count in report.by_message.items() if not name.startswith("odd"))
    assert 0.45 < changed / report.frames < 0.55
    assert report.raw > 0


def test_a_gateway_that_writes_everything_down_bears_it_too(tmp_path: Path) -> None:
    report = fuzz(1_500, seed=3, first=6, folder=tmp_path)
    assert report.frames == 1_500
    assert {one.name for one in tmp_path.iterdir()} >= {"truth.jsonl", "state", "frames.log"}


@pytest.mark.parametrize(("limits", "problem"), [(Limits(memory=1), "takes .* MB"), (Limits(wait=0), "to fill")])
def test_what_may_not_happen_is_noticed(limits: Limits, problem: str) -> None:
    with pytest.raises(Failed, match=f"block 3: .*{problem}") as failed:
        fuzz(100, seed=1, first=3, limits=limits)
    assert failed.value.args[1].last
