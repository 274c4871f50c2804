"""`fxrun report`, and `--html` of a run: as typed, on journals that runs have written."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import schemas
from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.journal.control import Ledger
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from tests.acceptance.broker import gateway, run, ticket

PLANS = """plan: p
orders:
- {id: in, contract: EUR.USD, side: buy, size: 30_000, schedule: {cron: "0 9 * * mon-fri"}}
- {id: out, contract: EUR.USD, side: sell, size: 25_000, schedule: {cron: "0 15 * * mon-fri"}}
- id: yen
  contract: USD.JPY
  side: buy
  size: 30_000
  order: {type: limit, price: bid - 1 pip}
  schedule: {cron: "0 10 * * mon-fri"}
"""
SPAN = ("--from", "2025-01-06", "--until", "2025-01-18")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, the journal of two weeks of it, and the page of that run."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "p.yaml").write_text(PLANS)
    done = run(folder, "p.yaml", "--simulate", *SPAN, "--journal", "j.db", "--html", "run.html")
    assert done.returncode == 0, done.stderr
    assert "written: run.html" in done.stderr
    return folder


class _Page(HTMLParser):
    """What of a page matters here: where it leads, its scripts and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self._script: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "poster")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag == "script":
            self._script = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.scripts.append("".join(self._script))
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
        else:
            self.text += data


