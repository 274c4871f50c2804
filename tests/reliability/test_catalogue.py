"""The catalogue is there, but for what is left out on purpose."""

from __future__ import annotations

from tests.reliability.catalogue import CATALOGUE, found

LEFT_OUT = {"x02"}  # the dashboard does not exist yet


def test_every_test_of_the_catalogue_has_a_name_here() -> None:
    assert len(CATALOGUE) == 108
    assert set(CATALOGUE) - found() <= LEFT_OUT
