"""`fxrun doctor`: whether everything that a live run stands on is in order, one line a finding, with what to do."""

from __future__ import annotations

import math
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from runner.cli import checks, files, options
from runner.cli.checks import Check, Status
from runner.core.facts import Fact
from runner.errors import ConnectionFailed, Refused
from runner.plan.model import Plan
from runner.settings.model import Settings

_CONNECTION = "connection"


class _Seconds(click.FloatRange):
    """A range that nan is not in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        return self.fail(f"{value} is not a number", param, ctx) if math.isnan(seconds) else seconds


@click.command(
    epilog="Exit code: 0 if nothing failed, 5 if no session came about, 3 if something else failed. "
    "Example: fxrun doctor eurusd-weekday.yaml --port 7497"
)
@click.argument("plans", nargs=-1, metavar="[PLAN]...", shell_complete=options.complete_plans)
@files.settings_option
@files.journal_option
@click.option("--host", metavar="HOST", help="Where TWS or IB Gateway runs. [the settings' host, 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help="Its API socket port. [the settings' port, 7497]"
)
@click.option(
    "--client-id",
    type=click.IntRange(1, 2**31 - 2),
    metavar="ID",
    help="One not in use. [the settings' query_client_id, 99]",
)
@click.option("--timeout", type=_Seconds(0.1, 600), metavar="SECONDS", help="How long to wait. [the settings', 10]")
@options.set_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    plans: tuple[str, ...],
    settings_file: str | None,
    journal_file: str | None,
    assigned: options.Assigned,
    as_json: bool,
    **address: Any,
) -> None:
    """Test this machine and the connection to a TWS, IB Gateway or fxrun gateway; no order is sent.

    Looks at ibapi, time zone data, the modes of settings, journal and plans, the journal's disk, the login, the kind
    of account, the Read-Only setting, clocks and market data.
    """
    loaded: Sequence[Plan] = ()
    if plans:
        from runner.plan import load_all

        loaded = load_all(plans, options.given(assigned))
    settings = files.settings_for(plans, settings_file)
    failed = set()
    for check in _examine(settings, files.journal_of(settings, journal_file), loaded, address):
        check.tell(as_json=as_json)
        if check.status is Status.FAIL:
            failed.add(check.name)
    if _CONNECTION in failed:
        context.exit(ConnectionFailed.exit_code)
    context.exit(Refused.exit_code if failed else 0)


def _examine(settings: Settings, journal: Path, plans: Sequence[Plan], address: dict[str, Any]) -> Iterator[Check]:
    """Yield the checks as they are made; those of a session only if there is one."""
    yield checks.of_ibapi()
    yield checks.of_zones()
    yield from checks.of_files(
        None if settings.file is None else Path(settings.file), journal, [plan.file for plan in plans]
    )
    yield checks.of_disk(journal)
    yield from _at_the_broker(settings, plans, address)


def _at_the_broker(settings: Settings, plans: Sequence[Plan], address: dict[str, Any]) -> Iterator[Check]:
    try:
        from runner.cli.asking import Asking
        from runner.cli.checks_session import of_session
        from runner.ib.connection import Connection
        from runner.ib.failures import NoSession
    except ImportError:  # of ibapi, which the first check has told
        return

    host, port = address["host"] or settings.host, address["port"] or settings.port
    client_id = address["client_id"] or settings.query_client_id
    facts: queue.Queue[Fact] = queue.Queue()
    timeout = address["timeout"] or settings.timeout
    connection = Connection(host, port, client_id=client_id, publish=facts.put, timeout=timeout)
    try:
        login = connection.open()
    except NoSession as failed:
        yield Check(_CONNECTION, Status.FAIL, failed.what, failed.advice)
        return
    expected = {account for account in (settings.account, *(plan.account for plan in plans)) if account is not None}
    try:
        yield Check(_CONNECTION, Status.OK, f"{host}:{port} answers as a TWS does, client id {client_id} is free")
        yield from of_session(Asking(connection, login, facts, login.accounts[0] if login.accounts else ""), expected)
    finally:
        connection.close()
