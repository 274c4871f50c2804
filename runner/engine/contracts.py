"""What the contracts of a run are: those that are no pairs are asked of the broker once, before anything is sent.

An answer that the journal keeps is used for a day. What is older, and what failed, is asked again in the next session,
and a TWS begins one each day; what failed also when plans change. A contract that is none, or several, or that does not
fit what the plan says of it, ends the run if nothing was sent yet; later it denies its own fires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from runner.core.contract import ContractSpec, Increment
from runner.core.events import Noticed, Severity
from runner.core.facts import ContractSeen, ContractsEnd, Fact, MarketRuleSeen, NoticeSeen
from runner.core.money import is_multiple, nearest_multiples, plain
from runner.core.price import PriceExpr
from runner.core.size import SizeExpr, SizeKind
from runner.core.times import stamp
from runner.journal.store import Journal
from runner.lifecycle.identify import Unidentified, changed, chosen, identified, rule_of, words
from runner.plan.model import Instruction

YOUNG = timedelta(days=1)  # how long an answer is as good as a new one
PATIENCE = timedelta(seconds=10)  # how long an answer is waited for before it is asked for once more
NOT_FOUND = 200
_AMOUNTS = ("trailing_stop",)  # below a strategy: a distance, and so no price


class Asks(Protocol):
    """A connection as far as this needs it."""

    def request_contracts(self, contract: ContractSpec) -> int:
        """Ask which contracts fit a description; returns the id of the request."""
        ...

    def request_market_rule(self, rule_id: int) -> None:
        """Ask for the steps of prices under a market rule."""
        ...


@dataclass(slots=True)
class _Asked:
    """One contract, as far as its answer has come."""

    spec: ContractSpec
    request: int | None = None
    at: datetime | None = None  # when it, or its rule, was asked for last
    told: list[ContractSeen] = field(default_factory=list)
    is_over: bool = False
    refused: str = ""  # the broker's words


class Contracts:
    """Used by the engine's thread alone. `go_on` asks, `take` hears, `of` is the contract once it is known."""

    def __init__(
        self, connection: Asks, journal: Journal, now: Callable[[], datetime], emit: Callable[[Noticed], None]
    ) -> None:
        self._connection, self._journal, self._now, self._emit = connection, journal, now, emit
        self._open: dict[ContractSpec, _Asked] = {}
        self._known: dict[ContractSpec, ContractSpec] = {}
        self._failed: dict[ContractSpec, str] = {}
        self._rules: dict[int, tuple[Increment, ...]] = {}
        self._wanted: dict[int, datetime] = {}  # rules that were asked for, and when
        self._fitted: dict[tuple[str, str], Instruction] = {}  # by plan and order
        self._since: datetime | None = None  # when the first of them was asked for
        self.has_begun = True  # orders may be sent: all is known, or was waited for long enough

    def begin_with(self, instructions: Iterable[Instruction]) -> None:
        """Note which contracts have to be known before anything is sent."""
        self.watch(instructions)
        self.has_begun = self.is_settled

    def watch(self, instructions: Iterable[Instruction]) -> None:
        """Note which contracts have to be known, of plans that may have been edited; what failed is asked again."""
        self._fitted.clear()
        for spec in (instruction.contract for instruction in instructions):
            if not spec.is_pair and spec not in self._known and spec not in self._open:
                self._failed.pop(spec, None)
                self._open[spec] = _Asked(spec)

    @property
    def is_settled(self) -> bool:
        """True if nothing more has to be asked."""
        return not self._open

    def begin(self) -> None:
        """Let orders be sent, as far as all is known or the broker is slow."""
        waited = self._since is not None and self._now() - self._since >= PATIENCE
        self.has_begun = not self._open or waited

    def hold(self) -> str | None:
        """Return why nothing can be sent yet, None if something can."""
        return None if self.has_begun else "the broker is being asked what the contracts are"

    def of(self, instruction: Instruction) -> Instruction | str:
        """Return an instruction with its contract as it is known, or what is waited for; raises Unidentified."""
        spec = instruction.contract
        if spec.is_known:
            return instruction
        if (found := self._fitted.get((instruction.plan, instruction.order))) is not None:
            return found
        for _, message in self.faults(instruction):
            raise Unidentified(message)
        if (known := self._known.get(spec)) is None:
            return f"the broker is being asked what {spec.name} is"
        found = replace(instruction, contract=known)
        self._fitted[instruction.plan, instruction.order] = found
        return found

    def known(self, spec: ContractSpec) -> ContractSpec:
        """Return a contract as far as it is known."""
        return self._known.get(spec, spec)

    def faults(self, instruction: Instruction) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the contract of an instruction, each with the plan's key: nothing if it fits."""
        spec = instruction.contract
        if spec in self._failed:
            yield "contract", self._failed[spec]
        elif (known := self._known.get(spec)) is not None:
            yield from misfits(replace(instruction, contract=known))

    def go_on(self) -> bool:
        """Ask for what can be asked for now; true if anything was. Raises ConnectionFailed, JournalFailed."""
        moved = False
        for asked in list(self._open.values()):
            moved |= self._look_at(asked)
        return moved

    def forget(self) -> None:
        """Drop what was asked in a session that has ended: it is asked again in the next, as is what failed or is old.

        Until then the old answer holds.
        """
        now = self._now()
        old = [spec for spec, known in self._known.items() if not _is_young(known, now)]
        self._open = {spec: _Asked(spec) for spec in (*self._open, *self._failed, *old)}
        self._failed.clear()
        self._wanted.clear()

    def take(self, fact: Fact) -> None:
        """Take in what the broker tells of contracts."""
        match fact:
            case ContractSeen() if (asked := self._asked(fact.request_id)) is not None:
                asked.told.append(fact)
            case ContractsEnd() if (asked := self._asked(fact.request_id)) is not None:
                asked.is_over = True
            case NoticeSeen() if (asked := self._asked(fact.about)) is not None:
                asked.is_over = True
                asked.refused = "" if fact.code == NOT_FOUND else f"{fact.text} ({fact.code})"
            case MarketRuleSeen():
                self._rules[fact.rule_id] = fact.increments

    def _asked(self, request: int) -> _Asked | None:
        return next((one for one in self._open.values() if one.request == request), None)

    # --- one of them

    def _look_at(self, asked: _Asked) -> bool:
        now = self._now()
        if asked.request is None:
            if (kept := self._kept(asked.spec, now)) is not None:
                self._learn(asked.spec, kept)
                return False
            return self._ask(asked, now)
        if not asked.is_over:
            is_late = asked.at is not None and now - asked.at >= PATIENCE
            return self._ask(asked, now) if is_late else False
        try:
            return self._finish(asked, now)
        except Unidentified as fault:
            self._fail(asked.spec, str(fault))
            return False

    def _ask(self, asked: _Asked, now: datetime) -> bool:
        self._since = self._since or now
        asked.request, asked.at = self._connection.request_contracts(asked.spec), now
        asked.told.clear()
        return True

    def _kept(self, spec: ContractSpec, now: datetime) -> ContractSpec | None:
        kept = self._journal.contract(spec)
        return kept if kept is not None and _is_young(kept, now) else None

    def _finish(self, asked: _Asked, now: datetime) -> bool:
        """Learn what a contract is; true if its market rule has to be asked for first. Raises Unidentified."""
        if asked.refused:
            raise Unidentified(f"the broker does not tell what {words(asked.spec)} is: {asked.refused}")
        one = chosen(asked.spec, asked.told)
        rule = rule_of(asked.spec, one)
        if rule is not None and rule not in self._rules:
            if rule not in self._wanted:
                self._wanted[rule] = now
                self._connection.request_market_rule(rule)
                return True
            if now - self._wanted[rule] < PATIENCE:
                return False
        known = identified(asked.spec, one, self._rules, now)
        if known.is_pair:
            raise Unidentified(f"{words(asked.spec)} is the currency pair {known.name}; write it so: {known.name}")
        before = self._journal.contract(asked.spec)
        if before is not None and (why := changed(asked.spec, before, known)) is not None:
            raise Unidentified(why)
        if rule is None or rule in self._rules:
            self._journal.keep_contract(asked.spec, known, now)
        else:
            text = f"the broker does not tell the market rule of {known.name}; prices are rounded to its finest step"
            self._emit(Noticed(plan="", code=0, severity=Severity.WARNING, text=text, time=now))
        self._learn(asked.spec, known)
        return False

    def _learn(self, spec: ContractSpec, known: ContractSpec) -> None:
        before, self._known[spec] = self._known.get(spec), known
        del self._open[spec]
        self._fitted.clear()
        if before is None:
            self._emit(Noticed(plan="", code=0, severity=Severity.INFO, text=described(known), time=self._now()))

    def _fail(self, spec: ContractSpec, why: str) -> None:
        self._failed[spec] = why
        del self._open[spec]


