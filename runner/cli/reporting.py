"""Reports written by commands: where they may go, and what is known beside the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from runner.cli import output
from runner.cli.marks import mask
from runner.errors import FxrunError, UsageError

if TYPE_CHECKING:
    from runner.gateway.market import Market
    from runner.journal.rows import History
    from runner.journal.store import Journal
    from runner.report.build import Background
    from runner.report.known import Cross
    from runner.report.lines import Mark, Period, Report

SIMULATE = "simulate"
_HOURLY = timedelta(days=62)
_PAGE, _TABLE = b"<!DOCTYPE html>", "\ufeff".encode()  # how what we wrote begins
_FIXING, _FIXED_IN = time(14, 15), ZoneInfo("Europe/Berlin")  # the ECB's


def check_page(option: str | None) -> Path | None:
    """Return the file that a page goes to; raises UsageError for what cannot be one, before anything is run."""
    if option is None:
        return None
    path = Path(option)
    if path.is_dir():
        raise UsageError(f"--html {option}: is a folder; name a file, such as {option.rstrip('/')}/report.html")
    if not path.parent.is_dir():
        raise UsageError(f"--html {option}: the folder {path.parent} does not exist; make it or name another file")
    if path.exists() and not _begins(path, _PAGE):
        raise UsageError(f"--html {option}: exists and is no page of fxrun; name another file, or move it away")
    return path


def _begins(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def check_folder(option: str | None) -> Path | None:
    """Return the folder that CSV files go to; raises UsageError for what cannot be one."""
    if option is None:
        return None
    from runner.report.csv_files import NAMES

    path = Path(option)
    if path.exists() and not path.is_dir():
        raise UsageError(f"--csv {option}: is a file; name a folder, which is made if it is not there")
    for name in NAMES:
        if (path / name).exists() and not _begins(path / name, _TABLE):
            raise UsageError(f"--csv {option}: {name} in it is not of fxrun; name another folder, or move it away")
    return path


def write_page(report: Report, path: Path) -> None:
    """Write a report as one HTML file, in place of what is there; raises FxrunError if it cannot be."""
    from runner.report import csv_files, page

    try:
        csv_files.replace(path, page.html(report).encode("utf-8", "replace"))
    except OSError as error:
        raise FxrunError(f"--html {path}: cannot be written: {error.strerror}") from None


def write_tables(report: Report, folder: Path) -> None:
    """Write a report as CSV files; raises FxrunError if they cannot be."""
    from runner.report import csv_files

    try:
        csv_files.write(report, folder)
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
    from runner.report.lines import Period

    history = journal.history(of_run=told.mode == SIMULATE)
    background = background_of_run(history, told.market, told.until, told.prices)
    period = Period(start=told.start, until=told.until + timedelta.resolution)
    report = report_of(history, period, background, title=", ".join(plans), source="run")
    write_page(report, path)
    output.note(f"written: {output.clean(str(path))}")


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

    reference = Reference()
    marks = {name: list(_references(reference.cross, name, days)) for name, days in _traded(history).items()}
    return Background(
        marks=marks, cross=reference.cross, currency=BASE_CURRENCY, prices_are="fills of a simulated market"
    )


def background_of_run(history: History, market: Market | None, until: datetime, prices_are: str) -> Background:
    """Return what is known beside the journal of a run of a simulated gateway: the path of its market."""
    from runner.report.build import Background

    if market is None or history.mode != SIMULATE:
        return background_of(history)
    from runner.gateway.reference import Reference
    from runner.gateway.settings import BASE_CURRENCY

    marks = {name: list(_path(market, name, days[0], until)) for name, days in _traded(history).items()}
    return Background(marks=marks, cross=Reference().cross, currency=BASE_CURRENCY, prices_are=prices_are)


def _traded(history: History) -> dict[str, tuple[datetime, datetime]]:
    """Return the contracts that have executions, with the instants of the first and the last of all fires."""
    names = {order.ticket.order_ref: order.ticket.contract.name for order in history.orders}
    times = [row.at for row in history.executions] + [fire.due for fire in history.fires]
    if not times:
        return {}
    span = (min(times), max(times))
    return dict.fromkeys(sorted({names[row.order_ref] for row in history.executions}), span)


def _references(cross: Cross, name: str, span: tuple[datetime, datetime]) -> Iterator[Mark]:
    from runner.report.lines import Mark, Source

    base, _, quote = name.partition(".")
    day = span[0].date()
    while day <= span[1].date():
        rate = cross(base, quote, day) if day.weekday() < 5 else None
        if rate is not None:
            yield Mark(datetime.combine(day, _FIXING, _FIXED_IN).astimezone(UTC), rate, Source.REFERENCE)
        day += timedelta(days=1)


def _path(market: Market, name: str, start: datetime, until: datetime) -> Iterator[Mark]:
    """Yield the middle of the market's own quotes, by the hour or in a long run by the day, where it is open."""
    from runner.core.standing import Quote
    from runner.report.known import middle
    from runner.report.lines import Mark, Source

    for at in _grid(start, until):
        quote = market.quote(name, int(at.timestamp()), extended=True)
        if quote is not None:
            yield Mark(at, middle(Quote(quote.bid, quote.ask, at)), Source.PATH)


def _grid(start: datetime, until: datetime) -> Iterable[datetime]:
    is_long = until - start > _HOURLY
    at = start.replace(minute=0, second=0, microsecond=0)
    if is_long:
        at = at.replace(hour=20)  # late in the day, and never in the daily break
    step = timedelta(days=1) if is_long else timedelta(hours=1)
    while at < until:
        if at >= start:
            yield at
        at += step
