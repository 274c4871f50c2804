"""`fxrun doctor`: the connection test, one line a finding, each with what to do about it."""

from __future__ import annotations

import math
import queue
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from runner.cli.output import clean, say, say_json
from runner.core.facts import ConnectionLost, CurrentTimeSeen, Fact
from runner.errors import ConnectionFailed, Refused

if TYPE_CHECKING:
    from runner.ib.connection import Connection, Login

FX_DATA_SERVER = 163  # below it a TWS refuses market data of currency pairs with error 10285
CLOCK_TOLERANCE = 2.0
_NEWER = "pip uninstall -y ibapi, then pip install ibapi-latest (or install the API that came with your TWS)"


class Status(Enum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `advice` says what to do if it is not OK."""

    name: str
    status: Status
    message: str
    advice: str = ""

    def as_text(self) -> str:
        """Write it as one line, and one more for the advice."""
        line = f"{self.status.name:<4}  {self.name}: {self.message}"
        return clean(f"{line}\n      -> {self.advice}" if self.advice else line)

    def as_json(self) -> dict[str, object]:
        """Return the fields of its JSON line."""
        fields = {"check": self.name, "status": self.status.value, "message": self.message, "advice": self.advice}
        return {"type": "check", **fields}

    def tell(self, *, as_json: bool) -> None:
        """Print it at once: the next check may take a while."""
        if as_json:
            say_json(self.as_json())
        else:
            say(self.as_text())
        sys.stdout.flush()


class _Seconds(click.FloatRange):
    """A range that nan is not in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        return self.fail(f"{value} is not a number", param, ctx) if math.isnan(seconds) else seconds


@click.command(
    epilog="Exit code: 0 if nothing failed, 5 if no session came about, 3 if something else failed. "
    "Example: fxrun doctor --port 7497"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where TWS or IB Gateway runs.")
@click.option("--port", default=7497, show_default=True, type=click.IntRange(1, 65535), help="Its API socket port.")
@click.option("--client-id", default=99, show_default=True, type=click.IntRange(0, 2**31 - 2), help="One not in use.")
@click.option("--timeout", default=10.0, show_default=True, type=_Seconds(0.1, 600), help="Seconds to wait.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(context: click.Context, /, *, as_json: bool, **address: object) -> None:
    """Test the connection to a TWS, IB Gateway or fxrun gateway; no order is sent."""
    failed = set()
    for check in examine(**address):  # type: ignore[arg-type]
        check.tell(as_json=as_json)
        if check.status is Status.FAIL:
            failed.add(check.name)
    if "connection" in failed:
        context.exit(ConnectionFailed.exit_code)
    context.exit(Refused.exit_code if failed else 0)


def examine(*, host: str, port: int, client_id: int, timeout: float) -> Iterator[Check]:
    """Yield the checks as they are made; those of a session only if there is one."""
    try:
        yield _ibapi()
    except ImportError as fault:
        yield Check("ibapi", Status.FAIL, f"ibapi cannot be imported ({fault})", _NEWER)
        return
    from runner.ib.connection import Connection
    from runner.ib.failures import NoSession

    facts: queue.Queue[Fact] = queue.Queue()
    connection = Connection(host, port, client_id=client_id, publish=facts.put, timeout=timeout)
    try:
        login = connection.open()
    except NoSession as failed:
        yield Check("connection", Status.FAIL, failed.what, failed.advice)
        return
    try:
        yield Check("connection", Status.OK, f"{host}:{port} answers as a TWS does, client id {client_id} is free")
        yield from _of_login(login)
        yield _clock(connection, facts, timeout)
    finally:
        connection.close()


def _ibapi() -> Check:
    from runner.ib.versions import installed

    info = installed()
    names = ", ".join(f"{name} {version}" for name, version in info.distributions) or "no known distribution"
    found = f"module version {info.module_version} from {names}, speaks server versions up to {info.max_server_version}"
    if len(info.distributions) > 1:
        advice = "they overwrite each other's files: uninstall all of them, then install one"
        return Check("ibapi", Status.FAIL, f"more than one distribution owns the module: {names}", advice)
    return Check("ibapi", Status.OK, found)


def _of_login(login: Login) -> Iterator[Check]:
    yield Check("handshake", Status.OK, f"the TWS greeted with {login.server_time!r}")
    yield _server_version(login.server_version)
    yield _accounts(login)
    yield Check("next order id", Status.OK, str(login.next_order_id))


def _server_version(version: int) -> Check:
    if version >= FX_DATA_SERVER:
        return Check("server version", Status.OK, str(version))
    message = f"{version}: a TWS refuses market data of currency pairs below {FX_DATA_SERVER} (error 10285)"
    return Check("server version", Status.WARN, message, f"install a newer ibapi: {_NEWER}")


def _accounts(login: Login) -> Check:
    if not login.accounts:
        return Check("accounts", Status.FAIL, "the session may trade no account", "log in to the TWS with another user")
    named = ", ".join(f"{name} ({kind_of(name, simulated=login.simulated)})" for name in login.accounts)
    return Check("accounts", Status.OK, named)


def kind_of(account: str, *, simulated: bool) -> str:
    """Say what kind of account that is: IB's names begin with DU or DF on paper, with U or F live."""
    if simulated:
        return "simulated"
    if account.startswith(("DU", "DF")):
        return "paper"
    return "live" if account.startswith(("U", "F")) else "of unknown kind"


def _clock(connection: Connection, facts: queue.Queue[Fact], timeout: float) -> Check:
    asked = datetime.now(UTC)
    try:
        connection.request_current_time()
    except ConnectionFailed as failed:
        return Check("clock", Status.FAIL, str(failed), "run the test again")
    theirs = _answer(facts, timeout)
    if theirs is None:
        return Check("clock", Status.WARN, "the TWS did not say what time it is", "run the test again")
    middle = asked + (datetime.now(UTC) - asked) / 2
    # the answer is cut to whole seconds, so on average it is half a second old
    offset = (theirs + timedelta(seconds=0.5) - middle).total_seconds()
    message = f"the TWS is {abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine (to 0.5 s)"
    if abs(offset) > CLOCK_TOLERANCE:
        return Check("clock", Status.WARN, message, "set the clock of this machine by NTP: fires follow it")
    return Check("clock", Status.OK, message)


def _answer(facts: queue.Queue[Fact], timeout: float) -> datetime | None:
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        try:
            fact = facts.get(timeout=left)
        except queue.Empty:
            return None
        match fact:
            case CurrentTimeSeen():
                return fact.at
            case ConnectionLost():
                return None
    return None