def test_the_page_of_a_run_is_whole_and_leads_nowhere_but_to_the_maker_of_its_plots(written: Path) -> None:
    text = (written / "run.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert [link for link in page.links if not link.startswith("#")] == ["https://www.tradingview.com/"]
    assert not {"iframe", "img", "link", "object", "embed", "form", "base"} & set(page.tags)
    assert "default-src 'none'" in text
    assert "All is well" in page.text
    data = json.loads(page.scripts[0])
    assert set(data["prices"]) == {"EUR.USD", "USD.JPY"}
    assert set(data["exposure"]) == {"EUR", "JPY", "USD"}
    assert len(data["equity"]) > 100  # by the hour
    assert len(data["prices"]["EUR.USD"]["fills"]) == 20


def test_two_runs_write_the_same_bytes_and_one_page_replaces_another(written: Path, tmp_path: Path) -> None:
    shutil.copy(written / "p.yaml", tmp_path)
    for _ in range(2):
        assert run(tmp_path, "p.yaml", "--simulate", *SPAN, "--html", "run.html").returncode == 0
        assert (tmp_path / "run.html").read_bytes() == (written / "run.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.yaml", "run.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--html", "none/run.html"), "the folder none does not exist"),
        (("--html", "folder"), "is a folder; name a file"),
        (("--html", "p.yaml"), "exists and is no page of fxrun"),
        (("--html", "x.html", "--dry-run"), "nothing to report"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused_before_anything_runs(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "p.yaml").write_text(PLANS)
    (tmp_path / "folder").mkdir()
    done = run(tmp_path, "p.yaml", "--simulate", *SPAN, *arguments, "--journal", "j.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (tmp_path / "j.db").exists()
    assert (tmp_path / "p.yaml").read_text() == PLANS


def test_a_page_that_cannot_be_written_at_the_end_takes_nothing_from_the_run(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLANS)
    run(tmp_path, "p.yaml", "--simulate", *SPAN, "--journal", "a.db")
    limited = f"{PLANS}limits: {{max_daily_quantity: 30_000}}\n"
    for plan, own, journal in ((PLANS, 1, "b.db"), (limited, 3, "c.db")):  # 1 only where all else was fine
        (tmp_path / "p.yaml").write_text(plan)
        done = run(tmp_path, "p.yaml", "--simulate", *SPAN, "--journal", journal, "--html", "/proc/r.html", "--json")
        assert done.returncode == own, done.stderr
        assert "fxrun: --html /proc/r.html: cannot be written" in done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["type"] == "summary"
    with Ledger(tmp_path / "b.db") as ledger, Ledger(tmp_path / "a.db") as plain:
        assert [row.state for row in ledger.orders()] == [row.state for row in plain.orders()]
        assert [row.closed_with_run for row in ledger.orders()] == [row.closed_with_run for row in plain.orders()]


def test_json_fits_its_schema_and_says_what_the_run_said(written: Path) -> None:
    done = run(written, "report", "--journal", "j.db", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert [error.message for error in Draft202012Validator(schemas.load("report")).iter_errors(report)] == []
    (eur,) = [one for one in report["plans"] if one["contract"] == "EUR.USD"]
    assert (eur["bought"], eur["sold"], eur["position"]) == ("300000", "250000", "50000")
    assert report["outcomes"]["done"] == len(report["fires"]) == 30
    assert report["account"] == "DU***567"
    assert all(fill["quote"] is not None for fill in report["fills"])
    market = [fill for fill in report["fills"] if fill["order"] in ("in", "out")]
    assert {fill["slippage"] for fill in market} == {"0"}  # the simulated market fills at what it quotes
    assert {Decimal(fill["half_spread"]) > 0 for fill in market} == {True}
    assert {Decimal(fill["slippage"]) < 0 for fill in report["fills"] if fill["order"] == "yen"} == {True}


def test_a_period_is_from_its_first_instant_to_before_its_end(written: Path) -> None:
    span = ("--from", "2025-01-07T09:00:00", "--until", "2025-01-08T09:00:00")
    report = json.loads(run(written, "report", "--journal", "j.db", *span, "--json").stdout)
    assert {fire["time"] for fire in report["fires"]} == {
        "2025-01-07T09:00:00Z", "2025-01-07T10:00:00Z", "2025-01-07T15:00:00Z",
    }  # fmt: skip
    assert report["fills"][0]["time"] == "2025-01-07T09:00:00Z"
    assert report["plans"][0]["position"] == "10000"  # with what was left from the day before
    whole = json.loads(run(written, "report", "--journal", "j.db", "--json").stdout)
    days = [("--from", f"2025-01-{day:02}", "--until", f"2025-01-{day + 1:02}") for day in range(6, 18)]
    parts = [json.loads(run(written, "report", "--journal", "j.db", *day, "--json").stdout) for day in days]
    assert sum(Decimal(part["realized"].get("USD", "0")) for part in parts) == Decimal(whole["realized"]["USD"])
    done = run(written, "report", "--journal", "j.db", "--from", "2025-01-08", "--until", "2025-01-07")
    assert (done.returncode, done.stdout) == (2, "")


def test_csv_has_what_json_has_and_is_replaced_but_never_somebody_elses(written: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = run(written, "report", "--journal", "j.db", "--csv", str(tmp_path / "new" / "out"))
        assert done.returncode == 0, done.stderr
    report = json.loads(run(written, "report", "--journal", "j.db", "--json").stdout)
    files = {path.name: path.read_bytes() for path in (tmp_path / "new" / "out").iterdir()}
    assert set(files) == {
        f"{name}.csv"
        for name in ("plans", "commissions", "fills", "orders", "fires", "days", "equity", "exposure", "prices")
    }
    fills = _rows(files["fills.csv"])
    assert [row["exec_id"] for row in fills] == [fill["exec_id"] for fill in report["fills"]]
    assert [Decimal(row["price"]) for row in fills] == [Decimal(fill["price"]) for fill in report["fills"]]
    assert sum(Decimal(row["realized"]) for row in _rows(files["plans.csv"]) if row["currency"] == "USD") == Decimal(
        report["realized"]["USD"]
    )
    assert fills[0]["time (UTC)"] == "2025-01-06 09:00:00"
    (tmp_path / "orders.csv").write_text("mine\n")
    done = run(written, "report", "--journal", "j.db", "--csv", str(tmp_path))
    assert done.returncode == 2
    assert "orders.csv in it is not of fxrun" in done.stderr
    assert (tmp_path / "orders.csv").read_text() == "mine\n"


def _rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith("\ufeff".encode())
    assert content.count(b"\r\n") == content.count(b"\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")\u2028\u202e</script><!--&amp;'


def test_what_a_broker_writes_is_text_wherever_it_is_shown(tmp_path: Path) -> None:
    path = _rejected(tmp_path, HOSTILE)
    done = run(tmp_path, "report", "--journal", path.name, "--html", "r.html", "--csv", "out", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["orders"][0]["note"] == HOSTILE
    assert (report["well"], report["days"][0]["outcome"]) == (False, "rejected")
    page = _Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.text.count("<script>alert(1)</script>") == 3  # the list of what was not done, blotter, fires
    assert all("alert(1)" not in script for script in page.scripts)
    (order,) = _rows((tmp_path / "out" / "orders.csv").read_bytes())
    assert order["note"] == f"'{HOSTILE}"
    text = run(tmp_path, "report", "--journal", path.name)
    assert "Something needs your attention." in text.stdout


def _rejected(folder: Path, note: str) -> Path:
    path, now, one = folder / "j.db", datetime(2025, 1, 6, 9, tzinfo=UTC), ticket()
    row = FireRow(plan="held", order="main", fire="once", due=now, state=FireState.SENT, reason=None)
    with closing(Journal(str(path))) as journal:
        journal.bind("live", "U1234567")
        journal.open_run(now)
        assert journal.claim(row, (one,))
        state: dict[str, Any] = {"state": OrderState.REJECTED, "filled": Decimal(0), "note": note}
        rest: dict[str, Any] = {"average_price": None, "perm_id": 7, "closed_with_run": False}
        journal.set_order(OrderRow(ticket=replace(one), **state, **rest))
        journal.record_sent([(one, 1)], client_id=1)
        journal.set_order(OrderRow(ticket=one, **state, **rest))
    return path


def test_a_rehearsal_is_reported_at_its_end_and_again_from_its_journal(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 2s}\n")
    with gateway() as port:
        until = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 12, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        options = ("--journal", "j.db", "--until", until, "--html", "run.html")
        done = run(tmp_path, "p.yaml", "--rehearsal", f"127.0.0.1:{port}", *options)
    assert done.returncode == 0, done.stderr
    assert "REHEARSAL written: run.html" in done.stderr
    page = _Page((tmp_path / "run.html").read_text(encoding="utf-8"))
    assert "rehearsal" in page.text
    report = json.loads(run(tmp_path, "report", "--journal", "j.db", "--json").stdout)
    assert (report["mode"], report["account_currency"]) == ("rehearsal", "USD")
    assert report["account_currency_told"] == "told by the account"
    assert len(report["fills"]) >= 1
    late = [Decimal(fire["seconds_late"]) for fire in report["fires"]]
    assert all(0 <= seconds < 2 for seconds in late)


def test_a_journal_that_is_not_there_or_damaged_is_told_as_by_the_others(tmp_path: Path) -> None:
    done = run(tmp_path, "report", "--journal", "none.db", "--html", "r.html")
    assert (done.returncode, done.stdout) == (2, "")
    (tmp_path / "bad.db").write_text("no journal" * 1000)
    assert run(tmp_path, "report", "--journal", "bad.db").returncode == 3
    assert not (tmp_path / "r.html").exists()


def test_an_empty_journal_is_reported_as_one(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLANS)
    span = ("--from", "2025-01-04", "--until", "2025-01-05")  # a Saturday
    assert run(tmp_path, "p.yaml", "--simulate", *span, "--journal", "j.db", "--html", "run.html").returncode == 0
    assert "Nothing happened" in _Page((tmp_path / "run.html").read_text(encoding="utf-8")).text
    done = run(tmp_path, "report", "--journal", "j.db", "--html", "r.html", "--csv", "out")
    assert done.returncode == 0, done.stderr
    assert "Nothing happened" in done.stdout
    assert len((tmp_path / "r.html").read_bytes()) < 40_000  # no plots, and so no script for them
