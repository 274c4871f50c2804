"""Whether the TWS runs on this machine: what travels to it is neither encrypted nor signed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from runner.settings.model import Settings

Resolve = Callable[..., Any]  # socket.getaddrinfo, or what a test puts in its place


def remote_reason(settings: Settings, resolve: Resolve = socket.getaddrinfo) -> str | None:
    """Say why the host of the settings may not be connected to; None if it is this machine, or allowed."""
    if settings.allow_remote:
        return None
    host, origin = settings.host, settings.origin("connection.host")
    advice = "use 127.0.0.1, or a tunnel that ends there; connection.allow_remote: true in fxrun.yaml allows it"
    addresses = _addresses(settings, resolve)
    if not addresses:
        return f"connection.host ({origin}) has no address: found {host}; {advice}"
    for address in addresses:
        if not _is_loopback(address):
            found = host if host == address else f"{host}, which is {address}"
            return f"connection.host ({origin}) is not this machine: found {found}; {advice}"
    return None


def _addresses(settings: Settings, resolve: Resolve) -> tuple[str, ...]:
    try:
        return (str(ip_address(settings.host)),)
    except ValueError:
        pass
    try:
        found = resolve(settings.host, settings.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        return ()
    return tuple(str(row[4][0]) for row in found)


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
