"""The endpoint that Prometheus scrapes: threads of the service, on loopback; nothing of an account is told there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from runner.cli import loopback
from runner.cli.observing import Record, Serving
from runner.metrics.collector import Deliveries, Facts
from runner.metrics.look import Looker

if TYPE_CHECKING:
    from socket import socket
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/metrics"
_PATIENCE = 5.0  # seconds that a client may be silent
_MOST = 16  # clients at once
_SECURITY = [
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]


class Metrics:
    """An observer of a service; it is asked, and is told nothing."""

    def __init__(self, serving: Serving, port: int, *, now: Callable[[], datetime], deliveries: Deliveries) -> None:
        """Listen on a port, 0 for one that the system picks; raises ConnectionFailed if it is in use."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Facts(Looker(serving, now), lambda: len(serving.problems()), deliveries))
        self._server = _Server(loopback.listening(port, "--metrics"), guarded(make_wsgi_app(registry)))
        self.address = f"http://{loopback.HOST}:{self._server.server_port}{PATH}"
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def happened(self, lane: str, record: Record) -> None:
        """Do nothing: what is measured is in the journals, and in what the lanes count themselves."""

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


def guarded(app: WSGIApplication) -> WSGIApplication:
    """Let an application answer GET /metrics, and only where the Host is this machine's own."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not loopback.is_ours(environ.get("HTTP_HOST", "")):
            return _refuse(start_response, "421 Misdirected Request", "this is 127.0.0.1, and no other host")
        if environ["PATH_INFO"] != PATH:
            return _refuse(start_response, "404 Not Found", f"there is {PATH} here, and nothing else")
        if environ["REQUEST_METHOD"] != "GET":
            return _refuse(start_response, "405 Method Not Allowed", f"GET {PATH} is all that is answered")
        return app(environ, lambda status, headers, *rest: start_response(status, [*headers, *_SECURITY], *rest))

    return answer


def _refuse(start_response: StartResponse, status: str, reason: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *_SECURITY])
    return [f"{reason}\n".encode()]


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing: stderr is the service's."""


class _Server(ThreadingMixIn, WSGIServer):
    """Answers on threads that end with their clients; too many clients at once are turned away."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket, app: WSGIApplication) -> None:
        super().__init__((loopback.HOST, 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_address = listening.getsockname()
        self.server_name, self.server_port = loopback.HOST, self.server_address[1]
        self._free = threading.BoundedSemaphore(_MOST)
        self.setup_environ()
        self.set_app(app)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Answer on a thread of its own, if there is one left."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Give the place back at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""
