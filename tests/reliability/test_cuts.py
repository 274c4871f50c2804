"""A sample of `python -m tests.reliability.cuts`: a connection ends within an order's frame or its answers."""

from __future__ import annotations

import random

from tests.reliability.cuts import all_cuts, campaign, lengths

SEED = 1
CUTS = 4


def test_c06_c07_frames_are_cut_in_both_directions() -> None:
    sizes = lengths(SEED)
    cuts = random.Random(SEED).sample(all_cuts(sizes, 1), CUTS)
    found = campaign(cuts, SEED)
    print(found.report(SEED, 0))
    assert sum(found.injected.values()) == CUTS
    assert found.all_faults() == []


def test_each_byte_of_each_frame_is_cut_at_once() -> None:
    cuts = all_cuts({"PlaceOrder": 3, "OpenOrder": 2}, 1)
    assert [(cut.direction, cut.byte) for cut in cuts] == [
        ("in", 0), ("in", 1), ("in", 2), ("in", 3), ("out", 0), ("out", 1), ("out", 2),
    ]  # fmt: skip
