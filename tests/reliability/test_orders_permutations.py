"""A sample of the campaign of `permutations.py`, and that it would notice a tracker that is wrong."""

from __future__ import annotations

import pytest

from tests.reliability.permutations import PLANTS, campaign, main
from tests.reliability.stories import ENDINGS


def test_o03_three_hundred_examples_end_where_the_orders_truly_are() -> None:
    done = campaign(300, 1)
    assert done.wrong == [], "seed 1"
    assert done.counts["examples"] == 300
    assert min(done.counts[name] for name in ("executions", "corrections")) > 100
    assert len([name for name in done.counts if name.startswith("state ")]) == len(set(ENDINGS) - FOLDED)


FOLDED = {"inactive_held", "cancel_refused", "broker_cancelled", "late_fill"}  # end in a state that another has, too


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_o03_a_planted_fault_is_noticed(plant: str) -> None:
    assert campaign(60, 1, plant).counts["wrong"] > 0


def test_o03_the_command_prints_its_seed_and_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--examples", "20", "--seed", "5"]) == 0
    assert '"seed": 5' in capsys.readouterr().out
    assert main(["--examples", "40", "--seed", "5", "--plant", "sum"]) == 1
