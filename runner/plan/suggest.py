"""Did you mean ...? Suggestions for words that are almost right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from runner.core.fx import IDEALPRO_PAIRS

# What people write for our keys, after the words of IB, FIX and other tools.
SYNONYMS = {
    "action": "side", "direction": "side", "quantity": "size", "qty": "size", "amount": "size", "units": "size",
    "totalquantity": "size", "symbol": "contract", "pair": "contract", "instrument": "contract", "name": "plan",
    "limit_price": "price", "lmtprice": "price", "stop_price": "stop", "auxprice": "stop", "trigger": "stop",
    "ordertype": "type", "order_type": "type", "time_in_force": "tif", "tp": "take_profit", "sl": "stop_loss",
    "tz": "timezone", "zone": "timezone", "interval": "every", "start": "from", "end": "until", "to": "until",
}  # fmt: skip
HOMES = {
    "type": "order", "price": "order", "stop": "order", "tif": "order", "take_profit": "bracket",
    "stop_loss": "bracket", "cron": "schedule", "every": "schedule", "at": "schedule", "timezone": "schedule",
    "from": "schedule", "until": "schedule",
}  # fmt: skip
_LONGEST = 60


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like word, letter case aside; None if none is close."""
    import difflib  # only when there is something to suggest

    by_lower = {choice.lower(): choice for choice in choices}
    wanted = word[:_LONGEST].lower()
    close = difflib.get_close_matches(wanted, by_lower, n=3, cutoff=0.6)
    swapped = [match for match in close if sorted(match) == sorted(wanted)]  # two letters the wrong way round
    return by_lower[(swapped or close)[0]] if close else None


def for_key(word: str, known: Sequence[str]) -> str:
    """Return what an unknown key may have meant, as the end of a sentence; empty if nothing is close."""
    meant = SYNONYMS.get(word.lower(), word)
    if meant in known:
        return f'; did you mean "{meant}"?'
    if meant in HOMES and HOMES[meant] in known:
        return f'; did you mean "{meant}" under "{HOMES[meant]}:"?'
    return for_choice(word, known)


def for_choice(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, as the end of a sentence; empty if none is close."""
    close = nearest(word, known)
    return f'; did you mean "{close}"?' if close else ""


@lru_cache(maxsize=64)
def for_pair(word: str) -> str:
    """Suggest a pair: the same one the other way round, or one that is spelled like it."""
    letters = "".join(c for c in word[:_LONGEST].upper() if c.isalpha())
    turned = f"{letters[3:]}.{letters[:3]}"
    if turned in IDEALPRO_PAIRS:
        return f'; did you mean "{turned}"? IDEALPRO quotes it that way round'
    close = nearest(letters, [pair.replace(".", "") for pair in IDEALPRO_PAIRS])
    return f'; did you mean "{close[:3]}.{close[3:]}"?' if close else ""


@lru_cache(maxsize=64)
def for_zone(word: str) -> str:
    """Suggest an IANA zone: by its city, or by its spelling."""
    from zoneinfo import available_timezones  # reads many files

    zones = sorted(available_timezones())
    city = _bare(word[:_LONGEST].rsplit("/", 1)[-1])
    named = [zone for zone in zones if "/" in zone and _bare(zone.rsplit("/", 1)[-1]) == city]
    return f'; did you mean "{named[0]}"?' if named else for_choice(word, zones)


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalpha())
