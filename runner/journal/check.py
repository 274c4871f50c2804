"""Finding what is wrong with a journal: structure, seals, what cannot be true, counts that are not what they count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from runner.core.events import FireState
from runner.core.money import EXACT, plain
from runner.core.order_state import OrderState
from runner.core.ticket import Role
from runner.errors import FxrunError
from runner.journal import contracts, decoding, history, opening, payload, seals, works
from runner.journal.claiming import worth
from runner.journal.database import FAULTS, Database, JournalFailed, opening_fault
from runner.journal.decoding import Row
from runner.journal.mark import Mark
from runner.journal.sql import migrations

Totals = dict[tuple[str, str], tuple[Decimal, Decimal | None]]


def check(path: Path) -> tuple[str, ...]:
    """Return what is wrong with a journal, a sentence each; () for one that is sound.

    Raises UsageError where the file cannot be opened at all, Refused for one of a newer fxrun, JournalFailed where
    another program holds it.
    """
    try:
        database = Database(str(path), create=False)
    except FAULTS as error:
        return _told(opening_fault(str(path), error))
    try:
        return tuple(_faults(database))
    except FAULTS as error:
        return _told(opening_fault(str(path), error))
    except JournalFailed as error:
        return (str(error),)
    finally:
        database.close()


def _told(fault: FxrunError) -> tuple[str, ...]:
    if fault.exit_code == 3:
        return (str(fault),)
    raise fault


def _faults(database: Database) -> Iterator[str]:
    version = opening.version_of(database)
    structural = list(seals.structure(database.connection))
    yield from structural
    if version < len(migrations()):
        yield f"schema {version}, older than {len(migrations())}: the next run brings it up to date"
        return
    if not seals.is_schema_ours(database.connection):
        yield "its tables are not those of fxrun"
        return
    sealed = list(seals.broken(database.connection, seals.tables(database.connection)))
    yield from sealed
    yield from _foreign(database)
    yield from _behind(database)
    if not structural and not sealed:  # what follows reads every row, and a damaged one has been told of
        for look in (_states, _rows, _families, _tallies, _counts):
            yield from look(database)


def _foreign(database: Database) -> Iterator[str]:
    for table, _, parent, _ in database.connection.execute("PRAGMA foreign_key_check"):
        yield f"table {table}: a row belongs to a row of {parent} that does not exist"


def _behind(database: Database) -> Iterator[str]:
    path = Path(database.path)
    if not path.with_name(path.name + ".mark").exists():
        return
    mark = Mark(path)
    noted = mark.read()
    mark.close()
    (reached,) = database.do("reached").fetchone() or (0,)
    if reached < noted:
        yield f"the last {noted - reached} claims are lost: it stands at {reached}, its mark at {noted}"


def _states(database: Database) -> Iterator[str]:
    for name, legal in (("order_states", OrderState), ("fire_states", FireState)):
        known = {state.value for state in legal}
        for (found,) in database.do(name):
            if found not in known:
                yield f"{found!r} is no state that fxrun writes"


def _rows(database: Database) -> Iterator[str]:
    """Read every row as a run would."""
    looks: tuple[tuple[str, Callable[[Row], object]], ...] = (
        ("all_orders", decoding.open_order),
        ("all_executions", decoding.execution),
        ("all_works", works.work_row),
        ("report_arrivals", history.arrival),
        ("report_rates", history.rate),
        ("all_contracts", lambda row: contracts.load(row[0])),
    )
    for name, decode in looks:
        for row in database.do(name):
            try:
                decode(row)
            except (ValueError, KeyError, TypeError, ArithmeticError) as error:
                yield f"{name}: a row that means nothing ({error}): {row[0]!r}"


def _families(database: Database) -> Iterator[str]:
    for plan, order, fire in database.do("fires_without_intents"):
        yield f"fire {plan}/{order} {fire}: claimed, but its orders are not there"
    for (order_ref,) in database.do("intents_without_fire"):
        yield f"order {order_ref}: its fire is not there"
    for (order_ref,) in database.do("open_too_early"):
        yield f"order {order_ref}: claimed, but without an order id"


def _tallies(database: Database) -> Iterator[str]:
    counted: Totals = {}
    for text, price, claimed_at in database.do("entries_counted"):
        ticket = payload.load(text)
        if ticket.role is not Role.ENTRY:
            continue
        key = (claimed_at[:10], ticket.contract.name)
        value = worth(ticket, None if price is None else Decimal(price))
        before = counted.get(key, (Decimal(0), Decimal(0)))
        total = None if before[1] is None or value is None else EXACT.add(before[1], value)
        counted[key] = (EXACT.add(before[0], ticket.quantity), total)
    stored: Totals = {
        (day, pair): (Decimal(quantity), None if notional is None else Decimal(notional))
        for day, pair, quantity, notional in database.do("all_tallies")
    }
    for key in sorted(counted.keys() | stored.keys()):
        if counted.get(key) != stored.get(key):
            yield f"tally of {key[1]} on {key[0]}: {_amount(stored.get(key))}, but {_amount(counted.get(key))} claimed"


def _amount(total: tuple[Decimal, Decimal | None] | None) -> str:
    if total is None:
        return "nothing"
    return f"{plain(total[0])} worth {'an unknown sum' if total[1] is None else plain(total[1])}"


def _counts(database: Database) -> Iterator[str]:
    counted, stored = (
        {(day, plan): number for day, plan, number in database.do(name)}
        for name in ("fires_counted", "all_fire_counts")
    )
    for day, plan in sorted(counted.keys() | stored.keys()):
        if counted.get((day, plan)) != stored.get((day, plan)):
            yield (
                f"fires of {plan} on {day}: {stored.get((day, plan), 0)} counted, {counted.get((day, plan), 0)} claimed"
            )
