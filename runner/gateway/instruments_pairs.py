"""The currency pairs of IDEALPRO whose two currencies the ECB quotes (the offshore yuan by way of the onshore one).

Read independently of `runner.core.fx`, so that two readings of one fact check each other.
"""

from __future__ import annotations

from decimal import Decimal
from zlib import crc32

from runner.gateway.instruments_kinds import Instrument, Sizes

_NAMES = {
    "AUD": "Australian dollar", "CAD": "Canadian dollar", "CHF": "Swiss franc", "CNH": "Chinese Renminbi",
    "CZK": "Czech koruna", "DKK": "Danish krone", "EUR": "European Monetary Union Euro", "GBP": "British pound",
    "HKD": "Hong Kong dollar", "HUF": "Hungarian forint", "ILS": "Israeli shekel", "JPY": "Japanese yen",
    "MXN": "Mexican peso", "NOK": "Norwegian krone", "NZD": "New Zealand dollar", "PLN": "Polish zloty",
    "SEK": "Swedish krona", "SGD": "Singapore dollar", "TRY": "Turkish lira", "USD": "US dollar",
    "ZAR": "South African rand",
}  # fmt: skip

CURRENCIES = frozenset(_NAMES)

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

# IB's own numbers, as public listings give them. A pair that is not here gets a made-up one.
_CON_IDS = {
    "AUD.CAD": 15016138, "AUD.CHF": 15016125, "AUD.HKD": 15016128, "AUD.JPY": 15016133, "AUD.NZD": 39453424,
    "AUD.SGD": 61664938, "AUD.USD": 14433401, "AUD.ZAR": 208558338, "CAD.CHF": 15016234, "CAD.HKD": 15016239,
    "CAD.JPY": 15016241, "CHF.DKK": 37943438, "CHF.JPY": 14321010, "CHF.NOK": 37943440, "CHF.SEK": 37893493,
    "CHF.ZAR": 208558349, "CNH.HKD": 174179663, "CNH.JPY": 114900065, "DKK.JPY": 110616600, "DKK.NOK": 110616599,
    "DKK.SEK": 28027110, "EUR.AUD": 15016065, "EUR.CAD": 15016068, "EUR.CHF": 12087817, "EUR.CNH": 114900041,
    "EUR.CZK": 75015678, "EUR.DKK": 39394687, "EUR.GBP": 12087807, "EUR.HKD": 12345770, "EUR.HUF": 75015675,
    "EUR.ILS": 44495104, "EUR.JPY": 14321016, "EUR.MXN": 37890904, "EUR.NOK": 39453434, "EUR.NZD": 47101302,
    "EUR.PLN": 75015682, "EUR.SEK": 37893488, "EUR.SGD": 37928764, "EUR.USD": 12087792, "EUR.ZAR": 208558343,
    "GBP.AUD": 15016075, "GBP.CAD": 15016078, "GBP.CHF": 12087826, "GBP.CNH": 114900044, "GBP.DKK": 110616560,
    "GBP.HKD": 12345775, "GBP.JPY": 14321015, "GBP.NOK": 37943445, "GBP.NZD": 47101305, "GBP.SEK": 28027122,
    "GBP.USD": 12087797, "GBP.ZAR": 208558332, "HKD.JPY": 15016090, "MXN.JPY": 37890903, "NOK.JPY": 110616605,
    "NOK.SEK": 28027113, "NZD.CAD": 46189223, "NZD.CHF": 46189224, "NZD.JPY": 39453444, "NZD.USD": 39453441,
    "SEK.JPY": 37890923, "SGD.CNH": 114900061, "SGD.JPY": 61664943, "USD.CAD": 15016062, "USD.CHF": 12087820,
    "USD.CNH": 113342317, "USD.CZK": 34838409, "USD.HKD": 12345777, "USD.HUF": 34831484, "USD.ILS": 44495102,
    "USD.JPY": 15016059, "USD.MXN": 35045199, "USD.NOK": 37971206, "USD.SEK": 37893486, "USD.SGD": 37928772,
    "USD.ZAR": 44984973, "ZAR.JPY": 208558344,
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


def made_up_id(name: str) -> int:
    """Return a number that never changes for what IB's own is not known of, in a range that IB has not reached."""
    return 900_000_000 + crc32(name.encode()) % 90_000_000


def _pair(name: str) -> Instrument:
    symbol, currency = name.split(".")
    yen = currency == "JPY"
    minimum = _MINIMUM.get(symbol)
    return Instrument(
        con_id=_CON_IDS.get(name) or made_up_id(name),
        security_type="CASH",
        symbol=symbol,
        currency=currency,
        local_symbol=name,
        trading_class=name,
        exchange="IDEALPRO",
        valid_exchanges=("IDEALPRO",),
        long_name=_NAMES[symbol],
        min_tick=Decimal("0.005") if yen else Decimal("0.00005"),
        min_size=None if minimum is None else Decimal(minimum),
        decimals=3 if yen else 5,
        spread=_SPREADS.get(name) or _WIDE.get(currency, 20),
        sizes=Sizes(1_000_000, 500_000, 8),
        market_rule_id=240 if yen else 239,
        calendar="currencies",
    )


def typical_spread(name: str) -> Decimal | None:
    """Return the usual spread of a pair at the busy hours, in quote currency; None for a pair that is not there."""
    if name not in _PAIRS.split():
        return None
    instrument = _pair(name)
    return Decimal(instrument.spread).scaleb(-instrument.decimals)


def pairs() -> list[Instrument]:
    """Return every pair."""
    return [_pair(name) for name in _PAIRS.split()]
