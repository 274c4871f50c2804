"""`fxrun serve --metrics` from outside: what a Prometheus reads, held against the journal, and who is not answered."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

pytest.importorskip("prometheus_client", reason="metrics are an extra: pip install 'fxrun[metrics]'")

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from runner.cli.onlookers import METRICS
from runner.core.times import stamp
from runner.metrics import table
from tests.acceptance import broker
from tests.acceptance.doc_blocks import YAML, blocks
from tests.acceptance.test_serve import SETTINGS, TICK, Served, served

ROOT = Path(__file__).parents[2]
HIDDEN = "import sys; sys.modules['prometheus_client'] = None; from runner.cli.main import main; "
WITHOUT = f"{HIDDEN} sys.exit(main(sys.argv[1:]))"
Values = Mapping[tuple[str, ...], float]


class Scraped:
    """The metrics of one scrape, by name, and by the values of the labels in the order of the table."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._labels = {one.name: one.labels for one in table.METRICS}

    def values(self, name: str, sample: str = "") -> Values:
        labels = self._labels[name]
        return {
            tuple(one.labels[label] for label in labels): one.value
            for family in self.families
            for one in family.samples
            if one.name == (sample or name)
        }

    def one(self, name: str, *labels: str, sample: str = "") -> float:
        return self.values(name, sample)[labels]


def ask(port: int, request: str) -> tuple[int, str, str]:
    """Send bytes as they are; returns status, head and body."""
    with closing(socket.create_connection(("127.0.0.1", port), 10)) as line:
        line.settimeout(10)
        line.sendall(request.encode("latin-1"))
        heard = b""
        while data := line.recv(1 << 16):
            heard += data
    head, _, body = heard.decode().partition("\r\n\r\n")
    return int(head.split()[1]), head, body


