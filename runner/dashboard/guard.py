"""Who is answered: this machine, by this page, with the token.

The server listens on loopback, which keeps out other machines and nobody else. What is left is other users of this
machine, who lack the token, and pages of other sites in the owner's browser:

- a name that leads to 127.0.0.1 (DNS rebinding): the Host must be a loopback one, whatever port a tunnel gives it;
- forged requests: no cookie says who somebody is, so a foreign page has nothing to send along. The token travels in
  `Authorization`, which a foreign page may not set without being allowed to, and nobody is ever allowed (no CORS);
  on top of that every Origin must be that of the Host;
- framing, sniffing, injected text: headers on every answer, a content policy without inline script.

The page itself (`/`, `/static/`) is the same for everybody, and holds nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runner.cli.loopback import is_ours

READING = frozenset({"GET", "HEAD"})
_OPEN = re.compile(r"/|/static/[a-z.]+", re.ASCII)
_SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not looked at any further; never with a word of the request in it."""

    status: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the answers depend on."""

    token: str
    allow_control: bool


def judge(method: str, path: str, headers: Iterable[tuple[str, str]], rules: Rules) -> Refusal | None:
    """Return why a request is refused, None if it may be answered. Names of headers are in lower case."""
    found = list(headers)
    hosts = _values(found, "host")
    if len(hosts) != 1 or not is_ours(hosts[0]):
        return Refusal(421, "this is the dashboard of 127.0.0.1, and of no other host")
    origins = _values(found, "origin")
    if any(origin != f"http://{hosts[0]}" for origin in origins):
        return Refusal(403, "asked for by a page of another origin")
    is_open = method in READING and _OPEN.fullmatch(path) is not None
    if not is_open and _values(found, "sec-fetch-site") not in ([], ["same-origin"], ["none"]):
        return Refusal(403, "asked for by a page of another site")
    if is_open:
        return None
    if not _has_token(_values(found, "authorization"), rules.token):
        return Refusal(403, "the token is missing, or is not that of this service")
    return None if method in READING else _judge_change(origins, found, rules)


def _judge_change(origins: list[str], headers: list[tuple[str, str]], rules: Rules) -> Refusal | None:
    if len(origins) != 1:
        return Refusal(403, "a change must come from the dashboard's own page, and this request has no Origin")
    if not rules.allow_control:
        return Refusal(403, "this dashboard only reads; start the service with --allow-control")
    if _values(headers, "content-type") != ["application/json"]:
        return Refusal(403, "expected application/json")
    return None


def _values(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def _has_token(values: list[str], token: str) -> bool:
    given = values[0] if len(values) == 1 else ""
    return hmac.compare_digest(given.encode("latin-1", "replace"), f"Bearer {token}".encode())


class Guard:
    """An ASGI application around another: judges each request, and puts the security headers on each answer."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = judge(scope["method"], scope["path"], Headers(scope=scope).items(), self._rules)
            app = self._app if refusal is None else PlainTextResponse(refusal.reason + "\n", refusal.status)
            await app(scope, receive, _hardened(send))


def _hardened(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_SECURITY)
        await send(message)

    return sending
