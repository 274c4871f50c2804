"""What orders that count from the market would come to at the quotes of this moment: an example beside their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from runner.cli import asking, forecast, looking_up, trading
from runner.core.money import plain
from runner.core.snapshot import Need
from runner.core.standing import Quote
from runner.errors import FxrunError
from strategies import needs

if TYPE_CHECKING:
    from runner.cli.asking import Address
    from runner.core.contract import ContractSpec
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

    The broker is asked what the contracts are and for their quotes, with the client id of questions. Where nothing
    answers the quotes are those of the simulated market if `simulated`, and else there is no example.
    """
    wanted = [each for each in instructions if counts_from_market(each, at)]
    specs = list(dict.fromkeys(each.contract for each in wanted))
    known, why = _asked(specs, address, at) if wanted else ({}, "")
    found = {}
    for each in wanted:
        contract, quote = known.get(each.contract, (each.contract, None))
        one, source = replace(each, contract=contract), "as the broker says now"
        if quote is None and simulated:
            quote, source = forecast.simulated_quote(each, at), "on the simulated market"
        tickets, reason = ((), why or "no quote came") if quote is None else forecast.at_quote(one, at, quote)
        found[each.plan, each.order] = Example(
            order=each.order, quote=quote, tickets=tickets, source=source, why=reason
        )
    return found


def counts_from_market(instruction: Instruction, at: datetime) -> bool:
    """Tell whether what a fire sends cannot be said without a quote, and can be said with one."""
    is_of_quote = needs(replace(instruction, when=None)) == Need.QUOTE
    return is_of_quote and forecast.expected(instruction, at)[1] is not None


def _asked(
    specs: Sequence[ContractSpec], address: Callable[[], Address], at: datetime
) -> tuple[dict[ContractSpec, tuple[ContractSpec, Quote | None]], str]:
    """Return each contract as the broker knows it with its quote, and why there is nothing if no session came of it."""
    from runner.lifecycle.identify import Unidentified

    found: dict[ContractSpec, tuple[ContractSpec, Quote | None]] = {}
    why = ""
    try:
        where = address()
        with asking.session(replace(where, timeout=min(where.timeout, PATIENCE))) as session:
            for spec in specs:
                try:
                    contract = looking_up.contract(session, spec, at)
                except (asking.AnswerRefused, asking.NoAnswer, Unidentified) as error:
                    why = str(error)
                else:
                    found[spec] = contract, looking_up.quote(session, contract, at)
    except FxrunError as error:
        return found, str(error)
    return found, why
