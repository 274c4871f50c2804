"""`fxrun gateway`: the simulated gateway alone, on 127.0.0.1 and the wall clock."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "gateway",
    short_help="Run the simulated gateway alone.",
    epilog="Example: fxrun gateway --port 7497 --seed 1",
)
@click.option("--port", type=click.IntRange(0, 65535), default=7497, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the prices.")
@click.option(
    "--quotes",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Prices from a file (time and bid/ask, or OHLC) instead of the synthetic ones.",
)
def command(port: int, seed: int, quotes: Path | None) -> int:
    """Serve a simulated TWS on 127.0.0.1, on the wall clock, until it is told to stop.

    The first line on stdout is `listening on 127.0.0.1:PORT`. The account DU1234567 starts with USD 1,000,000, and
    everything is forgotten when the gateway stops.
    """
    from runner.gateway.standalone import serve

    return serve(port, seed, quotes)
