"""What an order costs: the schedules that IB publishes for IBKR Pro, the first tier of each.

| what | page under interactivebrokers.com/en/pricing | the order pays |
|---|---|---|
| currency pairs | commissions-spot-currencies | 0.2 basis points of the value, at least USD 2.00 |
| stocks and funds | commissions-stocks, fixed | USD 0.005 a share, at least 1.00, at most 1 % of the value |
| the Euro FX future | commissions-futures, fixed | USD 2.47 a contract: IB 0.85, exchange 1.60, regulator 0.02 |
| spot gold | commissions-metals | 1.5 basis points of the value, at least USD 2.00 |
| CFDs on stocks | commissions-cfds | USD 0.005 a share, at least 1.00 |
| CFDs on indices | commissions-cfds | 0.5 basis points of the value, at least USD 1.00 |
| options | commissions-options | USD 0.65 a contract, at least 1.00 |

Fees that a regulator takes of the sale of stocks, and of keeping gold, are left out.
"""

from __future__ import annotations

from decimal import Decimal

from runner.core.money import EXACT, cents
from runner.gateway.instruments import INSTRUMENTS

_NONE = Decimal("0.00")
_LEAST = Decimal("2.00")
_PAIR = Decimal("0.00002")
_METAL = Decimal("0.00015")
_SHARE, _LEAST_FOR_STOCK, _MOST_FOR_STOCK = Decimal("0.005"), Decimal("1.00"), Decimal("0.01")
_CONTRACT = Decimal("2.47")
_OPTION = Decimal("0.65")
_INDEX = Decimal("0.00005")
_LEAST_FOR_CFD = Decimal("1.00")


def commission(key: str, quantity: Decimal, price: Decimal, base_rate: Decimal) -> Decimal:
    """Return what an order of that total quantity costs in the base currency.

    base_rate: what a unit of a pair's first currency is worth in the base currency, or of any other instrument's
    currency (`Valuation.rate`). A part fill costs the difference between after it and before it.
    """
    if not quantity:
        return _NONE
    quantity = abs(quantity)
    kind = INSTRUMENTS[key].security_type
    if kind == "CASH":
        return max(_LEAST, cents(EXACT.multiply(EXACT.multiply(quantity, base_rate), _PAIR)))
    if kind == "FUT":
        return cents(quantity * _CONTRACT)
    if kind == "OPT":
        return max(_LEAST_FOR_CFD, cents(quantity * _OPTION))
    value = EXACT.multiply(EXACT.multiply(quantity, price), base_rate)
    if kind == "CMDTY":
        return max(_LEAST, cents(EXACT.multiply(value, _METAL)))
    if kind == "CFD":
        is_share = bool(INSTRUMENTS[key].underlying)
        return max(_LEAST_FOR_CFD, cents(EXACT.multiply(*((quantity, _SHARE) if is_share else (value, _INDEX)))))
    by_share = max(_LEAST_FOR_STOCK, cents(EXACT.multiply(quantity, _SHARE)))
    return min(by_share, cents(EXACT.multiply(value, _MOST_FOR_STOCK)))
