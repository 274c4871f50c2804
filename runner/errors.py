"""Everything fxrun raises on purpose: one tree, one exit code a branch.

FxrunError (1)
├── UsageError (2)            the command line, or a plan, does not mean anything
│   └── PlanInvalid (2)       carries the problems, each with file:line:column
├── Refused (3)               fxrun itself declines to go on
├── ConnectionFailed (5)      no session with a TWS, or a port in use
└── JournalBusy (75)          another process holds the journal, or the state of a gateway

The exit code of a run that ended normally is decided by its summary, see `runner.report.summary`. `EXITS` says what
each code means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exit:
    """What an exit code means, and what is to be done about it."""

    code: int
    means: str
    advice: str


EXITS = (  # where several apply, the first one counts
    Exit(1, "a fault of fxrun, or of the machine: a disk that is full, a file that cannot be written",
         "do what the message says; if it asks for a report, send it with the message"),
    Exit(130, "interrupted by Ctrl-C, or nobody reads the output any more", "nothing"),
    Exit(75, "the journal, or the state of a gateway, is in use by another process",
         "one runner at a time has a journal; commands beside it need no other"),
    Exit(2, "a plan, a setting or the command line has no meaning",
         "correct what is named with file, line and column"),
    Exit(5, "no connection, or a port that is in use",
         "look at the TWS; fxrun doctor says what is wrong with the session"),
    Exit(6, "an order of unknown outcome", "look for it in the TWS, then fxrun resolve"),
    Exit(7, "a fire that was not sent in time", "nothing, or place the order by hand; fxrun status has the reason"),
    Exit(4, "rejected by the broker", "read the broker's words; correct the plan"),
    Exit(3, "refused or denied by fxrun: a limit, a halt, an arming, a journal or an account that does not fit",
         "do what the message says"),
    Exit(0, "fine; a limit that never filled and a span without fires are fine, too", "nothing"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with an input file; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FxrunError(Exception):
    """Root of every error that fxrun raises on purpose. `problems` are the places it is about, if it has any."""

    exit_code = 1
    problems: tuple[Problem, ...] = ()


class UsageError(FxrunError):
    """The command line asks for something that has no meaning."""

    exit_code = 2


class PlanInvalid(UsageError):
    """One or more files do not validate."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Refused(FxrunError):
    """fxrun declines: live is not armed, the journal belongs to another account, the peer is not simulated."""

    exit_code = 3

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ConnectionFailed(FxrunError):
    """No usable session: nothing listens, silence, client id in use, version too old, port in use."""

    exit_code = 5


class JournalBusy(FxrunError):
    """Another process holds the journal, or the state of a gateway."""

    exit_code = 75
