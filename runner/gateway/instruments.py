"""The simulated broker's own table of currency pairs.

Read independently of `runner.core.fx`, so that two readings of one fact check each other. It has the IDEALPRO pairs
whose two currencies the ECB quotes (the offshore yuan by way of the onshore one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from zlib import crc32

SEC_TYPE = "CASH"
EXCHANGE = "IDEALPRO"

_NAMES = {
    "AUD": "Australian dollar", "CAD": "Canadian dollar", "CHF": "Swiss franc", "CNH": "Chinese Renminbi",
    "CZK": "Czech koruna", "DKK": "Danish krone", "EUR": "European Monetary Union Euro", "GBP": "British pound",
    "HKD": "Hong Kong dollar", "HUF": "Hungarian forint", "ILS": "Israeli shekel", "JPY": "Japanese yen",
    "MXN": "Mexican peso", "NOK": "Norwegian krone", "NZD": "New Zealand dollar", "PLN": "Polish zloty",
    "SEK": "Swedish krona", "SGD": "Singapore dollar", "TRY": "Turkish lira", "USD": "US dollar",
    "ZAR": "South African rand",
}  # fmt: skip

# Smallest order in base units; below it an order is an odd lot.
_MINIMUM = {
    "AUD": 25_000, "CAD": 25_000, "CHF": 25_000, "CNH": 150_000, "DKK": 150_000, "EUR": 20_000, "GBP": 20_000,
    "HKD": 200_000, "JPY": 2_500_000, "MXN": 300_000, "NOK": 150_000, "NZD": 35_000, "SEK": 175_000, "SGD": 35_000,
    "USD": 25_000, "ZAR": 350_000,
}  # fmt: skip

# Typical spread in tenths of a pip at the busy hours.
_SPREADS = {
    "EUR.USD": 2, "USD.JPY": 3, "GBP.USD": 4, "AUD.USD": 3, "USD.CHF": 5, "USD.CAD": 4, "NZD.USD": 5, "EUR.GBP": 4,
    "EUR.CHF": 6, "EUR.JPY": 5, "EUR.AUD": 8, "EUR.CAD": 8, "EUR.NZD": 12, "GBP.JPY": 8, "GBP.CHF": 10,
    "AUD.JPY": 6, "CAD.JPY": 7, "CHF.JPY": 8, "AUD.CAD": 7, "AUD.NZD": 9, "AUD.CHF": 8, "CAD.CHF": 8, "NZD.JPY": 8,
    "NZD.CHF": 10, "NZD.CAD": 10, "GBP.AUD": 12, "GBP.CAD": 12, "GBP.NZD": 18, "USD.SGD": 10, "USD.HKD": 5,
    "USD.CNH": 12, "EUR.SGD": 18, "EUR.HKD": 25, "EUR.CNH": 30,
}  # fmt: skip
# Spread by quote currency where the pair is not above: about 3 parts in 10,000 of the usual price, at most.
_WIDE = {
    "CZK": 300, "DKK": 60, "HKD": 60, "HUF": 2000, "ILS": 200, "JPY": 10, "MXN": 300, "NOK": 200, "PLN": 150,
    "SEK": 200, "SGD": 25, "TRY": 2000, "ZAR": 400, "CNH": 40, "CHF": 15, "USD": 10,
}  # fmt: skip

# As published by IB. A pair that is not here gets a stable number of our own, see `_con_id`.
_CON_IDS = {
    "AUD.USD": 14433401, "EUR.CHF": 12087802, "EUR.GBP": 12087807, "EUR.JPY": 14321016, "EUR.USD": 12087792,
    "GBP.USD": 12087797, "NZD.USD": 39453441, "USD.CAD": 15016062, "USD.CHF": 12087820, "USD.JPY": 15016059,
}  # fmt: skip

_PAIRS = """
AUD.CAD AUD.CHF AUD.HKD AUD.JPY AUD.NZD AUD.SGD AUD.USD AUD.ZAR
CAD.CHF CAD.HKD CAD.JPY
CHF.CZK CHF.DKK CHF.HUF CHF.JPY CHF.NOK CHF.PLN CHF.SEK CHF.TRY CHF.ZAR
CNH.HKD CNH.JPY
DKK.JPY DKK.NOK DKK.SEK
EUR.AUD EUR.CAD EUR.CHF EUR.CNH EUR.CZK EUR.DKK EUR.GBP EUR.HKD EUR.HUF EUR.ILS EUR.JPY EUR.MXN EUR.NOK EUR.NZD
EUR.PLN EUR.SEK EUR.SGD EUR.TRY EUR.USD EUR.ZAR
GBP.AUD GBP.CAD GBP.CHF GBP.CNH GBP.CZK GBP.DKK GBP.HKD GBP.HUF GBP.JPY GBP.MXN GBP.NOK GBP.NZD GBP.PLN GBP.SEK
GBP.SGD GBP.TRY GBP.USD GBP.ZAR
HKD.JPY MXN.JPY
NOK.JPY NOK.SEK
NZD.CAD NZD.CHF NZD.JPY NZD.USD
SEK.JPY SGD.CNH SGD.JPY
USD.CAD USD.CHF USD.CNH USD.CZK USD.DKK USD.HKD USD.HUF USD.ILS USD.JPY USD.MXN USD.NOK USD.PLN USD.SEK USD.SGD
USD.TRY USD.ZAR
ZAR.JPY
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """One currency pair as the simulated broker lists it."""

    con_id: int
    symbol: str
    currency: str
    long_name: str
    min_tick: Decimal
    min_size: Decimal | None  # base units; None where no figure is known
    decimals: int  # of a quoted price: tenths of a pip
    spread: int  # typical, in tenths of a pip

    @property
    def local_symbol(self) -> str:
        """The pair's name, such as EUR.USD."""
        return f"{self.symbol}.{self.currency}"


def _con_id(name: str) -> int:
    """A made-up number that never changes, in a range that IB has not used for currencies."""
    return _CON_IDS.get(name) or 900_000_000 + crc32(name.encode()) % 90_000_000


def _instrument(name: str) -> Instrument:
    symbol, currency = name.split(".")
    yen = currency == "JPY"
    minimum = _MINIMUM.get(symbol)
    return Instrument(
        con_id=_con_id(name),
        symbol=symbol,
        currency=currency,
        long_name=_NAMES[symbol],
        min_tick=Decimal("0.005") if yen else Decimal("0.00005"),
        min_size=None if minimum is None else Decimal(minimum),
        decimals=3 if yen else 5,
        spread=_SPREADS.get(name) or _WIDE.get(currency, 20),
    )


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType({name: _instrument(name) for name in _PAIRS.split()})
_BY_ID = {instrument.con_id: instrument for instrument in INSTRUMENTS.values()}


def find(
    *,
    con_id: int = 0,
    local_symbol: str = "",
    symbol: str = "",
    currency: str = "",
    sec_type: str = "",
    exchange: str = "",
) -> Instrument | None:
    """Return the one pair that a contract names: by con_id, by local symbol, or by symbol, currency and type.

    0 and the empty string mean not given; everything that is given must agree.
    """
    found = _BY_ID.get(con_id) if con_id else INSTRUMENTS.get(local_symbol or f"{symbol}.{currency}")
    if found is None or not (con_id or local_symbol or sec_type):
        return None
    given = {
        local_symbol: found.local_symbol, symbol: found.symbol, currency: found.currency, sec_type: SEC_TYPE,
        exchange: EXCHANGE,
    }  # fmt: skip
    return found if all(not asked or asked == actual for asked, actual in given.items()) else None
