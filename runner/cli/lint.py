"""What is legal in plans and probably not meant: each rule yields warnings with the place of what to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations, product
from zoneinfo import ZoneInfo

from runner.cli import advice
from runner.cli.advice import YEAR, at_key
from runner.core.fx_hours import is_open, next_close
from runner.core.money import plain
from runner.core.price import PriceExpr, Unit
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.core.times import stamp
from runner.errors import Problem
from runner.plan.model import Instruction, Plan
from runner.schedule import fires
from runner.schedule.phrase import DayRule

MARKET_ZONE = ZoneInfo("America/New_York")
NEAR_BREAK = timedelta(minutes=15)  # before 17:00 New York, when spreads widen
RESTING = (
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.MARKET_IF_TOUCHED,
    OrderType.LIMIT_IF_TOUCHED,
)
_MOST = 2_000  # fires that are looked at, of a schedule that has more
Rule = Callable[[Plan, Instruction, datetime], Iterator[Problem]]


def warnings(plans: Sequence[Plan], start: datetime) -> list[Problem]:
    """Return what is worth a second look in the year from start on, in the order of the files."""
    found: list[Problem] = []
    for plan in plans:
        found += advice.of_year(plan, start)
        for instruction in plan.instructions:
            for rule in RULES if instruction.contract.is_pair else ANYWHERE:
                found += rule(plan, instruction, start)
    found += _opposites(plans, start)
    order = {plan.file: place for place, plan in enumerate(plans)}
    return sorted(set(found), key=lambda problem: (order[problem.file], problem))


def _year_of(instruction: Instruction, start: datetime) -> Iterator[datetime]:
    for count, fire in enumerate(fires(instruction.schedule, start, start + YEAR)):
        if count == _MOST:
            return
        yield fire


def daily_break(plan: Plan, instruction: Instruction, start: datetime) -> Iterator[Problem]:
    """Warn of market orders just before the daily break at 17:00 New York, when spreads are at their widest."""
    if instruction.order_type is not OrderType.MARKET or instruction.schedule is None:
        return
    near = (fire for fire in _year_of(instruction, start) if is_open(fire) and next_close(fire) - fire <= NEAR_BREAK)
    if (first := next(near, None)) is not None:
        local = first.astimezone(MARKET_ZONE)
        yield at_key(
            plan,
            instruction,
            advice.SCHEDULE,
            f"a market order at {local:%H:%M} New York (first at {stamp(first)}): the day ends at 17:00 there, and"
            " spreads are wide before it; trade earlier, or with a limit",
        )


def resting_pile(plan: Plan, instruction: Instruction, _start: datetime) -> Iterator[Problem]:
    """Warn of good-till-cancelled orders on a schedule: they pile up, or keep the fires behind them from being sent."""
    schedule = instruction.schedule
    is_repeated = schedule is not None and not schedule.at
    rests = instruction.order_type in RESTING and instruction.time_in_force is TimeInForce.GTC
    if is_repeated and rests and instruction.unfilled is None:
        so = "they pile up" if instruction.policy.overlap else "the later fires are skipped until it has ended"
        yield at_key(
            plan,
            instruction,
            ("order.tif", "order"),
            f"a GTC order on a schedule: one that does not fill still works when the next is due, so {so}; use DAY, or"
            " say what becomes of it with unfilled:",
        )


def stop_inside_spread(plan: Plan, instruction: Instruction, _start: datetime) -> Iterator[Problem]:
    """Warn of a stop-loss that the spread alone would trigger."""
    from runner.gateway.instruments_pairs import typical_spread

    stop = instruction.parameters.get("stop_loss")
    spread = typical_spread(instruction.contract.name)
    if spread is None or not isinstance(stop, PriceExpr):
        return
    distance = _distance(stop, instruction)
    if distance is not None and distance <= spread:
        pip = instruction.contract.pair.pip_size
        yield at_key(
            plan,
            instruction,
            ("bracket.stop_loss", "bracket"),
            f"a stop-loss {plain(distance / pip)} pips from the entry: the spread of {instruction.contract.name} is"
            f" about {plain(spread / pip)}, so it can be hit at once",
        )


def _distance(stop: PriceExpr, instruction: Instruction) -> Decimal | None:
    """Return how far a stop lies from its entry in quote currency, None if only the market can tell."""
    entry = instruction.limit_price or instruction.stop_price
    if stop.unit is Unit.PIPS:
        return abs(stop.offset) * instruction.contract.pair.pip_size
    if entry is not None and entry.number is not None and stop.number is not None:
        return abs(entry.number - stop.number)
    return None


def moving_zone(plan: Plan, instruction: Instruction, start: datetime) -> Iterator[Problem]:
    """Warn of a zone whose clocks do not change with the market's: the same hour is another one in New York."""
    schedule = instruction.schedule
    if schedule is None or not (schedule.cron or any(isinstance(rule, DayRule) for rule in schedule.on)):
        return  # nothing of it is a time of day in its zone
    hours: dict[str, int] = defaultdict(int)
    for fire in _year_of(instruction, start):
        shift = schedule.zone.utcoffset(fire.astimezone(schedule.zone)) or timedelta()
        market = MARKET_ZONE.utcoffset(fire.astimezone(MARKET_ZONE)) or timedelta()
        hours[_hours(shift - market)] += 1
    if len(hours) > 1:
        usual, *others = sorted(hours, key=lambda ahead: -hours[ahead])
        rare = sum(hours[other] for other in others)
        total = sum(hours.values())
        yield at_key(
            plan,
            instruction,
            ("schedule.timezone", *advice.SCHEDULE),
            f"{schedule.zone.key} is {usual} h from New York at most fires and {' or '.join(others)} h at {rare} of"
            f" {total} in the next year, as clocks change on different days; if the market's hours are meant, use"
            f" {MARKET_ZONE.key}",
        )


def _hours(difference: timedelta) -> str:
    return plain(Decimal(int(difference.total_seconds())) / 3600)


def _opposites(plans: Sequence[Plan], start: datetime) -> Iterator[Problem]:
    """Warn of two plans that undo each other on the same day."""
    for plan, other_plan in combinations(plans, 2):
        for one, other in product(plan.instructions, other_plan.instructions):
            if not _are_opposed(one, other):
                continue
            if shared := _days(one, start) & _days(other, start):
                buys, sells = (one, other) if one.side is Side.BUY else (other, one)
                message = (
                    f"{buys.plan}/{buys.order} buys and {sells.plan}/{sells.order} sells {one.contract.name} on one"
                    f" day, first {min(shared)}: each pays spread and commission to undo the other"
                )
                yield at_key(other_plan, other, ("side",), message)


def _are_opposed(one: Instruction, other: Instruction) -> bool:
    """Tell whether two orders undo each other; where a strategy decides the side, nobody knows before the fire."""
    has_sides = all("side" in each.marks for each in (one, other))
    return has_sides and one.contract.name == other.contract.name and one.side is not other.side


def _days(instruction: Instruction, start: datetime) -> frozenset[str]:
    return frozenset(fire.date().isoformat() for fire in _year_of(instruction, start))


ANYWHERE: tuple[Rule, ...] = (resting_pile,)  # those that know nothing of a market
RULES: tuple[Rule, ...] = (daily_break, *ANYWHERE, stop_inside_spread, moving_zone)