def _is_young(known: ContractSpec, now: datetime) -> bool:
    return known.details is not None and timedelta() <= now - known.details.at < YOUNG


def described(contract: ContractSpec) -> str:
    """Say what a contract is: its name, what the broker calls it, its number, and the steps of price and size."""
    details = contract.details
    if details is None:
        return contract.name
    first, *others = details.increments
    ticks = [plain(first.step), *(f"{plain(one.step)} from {plain(one.low_edge)}" for one in others)]
    parts = [f"con_id {contract.con_id}", f"prices in {', '.join(ticks)} {contract.currency}"]
    if contract.multiplier is not None:
        parts.append(f"multiplier {plain(contract.multiplier)}")
    if contract.last_trade_date:
        parts.append(f"last trade {contract.last_trade_date}")
    return f"{contract.name} is {details.long_name}: {', '.join(parts)} (as of {stamp(details.at)})"


# --- what a plan says of a contract, held against what it is


def misfits(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Yield prices off the grid, sizes between the steps and money of another currency, each with the plan's key."""
    contract = instruction.contract
    for key, price in _prices(instruction):
        number, tick = price.number, contract.tick_at(price.number)
        if number is not None and tick is not None and not is_multiple(number, tick):
            near = " or ".join(plain(one) for one in nearest_multiples(number, tick) if one > 0)
            grid = f"{contract.name} moves in steps of {plain(tick)} there, expected {near}"
            yield key, f"{key} is off the grid: found {plain(number)}; {grid}"
    for key, size in _sizes(instruction):
        yield from _misfits_of_size(contract, key, size)


def _misfits_of_size(contract: ContractSpec, key: str, size: SizeExpr) -> Iterator[tuple[str, str]]:
    if size.kind is SizeKind.MONEY and size.currency != contract.currency:
        message = f"{key} is in another currency: found {size.text}; {contract.name} is traded in {contract.currency}"
        yield key, message
    elif size.kind is SizeKind.UNITS and size.amount and contract.details is not None:
        step, least = contract.size_step, contract.details.least
        if not is_multiple(size.amount, step):
            yield key, f"{key} is between the steps: found {size.text}; {contract.name} is traded by the {plain(step)}"
        elif size.amount < least:
            yield key, f"{key} is too small: found {size.text}; the smallest of {contract.name} is {plain(least)}"


def _prices(instruction: Instruction) -> Iterator[tuple[str, PriceExpr]]:
    own = {"order.price": instruction.limit_price, "order.stop": instruction.stop_price}
    yield from ((key, price) for key, price in own.items() if price is not None)
    for name, value in instruction.parameters.items():
        if isinstance(value, PriceExpr) and name not in _AMOUNTS:
            yield f"{instruction.strategy}.{name}", value


def _sizes(instruction: Instruction) -> Iterator[tuple[str, SizeExpr]]:
    yield "size", instruction.size
    for name, value in instruction.parameters.items():
        if isinstance(value, SizeExpr):
            yield f"{instruction.strategy}.{name}", value
