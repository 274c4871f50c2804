"""`fxrun positions`: what the account holds, as the broker tells it now."""

from __future__ import annotations

import click

from runner.cli import asking, files, options, tables
from runner.cli.asking import Asking
from runner.core.facts import PositionSeen, PositionsEnd
from runner.core.times import stamp


@click.command(epilog="Example: fxrun positions --json")
@asking.watch_option
@asking.options
@options.json_option
def command(settings_file: str | None, host: str | None, port: int | None, *, watch: bool, as_json: bool) -> None:
    """List the account's positions: units of the base currency, short ones negative.

    Asks the broker with the settings' query_client_id; a runner is not disturbed, and nothing is changed.
    """
    address = asking.address_of(files.settings_for((), settings_file), host, port)

    def tell(session: Asking) -> None:
        held = ask(session)
        at = stamp(options.now())
        header = [f"account {session.account} ({session.kind}), {at}"]
        if not held:
            header.append("no positions")
        rows = [(one.contract, tables.grouped(one.quantity), tables.grouped(one.average_cost)) for one in held]
        shown = [tables.table("positions", "contract >quantity >average_cost", rows)] if rows else []
        tables.tell(header, shown, (_line(one, at) for one in held), as_json=as_json, fresh=watch)

    asking.show(address, tell, watch=watch)


def ask(session: Asking) -> list[PositionSeen]:
    """Ask for the account's positions, by contract; raises what `Asking.collect` raises."""
    told = session.collect(
        "the positions",
        session.connection.request_positions,
        lambda fact, _: isinstance(fact, PositionsEnd),
    )
    session.connection.cancel_positions()
    held = {fact.contract: fact for fact in told if isinstance(fact, PositionSeen) and fact.account == session.account}
    return [one for _, one in sorted(held.items()) if one.quantity]


def _line(one: PositionSeen, at: str) -> dict[str, object]:
    return {
        "type": "position",
        "time": at,
        "account": one.account,
        "contract": one.contract,
        "quantity": tables.figure(one.quantity),
        "average_cost": tables.figure(one.average_cost),
    }
