"""What must hold at a fire, and what is done about an order that does not fill, as far as it is sound."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from runner.core.price import Unit
from runner.core.times import parse_duration
from runner.plan.draft_order import read_price
from runner.plan.limits import parse_clock, read_zone
from runner.plan.model import Remedy, Unfilled, When
from runner.plan.values import Values

_REMEDIES = {remedy.value: remedy for remedy in Remedy}
_POSITIONS = ("flat", "open")


def read_unfilled(values: Values) -> Unfilled | None:
    """Return what is sound of `unfilled:`, None where it is not there or not whole."""
    after = values.parsed("unfilled.after", parse_duration)
    then = values.choice("unfilled.then", _REMEDIES)
    return None if after is None or then is None else Unfilled(after=after, then=then)


def read_when(values: Values, zone: ZoneInfo) -> When | None:
    """Return what is sound of `when:`, None where there is none; zone is that of the schedule."""
    if not isinstance(values.get("when"), dict):
        return None
    spread = read_price(values, "when.spread")
    if spread is not None and spread.number is None and (not spread.is_distance or spread.unit is not Unit.PIPS):
        expected = "expected such as 2 pips, or an amount such as 0.02"
        values.note("when.spread", f"when.spread is not in pips: found {spread.text}; {expected}")
        spread = None
    position = values.text("when.position")
    named = values.get("when.window.timezone")
    return When(
        above=values.number("when.above"),
        below=values.number("when.below"),
        spread=spread,
        position=position if position in _POSITIONS else None,
        opens=values.parsed("when.window.opens", parse_clock),
        closes=values.parsed("when.window.closes", parse_clock),
        zone=_zone(values, named, zone) if "when.window" in values else None,
        after=values.text("when.after"),
        within=values.parsed("when.within", parse_duration) or timedelta(),
    )


def _zone(values: Values, named: object, zone: ZoneInfo) -> ZoneInfo | None:
    return zone if named is None else read_zone(named, values.places["when.window.timezone"], values.findings)
