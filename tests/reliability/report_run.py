"""Runs `fxrun` with an embedded gateway that writes its truth, fills in parts and corrects executions.

`python -m tests.reliability.report_run TRUTH PLAN --simulate ...`: what is typed behind TRUTH is the command line.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from runner.cli import session
from runner.cli.main import main
from runner.core.clock import Clock
from runner.gateway.anomalies import Anomalies
from runner.gateway.faults import Fault, Faults, Verb, When
from runner.gateway.fills import FillModel
from runner.gateway.market import Market
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.truth import TruthFile

CORRECTED_EVERY = 1777  # seconds
_ODD = Anomalies(duplicate_execution=15, commission_first=15, fill_before_acknowledgement=10, duplicate_status=10)
_CORRECT = Fault(do=Verb.CORRECT, by=Decimal("0.00005"), when=When(every=CORRECTED_EVERY))


class _Witnessed(Gateway):
    def __init__(self, market: Market, clock: Clock, settings: GatewaySettings) -> None:
        fills = FillModel(partial=60, slippage=1)
        odd = replace(settings, fill_model=fills, anomalies=_ODD, faults=Faults(faults=(_CORRECT,)))
        super().__init__(market, clock, odd, truth=TruthFile(Path(sys.argv[1])))


if __name__ == "__main__":
    session.Gateway = _Witnessed  # type: ignore[misc]
    sys.exit(main(sys.argv[2:]))
