"""What all that a client subscribes to has in common."""

from __future__ import annotations

from typing import Protocol

from runner.wire.messages import Answer

EVERY = 180  # seconds after which a TWS tells what has changed of an account, if nothing was filled before


class Say(Protocol):
    """Sends messages to the client."""

    def __call__(self, *answers: Answer) -> None:
        """Send them."""
        ...


class Subscriber(Protocol):
    """A part of what a client wants to be kept informed of."""

    @property
    def is_live(self) -> bool:
        """True if something is to be told as time passes."""
        ...

    def tick(self, at: int) -> None:
        """Tell what time has changed."""
        ...

    def filled(self, key: str, at: int) -> None:
        """Tell what an execution has changed."""
        ...


def invalid(place: str, cause: str) -> str:
    """Return the text of 321, a request that makes no sense to a TWS; place is its own mark of where it looked."""
    return f"Error validating request.-'{place}' : cause - {cause}"


def wrong_account(place: str, account: str) -> str:
    """Return the text of 321 for an account that is not this one."""
    return invalid(place, f"Invalid account code '{account[:40]}'." if account else "The account code is required.")
