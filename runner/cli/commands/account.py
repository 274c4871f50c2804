"""`fxrun account`: cash by currency, margin, profit and loss, as the broker tells them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import click

from runner.cli import asking, files, options, tables
from runner.cli.asking import Asking
from runner.core.facts import AccountSummaryEnd, AccountValueSeen, ProfitSeen
from runner.core.times import stamp

SUMMARY = {
    "NetLiquidation": "net liquidation value",
    "EquityWithLoanValue": "equity with loan value",
    "TotalCashValue": "total cash",
    "GrossPositionValue": "gross position value",
}
MARGIN = {
    "InitMarginReq": "initial margin",
    "MaintMarginReq": "maintenance margin",
    "AvailableFunds": "available funds",
    "ExcessLiquidity": "excess liquidity",
    "BuyingPower": "buying power",
}
LEDGER = "$LEDGER:ALL"
_CASH, _RATE = "CashBalance", "ExchangeRate"
_WHOLE = "BASE"  # the row of the ledger that sums up the others


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was told of the account: (tag, currency) to text, and profit and loss in its base currency."""

    values: Mapping[tuple[str, str], str]
    profit: ProfitSeen | None

    def by_currency(self, tag: str) -> dict[str, str]:
        """Return the values of one tag, currency to text."""
        return {currency: value for (name, currency), value in self.values.items() if name == tag}

    @property
    def cash(self) -> dict[str, str]:
        """Return the cash of each currency."""
        return {currency: value for currency, value in self.by_currency(_CASH).items() if currency != _WHOLE}


@click.command(epilog="Example: fxrun account --watch")
@asking.watch_option
@asking.options
@options.json_option
def command(settings_file: str | None, host: str | None, port: int | None, *, watch: bool, as_json: bool) -> None:
    """Show the account: net value, margin, cash by currency, profit and loss.

    Asks the broker with the settings' query_client_id; a runner is not disturbed, and nothing is changed.
    """
    address = asking.address_of(files.settings_for((), settings_file), host, port)

    def tell(session: Asking) -> None:
        answer = ask(session)
        at = stamp(options.now())
        header = [f"account {session.account} ({session.kind}), {at}"]
        tables.tell(header, _tables(answer), [_line(session, answer, at)], as_json=as_json, fresh=watch)

    asking.show(address, tell, watch=watch)


def ask(session: Asking) -> Answer:
    """Ask for everything of the account; raises what `Asking.collect` raises."""
    connection = session.connection
    told = session.collect(
        "the account's summary",
        lambda: connection.request_account_summary((*SUMMARY, *MARGIN, LEDGER)),
        lambda fact, request: isinstance(fact, AccountSummaryEnd) and fact.request_id == request,
    )
    last = told[-1]
    assert isinstance(last, AccountSummaryEnd)
    connection.cancel_account_summary(last.request_id)
    values = {
        (fact.tag, fact.currency): fact.value
        for fact in told
        if isinstance(fact, AccountValueSeen) and fact.account == session.account and fact.request_id == last.request_id
    }
    return Answer(values=values, profit=session.profit())


def _line(session: Asking, answer: Answer, at: str) -> dict[str, object]:
    values = {tag: answer.by_currency(tag) for tag in (*SUMMARY, *MARGIN)}
    profit = answer.profit
    known = ("daily", "unrealized", "realized")
    return {
        "type": "account",
        "time": at,
        "account": session.account,
        "kind": session.kind,
        "values": {tag: amounts for tag, amounts in values.items() if amounts},
        "cash": answer.cash,
        "pnl": {name: None if profit is None else tables.figure(getattr(profit, name)) for name in known},
    }


def _tables(answer: Answer) -> Sequence[tables.Table]:
    rows = [
        (words, tables.grouped(_decimal(value)), currency)
        for tag, words in {**SUMMARY, **MARGIN}.items()
        for currency, value in answer.by_currency(tag).items()
    ]
    rates = answer.by_currency(_RATE)
    cash = [
        (currency, tables.grouped(_decimal(value)), tables.grouped(_decimal(rates.get(currency, ""))))
        for currency, value in sorted(answer.cash.items())
    ]
    profit = answer.profit
    gains = [
        (name, tables.grouped(None if profit is None else getattr(profit, name)))
        for name in ("daily", "unrealized", "realized")
    ]
    return (
        tables.table("account", "value >amount currency", rows),
        tables.table("cash", "currency >amount >rate", cash),
        tables.table("profit and loss, in the base currency", "profit >amount", gains),
    )


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
