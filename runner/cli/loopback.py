"""Servers of a service that this machine alone can reach: where they listen, and which Host they answer to.

Loopback keeps out other machines. A page of another site in the owner's browser may still ask, under a name of its own
that leads to 127.0.0.1 (DNS rebinding): so the Host must be a loopback one, whatever port a tunnel gives it.
"""

from __future__ import annotations

import re
import socket

from runner.errors import ConnectionFailed

HOST = "127.0.0.1"
_OURS = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.ASCII)


def listening(port: int, option: str) -> socket.socket:
    """Listen on a port, 0 for one that the system picks; raises ConnectionFailed, which names the option."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ConnectionFailed(
            f"{option}: {HOST}:{port} cannot be listened on ({error.strerror}); name another port with {option}=PORT, "
            "or 0 for any"
        ) from None


def is_ours(host: str) -> bool:
    """Tell whether a Host is one of this machine's own."""
    return _OURS.fullmatch(host) is not None
