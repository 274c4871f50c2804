"""What `fxrun doctor` asks a TWS: who it is logged in as, what it allows, its clock, its market data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.cli.asking import AnswerRefused, Asking, NoAnswer
from runner.cli.checks import NEWER, Check, Status
from runner.cli.marks import kind_of
from runner.core.contract import ContractSpec
from runner.core.facts import CurrentTimeSeen, Fact, NoticeSeen, OpenOrdersEnd, SnapshotEnd, TickSeen
from runner.core.money import plain
from runner.errors import ConnectionFailed

if TYPE_CHECKING:
    from runner.ib.connection import Login

FX_DATA_SERVER = 163  # below it a TWS refuses market data of currency pairs
CLOCK_TOLERANCE, CLOCK_LIMIT = 2.0, 60.0  # seconds; beyond the second live refuses
_OLD_API = 10285
_READ_ONLY = 321
_USUAL_PORTS = {7496: "live", 4001: "live", 7497: "paper", 4002: "paper"}
_ASKED_PAIR = ContractSpec(symbol="EUR", currency="USD")


def of_session(session: Asking, expected: Collection[str]) -> Iterator[Check]:
    """Yield what the session tells; `expected`: the accounts that settings and plans name."""
    login = session.login
    yield Check("handshake", Status.OK, f"the TWS greeted with {login.server_time!r}")
    yield _server_version(login)
    yield _accounts(login)
    yield _account_kind(login, expected, session.connection.port)
    yield Check("next order id", Status.OK, str(login.next_order_id))
    try:
        yield _orders_allowed(session)
        yield _clock(session)
        yield _market_data(session)
    except ConnectionFailed as failed:
        yield Check("connection", Status.FAIL, str(failed), "look at the TWS, and run the test again")


def _server_version(login: Login) -> Check:
    version = login.server_version
    if version >= FX_DATA_SERVER:
        return Check("server version", Status.OK, str(version))
    message = f"{version}: a TWS refuses market data of currency pairs below {FX_DATA_SERVER} (error {_OLD_API})"
    return Check("server version", Status.WARN, message, f"install a newer ibapi: {NEWER}")


def _accounts(login: Login) -> Check:
    if not login.accounts:
        return Check("accounts", Status.FAIL, "the session may trade no account", "log in to the TWS with another user")
    named = ", ".join(f"{name} ({kind_of(name, simulated=login.simulated)})" for name in login.accounts)
    return Check("accounts", Status.OK, named)


def _account_kind(login: Login, expected: Collection[str], port: int) -> Check:
    """Hold the accounts of the session against what the settings, and the port, lead to expect."""
    name = "account kind"
    missing = sorted(set(expected) - set(login.accounts))
    if missing:
        message = f"settings and plans name {', '.join(missing)}, which this session is not logged in to"
        return Check(
            name, Status.FAIL, message, "check the port and the login of the TWS, or the account in fxrun.yaml"
        )
    kinds = {kind_of(account, simulated=login.simulated) for account in expected or login.accounts}
    said = " and ".join(sorted(kinds)) or "none"
    usual = _USUAL_PORTS.get(port)
    if usual is not None and not login.simulated and kinds and kinds != {usual}:
        message = f"{said}, and port {port} is usually that of a {usual} account"
        return Check(name, Status.WARN, message, "make sure that this is the login that you mean")
    if not expected:
        return Check(name, Status.OK, f"{said}; no account is named in the settings, which live trading needs")
    return Check(name, Status.OK, f"{said}, and it is the account that settings and plans name")


def _orders_allowed(session: Asking) -> Check:
    """Ask for open orders: a TWS in Read-Only mode answers even that with 321."""
    name = "read-only API"
    try:
        session.collect(
            "the open orders",
            session.connection.request_open_orders,
            lambda fact, _: isinstance(fact, OpenOrdersEnd),
        )
    except AnswerRefused as refused:
        advice = "untick Global Configuration > API > Settings > Read-Only API"
        if refused.code != _READ_ONLY:
            advice = "look at the TWS's API settings"
        return Check(name, Status.FAIL, f"the TWS takes no orders: {refused.code} {refused.text}", advice)
    except NoAnswer:
        return Check(name, Status.WARN, "the TWS did not tell its open orders", "look at the TWS for a dialog")
    return Check(name, Status.OK, "off: the TWS takes orders from the API")


def _clock(session: Asking) -> Check:
    asked = datetime.now(UTC)
    try:
        *_, answer = session.collect(
            "its time", session.connection.request_current_time, lambda fact, _: isinstance(fact, CurrentTimeSeen)
        )
    except NoAnswer:
        return Check("clock", Status.WARN, "the TWS did not say what time it is", "run the test again")
    assert isinstance(answer, CurrentTimeSeen)
    middle = asked + (datetime.now(UTC) - asked) / 2
    # the answer is cut to whole seconds, so on average it is half a second old
    offset = (answer.at + timedelta(seconds=0.5) - middle).total_seconds()
    message = f"the TWS is {abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine (to 0.5 s)"
    advice = "set the clock of this machine by NTP: fires follow it"
    if abs(offset) > CLOCK_LIMIT and not session.login.simulated:
        return Check("clock", Status.FAIL, f"{message}; live trading refuses more than {CLOCK_LIMIT:.0f} s", advice)
    if abs(offset) > CLOCK_TOLERANCE:
        return Check("clock", Status.WARN, message, advice)
    return Check("clock", Status.OK, message)


def _market_data(session: Asking) -> Check:
    """Ask for one quote of EUR.USD; no more is needed to know whether limits that need a price can hold."""
    name, prices = "market data", {}

    def is_last(fact: Fact, request: int | None) -> bool:
        if isinstance(fact, TickSeen) and fact.request_id == request:
            prices[fact.field] = fact.price
        is_end = isinstance(fact, SnapshotEnd) and fact.request_id == request
        return is_end or prices.keys() >= {"bid", "ask"}

    told: list[Fact] = []
    try:
        told = session.collect("a quote", lambda: session.connection.request_snapshot(_ASKED_PAIR), is_last)
    except AnswerRefused as refused:
        return Check(
            name, Status.WARN, f"no quote of EUR.USD: {refused.code} {refused.text}", _data_advice(refused.code)
        )
    except NoAnswer:
        pass
    if prices.keys() >= {"bid", "ask"}:
        return Check(name, Status.OK, f"EUR.USD {plain(prices['bid'])} bid, {plain(prices['ask'])} ask")
    said = "; ".join(f"{fact.code} {fact.text}" for fact in told if isinstance(fact, NoticeSeen) and fact.about > 0)
    message = f"no quote of EUR.USD came{f' ({said})' if said else ''}"
    return Check(
        name, Status.WARN, message, "try again while the market is open; limits that need a price deny without"
    )


def _data_advice(code: int) -> str:
    if code == _OLD_API:
        return f"install a newer ibapi: {NEWER}"
    return "check the market data of this login in the TWS: limits that need a price deny orders without it"
