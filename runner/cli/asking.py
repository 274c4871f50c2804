"""Questions to the broker: a session with a client id of its own that asks, collects answers and changes nothing."""

from __future__ import annotations

import functools
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli import files, output, trading
from runner.cli.marks import LIVE, REHEARSAL, kind_of, mask
from runner.core.facts import ConnectionLost, Fact, NoticeSeen, ProfitSeen
from runner.errors import ConnectionFailed, FxrunError, Refused

if TYPE_CHECKING:
    from runner.ib.connection import Connection, Login
    from runner.settings.model import Settings

EVERY = 5.0  # seconds between two passes of --watch
PROFIT_PATIENCE = 3.0  # a TWS tells profit and loss within a second, or not at all
_READ_ONLY = 321
_Command = TypeVar("_Command", bound=Callable[..., Any])


class AnswerRefused(FxrunError):
    """The broker answered a question with an error."""

    exit_code = 4

    def __init__(self, what: str, code: int, text: str) -> None:
        super().__init__(f"the broker does not tell {what}: {code} {text}{_advice(code, text)}")
        self.code = code
        self.text = text


class NoAnswer(ConnectionFailed):
    """The session stands, and the answer to a question did not come in time."""


def _advice(code: int, text: str) -> str:
    if code == _READ_ONLY and "read-only" in text.lower():
        return "; untick Read-Only API in the TWS's settings (Global Configuration > API > Settings)"
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where to ask, and whose account is expected there; None: whichever it is, if it is the only one."""

    host: str
    port: int
    client_id: int
    timeout: float
    account: str | None


watch_option = click.option("--watch", is_flag=True, help="Again every 5 s, until Ctrl-C.")


def options(command: _Command) -> _Command:
    """Give a command --settings, --host and --port."""
    host = click.option("--host", metavar="HOST", help="Where the TWS runs. [the settings' host]")
    port = click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Its port. [the settings' port]")
    return functools.reduce(lambda made, option: option(made), (port, host, files.settings_option), command)


def address_of(
    settings: Settings, host: str | None = None, port: int | None = None, *, journal: Path | None = None
) -> Address:
    """Return where the settings, or the options, say that the broker is; raises Refused for another machine.

    Until a login tells what is there, lines are marked by the journal, which is that of the settings if none is given.
    """
    from runner.settings.remote import remote_reason

    trading.speak_of_settings(settings, journal or settings.journal)
    if host is not None:
        settings = replace(settings, host=host, origins={**settings.origins, "connection.host": "--host"})
    if (reason := remote_reason(settings)) is not None:
        raise Refused(reason)
    return Address(
        host=settings.host,
        port=settings.port if port is None else port,
        client_id=settings.query_client_id,
        timeout=settings.timeout,
        account=settings.account,
    )


class Asking:
    """A session that is open; `collect` asks one question at a time, on one thread."""

    def __init__(self, connection: Connection, login: Login, facts: queue.Queue[Fact], account: str) -> None:
        self.connection = connection
        self.login = login
        self.account = account
        self._facts = facts
        self._profit_request: int | None = None
        self._profit: ProfitSeen | None = None

    @property
    def kind(self) -> str:
        """What kind of account it is: simulated, paper, live."""
        return kind_of(self.account, simulated=self.login.simulated)

    def collect(
        self,
        what: str,
        ask: Callable[[], int | None],
        is_last: Callable[[Fact, int | None], bool],
        *,
        patience: float | None = None,
    ) -> list[Fact]:
        """Ask, and return everything that came up to the last answer, that included.

        `ask` sends the request and returns its id, if it has one; `is_last` is given each fact and that id. Raises
        AnswerRefused if the broker answers with an error, NoAnswer if the last answer does not come in time, and
        ConnectionFailed if the session ends.
        """
        self._drain()
        request = ask()
        patience = self.connection.timeout if patience is None else patience
        deadline, told = time.monotonic() + patience, []
        while (fact := self._next(deadline)) is not None:
            told.append(fact)
            if isinstance(fact, ConnectionLost):
                raise ConnectionFailed(f"the connection was lost while asking for {what}: {fact.reason}; ask again")
            if isinstance(fact, NoticeSeen) and _refuses(fact, request):
                raise AnswerRefused(what, fact.code, fact.text)
            if is_last(fact, request):
                return told
        raise NoAnswer(
            f"{self.connection.host}:{self.connection.port} did not tell {what} within {patience:g} s: look at the TWS "
            "for a dialog, check that it is logged in, and ask again"
        )

    def profit(self) -> ProfitSeen | None:
        """Return profit and loss as it was told last; None if the broker does not tell it."""
        if self._profit_request is None:

            def ask() -> int:
                self._profit_request = self.connection.request_profit(self.account)
                return self._profit_request

            with suppress(AnswerRefused, ConnectionFailed):
                self.collect(
                    "profit and loss",
                    ask,
                    lambda fact, request: isinstance(fact, ProfitSeen) and fact.request_id == request,
                    patience=min(PROFIT_PATIENCE, self.connection.timeout),
                )
        self._drain()
        return self._profit

    def _drain(self) -> None:
        while self._next(0) is not None:
            pass

    def _next(self, deadline: float) -> Fact | None:
        try:
            left = deadline - time.monotonic()
            fact = self._facts.get(timeout=left) if left > 0 else self._facts.get_nowait()
        except queue.Empty:
            return None
        if isinstance(fact, ProfitSeen):
            self._profit = fact
        return fact


def _refuses(notice: NoticeSeen, request: int | None) -> bool:
    """Tell whether a notice says that no answer will come to a request, which may be an order that is asked about."""
    from runner.ib.connection import FIRST_REQUEST_ID
    from runner.ib.notices import Disposition, classify

    if notice.about == -1:
        return notice.code == _READ_ONLY
    means = classify(notice.code, about_order=notice.about < FIRST_REQUEST_ID)
    harmless = (Disposition.INFO, Disposition.WARNING, Disposition.UNKNOWN_ORDER_CODE)
    return notice.about == request and means not in harmless


@contextmanager
def session(address: Address) -> Iterator[Asking]:
    """Open a session and close it at the end; raises ConnectionFailed, and Refused if the account is not there."""
    from runner.ib.connection import Connection

    facts: queue.Queue[Fact] = queue.Queue()
    connection = Connection(
        address.host, address.port, client_id=address.client_id, publish=facts.put, timeout=address.timeout
    )
    try:
        login = connection.open()
        account = _account(address, login)
        trading.speak_of(REHEARSAL if login.simulated else LIVE, account)
        yield Asking(connection, login, facts, account)
    finally:
        connection.close()


def _account(address: Address, login: Login) -> str:
    there = ", ".join(map(mask, login.accounts)) or "none"
    if address.account is not None:
        if address.account not in login.accounts:
            raise Refused(
                f"the settings name account {mask(address.account)}, and {address.host}:{address.port} is "
                f"logged in to {there}: nothing is asked there; check the port, and who listens on it"
            )
        return address.account
    if len(login.accounts) != 1:
        raise Refused(f"the session has several accounts or none ({there}): name one in fxrun.yaml with `account: ...`")
    return login.accounts[0]


def show(address: Address, tell: Callable[[Asking], None], *, watch: bool) -> None:
    """Open a session and tell what it says; with `watch` again every five seconds, over lost sessions, until Ctrl-C."""
    if not watch:
        with session(address) as asking:
            tell(asking)
        return
    has_told = False
    while True:
        try:
            with session(address) as asking:
                while True:
                    tell(asking)
                    has_told = True
                    time.sleep(EVERY)
        except ConnectionFailed as failed:
            if not has_told:
                raise
            output.note(f"{datetime.now(UTC):%H:%M:%SZ} {output.clean(str(failed))}")
            time.sleep(EVERY)
