"""`fxrun gateway`: the simulated gateway alone, on 127.0.0.1 and the wall clock."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from runner.cli import terminal
from runner.cli.options import TimeType
from runner.gateway.fills import FillModel
from runner.gateway.settings import HIGHEST_VERSION, LOWEST_VERSION, USUAL_VERSION, GatewaySettings

EXAMPLES = """\b
Examples:
  fxrun gateway --port 7497 --seed 1
  fxrun gateway --cash USD=50000 --state paper.db --log frames=paper.log
  fxrun gateway --faults faults.yaml --control 7499
  fxrun gateway --from 2025-03-05T14:30:00Z --speed 60 --fill latency=2 --truth truth.jsonl
"""
_CASH = re.compile(r"([A-Z]{3})=(\S+)", re.ASCII)
_FASTEST = 3600


def _check_account(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from runner.gateway import options

    try:
        return options.account(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _read_cash(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> dict[str, Decimal]:
    from runner.gateway import options

    pairs = []
    for text in values:
        if (match := _CASH.fullmatch(text)) is None:
            problem = f"{text[:40]!r}: expected CURRENCY=AMOUNT, such as USD=1000000 or EUR=2500.50"
            raise click.BadParameter(problem, context, parameter)
        pairs.append((match[1], match[2]))
    try:
        return options.cash(pairs)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _read_fills(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> FillModel | None:
    from runner.gateway import options

    if not values:
        return None
    for text in values:
        if "=" not in text:
            problem = f"{text[:40]!r}: expected NAME=VALUE, such as latency=2 or partial=50"
            raise click.BadParameter(problem, context, parameter)
    try:
        return options.fill_model((name, value) for name, _, value in (text.partition("=") for text in values))
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _read_log(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    if value is None:
        return None
    what, sign, path = value.partition("=")
    if what != "frames":
        raise click.BadParameter(f"{what[:40]!r}: only frames can be logged: --log frames", context, parameter)
    if sign and not path:
        raise click.BadParameter("no file behind frames=", context, parameter)
    return Path(path or "-")


@click.command(
    "gateway",
    short_help="Run the simulated gateway alone.",
    epilog=EXAMPLES,
)
@click.option("--port", type=click.IntRange(0, 65535), default=7497, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the prices.")
@click.option(
    "--quotes",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Prices from a file (time and bid/ask, or OHLC) instead of the synthetic ones.",
)
@click.option(
    "--account",
    default=GatewaySettings().account,
    show_default=True,
    metavar="DU...",
    callback=_check_account,
    help="Number of the account.",
)
@click.option(
    "--cash",
    multiple=True,
    metavar="CURRENCY=AMOUNT",
    callback=_read_cash,
    help="What the account starts with; once for each currency.  [default: USD=1000000]",
)
@click.option(
    "--max-version",
    type=click.IntRange(LOWEST_VERSION, HIGHEST_VERSION),
    default=USUAL_VERSION,
    show_default=True,
    help="Speak as an older TWS does: no server version above this. From 201 on protobuf begins.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append what really happened, as JSON lines, before any client is told of it.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is to go wrong, and when (YAML; `fxrun schema faults`).",
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A declared path of prices laid over the market (YAML; `fxrun schema scenario`).",
)
@click.option(
    "--control",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Take faults on demand over another port of 127.0.0.1, as lines of JSON; 0 takes a free one.",
)
@click.option(
    "--fill",
    "fills",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_read_fills,
    help="Fill slower or worse than quoted; once for each of latency, partial, slippage, reject, silence, depth.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep account, orders and executions there over restarts.",
)
@click.option(
    "--log",
    "frames",
    metavar="frames[=FILE]",
    callback=_read_log,
    help="Write each message in and out as a line, with its fields: on stderr, or behind what FILE holds.",
)
@click.option("--no-table", is_flag=True, help="No table of clients and orders on a terminal.")
@click.option(
    "--from", "start", type=TimeType(), metavar="TIME", help="Where its time begins; UTC without an offset.  [now]"
)
@click.option(
    "--speed",
    type=click.IntRange(1, _FASTEST),
    default=1,
    show_default=True,
    help="Let the gateway's time run that many times as fast, from now on.",
)
def command(
    *,
    port: int,
    seed: int,
    quotes: Path | None,
    account: str,
    cash: dict[str, Decimal],
    max_version: int,
    truth: Path | None,
    faults: Path | None,
    scenario: Path | None,
    control: int | None,
    fills: FillModel | None,
    state: Path | None,
    frames: Path | None,
    no_table: bool,
    start: datetime | None,
    speed: int,
) -> int:
    """Serve a simulated TWS on 127.0.0.1, on the wall clock, until it is told to stop.

    The first line on stdout is `listening on 127.0.0.1:PORT`. Without --state everything is forgotten when it stops.
    """
    from runner.gateway.standalone import Files, serve

    settings = GatewaySettings(account=account, seed=seed, max_version=max_version, speed=speed)
    if cash:
        settings = replace(settings, cash=cash)
    if fills is not None:
        settings = replace(settings, fill_model=fills)
    if faults is not None:
        from runner.cli.faults import with_faults

        settings = with_faults(settings, faults)
    path = None
    if scenario is not None:
        from runner.cli.scenario import load_scenario

        path = load_scenario(scenario)
    # lines of the log and a table that is redrawn do not share a terminal
    table = not no_table and terminal.is_screen(sys.stderr) and frames != Path("-")
    files = Files(
        quotes=quotes,
        truth=truth,
        state=state,
        opening=cash or None,
        frames=frames,
        table=table,
        start=start,
        faults=faults,
        scenario=path,
        control=control,
    )
    return serve(port, settings, files)
