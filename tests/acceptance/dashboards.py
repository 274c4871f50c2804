"""What the tests of the dashboard share: a service with one, and raw requests to it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance import broker
from tests.acceptance.test_serve import SETTINGS, TICK, Served, served

FILE = "fxrun-dashboard.url"


@dataclass(frozen=True)
class Answer:
    """An answer as it came: nothing of a client's own is in between."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Shown:
    """A service whose dashboard answers."""

    service: Served
    port: int
    token: str
    file: Path

    @property
    def address(self) -> str:
        """What its owner opens."""
        return f"http://127.0.0.1:{self.port}/#token={self.token}"

    def raw(self, request: str) -> Answer:
        """Send bytes as they are, and read until the server is done with them."""
        with closing(socket.create_connection(("127.0.0.1", self.port), 10)) as line:
            line.settimeout(10)
            line.sendall(request.encode("latin-1"))
            heard = b""
            while data := line.recv(1 << 16):
                heard += data
        head, _, body = heard.decode("utf-8").partition("\r\n\r\n")
        first, *rest = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
        return Answer(int(first.split()[1]), headers, body)

    def ask(
        self, method: str, path: str, *, token: str | None = None, host: str | None = None, body: str = "", **more: str
    ) -> Answer:
        """Send a request; `more` are headers by their names with _ for -."""
        headers = {"Host": host or f"127.0.0.1:{self.port}", "Connection": "close"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body:
            headers["Content-Length"] = str(len(body))
        headers.update((name.replace("_", "-"), value) for name, value in more.items())
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        return self.raw(f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}")

    def change(self, path: str, wanted: Mapping[str, object], **more: str) -> Answer:
        """Ask for a change as the page does."""
        given = {"Content_Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        return self.ask("POST", path, token=self.token, body=json.dumps(wanted), **{**given, **more})


@contextmanager
def shown(folder: Path, *arguments: str) -> Iterator[Shown]:
    """Serve folder/plans with a dashboard on a port that the system picks."""
    with served(folder, "--dashboard=0", *arguments) as service:
        file = folder / "plans" / FILE
        service.wait(lambda: "dashboard:" in service.told and file.exists(), "the dashboard")
        head, _, token = file.read_text().strip().partition("#token=")
        yield Shown(service, int(head.rstrip("/").rpartition(":")[2]), token, file)


@contextmanager
def rehearsed(folder: Path, plans: Mapping[str, str], *arguments: str, now: str | None = None) -> Iterator[Shown]:
    """Do so with live plans, armed, at a gateway whose market is open; `plans` are texts by name, without mode.

    With `now` the gateway's time begins then, open or not.
    """
    there = folder / "plans"
    there.mkdir(mode=0o700, exist_ok=True)
    with broker.gateway(*(() if now is None else ("--from", now))) as port:
        (there / "fxrun.yaml").write_text(SETTINGS.format(port=port))
        for name, text in plans.items():
            (there / f"{name}.yaml").write_text(f"mode: live\n{text}")
        for file in there.iterdir():
            file.chmod(0o600)
        for name in plans:
            done = broker.run(folder, "arm", f"plans/{name}.yaml", "--rehearsal", "--yes", broker.ACCOUNT)
            assert done.returncode == 0, done.stderr
        with shown(folder, "--rehearsal", f"127.0.0.1:{port}", *arguments) as found:
            yield found


def tick(name: str, every: str = "1s", size: int = 20_000) -> str:
    """Return a plan that buys over and over."""
    return TICK.format(name=name, size=size).replace("every: 1s", f"every: {every}")
