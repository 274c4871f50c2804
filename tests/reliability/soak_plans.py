"""What a soak trades, and when each of its orders is due: worked out here, and not by fxrun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from runner.core.contract import ContractSpec
from runner.core.limits import Limits
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.plan.model import Instruction, Mode, Plan
from runner.schedule.policy import FirePolicy
from runner.schedule.spec import ScheduleSpec
from tests.reliability.oracle import Bounds, Fire

ALWAYS = "%Y-%m-%dT%H:%M:%SZ"
NEW_YORK = ZoneInfo("America/New_York")
SIZE = Decimal(25_000)
DAILY = Decimal(8_000_000)
LIMITS = Limits(max_quantity=Decimal(50_000), max_daily_quantity=DAILY, max_open_orders=15, max_orders_per_minute=30)
Times = Callable[[datetime, datetime], Iterator[datetime]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One order of one plan, and the instants at which it is due."""

    instruction: Instruction
    times: Times


def _each(seconds: int) -> Times:
    def times(start: datetime, end: datetime) -> Iterator[datetime]:
        at = -int(-start.timestamp() // seconds) * seconds  # the first multiple that is not earlier
        while at < end.timestamp():
            yield datetime.fromtimestamp(at, UTC)
            at += seconds

    return times


def _weekdays(hour: int) -> Times:
    def times(start: datetime, end: datetime) -> Iterator[datetime]:
        day = start.date() - timedelta(days=1)
        while day <= end.date() + timedelta(days=1):
            at = datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK).astimezone(UTC)
            if day.weekday() < 5 and start <= at < end:
                yield at
            day += timedelta(days=1)

    return times


def _line(plan: str, pair: str, side: Side, seconds: int, **terms: object) -> Line:
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), every=timedelta(seconds=seconds))
    return Line(instruction=_instruction(plan, pair, side, spec, **terms), times=_each(seconds))


def _instruction(plan: str, pair: str, side: Side, spec: ScheduleSpec, **terms: object) -> Instruction:
    overlap = FirePolicy(overlap=True)  # what rests piles up until a limit denies the next
    usual: dict[str, object] = {"order_type": OrderType.MARKET, "size": units(SIZE), "policy": overlap}
    symbol, _, currency = pair.partition(".")
    where = ContractSpec(symbol=symbol, currency=currency)
    return Instruction(plan=plan, order="main", contract=where, side=side, schedule=spec, **{**usual, **terms})  # type: ignore[arg-type]


def lines(hour: int) -> list[Line]:
    """Return what is traded; `hour` is how many seconds an hour of it has, 3600 unless all is to go faster."""
    low = {"order_type": OrderType.LIMIT, "limit_price": fixed(Decimal("0.5"))}
    daily = ScheduleSpec(zone=NEW_YORK, cron="0 9 * * 1-5")
    exits = {"take_profit": fixed(Decimal("0.50005")), "stop_loss": fixed(Decimal("0.4"))}
    return [
        Line(instruction=_instruction("weekday", "EUR.USD", Side.BUY, daily), times=_weekdays(9)),
        _line("hourly", "EUR.USD", Side.BUY, hour),
        _line("hourly-sell", "GBP.USD", Side.SELL, hour),
        _line("quarter", "USD.JPY", Side.SELL, hour // 4),
        _line("often", "USD.CAD", Side.BUY, hour // 12),
        _line("bracket", "EUR.USD", Side.BUY, 4 * hour, strategy="bracket", parameters=exits),
        _line("rests", "EUR.GBP", Side.BUY, 2 * hour, time_in_force=TimeInForce.GTC, **low),
        _line("lapses", "AUD.USD", Side.BUY, 3 * hour, **low),
    ]


RESENDING = frozenset({"hourly", "often", "bracket", "rests"})


def plans(traded: list[Line]) -> list[Plan]:
    """Return them as plans, one each."""
    made = []
    for line in traded:
        name = line.instruction.plan
        made.append(
            Plan(
                name=name,
                mode=Mode.LIVE,
                file=f"{name}.yaml",
                digest="",
                instructions=(line.instruction,),
                resend=name in RESENDING,
            )
        )
    return made


def due(traded: list[Line], start: datetime, end: datetime) -> list[Fire]:
    """Return every fire in [start, end)."""
    return [
        Fire(plan=line.instruction.plan, order=line.instruction.order, time=at.strftime(ALWAYS))
        for line in traded
        for at in line.times(start, end)
    ]


def bounds(traded: list[Line]) -> Bounds:
    """Return the limits as the oracle takes them."""
    return Bounds(
        pairs={(one.instruction.plan, one.instruction.order): one.instruction.contract.name for one in traded},
        max_quantity=LIMITS.max_quantity,
        max_daily_quantity=LIMITS.max_daily_quantity,
        max_open_orders=LIMITS.max_open_orders,
        max_orders_per_minute=LIMITS.max_orders_per_minute,
    )
