"""The list of generic ticks that a request for quotes may carry: only checked, for none of them is on offer.

A TWS refuses a number it does not know, and stays silent about one for which it has no data.
"""

from __future__ import annotations

_LEGAL = frozenset({
    100, 101, 104, 105, 106, 107, 125, 165, 166, 220, 221, 225, 232, 233, 236, 256, 258, 291, 292, 293, 294, 295, 318,
    370, 375, 377, 381, 384, 387, 388, 391, 405, 407, 411, 428, 439, 456, 459, 460, 499, 506, 511, 512, 513, 514, 515,
    516, 517, 521, 545, 576, 577, 578, 584, 585, 586, 587, 588, 595, 608, 614, 619, 623, 645, 655, 662, 664, 670, 671,
    672, 787,
})  # fmt: skip


def refusal(ticks: str, security_type: str) -> str:
    """Return what is wrong with a comma-separated list, nothing if it is good."""
    asked = [word.strip() for word in ticks.split(",") if word.strip()]
    if all(_is_legal(word) for word in asked):
        return ""
    legal = ",".join(map(str, sorted(_LEGAL)))
    return f"Incorrect generic tick list of {ticks[:100]}.  Legal ones for ({security_type}) are: {legal}"


def _is_legal(word: str) -> bool:
    number = word.partition(":")[0]  # 292:BRFG names a news provider
    return word == "mdoff" or (number.isascii() and number.isdecimal() and len(number) < 5 and int(number) in _LEGAL)
