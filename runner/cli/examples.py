"""What orders that count from the market would come to at the quotes of this moment: an example beside their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from runner.cli import asking, forecast, trading
from runner.core.money import plain
from runner.core.snapshot import Need
from runner.core.standing import Quote
from runner.errors import FxrunError
from strategies import needs

if TYPE_CHECKING:
    from runner.cli.asking import Address, Asking
    from runner.core.contract import ContractSpec
    from runner.core.facts import Fact
    from runner.core.ticket import OrderTicket
    from runner.plan.model import Instruction

PATIENCE = 3.0  # seconds for the session and for each quote: arming does not wait long for what is an example


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """The tickets of an order at a quote; without tickets `why` says why there are none."""

    order: str
    quote: Quote | None
    tickets: tuple[OrderTicket, ...]
    source: str
    why: str

    def words(self) -> list[str]:
        """Say it in lines, each marked as an example."""
        if self.quote is None or not self.tickets:
            return [f"no example: {self.why}"]
        prices = f"{plain(self.quote.bid)} to {plain(self.quote.ask)}"
        tickets = ", ".join(trading.ticket_words(ticket) for ticket in self.tickets)
        return [f"for example, at {prices} {self.source}: {tickets}"]


def of(
    instructions: Iterable[Instruction], address: Callable[[], Address], at: datetime, *, simulated: bool
) -> Mapping[tuple[str, str], Example]:
    """Return an example for each order that a quote alone is wanted for, by plan and order.

    The broker is asked for the quotes, with the client id of questions. Where nothing answers they are those of the
    simulated market if `simulated`, and else there is no example.
    """
    wanted = [each for each in instructions if _counts_from_market(each, at)]
    contracts = {each.contract.name: each.contract for each in wanted}
    quotes, why = _asked(list(contracts.values()), address, at) if wanted else ({}, "")
    found = {}
    for each in wanted:
        quote, source = quotes.get(each.contract.name), "as the broker says now"
        if quote is None and simulated:
            quote, source = forecast.simulated_quote(each, at), "on the simulated market"
        tickets, reason = ((), why or "no quote came") if quote is None else forecast.at_quote(each, at, quote)
        found[each.plan, each.order] = Example(
            order=each.order, quote=quote, tickets=tickets, source=source, why=reason
        )
    return found


def _counts_from_market(instruction: Instruction, at: datetime) -> bool:
    is_of_quote = needs(replace(instruction, when=None)) == Need.QUOTE
    return is_of_quote and forecast.expected(instruction, at)[1] is not None


def _asked(
    contracts: Sequence[ContractSpec], address: Callable[[], Address], at: datetime
) -> tuple[dict[str, Quote], str]:
    """Return the quotes that the broker tells, and why there are none if no session came of it."""
    found: dict[str, Quote] = {}
    try:
        where = address()
        with asking.session(replace(where, timeout=min(where.timeout, PATIENCE))) as session:
            for contract in contracts:
                with suppress(asking.AnswerRefused, asking.NoAnswer):
                    if (quote := _quote(session, contract, at)) is not None:
                        found[contract.name] = quote
    except FxrunError as error:
        return found, str(error)
    return found, ""


def _quote(session: Asking, contract: ContractSpec, at: datetime) -> Quote | None:
    from runner.core.facts import SnapshotEnd, TickSeen

    prices = {}

    def is_last(fact: Fact, request: int | None) -> bool:
        if isinstance(fact, TickSeen) and fact.request_id == request:
            prices[fact.field] = fact.price
        is_end = isinstance(fact, SnapshotEnd) and fact.request_id == request
        return is_end or prices.keys() >= {"bid", "ask"}

    session.collect(f"a quote of {contract.name}", lambda: session.connection.request_snapshot(contract), is_last)
    return Quote(prices["bid"], prices["ask"], at) if prices.keys() >= {"bid", "ask"} else None
