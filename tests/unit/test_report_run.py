"""What a run's page is of, what is known beside its journal, and which files a report may replace."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.cli import reporting
from runner.core.contract import ContractSpec
from runner.core.events import FireState
from runner.core.ticket import Side
from runner.errors import FxrunError, UsageError
from runner.gateway.market import SyntheticMarket
from runner.gateway.reference import Reference
from runner.journal.rows import FireRow, History
from runner.journal.store import Journal
from runner.report import page, sheets
from runner.report.build import Background, build
from runner.report.lines import Period, Source
from tests.unit.test_report_figures import execution, history, order
from tests.unit.test_report_worlds import deal

START = datetime(2025, 1, 6, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STOCK = ContractSpec(symbol="AAPL", currency="USD", sec_type="STK", exchange="SMART", local_symbol="AAPL")
FUTURE = ContractSpec(symbol="EUR", currency="USD", sec_type="FUT", local_symbol="6EH5", multiplier=Decimal(125_000))


def fire(journal: Journal, due: datetime, state: FireState) -> None:
    journal.record_unsent([FireRow(plan="p", order="main", fire=f"{due:%H%M}", due=due, state=state, reason="r")])


def test_the_page_of_a_run_has_what_it_found_missed_from_before_it(tmp_path: Path) -> None:
    with closing(Journal(str(tmp_path / "j.db"))) as journal:
        journal.bind("rehearsal", "DU1234567")
        journal.open_run(START - 9 * HOUR)
        fire(journal, START - 8 * HOUR, FireState.MISSED)  # of another run, and before all of this one's
        journal.open_run(START)
        fire(journal, START - HOUR, FireState.MISSED)
        fire(journal, START + HOUR, FireState.SKIPPED)
        told = reporting.RunTold(mode="rehearsal", start=START, until=START + HOUR, market=None, prices="")
        reporting.report_run(journal, tmp_path / "r.html", ["p"], told)
    text = (tmp_path / "r.html").read_text()
    assert "none missed" not in text
    assert "1 fire missed" in text
    assert "from 2025-01-06T08:00:00Z to 2025-01-06T10:00:00Z" in text


def test_the_page_of_a_run_has_its_own_fills_by_whatever_clock_they_are_told(tmp_path: Path) -> None:
    """A TWS tells whole seconds, which lie before the fire; what a run took over was filled before it."""
    with closing(Journal(str(tmp_path / "j.db"))) as journal:
        journal.bind("rehearsal", "DU1234567")
        journal.open_run(START - 9 * HOUR)
        deal(journal, -5, Side.BUY, "1.10")
        journal.open_run(START)
        journal.adopt_open_orders()
        deal(journal, 1, Side.BUY, "1.11", told=START - HOUR)
        deal(journal, 2, Side.SELL, "1.12", told=START + 9 * HOUR)
        told = reporting.RunTold(mode="rehearsal", start=START, until=START + 3 * HOUR, market=None, prices="")
        reporting.report_run(journal, tmp_path / "r.html", ["p"], told)
    text = (tmp_path / "r.html").read_text()
    assert '<summary>Fills <span class="sub">2</span></summary>' in text
    assert "from 2025-01-06T08:00:00Z to 2025-01-06T18:00:00Z" in text


# --- prices and rates


def test_a_reference_rate_is_known_from_its_fixing_on() -> None:
    """The franc's floor fell on 2015-01-15: at noon the day before's rate was the last that anybody had."""
    known = Reference().known
    before, after = datetime(2015, 1, 15, 12, tzinfo=UTC), datetime(2015, 1, 15, 13, 15, tzinfo=UTC)
    assert known("EUR", "CHF", before) == (Decimal("1.2010"), datetime(2015, 1, 14, 13, 15, tzinfo=UTC))
    assert known("EUR", "CHF", after) == (Decimal("1.0280"), after)
    assert known("EUR", "CHF", datetime(2015, 7, 1, 12, 15, tzinfo=UTC)) is not None  # summer time
    assert known("EUR", "CHF", datetime(2015, 1, 18, tzinfo=UTC)) == known(
        "EUR", "CHF", datetime(2015, 1, 16, 14, tzinfo=UTC)
    )
    assert known("EUR", "CHF", datetime(1998, 12, 31, tzinfo=UTC)) is None
    assert known("EUR", "XXX", after) is None


def traded(contract: ContractSpec) -> History:
    """Return the history of a simulated run that bought on a Monday and two days later."""
    rows = [order(after, Side.BUY, "100", contract=contract) for after in (0, 48)]
    return history(rows, [execution(row, "1") for row in rows], mode="simulate")


def test_references_are_of_pairs_on_days_that_have_rates() -> None:
    pair = reporting.background_of(traded(ContractSpec(symbol="EUR", currency="USD"))).marks
    assert [mark.at for mark in pair["EUR.USD"]] == [datetime(2025, 1, day, 13, 15, tzinfo=UTC) for day in (6, 7)]
    assert {mark.source for mark in pair["EUR.USD"]} == {Source.REFERENCE}
    odd = ContractSpec(symbol="GBP", currency="USD", sec_type="STK", local_symbol="GBP")
    for contract in (STOCK, FUTURE, odd):
        assert reporting.background_of(traded(contract)).marks == {}


@pytest.mark.parametrize("contract", [STOCK, ContractSpec(symbol="EUR", currency="USD")])
def test_the_path_of_a_market_is_asked_for_by_its_own_name(contract: ContractSpec) -> None:
    market = SyntheticMarket(1)
    found = reporting.background_of_run(traded(contract), market, START + 50 * HOUR, "").marks[contract.name]
    assert {mark.source for mark in found} == {Source.PATH}
    assert len({mark.price for mark in found}) > 10


@pytest.mark.parametrize(("hours", "points"), [(1, 3600), (50, 3000), (200, 200), (2400, 100)])
def test_a_path_has_as_many_points_as_its_span_needs(hours: int, points: int) -> None:
    """By the second, the minute, the hour, the day."""
    pair = ContractSpec(symbol="EUR", currency="USD")
    marks = reporting.background_of_run(traded(pair), SyntheticMarket(1), START + hours * HOUR, "").marks
    assert len(marks["EUR.USD"]) == points


# --- files


FOREIGN = {
    "page of others": b"<!DOCTYPE html>\n<html><body>mine</body></html>\n",
    "nothing": b"",
    "beginning alone": b"<!DOCTYPE html>",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_only_a_page_that_fxrun_wrote_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.html").write_bytes(content)
    with pytest.raises(UsageError, match="is no page of fxrun; name another file, or move it away"):
        reporting.check_page(str(tmp_path / "r.html"))


def test_what_somebody_put_there_during_a_run_is_kept(tmp_path: Path) -> None:
    path = reporting.check_page(str(tmp_path / "r.html"))
    assert path is not None
    path.write_text("mine")
    told = build(traded(STOCK), Period(), Background(), title="t", source="j.db")
    with pytest.raises(FxrunError, match="is no page of fxrun"):
        reporting.write_page(told, path)
    assert path.read_text() == "mine"


def test_a_link_to_a_page_stays_one(tmp_path: Path) -> None:
    told = build(traded(STOCK), Period(), Background(), title="t", source="j.db")
    reporting.write_page(told, tmp_path / "real.html")
    before = (tmp_path / "real.html").read_bytes()
    (tmp_path / "r.html").symlink_to("real.html")
    reporting.write_page(replace(told, title="other"), tmp_path / "r.html")
    assert (tmp_path / "r.html").is_symlink()
    assert (tmp_path / "real.html").read_bytes() != before


def test_what_is_no_file_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("pipe", "link"):
        with pytest.raises(UsageError, match="is no page of fxrun"):
            reporting.check_page(str(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    ["\ufeffname,fills\r\nmine,1\r\n".encode(), "\ufeff".encode(), b"plan,contract,commission,currency,run\r\n"],
)
def test_only_a_table_that_fxrun_wrote_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "commissions.csv").write_bytes(content)
    with pytest.raises(UsageError, match=r"commissions\.csv in it is not of fxrun; name another folder"):
        reporting.check_folder(str(tmp_path))


# --- how the page writes numbers


@pytest.mark.parametrize(
    ("contract", "price", "text"),
    [
        ("EUR.USD", "1.1", "1.10000"),
        ("EUR.USD", "1.234567890123456789012345", "1.23457"),  # an average, rounded and not cut
        ("EUR.USD", "1.999999996", "2.00000"),
        ("AAPL.STK.USD", "250.123456", "250.12346"),
        ("USD.JPY", "1234.5", "1,234.500"),
        ("AAPL.STK.USD", "250", "250.00"),
        ("EUR.USD", "-0.00005", "-0.00005"),
    ],
)
def test_a_price_is_rounded_to_the_places_of_its_contract(contract: str, price: str, text: str) -> None:
    columns = (sheets.Column("contract"), sheets.Column("price", is_price=True))
    sheet = sheets.Sheet(name="x", title="x", columns=columns, rows=((contract, Decimal(price)),))
    assert page.shown(sheet).rows == ((contract, text),)
