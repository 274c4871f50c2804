"""Reports written by commands: where they may go, and what is known beside the journal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import output
from runner.cli.marks import mask
from runner.errors import FxrunError, UsageError
from runner.report.worlds import SIMULATE

if TYPE_CHECKING:
    from runner.core.contract import ContractSpec
    from runner.gateway.market import Market
    from runner.gateway.reference import Reference
    from runner.journal.rows import History
    from runner.journal.store import Journal
    from runner.report.build import Background
    from runner.report.lines import Mark, Period, Report


def check_page(option: str | None) -> Path | None:
    """Return the file that a page goes to; raises UsageError for what cannot be one, before anything is run."""
    if option is None:
        return None
    from runner.report.files import is_page

    path = Path(option)
    if path.is_dir():
        raise UsageError(f"--html {option}: is a folder; name a file, such as {option.rstrip('/')}/report.html")
    if not path.parent.is_dir():
        raise UsageError(f"--html {option}: the folder {path.parent} does not exist; make it or name another file")
    if os.path.lexists(path) and not is_page(path):
        raise UsageError(f"--html {option}: exists and is no page of fxrun; name another file, or move it away")
    return path


def check_folder(option: str | None) -> Path | None:
    """Return the folder that CSV files go to; raises UsageError for what cannot be one."""
    if option is None:
        return None
    from runner.report.files import foreign

    path = Path(option)
    if path.exists() and not path.is_dir():
        raise UsageError(f"--csv {option}: is a file; name a folder, which is made if it is not there")
    if (name := foreign(path)) is not None:
        raise UsageError(f"--csv {option}: {name} in it is not of fxrun; name another folder, or move it away")
    return path


def write_page(report: Report, path: Path) -> None:
    """Write a report as one HTML file, in place of what is there; raises FxrunError if it cannot be."""
    from runner.report import files, page

    check_page(str(path))  # a run may have been long, and somebody else have written there
    try:
        files.replace(path, page.html(report).encode("utf-8", "replace"))
    except OSError as error:
        raise FxrunError(f"--html {path}: cannot be written: {error.strerror}") from None


def write_tables(report: Report, folder: Path) -> None:
    """Write a report as CSV files; raises FxrunError if they cannot be."""
    from runner.report import files

    try:
        files.write_tables(report, folder)
    except OSError as error:
        raise FxrunError(f"--csv {folder}: cannot be written: {error.strerror}") from None


def report_of(history: History, period: Period, background: Background, *, title: str, source: str) -> Report:
    """Work out a report; the number of the account is masked, as in everything that is handed on."""
    from runner.report.build import build

    if history.account is not None:
        history = replace(history, account=mask(history.account))
    return build(history, period, background, title=title, source=source)


def report_run(journal: Journal, path: Path, plans: Sequence[str], told: RunTold) -> None:
    """Write the page of a run that has ended; raises FxrunError if it cannot be.

    A simulated run is reported alone, since its gateway began with nothing; any other with the fills before it.
    """
    history = journal.history(of_run=told.mode == SIMULATE)
    background = background_of_run(history, told.market, told.until, told.prices)
    period = _period(journal, told)
    report = report_of(history, period, background, title=", ".join(plans), source="run")
    write_page(report, path)
    output.note(f"written: {output.clean(str(path))}")


def _period(journal: Journal, told: RunTold) -> Period:
    """Return the time of a run, with all that its summary counts: what it found missed from before, and its own fills.

    The broker's clock, by which fills are told, may be another one.
    """
    from runner.report.lines import Period

    dues = {(fire.plan, fire.order, fire.fire): fire.due for fire in journal.fires()}
    keys = [row.ticket.key for row in journal.orders()]
    own = {key.order_ref for key in keys if (key.plan, key.order, key.fire) in dues}  # and not what it took over
    fills = journal.executions()
    start = min([told.start, *dues.values(), *(row.at for row in fills if row.order_ref in own)])
    until = max([told.until, *dues.values(), *(row.at for row in fills)])
    return Period(start=start, until=until + timedelta.resolution)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTold:
    """What of a run its journal does not say; `until` is the instant it came to."""

    mode: str
    start: datetime
    until: datetime
    market: Market | None
    prices: str


# --- what is known beside the journal


def background_of(history: History) -> Background:
    """Return what is known beside a journal: of a simulated one the reference rates of its days."""
    from runner.report.build import Background

    if history.mode != SIMULATE:
        return Background()
    from runner.gateway.reference import Reference
    from runner.gateway.settings import BASE_CURRENCY

    reference, traded = Reference(), _traded(history)
    return Background(
        marks={one.name: list(_references(reference, one, _span(history))) for one in traded if one.is_pair},
        cross=reference.known,
        currency=BASE_CURRENCY,
        prices_are="fills of a simulated market",
    )


def background_of_run(history: History, market: Market | None, until: datetime, prices_are: str) -> Background:
    """Return what is known beside the journal of a run of a simulated gateway: the path of its market."""
    from runner.report.build import Background

    if market is None or history.mode != SIMULATE:
        return background_of(history)
    from runner.gateway.reference import Reference
    from runner.gateway.settings import BASE_CURRENCY

    marks = {one.name: list(_path(market, one, _span(history)[0], until)) for one in _traded(history)}
    return Background(marks=marks, cross=Reference().known, currency=BASE_CURRENCY, prices_are=prices_are)


def _traded(history: History) -> Sequence[ContractSpec]:
    """Return the contracts that have executions, by name."""
    contracts = {order.ticket.order_ref: order.ticket.contract for order in history.orders}
    found = {contracts[row.order_ref].name: contracts[row.order_ref] for row in history.executions}
    return [found[name] for name in sorted(found)]


def _span(history: History) -> tuple[datetime, datetime]:
    """Return the first and the last instant of anything that happened in a history that has executions."""
    times = [row.at for row in history.executions] + [fire.due for fire in history.fires]
    return min(times), max(times)


def _references(reference: Reference, pair: ContractSpec, span: tuple[datetime, datetime]) -> Iterator[Mark]:
    from runner.report.lines import Mark, Source

    for at, rate in reference.fixings(pair.symbol, pair.currency, *span):
        yield Mark(at, rate, Source.REFERENCE)


def _path(market: Market, contract: ContractSpec, start: datetime, until: datetime) -> Iterator[Mark]:
    """Yield the middle of the market's own quotes, in steps of the run's length; of a closed market its last."""
    from runner.core.standing import Quote
    from runner.report.known import middle
    from runner.report.lines import Mark, Source

    for at in _grid(start, until):
        quote = market.quote(contract.key, int(at.timestamp()), extended=True)
        if quote is not None:
            yield Mark(at, middle(Quote(quote.bid, quote.ask, at)), Source.PATH)


def _grid(start: datetime, until: datetime) -> Iterator[datetime]:
    from runner.report.lines import DAY, floor, step_of

    step = step_of(until - start)
    at = floor(start, step)
    if step == DAY:
        at += timedelta(hours=20)  # late in the day, and never in the daily break
    while at < until:
        if at >= start:
            yield at
        at += step
