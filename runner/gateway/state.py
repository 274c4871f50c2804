"""What outlives a restart of the gateway, and where it is noted while it runs; this one keeps nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from runner.gateway.account import Account
from runner.gateway.book import Book, Entry
from runner.gateway.reports import Fill
from runner.gateway.truth import Tail


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What an earlier gateway left: in the order in which it came about."""

    at: int = 0  # epoch seconds: the last instant of it that is known
    entries: tuple[Entry, ...] = ()
    fills: tuple[Fill, ...] = ()
    highest: Mapping[int, int] = field(default_factory=dict)  # client -> the highest order id it has used
    perm_ids: Collection[int] = ()
    execution_ids: Collection[str] = ()


class Store:
    """Keeps nothing; what a gateway has unless it is told otherwise."""

    at: int = 0  # epoch seconds: the last instant that is known of an earlier gateway

    def attach(self, book: Book, account: Account) -> Saved:
        """Begin to keep these; returns what was kept before, with the account already as it was."""
        return Saved()

    def entry(self, entry: Entry) -> None:
        """Note that an order is new, or has changed, or that its client is told of it."""

    def fill(self, fill: Fill) -> None:
        """Note an execution; with it the account has changed."""

    def commit(self, at: int, truth: Tail | None = None) -> None:
        """Return once everything noted is on the disk, and with it what a truth file is about to get.

        Raises FxrunError if that cannot be.
        """

    def forget(self) -> None:
        """Forget everything that is kept, as a gateway that lost its state; `attach` follows."""

    def close(self, at: int) -> None:
        """Let go of it; what is not committed was told to nobody."""
