"""One message for each way in which a session does not come about; each says what to do."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.facts import LoginFailed
from runner.errors import ConnectionFailed


class NoSession(ConnectionFailed):
    """No session came about: what happened, and what to do; `code` is the TWS's own, if it gave one."""

    def __init__(self, what: str, advice: str, code: int | None = None) -> None:
        super().__init__(f"{what}: {advice}")
        self.what = what
        self.advice = advice
        self.code = code

    def fact(self) -> LoginFailed:
        """Say it as a fact."""
        return LoginFailed(what=self.what, advice=self.advice, is_final=isinstance(self, Final), code=self.code)


class Final(NoSession):
    """Trying again would not help."""


@dataclass(frozen=True, slots=True)
class Where:
    """The address that was tried, and for how long."""

    host: str
    port: int
    timeout: float

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def nothing_listens(where: Where) -> NoSession:
    """Nobody has the port open."""
    return NoSession(
        f"nothing listens at {where}",
        f"start TWS or IB Gateway, or to rehearse fxrun gateway --port {where.port}; in a TWS tick Global "
        'Configuration > API > Settings > "Enable ActiveX and Socket Clients", '
        "and compare the port (usual: TWS 7497 paper, 7496 live; IB Gateway 4002 paper, 4001 live)",
    )


def unknown_host(where: Where, *, is_final: bool) -> NoSession:
    """The name has no address, or nobody could say now which it has."""
    if not is_final:
        return NoSession(f"the host name {where.host!r} could not be looked up", "check the network, or use an address")
    return Final(f"the host name {where.host!r} is not known", "check --host, usually 127.0.0.1")


def unreachable(where: Where) -> NoSession:
    """No answer to the TCP handshake."""
    return NoSession(
        f"{where} cannot be reached (waited {where.timeout:g} s)", "check the host, the network and its firewall"
    )


def other(where: Where, reason: str) -> NoSession:
    """The system refused for a reason of its own."""
    return Final(f"no connection to {where}, {reason}", "check host and port")


def in_handshake(where: Where, kind: str, detail: str) -> NoSession:
    """The peer was reached and did not greet as a TWS."""
    if kind == "silent":
        return NoSession(
            f"{where} accepts connections but said nothing for {where.timeout:g} s",
            "look at the TWS for a dialog that asks to accept the connection, restart it if it hangs, and check that "
            "the port is its API port",
        )
    if kind == "closed":
        return NoSession(
            f"{where} broke off in the handshake ({detail})",
            "add this machine to the Trusted IPs in the TWS's API settings, and check that no more than 32 clients "
            "are connected",
        )
    return Final(f"what answers at {where} is not a TWS ({detail})", "check the port")


def too_old(where: Where, version: int, oldest: int) -> NoSession:
    """The TWS is older than anything fxrun is tested with."""
    return Final(
        f"the TWS at {where} has server version {version}, fxrun needs {oldest} or newer",
        "install a current TWS or IB Gateway",
    )


def id_in_use(where: Where, client_id: int) -> NoSession:
    """Code 326."""
    return NoSession(
        f"client id {client_id} is already in use at {where}",
        "end the other program that uses it; one that has just ended frees its id within seconds",
        code=326,
    )


def closed_at_login(where: Where, reason: str, said: str) -> NoSession:
    """The greeting went well, the session did not."""
    answer = f", after saying: {said}" if said else ""
    return NoSession(
        f"{where} ended the session before it was ready ({reason}{answer})",
        "look at the TWS for a dialog, and check its API settings",
    )


def not_ready(where: Where, said: str) -> NoSession:
    """No accounts, or no order id, in time."""
    answer = f" (it said: {said})" if said else ""
    return NoSession(
        f"{where} greeted but did not name its accounts and the next order id within {where.timeout:g} s{answer}",
        "check that the TWS is logged in, or allow more time with --timeout",
    )
