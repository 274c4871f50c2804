"""Nothing is called audited where the database of holes could not be asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.release import audit


@contextmanager
def database(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b'{"vulnerabilities": [{"id": "PYSEC-2019-217"}]}', None),
        (200, b'{"vulnerabilities": []}', "knows no hole of it"),
        (200, b"<html>log in first</html>", "Expecting value"),
        (404, b"", "Not Found"),
    ],
)
def test_a_database_that_knows_no_holes_is_none(status: int, body: bytes, why: str | None) -> None:
    with database(status, body) as address:
        found = audit.why_not(address)
    assert found is None if why is None else why in str(found)


def test_where_it_cannot_be_reached_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(audit, "why_not", lambda: why_not(f"http://127.0.0.1:{port}"))
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("pip-audit: not run: unreachable (http://127.0.0.1:")


why_not = audit.why_not
