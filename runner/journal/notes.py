"""What a run notes for `fxrun status`, for reports, and for the next start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.money import plain
from runner.core.standing import Quote
from runner.journal import contracts, decoding
from runner.journal.database import Database
from runner.journal.decoding import moment


class Notes:
    """A part of an open journal."""

    _db: Database

    def record_evaluated(self, plan: str, order: str, at: datetime) -> None:
        """Note up to when the fires of an order have been looked at."""
        self._db.write("put_evaluated", plan=plan, order_name=order, at=moment(at))

    def record_progress(self, orders: Iterable[tuple[str, str]], at: datetime) -> None:
        """Note for orders, as plan and order, up to when their fires have been looked at."""
        with self._db.transaction():
            for plan, order in orders:
                self._db.do("put_evaluated", plan=plan, order_name=order, at=moment(at))

    def evaluated(self, plan: str, order: str) -> datetime | None:
        """Return up to when the fires of an order have been looked at, None if they never were."""
        return self._db.first(lambda row: decoding.instant(row[0]), "evaluated", plan=plan, order_name=order)

    def note_plan(self, plan: str, file: str, digest: str, next_fire: datetime | None) -> None:
        """Note a plan that is carried out, and when it is due next."""
        due = None if next_fire is None else moment(next_fire)
        self._db.write("put_plan", plan=plan, file=file, digest=digest, next_fire=due)

    def keep_plans(self, plans: Iterable[str]) -> None:
        """Forget of all others that they are carried out; their fires and orders stay."""
        self._db.write("keep_plans", plans=json.dumps(list(plans)))

    def contract(self, asked: ContractSpec) -> ContractSpec | None:
        """Return what the broker told of a contract when it was asked last, None if it never was."""
        return self._db.first(lambda row: contracts.load(row[0]), "contract_of", asked=contracts.dump(asked))

    def keep_contract(self, asked: ContractSpec, answer: ContractSpec, at: datetime) -> None:
        """Keep what the broker told of a contract."""
        told = contracts.dump(answer)
        self._db.write("put_contract", asked=contracts.dump(asked), answer=told, at=moment(at))

    def set_link(self, state: str, detail: str, at: datetime) -> None:
        """Note how the connection stands."""
        self._db.write("put_link", state=state, detail=detail, at=moment(at))

    def put_arrival(self, key: OrderKey, at: datetime, quote: Quote | None) -> None:
        """Note when the orders of a fire left, and what the market was then; the first note of an attempt stays."""
        bid, ask, quoted_at = (None, None, None) if quote is None else (plain(quote.bid), plain(quote.ask), quote.at)
        self._db.write(
            "put_arrival",
            plan=key.plan,
            order_name=key.order,
            fire=key.fire,
            attempt=key.attempt,
            at=moment(at),
            bid=bid,
            ask=ask,
            quoted_at=None if quoted_at is None else moment(quoted_at),
        )

    def put_rates(self, at: datetime, account_currency: str, rates: Mapping[str, Decimal]) -> None:
        """Note what one unit of each currency is worth in that of the account, as the account told it."""
        with self._db.transaction():
            for currency, rate in rates.items():
                told = {"currency": currency, "rate": plain(rate), "account_currency": account_currency}
                self._db.do("put_rate", at=moment(at), **told)
