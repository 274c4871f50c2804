"""What is traded, in our own words; ibapi's Contract is made from it in `runner.ib.compile`."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.fx import Pair


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractSpec:
    """A currency pair as IB names it."""

    symbol: str
    currency: str
    sec_type: str = "CASH"
    exchange: str = "IDEALPRO"

    @property
    def pair(self) -> Pair:
        """The pair this contract trades."""
        return Pair(self.symbol, self.currency)

    @property
    def name(self) -> str:
        """IB's local symbol, such as EUR.USD."""
        return self.pair.name
