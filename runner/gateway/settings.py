"""What a gateway is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from runner.gateway.anomalies import NONE, Anomalies
from runner.gateway.faults import NO_FAULTS, Faults
from runner.gateway.fills import PLAIN, FillModel

BASE_CURRENCY = "USD"
LOWEST_VERSION, USUAL_VERSION, HIGHEST_VERSION = 100, 226, 226  # protobuf begins at 201


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewaySettings:
    """One account, its opening cash, and how the gateway behaves."""

    account: str = "DU1234567"
    cash: Mapping[str, Decimal] = field(default_factory=lambda: {BASE_CURRENCY: Decimal(1_000_000)})
    seed: int = 1
    max_version: int = USUAL_VERSION
    anomalies: Anomalies = NONE
    fill_model: FillModel = PLAIN
    most_working: int = 15  # active orders a side of an instrument, as IB has it
    faults: Faults = NO_FAULTS
    speed: int = 1  # seconds of its clock in a second of the wall's
    silent: bool = False  # reads and never answers, as a TWS behind a modal dialog does
