"""Notifications of a real service: to a webhook, a mail server and a dead man's switch that listen on this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.acceptance import broker
from tests.acceptance.test_serve import SETTINGS, TICK, Served, served

SECRET = "tops3cret"


class Web:
    """A receiver of webhooks and pings that keeps what it gets."""

    def __init__(self, status: int = 200) -> None:
        self.got: list[dict[str, Any]] = []
        self.pings = 0
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def do_GET(self) -> None:
                kept.pings += 1
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    @property
    def titles(self) -> list[str]:
        return [str(one["title"]) for one in self.got]


@contextmanager
def web(status: int = 200) -> Iterator[Web]:
    made = Web(status)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()


class Letters:
    """What a mail server took."""

    def __init__(self) -> None:
        self.got: list[Message] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.got.append(message_from_bytes(envelope.content))
        return "250 OK"


def key(folder: Path, name: str, address: str) -> None:
    path = folder / name
    path.write_text(address + "\n")
    path.chmod(0o600)


@contextmanager
def rehearsed(folder: Path, notify: str, *gateway: str, **environ: str) -> Iterator[Served]:
    """Serve a rehearsal of two plans that trade each second, with the gateway's market open."""
    plans = folder / "plans"
    with broker.gateway(*gateway) as port:
        (plans / "fxrun.yaml").write_text(SETTINGS.format(port=port) + notify)
        for name in ("payroll", "other"):
            (plans / f"{name}.yaml").write_text("mode: live\n" + TICK.format(name=name, size=22_000))
            armed = broker.run(folder, "arm", f"plans/{name}.yaml", "--rehearsal", "--yes", "DU1234567")
            assert armed.returncode == 0, armed.stderr
        with served(folder, "--rehearsal", f"127.0.0.1:{port}", **environ) as service:
            yield service


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plans").mkdir(mode=0o700)
    return tmp_path


def test_fills_halt_digest_and_ping_arrive_and_no_secret_is_told(folder: Path) -> None:
    letters = Letters()
    mail = Controller(letters, hostname="127.0.0.1", port=free_port())
    mail.start()
    with web() as hook:
        key(folder / "plans", "hook.url", f"json://me:{SECRET}@127.0.0.1:{hook.port}/{SECRET}")
        notify = (
            "notify:\n  to:\n    - {url: 'file:hook.url', plans: [payroll], on: [fill]}\n    - {url: env:MAIL}\n"
            "  digest: 00:00\n  ping: env:PING\n"
        )
        with rehearsed(
            folder,
            notify,
            MAIL=f"mailto://127.0.0.1:{mail.port}/?from=fxrun@example.org&to=me@example.org&mode=insecure",
            PING=f"http://127.0.0.1:{hook.port}/{SECRET}",
        ) as service:
            service.wait(lambda: any("of payroll" in title for title in hook.titles), "a fill by webhook")
            service.wait(lambda: hook.pings, "a ping")
            service.wait(lambda: any("the day until" in str(one["Subject"]) for one in letters.got), "a digest")
            halted = broker.run(folder, "halt", "--journal", "plans/fxrun.db")
            assert halted.returncode == 0, halted.stderr
            service.wait(lambda: any("halt" in str(one["Subject"]) for one in letters.got), "a halt by mail")
            assert service.stop() == 0
            said = (folder / "out").read_bytes() + (folder / "err").read_bytes()
    mail.stop()
    fills = [one for one in hook.got if "fill" in one["title"]]
    assert all("REHEARSAL" in one["title"] and "other" not in one["message"] for one in fills)
    assert "payroll/main bought 22000 EUR.USD at 1." in fills[0]["message"]
    assert not any("halt" in title for title in hook.titles)
    halt = next(one for one in letters.got if "halt" in str(one["Subject"]))
    assert "fxrun resume --journal" in str(halt.get_payload(decode=True))
    assert sum("the day until" in title for title in hook.titles) == 1
    assert SECRET.encode() not in said
    assert not any(SECRET.encode() in path.read_bytes() for path in (folder / "plans").glob("fxrun*"))


def test_an_order_that_the_broker_rejects_is_told(folder: Path) -> None:
    with web() as hook:
        key(folder / "plans", "hook.url", f"json://127.0.0.1:{hook.port}/")
        with rehearsed(folder, "notify: {to: [{url: 'file:hook.url'}]}\n", "--fill", "reject=100") as service:
            service.wait(lambda: any("rejected order" in title for title in hook.titles), "a word about it")
            assert service.stop() == 0
    assert any("rejected (" in one["message"] and "fxrun orders --journal" in one["message"] for one in hook.got)


def test_receivers_that_hang_or_refuse_do_not_hold_up_trading(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung, web(500) as refusing:
        key(folder / "plans", "a.url", f"json://127.0.0.1:{hung.getsockname()[1]}/{SECRET}")
        key(folder / "plans", "b.url", f"json://127.0.0.1:{refusing.port}/{SECRET}")
        notify = "notify: {to: [{url: 'file:a.url'}, {url: 'file:b.url'}]}\n"
        with rehearsed(folder, notify) as service:
            service.wait(lambda: "file:a.url does not take messages" in service.told, "a word about the hung one")
            service.wait(lambda: "file:b.url does not take messages" in service.told, "a word about the refusing one")
            before = service.sent("payroll")
            service.wait(lambda: service.sent("payroll") > before + 2, "more orders")
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 8
        assert service.told.count("does not take messages") == 2
    assert SECRET not in service.told


def test_the_command_says_what_came_of_each_message(folder: Path) -> None:
    with web() as good, web(500) as bad:
        settings = "notify: {to: [{url: env:GOOD}, {url: env:BAD}]}\n"
        environ = {
            "GOOD": f"json://127.0.0.1:{good.port}/{SECRET}",
            "BAD": f"json://127.0.0.1:{bad.port}/{SECRET}",
        }
        done = broker.run(folder, "notify", settings=settings, **environ)
        one = broker.run(folder, "notify", "--to", "1", **environ)
        missing = broker.run(folder, "notify", "--to", "1", GOOD="")
    assert done.returncode == 5
    assert done.stdout.splitlines()[0] == "1: env:GOOD: taken"
    assert done.stdout.splitlines()[1].startswith("2: env:BAD: NOT TAKEN")
    assert (one.returncode, one.stdout) == (0, "1: env:GOOD: taken\n")
    assert (missing.returncode, "set the variable GOOD" in missing.stderr) == (2, True)
    assert good.titles == ["fxrun: a test message"] * 2
    assert not any(SECRET in text for run in (done, one, missing) for text in (run.stdout, run.stderr))


def test_a_file_that_others_may_read_stops_the_service(folder: Path) -> None:
    key(folder / "plans", "a.url", f"json://127.0.0.1/{SECRET}")
    (folder / "plans" / "a.url").chmod(0o644)
    (folder / "plans" / "fxrun.yaml").write_text("notify: {to: [{url: 'file:a.url'}]}\n")
    done = broker.run(folder, "serve", "plans")
    assert (done.returncode, "chmod 600" in done.stderr, SECRET in done.stderr) == (2, True, False), done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
