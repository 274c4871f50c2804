"""Tickets into what ibapi sends: one Contract and one Order each, nothing of it decided here."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ibapi.contract import Contract
from ibapi.order import Order

from runner.core.contract import ContractSpec
from runner.core.money import plain
from runner.core.ticket import PLAIN, OrderTicket, Terms, Trail

# ibapi up to 9.81.1 asks for both by default, and a TWS of today refuses such an order (10268, 10269)
_RETIRED_FLAGS = ("eTradeOnly", "firmQuoteOnly")
_CANCEL_REST_WITH_BLOCK = 1  # ocaType: the others go when one fills, and only one is at the market at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledOrder:
    """A ticket and what is sent for it."""

    ticket: OrderTicket
    contract: Contract
    order: Order


def compile_group(tickets: Sequence[OrderTicket]) -> tuple[CompiledOrder, ...]:
    """Compile tickets of one fire; of an order and those that wait for it, the last transmits them all."""
    last = {ticket.parent or ticket.order_ref: index for index, ticket in enumerate(tickets)}
    return tuple(
        CompiledOrder(
            ticket=ticket,
            contract=compile_contract(ticket.contract),
            order=_order(ticket, last[ticket.parent or ticket.order_ref] == index),
        )
        for index, ticket in enumerate(tickets)
    )


def as_question(compiled: CompiledOrder) -> CompiledOrder:
    """Return the order as one that is only asked about: what it would cost, and nothing is placed.

    It stands alone: an order that waits for its parent, or for a later one to transmit it, would get no answer.
    """
    order = copy.copy(compiled.order)
    order.whatIf = True
    order.transmit = True
    order.parentId = 0
    return CompiledOrder(ticket=compiled.ticket, contract=copy.copy(compiled.contract), order=order)


def compile_contract(spec: ContractSpec) -> Contract:
    """Name a contract the way ibapi does: one that is known by its number, with what makes it readable."""
    contract = Contract()
    contract.symbol = spec.symbol
    contract.secType = spec.sec_type
    contract.exchange = spec.exchange
    contract.currency = spec.currency
    if not spec.is_pair:
        contract.conId = spec.con_id
        contract.localSymbol = spec.local_symbol
        if spec.details is None:
            _describe(contract, spec)
    return contract


def _describe(contract: Contract, spec: ContractSpec) -> None:
    """Add what narrows a search."""
    contract.primaryExchange = spec.primary_exchange
    contract.tradingClass = spec.trading_class
    contract.lastTradeDateOrContractMonth = spec.last_trade_date
    contract.multiplier = "" if spec.multiplier is None else plain(spec.multiplier)
    contract.right = spec.right
    if spec.strike is not None:
        contract.strike = float(spec.strike)


def _order(ticket: OrderTicket, transmit: bool) -> Order:
    order = Order()
    order.action = ticket.side.value
    order.totalQuantity = ticket.quantity  # a Decimal is written digit by digit by every ibapi, a float is not
    order.orderType = ticket.order_type.value
    if ticket.limit_price is not None:
        order.lmtPrice = float(ticket.limit_price)
    if ticket.stop_price is not None:
        order.auxPrice = float(ticket.stop_price)
    order.tif = ticket.time_in_force.value
    order.orderRef = ticket.order_ref
    order.transmit = transmit
    for flag in _RETIRED_FLAGS:
        if hasattr(order, flag):
            setattr(order, flag, False)
    if ticket.trail is not None:
        _trail(order, ticket.trail)
    if ticket.oca_group is not None:
        order.ocaGroup = ticket.oca_group
        order.ocaType = _CANCEL_REST_WITH_BLOCK
    if ticket.terms is not PLAIN:
        _terms(order, ticket.terms)
    return order


def _trail(order: Order, trail: Trail) -> None:
    """Say how far the trigger stays behind: an amount travels as auxPrice, a percentage has a field of its own."""
    if trail.amount is not None:
        order.auxPrice = float(trail.amount)
    if trail.percent is not None:
        order.trailingPercent = float(trail.percent)
    if trail.limit_offset is not None:
        order.lmtPriceOffset = float(trail.limit_offset)


def _terms(order: Order, terms: Terms) -> None:
    if terms.good_till is not None:
        order.goodTillDate = _time(terms.good_till)
    if terms.good_after is not None:
        order.goodAfterTime = _time(terms.good_after)
    order.outsideRth = terms.outside_rth
    order.allOrNone = terms.all_or_none
    if terms.min_quantity is not None:
        order.minQty = int(terms.min_quantity)
    if terms.cash_quantity is not None:
        order.cashQty = float(terms.cash_quantity)
        order.totalQuantity = Decimal(0)  # a TWS takes one of the two
    for name, value in terms.extra:
        setattr(order, name, float(value) if isinstance(value, Decimal) else value)


def _time(instant: datetime) -> str:
    """Write an instant as a TWS reads it whatever zone it keeps: yyyymmdd-hh:mm:ss is UTC."""
    return instant.astimezone(UTC).strftime("%Y%m%d-%H:%M:%S")
