"""Tells a run as it goes and at its end: JSON lines for programs, a report for people.

Results go to stdout; what passes (progress, one line a step on the wall clock) goes to stderr.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runner.cli import output, terminal
from runner.cli.trading import counted
from runner.core.events import RECORDED, Event, Filled, FireDone, FireState, Noticed, PlanStarted, Severity, Summary
from runner.core.money import plain
from runner.core.times import stamp
from runner.errors import FxrunError
from runner.plan.model import Plan
from runner.report.summary import exit_code, summarize

if TYPE_CHECKING:
    from runner.engine.span import Span
    from runner.gateway.market import Market
    from runner.journal.rows import ExecutionRow
    from runner.journal.store import Journal
    from runner.report.progress import Progress
    from runner.report.years import Performance

CONNECTION_LOST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How the run is told. `kind` is simulate or rehearsal, `quotes` the file of prices if one was given."""

    kind: str
    as_json: bool
    wall: bool
    quotes: str | None
    seed: int
    scenario: str | None = None  # what lies over the prices, in words
    is_service: bool = False  # plans come and go, and there is no end to report at
    page: Path | None = None  # where a report goes


class Narrator:
    """Context manager around a run: `tell` each event, `time_is` as time passes, `conclude` once."""

    def __init__(
        self,
        plans: Sequence[Plan],
        span: Span,
        account: str,
        style: Style,
        listener: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        """`listener` gets every event that is told, too."""
        self._listener = listener
        self._plans = plans
        self._span = span
        self._account = account
        self._style = style
        self._notices: Counter[tuple[int, Severity, str]] = Counter()  # texts that differ in figures only are one
        self._examples: dict[tuple[int, Severity, str], str] = {}
        self._recorded = 0  # fires that an earlier run on the journal had
        self._skipped: Counter[str] = Counter()  # others that were skipped, by the kind of their reason
        self._first_skipped: dict[str, str] = {}
        self._latest = span.start
        self._stack = ExitStack()
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        style, span = self._style, self._span
        if not style.as_json and not style.wall and span.until is not None:
            from runner.report import progress

            self._progress = self._stack.enter_context(progress.Progress(span.start, span.until))
        self.started(self._plans, span.start)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def started(self, plans: Sequence[Plan], at: datetime) -> None:
        """Say which plans are carried out from an instant on."""
        for plan in plans:
            self.tell(
                PlanStarted(
                    plan=plan.name,
                    file=plan.file,
                    mode=self._style.kind,
                    account=self._account,
                    orders=len(plan.instructions),
                    start=at,
                    until=self._span.until,
                )
            )

    def tell(self, event: Event) -> None:
        """Say one event."""
        self._listener(event)
        if isinstance(event, Noticed):
            text = event.text.replace("\n", " ")
            kind = (event.code, event.severity, re.sub(r"\d+", "#", text))
            self._notices[kind] += 1
            self._examples.setdefault(kind, text)
        if isinstance(event, FireDone) and event.state is FireState.SKIPPED:
            self._take_skipped(event)
        if self._style.as_json:
            self._line(event)
        elif self._style.is_service and isinstance(event, PlanStarted):
            output.note(f"{stamp(event.start)} {event.plan}: {counted(event.orders, 'order')} from {event.file}")
        elif self._style.wall and (said := _passing(event)) is not None:
            output.note(said)

    def _take_skipped(self, event: FireDone) -> None:
        if event.reason == RECORDED:
            self._recorded += 1
            return
        kind, _, detail = (event.reason or "").partition(": ")
        self._skipped[kind] += 1
        self._first_skipped.setdefault(kind, f"{stamp(event.time)} {detail}")

    def _line(self, event: Event) -> None:
        from runner.report.render_json import line

        sys.stdout.write(line(event) + "\n")
        if self._style.wall:
            sys.stdout.flush()

    def time_is(self, instant: datetime) -> None:
        """Move the progress bar."""
        self._latest = instant
        if self._progress is not None:
            self._progress.advance(instant)

    def conclude(self, journal: Journal, *, lost: str | None, interrupted: bool, market: Market | None = None) -> int:
        """Say the end, and return the exit code; `market` is that of a simulated run."""
        self._stack.close()
        names = [plan.name for plan in self._plans]
        fires, orders, executions = journal.fires(), journal.orders(), journal.executions()
        summary = summarize(names, fires, orders, executions, skipped=self._recorded)
        came_to = None if market is None else self._performance(executions, market)
        if self._style.as_json:
            self._last_lines(summary, came_to)
        else:
            from runner.report.render_text import show
            from runner.report.years_text import by_year, lines

            more = [] if came_to is None else [by_year(came_to)]
            footer = [*([] if came_to is None else lines(came_to)), *self._footer(summary)]
            told = (summary, fires, orders, executions)
            console = terminal.console() if terminal.is_drawn() else None
            show(*told, console=console, header=self._header(), footer=footer, more=more)
        is_written = self._style.page is None or self._report(journal, self._style.page, names, market)
        if lost is not None:
            output.note(f"fxrun: the connection is gone: {lost}")
        code = exit_code(summary, interrupted=interrupted)
        code = CONNECTION_LOST if lost is not None and not interrupted else code
        return code or (0 if is_written else FxrunError.exit_code)

    def stopped(self, *, lost: str | None) -> int:
        """Say the end of a service, and return the exit code."""
        self._stack.close()
        if lost is not None:
            output.note(f"fxrun: the connection is gone: {lost}")
        return 0 if lost is None else CONNECTION_LOST

    def _report(self, journal: Journal, page: Path, names: Sequence[str], market: Market | None) -> bool:
        """Write the page, and tell whether it was: what the run came to stands, whatever becomes of its page."""
        from runner.cli.reporting import RunTold, report_run

        sys.stdout.flush()
        prices = ", ".join(line.removeprefix("prices: ") for line in self._prices())
        until = max(self._latest, self._span.start)
        told = RunTold(mode=self._style.kind, start=self._span.start, until=until, market=market, prices=prices)
        try:
            report_run(journal, page, names, told)
        except FxrunError as error:
            output.note(f"fxrun: {output.clean(str(error))}")
            return False
        return True

    def _performance(self, executions: Sequence[ExecutionRow], market: Market) -> Performance | None:
        from runner.cli.years import performance

        until = self._span.until or self._latest
        is_synthetic = self._style.quotes is None
        return performance(executions, self._span.start, until, market, is_synthetic=is_synthetic)

    def _last_lines(self, summary: Summary, came_to: Performance | None) -> None:
        from runner.report.render_json import last_line

        plan = self._plans[0].name if len(self._plans) == 1 else ""
        for text in _remarks(summary):
            self._line(Noticed(plan=plan, code=0, severity=Severity.INFO, text=text, time=self._latest))
        sys.stdout.write(last_line(summary, came_to) + "\n")

    def _header(self) -> list[str]:
        end = "the end of the schedule" if self._span.until is None else stamp(self._span.until)
        lines = [f"{plan.name}: {counted(len(plan.instructions), 'order')} from {plan.file}" for plan in self._plans]
        lines.append(f"{self._style.kind}, account {self._account}, {stamp(self._span.start)} to {end}")
        return lines + self._prices()

    def _prices(self) -> list[str]:
        if self._style.kind != "simulate":
            return []
        over = [] if self._style.scenario is None else [f"scenario: {self._style.scenario}"]
        if self._style.quotes is not None:
            return [f"prices: {self._style.quotes}", *over]
        from runner.gateway.rates import CREDIT, last_rate_day

        told = f"prices: synthetic intraday path, seed {self._style.seed}, daily levels to {last_rate_day()}"
        return [told, CREDIT, *over]

    def _footer(self, summary: Summary) -> list[str]:
        lines = [
            f"{kind[1].value} {kind[0]}, {counted(count, 'time')}, first: {self._examples[kind]}"
            for kind, count in self._notices.items()
            if kind[1] is not Severity.INFO
        ]
        for kind, count in self._skipped.items():
            lines.append(f"{counted(count, 'fire')} skipped, {kind}; first: {self._first_skipped[kind]}")
        if self._recorded:
            lines.append(f"{counted(self._recorded, 'fire')} already recorded in this journal: nothing sent again")
        return lines + _remarks(summary)


def _remarks(summary: Summary) -> list[str]:
    """Word what is no fault and yet not what the plan was written for."""
    return [
        text
        for applies, text in (
            (not summary.fires, "no fire lies in this span: nothing was due"),
            (summary.expired, f"{counted(summary.expired, 'order')} expired before a full fill"),
            (summary.working, f"{counted(summary.working, 'order')} still working at the end of the run"),
        )
        if applies
    ]


def _passing(event: Event) -> str | None:
    """Word an event for somebody who watches."""
    match event:
        case FireDone():
            return f"{stamp(event.time)} {event.plan}/{event.order}: {event.state.value} {event.reason or ''}".rstrip()
        case Filled():
            text = f"{event.side.value.lower()} {plain(event.quantity)} {event.contract} at {plain(event.price)}"
            return f"{stamp(event.time)} {event.plan}/{event.order}: filled, {text}"
        case Noticed():
            text = event.text.replace("\n", " ")
            return f"{stamp(event.time)} {event.plan}: {event.severity.value} {event.code} {text}"
        case _:
            return None