def get(port: int, host: str | None = None, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
    return ask(port, f"{method} {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\nConnection: close\r\n\r\n")


def scrape(port: int) -> Scraped:
    status, _, body = get(port)
    assert status == 200, body
    return Scraped(body)


@contextmanager
def measured(folder: Path, *arguments: str) -> Iterator[tuple[Served, int]]:
    with served(folder, "--metrics=0", *arguments) as service:
        service.wait(lambda: "metrics: http" in service.told, "the endpoint")
        found = re.search(r"metrics: http://127\.0\.0\.1:(\d+)/metrics", service.told)
        assert found is not None
        yield service, int(found[1])


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    made = tmp_path / "plans"
    made.mkdir(mode=0o700)
    return made


def counted(journal: Path, statement: str) -> dict[str, float]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        return dict(database.execute(statement).fetchall())


def rehearsal(folder: Path, port: int) -> Path:
    """Put two live plans there, armed: one whose fires end in some seconds, one that is denied for its size."""
    until = stamp(datetime.now(UTC) + timedelta(seconds=25))
    (folder / "fxrun.yaml").write_text(f"{SETTINGS.format(port=port)}notify: {{to: [{{url: file:hook.url}}]}}\n")
    (folder / "hook.url").write_text("json://127.0.0.1:1/\n")  # where nobody takes a message
    for name, size in (("buys", 20_000), ("too-much", 200_000)):
        text = TICK.format(name=name, size=size).replace("every: 1s", f'every: 1s, until: "{until}"')
        (folder / f"{name}.yaml").write_text(f"mode: live\n{text}")
    for file in folder.iterdir():
        file.chmod(0o600)
    for name in ("buys", "too-much"):
        done = broker.run(folder.parent, "arm", f"plans/{name}.yaml", "--rehearsal", "--yes", broker.ACCOUNT)
        assert done.returncode == 0, done.stderr
    return folder / "fxrun.db"


def test_what_is_scraped_is_what_the_journal_says(tmp_path: Path, plans: Path) -> None:
    with broker.gateway() as gateway:
        journal = rehearsal(plans, gateway)
        (plans / "broken.yaml").write_text("plan: broken\n")
        with measured(tmp_path, "--rehearsal", f"127.0.0.1:{gateway}") as (service, port):
            service.wait(lambda: service.sent("buys") >= 2, "two orders")
            first = scrape(port)
            fires = "SELECT state, count(*) FROM fire WHERE state IS NOT NULL GROUP BY state"
            service.wait(lambda: sum(counted(journal, fires).values()) == _finite(journal), "the last fire")
            time.sleep(2.5)  # two signs of life of the lane
            second = scrape(port)
            told = counted(journal, fires)
            assert told["sent"] > 3
            assert told["denied"] > 3
            for outcome in ("sent", "skipped", "missed", "denied"):
                assert second.one("fxrun_fires_total", "live", outcome) == told.get(outcome, 0)
                assert first.one("fxrun_fires_total", "live", outcome) <= told.get(outcome, 0)
            assert 2 <= first.one("fxrun_fires_total", "live", "sent") < told["sent"]
            assert second.values("fxrun_plan_fires") == {
                ("live", *key.split()): number
                for key, number in counted(
                    journal, "SELECT plan || ' ' || state, count(*) FROM fire GROUP BY plan, state"
                ).items()
            }
            orders = counted(journal, "SELECT state, count(*) FROM intent GROUP BY state")
            for (lane, state), number in second.values("fxrun_orders").items():
                assert lane == "simulate" or number == orders.get(state, 0), state
            _check_histograms(second, journal)
            _check_standing(second)
            assert broker.ACCOUNT not in second.text
            assert broker.run(tmp_path, "halt", "--journal", journal).returncode == 0
            time.sleep(0.5)
            assert scrape(port).one("fxrun_halted", "live") == 1
        assert "Traceback" not in service.told


def _finite(journal: Path) -> float:
    """Count the fires that both plans have had once no more come."""
    span = (
        "SELECT 'n', 2 * count(DISTINCT due) FROM fire WHERE (SELECT max(due) FROM fire) < "
        "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-3 seconds')"
    )
    return counted(journal, span)["n"]


def _check_histograms(scraped: Scraped, journal: Path) -> None:
    sent = counted(journal, "SELECT 'n', count(*) FROM fire WHERE state = 'sent'")["n"]
    late = counted(
        journal,
        "SELECT 'n', sum((julianday(a.at) - julianday(f.due)) * 86400) "
        "FROM arrival a JOIN fire f USING (plan, order_name, fire)",
    )["n"]
    name = "fxrun_fire_lateness_seconds"
    assert scraped.one(name, "live", sample=f"{name}_count") == sent
    assert scraped.one(name, "live", sample=f"{name}_sum") == pytest.approx(late, abs=0.5 * sent)
    name = "fxrun_order_round_trip_seconds"
    assert scraped.one(name, "live", sample=f"{name}_count") == sent
    assert 0 < scraped.one(name, "live", sample=f"{name}_sum") < 10 * sent
    name = "fxrun_journal_commit_seconds"
    assert scraped.one(name, "live", sample=f"{name}_count") >= 2 * sent, "one for each claim, denied ones among them"


def _answers(port: int) -> bool:
    try:
        return get(port)[0] == 200
    except (OSError, IndexError):  # turned away
        return False


def _check_openmetrics(port: int) -> None:
    """Prometheus asks for the newer form if it can."""
    wanted = "Accept: application/openmetrics-text; version=1.0.0"
    status, head, body = ask(
        port, f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{wanted}\r\nConnection: close\r\n\r\n"
    )
    assert (status, "application/openmetrics-text" in head) == (200, True)
    assert {one.name for one in openmetrics(body)} >= {"fxrun_lane_up", "fxrun_fires"}


def _check_standing(scraped: Scraped) -> None:
    assert scraped.values("fxrun_lane_up") == {("live", "rehearsal"): 1, ("simulate", "simulate"): 1}
    assert scraped.values("fxrun_plans") == {("live",): 2, ("simulate",): 0}
    assert scraped.one("fxrun_plan_problems") > 0
    assert scraped.values("fxrun_fires_waiting") == {("live",): 0, ("simulate",): 0}
    assert scraped.values("fxrun_journal_readable") == {("live",): 1, ("simulate",): 1}
    assert {key: value for key, value in scraped.values("fxrun_connection").items() if value} == {("live", "ready"): 1}
    assert scraped.one("fxrun_halted", "live") == 0
    by_name = {one.name: one for one in table.METRICS}
    for family in scraped.families:
        name = family.name + "_total" * (family.type == "counter")
        metric = by_name.pop(name)
        assert (family.type, family.documentation) == (metric.kind.value, metric.help)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
    assert not by_name
    assert scraped.one("fxrun_notifications_total", "taken") == 0
    assert scraped.one("fxrun_notifications_total", "failed") >= 1


def test_a_lane_that_is_down_is_seen_with_its_connection(tmp_path: Path, plans: Path) -> None:
    with broker.gateway() as gateway:
        rehearsal(plans, gateway)
        with measured(tmp_path, "--rehearsal", f"127.0.0.1:{gateway}") as (service, port):
            service.wait(lambda: service.sent("buys"), "an order")
            for lane in service.lanes():
                os.kill(lane, 9)
            service.wait(lambda: scrape(port).one("fxrun_lane_up", "live", "rehearsal") == 0, "the lane that is down")
            down = scrape(port)
            if down.one("fxrun_lane_up", "live", "rehearsal") == 0:
                assert down.one("fxrun_connection", "live", "ready") == 0
            service.wait(lambda: scrape(port).one("fxrun_lane_up", "live", "rehearsal") == 1, "the lane again")


def test_only_this_machine_is_answered_and_only_there(tmp_path: Path, plans: Path) -> None:
    with measured(tmp_path) as (service, port):
        assert get(port, f"localhost:{port}")[0] == 200
        assert "fxrun_notifications" not in get(port)[2], "where nobody is notified"
        _check_openmetrics(port)
        assert get(port, "127.0.0.1:9999")[0] == 200, "a tunnel has a port of its own"
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[::2]", "127.0.0.1@evil"):
            status, head, body = get(port, host)
            assert (status, "fxrun_" in body) == (421, False), host
            assert "nosniff" in head
        assert ask(port, "GET /metrics HTTP/1.0\r\n\r\n")[0] == 421
        twice = f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        assert ask(port, twice)[0] == 421
        assert get(port, path="/")[0] == 404
        assert get(port, path="/metrics/../etc")[0] == 404
        assert get(port, method="POST")[0] == 405
        with socket.create_connection(("127.0.0.1", port), 10) as silent:
            silent.sendall(b"GET /metrics HTTP/1.1\r\n")
            assert get(port)[0] == 200, "one that says nothing more is in nobody's way"
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            service.wait(lambda: _answers(port), "an answer once those who say nothing are turned away")
        assert service.stop() == 0
        assert "Traceback" not in service.told
        with pytest.raises(OSError, match="refused"):
            get(port)


def test_a_port_in_use_ends_it_before_anything_runs(tmp_path: Path, plans: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = broker.run(tmp_path, "serve", "plans", f"--metrics={port}")
    assert done.returncode == 5
    assert f"--metrics: 127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "name another port with --metrics=PORT, or 0 for any" in done.stderr
    assert not list(plans.glob("*.db")), "no lane was started"


@pytest.mark.parametrize("arguments", [["--metrics", "plans"], ["plans", "--metrics=70000"]])
def test_what_is_no_port_is_a_usage_error(arguments: list[str], tmp_path: Path, plans: Path) -> None:
    done = broker.run(tmp_path, "serve", *arguments)
    assert (done.returncode, "write DIR before it, or --metrics=9497" in done.stderr) == (2, True), done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, plans: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "serve", "plans", "--metrics"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--metrics needs prometheus_client; install it with: pip install 'fxrun[metrics]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_tells_prometheus_where_it_is_by_default() -> None:
    (block,) = [one for one in blocks("docs/metrics.md") if one.language == YAML]
    (job,) = yaml.safe_load(block.text)["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{METRICS}"]}]


def test_nothing_of_it_is_imported_without_the_option() -> None:
    code = "import sys; import runner.cli.commands.serve, runner.cli.commands.service; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert {"prometheus_client", "wsgiref", "http"}.isdisjoint(done.stdout.split())
