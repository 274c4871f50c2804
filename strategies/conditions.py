"""`when:` the conditions of a fire, held against what is known now."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from runner.core.contract import ContractSpec
from runner.core.money import EXACT, plain
from runner.core.price import PriceExpr, Unit
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote
from runner.plan.model import Instruction, When
from strategies.base import Denied
from strategies.pricing import Market


def needs(when: When) -> Need:
    """Return what of a snapshot the conditions are held against."""
    counts = any(each is not None for each in (when.above, when.below, when.spread))
    found = Need.QUOTE if counts else Need.NOTHING
    return found if when.position is None else found | Need.POSITION


def unmet(instruction: Instruction, snapshot: Snapshot, *, has_filled: bool) -> str | None:
    """Return the first condition that does not hold, worded for the trader; None if all hold.

    has_filled: whether the order that `after` names has filled at its latest fire.
    """
    when = instruction.when
    if when is None:
        return None
    if when.after is not None and not has_filled:
        return f"{when.after} has not filled"
    return (
        _at_this_hour(when, snapshot.now) or _at_this_position(when, snapshot) or _at_this_quote(instruction, snapshot)
    )


def _at_this_hour(when: When, now: datetime) -> str | None:
    if when.opens is None and when.closes is None:
        return None
    opens, closes = when.opens or time(0), when.closes or time(0)
    clock = now.astimezone(when.zone or UTC).time()
    is_inside = opens <= clock < closes if opens < closes else clock >= opens or clock < closes
    return None if is_inside else f"it is {clock:%H:%M}, not within {opens:%H:%M} to {closes:%H:%M}"


def _at_this_position(when: When, snapshot: Snapshot) -> str | None:
    if when.position is None or (snapshot.position == 0) is (when.position == "flat"):
        return None
    return f"the position is {plain(snapshot.position)}, not {when.position}"


def _at_this_quote(instruction: Instruction, snapshot: Snapshot) -> str | None:
    when, contract = instruction.when, instruction.contract
    if when is None or Need.QUOTE not in needs(when):
        return None
    try:
        quote = Market(contract=contract, side=instruction.side, snapshot=snapshot).quote
    except Denied:
        return f"there is no quote of {contract.name}"
    mid = EXACT.divide(EXACT.add(quote.bid, quote.ask), Decimal(2))
    if when.above is not None and not mid > when.above:
        return f"the price of {plain(mid)} is not above {plain(when.above)}"
    if when.below is not None and not mid < when.below:
        return f"the price of {plain(mid)} is not below {plain(when.below)}"
    return None if when.spread is None else _too_wide(when.spread, contract, quote)


def _too_wide(most: PriceExpr, contract: ContractSpec, quote: Quote) -> str | None:
    spread = EXACT.subtract(quote.ask, quote.bid)
    if most.unit is Unit.PIPS:
        spread = EXACT.divide(spread, contract.pair.pip_size)
    word = " pips" if most.unit is Unit.PIPS else ""
    return f"the spread of {plain(spread)}{word} is above {plain(most.offset)}" if spread > most.offset else None
