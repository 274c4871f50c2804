"""fxrun report: what plans came to, from the journal."""

from __future__ import annotations

from datetime import datetime

import click

from runner.cli import files, options, output, reporting, tables, trading
from runner.errors import UsageError

EXAMPLES = """\b
Examples:
  fxrun report
  fxrun report --from 2026-01-01 --until 2027-01-01 --html 2026.html --csv 2026
  fxrun report --journal run.db --json
"""
_FROM = click.option(
    "--from", "start", type=options.TimeType(), metavar="TIME", help="First instant, UTC. [the first of the journal]"
)
_UNTIL = click.option(
    "--until", type=options.TimeType(), metavar="TIME", help="End, not included. [the last of the journal]"
)


@click.command(name="report", epilog=EXAMPLES)
@_FROM
@_UNTIL
@click.option("--html", metavar="FILE", help="Write it as one page, with plots; an older one is replaced.")
@click.option("--csv", metavar="DIR", help="Write its tables as CSV files into a folder; older ones are replaced.")
@files.settings_option
@files.journal_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(
    *,
    start: datetime | None,
    until: datetime | None,
    html: str | None,
    csv: str | None,
    settings_file: str | None,
    journal_file: str | None,
    as_json: bool,
) -> None:
    """Report what plans came to: fires, fills and their cost, profit and loss, equity, exposure.

    From the journal alone, beside a runner or not. First in, first out counts all fills before the period, too.
    """
    from runner.report import overview, report_json
    from runner.report.lines import Period

    if start is not None and until is not None and until < start:
        raise UsageError(
            f"--until {until:%Y-%m-%dT%H:%M:%SZ} lies before --from {start:%Y-%m-%dT%H:%M:%SZ}; name a later one"
        )
    page, folder = reporting.check_page(html), reporting.check_folder(csv)
    with trading.ledger_of(settings_file, journal_file) as ledger:
        history = ledger.history()
    background = reporting.background_of(history)
    period = Period(start=start, until=until)
    report = reporting.report_of(history, period, background, title="fxrun report", source=str(ledger.path))
    if page is not None:
        reporting.write_page(report, page)
    if folder is not None:
        reporting.write_tables(report, folder)
    if as_json:
        output.say(report_json.text(report))
    else:
        tables.tell(
            overview.header(report), [table for table in overview.tables(report) if table.rows], (), as_json=False
        )
    for path in (page, folder):
        if path is not None:
            output.note(f"written: {output.clean(str(path))}")
