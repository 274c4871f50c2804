"""`fxrun lint`: what is legal in a plan and probably not meant."""

from __future__ import annotations

import click

from runner.cli import lint, options, output
from runner.cli.trading import counted


@click.command(
    epilog="Exit code: 0 with and without warnings, 2 if a plan is not sound. Example: fxrun lint eurusd-weekday.yaml"
)
@options.plans_argument
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """Warn of what is allowed and probably not meant: in each plan, and between all of them.

    Market orders at the daily break, closed markets, odd lots, GTC orders that pile up, a stop-loss inside the spread,
    zones whose clocks do not change with the market's, orders that undo each other.
    """
    from runner.plan import load_all

    loaded = load_all(plans, options.given(assigned))
    found = lint.warnings(loaded, options.now())
    if as_json:
        output.tell_warnings(found, as_json=True)
        return
    for problem in found:
        output.say(output.warning_words(problem))
    if not found:
        output.say(f"nothing to warn of in {counted(len(loaded), 'plan')}")
