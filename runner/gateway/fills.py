"""How orders are filled: the settings of a broker that is slower or worse than the quoted prices say.

Which order meets what is drawn from the seed and the order, so that the same run can be had again; nothing here keeps
state or asks a random module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from hashlib import blake2b

_LEAST = {"depth": 1}
_MOST = {"latency": 3600, "partial": 100, "slippage": 1000, "reject": 100, "silence": 100, "depth": 1_000_000}
_UNITS = {"latency": "whole seconds", "slippage": "whole ticks", "depth": "a whole number"}
_ONE = Decimal(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class FillModel:
    """What stands between an order and its fill; the default adds nothing to the quoted prices and sizes.

    latency: seconds between the moment an order could be filled and its fill, at the price of then, if it still can.
    partial: how many orders in a hundred fill in two to four parts, a second apart, although the quoted size would do.
    slippage: ticks by which orders without a limit, and stops, fill worse than quoted; never beyond their limit.
    reject: how many orders in a hundred the exchange refuses: Inactive, 201, Inactive.
    silence: of how many orders in a hundred nothing is ever told; they live on all the same.
    depth: how often the quoted size can be had in a second; an order takes it once, several orders share the rest.
    """

    latency: int = 0
    partial: int = 0
    slippage: int = 0
    reject: int = 0
    silence: int = 0
    depth: int = 1

    def with_option(self, name: str, text: str) -> FillModel:
        """Return the model with one setting changed; raises ValueError, saying what may be given."""
        if name not in _MOST:
            raise ValueError(f"{name!r} is no setting of fills; there are {', '.join(_MOST)}")
        least, most = _LEAST.get(name, 0), _MOST[name]
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            what = _UNITS.get(name, "whole percent")
            raise ValueError(f"{name} takes {what} from {least} to {most}, not {text!r}")
        return replace(self, **{name: int(text)})

    def is_rejected(self, seed: int, key: tuple[int, int]) -> bool:
        """Tell whether the exchange refuses this order."""
        return self.reject > 0 and _draw(seed, key, "reject") % 100 < self.reject

    def is_silent(self, seed: int, key: tuple[int, int]) -> bool:
        """Tell whether nothing is told of this order."""
        return self.silence > 0 and _draw(seed, key, "silence") % 100 < self.silence

    def most_at_once(self, seed: int, key: tuple[int, int], quantity: Decimal) -> Decimal:
        """Return how much of this order is filled at once at most: all of it, or a half to a quarter."""
        if not self.partial or _draw(seed, key, "partial") % 100 >= self.partial:
            return quantity
        parts = 2 + _draw(seed, key, "parts") % 3
        return (quantity / parts).quantize(_ONE, rounding=ROUND_CEILING)


PLAIN = FillModel()


def _draw(seed: int, key: tuple[int, int], what: str) -> int:
    text = f"{seed}:{key[0]}:{key[1]}:fill-{what}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
