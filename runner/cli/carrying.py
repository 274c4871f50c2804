"""What every run has in common once its session is chosen: the desk, and the way to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runner.cli.interrupts import Interrupts
from runner.core.events import Event
from runner.core.standing import Quote
from runner.engine.conduct import Conduct
from runner.engine.desk import Desk, Rules
from runner.engine.quotes import Quotes
from runner.journal.database import MEMORY
from runner.lifecycle.inquest import Inquest
from runner.lifecycle.link import Link, LinkState
from runner.lifecycle.tracker import Tracker

if TYPE_CHECKING:
    from datetime import datetime

    from runner.cli.session import Session
    from runner.core.contract import ContractSpec
    from runner.engine.arrivals import Look
    from runner.engine.run import Run
    from runner.gateway.market import Market
    from runner.journal.store import Journal

OnChange = Callable[[LinkState, str], None]


def make_desk(
    session: Session,
    journal: Journal,
    emit: Callable[[Event], None],
    *,
    rules: Rules,
    supervised: bool = False,
    persistent: bool = True,
    pulse: bool = True,
    on_change: OnChange = lambda _state, _detail: None,
    watches_foreign: bool = False,
    seed: int = 0,
    reported: bool = False,
) -> Desk:
    """Return what fires are carried out with; `reported`: a report is wanted of a journal that does not outlive it."""
    connection, clock = session.connection, session.clock
    conduct = Conduct(journal=journal)

    def tell(event: Event) -> None:
        emit(event)
        conduct.take(event)

    def make_tracker() -> Tracker:
        return Tracker(journal, clock, tell, client_id=connection.client_id)

    tracker = make_tracker()
    link = Link(
        connection, clock.seconds, on_change, supervised=supervised, persistent=persistent, pulse=pulse, seed=seed
    )
    return Desk(
        connection=connection,
        account=session.account,
        journal=journal,
        tracker=tracker,
        emit=tell,
        link=link,
        inquest=Inquest(connection, journal, tracker, link, clock.now, watches_foreign=watches_foreign),
        quotes=Quotes(connection.request_snapshot, clock.now),
        conduct=conduct,
        make_tracker=make_tracker,
        rules=rules,
        keeps_arrivals=reported or journal.path != MEMORY,
        look=None if session.market is None else _look(session.market),
    )


def _look(market: Market) -> Look:
    def look(contract: ContractSpec, at: datetime) -> Quote | None:
        quote = market.quote(contract.key, int(at.timestamp()), extended=True)
        return None if quote is None else Quote(quote.bid, quote.ask, at)

    return look


def carry_out(run: Run, interrupts: Interrupts) -> str | None:
    """Run to the end, or until interrupted; returns why no session is left, if none is.

    Raises PlanInvalid where a contract of the plans is none, and nothing was sent.
    """
    interrupts.pass_on(run.stop)
    try:
        run.go()
        run.finish()
    except KeyboardInterrupt:  # somebody insists: the summary comes at once
        interrupts.pass_on(None)
        run.give_up()
    interrupts.pass_on(None)
    if run.lookup.refusal is not None:
        raise run.lookup.refusal
    return run.lost
