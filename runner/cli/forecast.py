"""What plans would send in a span, held against the limits that need neither a broker nor a quote."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from runner.core.contract import ContractSpec
from runner.core.ids import fire_key
from runner.core.limits import Amount, Limits, Window
from runner.core.money import plain
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote, Standing, Tally
from runner.core.ticket import OrderTicket, Role
from runner.core.times import stamp
from runner.plan.model import Instruction, Plan
from runner.risk.checks import Proposal, denial
from runner.schedule import count, upcoming
from strategies import Denied, Nothing, expand, needs

MOST = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """One fire to come; `denied` is why its orders would not be sent, as far as that can be said now."""

    plan: str
    order: str
    time: datetime
    when: str  # the time in UTC and in the zone of the plan
    tickets: tuple[OrderTicket, ...]
    denied: str | None
    unknown: str | None  # why its orders cannot be worked out before it; then tickets is empty


@dataclass(frozen=True, slots=True)
class Forecast:
    """All fires of a span: the first MOST of them, and how many more there are by plan and order."""

    shown: tuple[Foreseen, ...]
    left_out: Mapping[tuple[str, str], int]

    @property
    def fires(self) -> int:
        """How many there are in all."""
        return len(self.shown) + sum(self.left_out.values())


def of(plans: Sequence[Plan], limits: Mapping[str, Limits], start: datetime, until: datetime) -> Forecast:
    """Look ahead over [start, until); `limits` are those that bind each plan, by its name."""
    instructions = {(each.plan, each.order): each for plan in plans for each in plan.instructions}
    days = _Days()
    dues = upcoming(((each.plan, each.order, each.schedule) for each in instructions.values()), start, until)
    shown = [
        _foreseen(instructions[due.plan, due.order], due.time, limits[due.plan], days) for due in islice(dues, MOST)
    ]
    if len(shown) < MOST:
        return Forecast(tuple(shown), {})
    listed = Counter((foreseen.plan, foreseen.order) for foreseen in shown)
    rest = {key: count(each.schedule, start, until) - listed[key] for key, each in instructions.items()}
    return Forecast(tuple(shown), {key: more for key, more in rest.items() if more})


def tickets_of(instruction: Instruction, due: datetime) -> tuple[OrderTicket, ...]:
    """Return what one fire sends; that of an order without schedule is called once."""
    return expand(instruction, fire_key(None if instruction.schedule is None else due), Snapshot(now=due))


def expected(instruction: Instruction, due: datetime) -> tuple[tuple[OrderTicket, ...], str | None]:
    """Return what one fire sends, and where that cannot be said before it, nothing and the reason."""
    if Need.POSITION in needs(replace(instruction, when=None)):
        return (), "it depends on what the plan holds then"
    try:
        return tickets_of(instruction, due), None
    except (Denied, Nothing) as reason:
        return (), str(reason)


def at_quote(instruction: Instruction, at: datetime, quote: Quote) -> tuple[tuple[OrderTicket, ...], str]:
    """Return what a fire would send at a quote; else nothing and the reason."""
    try:
        return expand(instruction, fire_key(at), Snapshot(now=at, quote=quote)), ""
    except (Denied, Nothing) as reason:
        return (), str(reason)


def as_simulated(instruction: Instruction, due: datetime, fire: str) -> tuple[tuple[OrderTicket, ...], str]:
    """Return what a fire would send at the prices of the simulated market, and that; else nothing and the reason."""
    about = f"{instruction.plan}/{instruction.order}"
    try:
        quote = simulated_quote(instruction, due)
        tickets = expand(instruction, fire, Snapshot(now=due, quote=quote))
    except Denied as denied:
        return (), f"{about}: its orders cannot be told without a session: {denied}"
    except Nothing as nothing:
        return (), f"{about}: {nothing}, as far as this can be told without a session"
    if quote is None:
        return tickets, f"{about}: as if the plan had no position yet"
    prices = f"{instruction.contract.name} {plain(quote.bid)} to {plain(quote.ask)}"
    return tickets, f"{about}: priced as of the simulated market: {prices}"


def simulated_quote(instruction: Instruction, at: datetime) -> Quote | None:
    """Return a quote of the simulated market, None for an order that needs none or a contract that it does not tell."""
    if Need.QUOTE not in needs(replace(instruction, when=None)):
        return None
    from runner.gateway.market import SyntheticMarket

    second = int(at.timestamp())
    key = _key(instruction.contract, second)
    found = None if key is None else SyntheticMarket(1).quote(key, second)
    return None if found is None else Quote(found.bid, found.ask, at)


def _key(contract: ContractSpec, second: int) -> str | None:
    """Return what the simulated market knows a contract by, None for none or several that fit."""
    if contract.is_pair:
        return contract.name
    from runner.gateway.instruments import find
    from runner.wire.values import WireContract

    asked = WireContract(
        contract_id=contract.con_id,
        symbol=contract.symbol,
        security_type=contract.sec_type,
        currency=contract.currency,
        exchange=contract.exchange,
        local_symbol=contract.local_symbol,
        trading_class=contract.trading_class,
        last_trade_date=contract.last_trade_date,
        strike=contract.strike,
        right=contract.right,
    )
    one = find(asked, second)
    return None if one is None else str(one.local_symbol)


class _Days:
    """What was foreseen so far, by UTC day."""

    def __init__(self) -> None:
        self._quantities: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
        self._fires: Counter[tuple[date, str]] = Counter()

    def standing(self, plan: str, at: datetime) -> Standing:
        """Return how things would stand at a fire of a plan, if all went as foreseen."""
        day = at.date()
        today = {pair: Tally(total, None) for (of_day, pair), total in self._quantities.items() if of_day == day}
        return Standing(now=at, today=today, fires_today=self._fires[day, plan])

    def add(self, plan: str, at: datetime, tickets: Sequence[OrderTicket]) -> None:
        """Count a fire that nothing denies."""
        self._fires[at.date(), plan] += 1
        for ticket in tickets:
            if ticket.role is Role.ENTRY:
                self._quantities[at.date(), ticket.contract.name] += ticket.quantity


def _foreseen(instruction: Instruction, at: datetime, limits: Limits, days: _Days) -> Foreseen:
    tickets, unknown = expected(instruction, at)
    standing = days.standing(instruction.plan, at)
    unquoted = replace(limits, price_collar=None, max_notional=(), max_daily_notional=())
    denied = denial(Proposal(tickets=tickets, limits=unquoted, standing=standing, quote=None))
    if denied is None:
        days.add(instruction.plan, at, tickets)
    return Foreseen(
        plan=instruction.plan,
        order=instruction.order,
        time=at,
        when=_when(instruction, at),
        tickets=tickets,
        denied=denied,
        unknown=unknown,
    )


def _when(instruction: Instruction, at: datetime) -> str:
    if instruction.schedule is None:
        return "once, when it is run:"
    return f"{stamp(at)} ({at.astimezone(instruction.schedule.zone):%a %Y-%m-%d %H:%M %Z})"


# --- limits


def limits_fields(limits: Limits) -> dict[str, object]:
    """Return the limits that bind, by their names in the settings."""
    found = {field.name: _shown(getattr(limits, field.name)) for field in fields(limits)}
    return {name: value for name, value in found.items() if value not in (None, [])}


def limits_words(limits: Limits) -> str:
    """Write the limits that bind on one line."""
    parts = limits_fields(limits)
    return ", ".join(f"{name} {' and '.join(v) if isinstance(v, list) else v}" for name, v in parts.items()) or "none"


def _shown(value: object) -> object:
    match value:
        case Decimal():
            return plain(value)
        case Amount():
            return f"{plain(value.value)} {value.currency}"
        case Window():
            return f"{value.opens:%H:%M} to {value.closes:%H:%M} {value.zone}"
        case frozenset():
            return sorted(map(str, value))
        case tuple():
            return [_shown(one) for one in value]
        case _:
            return value
