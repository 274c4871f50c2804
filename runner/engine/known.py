"""What is known at a fire, as far as its strategy needs it: asked for, and waited for a few seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from runner.core.snapshot import Need, Snapshot
from runner.engine.accounts import Accounts
from runner.engine.quotes import Quotes
from runner.journal.store import Journal
from runner.plan.model import Instruction


def snapshot(
    instruction: Instruction, wanted: Need, now: datetime, quotes: Quotes, accounts: Accounts, journal: Journal
) -> Snapshot | str:
    """Return what is known now, or what is being asked for still; what nobody tells in time is left out.

    Raises ConnectionFailed.
    """
    contract = instruction.contract
    if Need.QUOTE in wanted and not quotes.decided(contract):
        return "a quote is being asked for"
    if Need.ACCOUNT in wanted and not accounts.decided():
        return "the account's values are being asked for"
    found = Snapshot(now=now, quote=quotes.of(contract) if Need.QUOTE in wanted else None)
    if Need.ACCOUNT in wanted:
        found = accounts.fill(found)
    if Need.POSITION in wanted:
        found = replace(found, position=journal.works.position(instruction.plan, contract.name))
    return found
