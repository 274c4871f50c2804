"""Ids and anomalies come from the seed and the order, and from nothing else."""

from __future__ import annotations

import pytest

from runner.gateway.anomalies import Anomalies, Anomaly
from runner.gateway.book import Entry
from runner.gateway.reports import Numbers
from runner.wire.messages import WireContract, WireOrder

ENTRY = Entry(client_id=1, order_id=1, contract=WireContract(), order=WireOrder(order_ref="r"), pair="EUR.USD")


def test_no_number_twice_and_the_same_again() -> None:
    def drawn(seed: int) -> list[int]:
        numbers = Numbers(seed)
        return [numbers.execution(ENTRY, 5) for _ in range(50)]

    assert len(set(drawn(1))) == 50
    assert drawn(1) == drawn(1)
    assert not set(drawn(1)) & set(drawn(2))
    assert all(0 <= one < 2**48 for one in drawn(1))


def test_perm_ids_fit_an_int_of_any_client() -> None:
    numbers = Numbers(1)
    drawn = {numbers.perm_id(ENTRY, second) for second in range(1000)}
    assert len(drawn) == 1000
    assert all(2**30 <= one < 2**31 for one in drawn)


@pytest.mark.parametrize("share", [0, 1, 30, 100])
def test_a_share_is_a_percentage(share: int) -> None:
    anomalies = Anomalies(warning=share)
    met = sum(anomalies.meets(Anomaly.WARNING, 1, 1, order_id) for order_id in range(20_000))
    assert abs(met - share * 200) <= (0 if share in (0, 100) else 150)


def test_every_anomaly_has_its_share() -> None:
    assert {kind.value for kind in Anomaly} == set(Anomalies.__slots__)
