from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.gateway.market import Quote, QuotesMarket, Touch

MONDAY = int(datetime(2025, 1, 6, 10, tzinfo=UTC).timestamp())
FRIDAY_CLOSE = int(datetime(2025, 1, 10, 22, tzinfo=UTC).timestamp())
SUNDAY_OPEN = int(datetime(2025, 1, 12, 22, 15, tzinfo=UTC).timestamp())


def market(tmp_path: Path, text: str | bytes) -> QuotesMarket:
    file = tmp_path / "quotes.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return QuotesMarket(file)


def sides(quote: Quote | None) -> tuple[str, str] | None:
    return None if quote is None else (str(quote.bid), str(quote.ask))


TICKS = f"""time,bid,ask
{MONDAY},1.10000,1.10010
{MONDAY + 10},1.1002,1.1003
{MONDAY + 20},1.09990,1.10005
{FRIDAY_CLOSE + 100},1.2,1.3
"""


def test_a_quote_holds_until_the_next(tmp_path: Path) -> None:
    quotes = market(tmp_path, TICKS)
    assert quotes.quote("EUR.USD", MONDAY - 1) is None
    assert sides(quotes.quote("EUR.USD", MONDAY)) == ("1.10000", "1.10010")
    assert sides(quotes.quote("EUR.USD", MONDAY + 9)) == ("1.10000", "1.10010")
    assert sides(quotes.quote("EUR.USD", MONDAY + 10)) == ("1.10020", "1.10030")
    assert sides(quotes.quote("EUR.USD", FRIDAY_CLOSE + 200)) == ("1.09990", "1.10005")
    assert sides(quotes.quote("EUR.USD", SUNDAY_OPEN)) == ("1.20000", "1.30000")


@pytest.mark.parametrize(
    ("side", "above", "level", "start", "expected"),
    [
        ("bid", True, "1.1", MONDAY - 100, MONDAY),
        ("bid", True, "1.1", MONDAY + 5, MONDAY + 5),
        ("bid", True, "1.10001", MONDAY, MONDAY + 10),
        ("ask", True, "1.1003", MONDAY, MONDAY + 10),
        ("ask", False, "1.10005", MONDAY, MONDAY + 20),
        ("ask", False, "1.10004", MONDAY, None),
        ("bid", False, "1.09999", MONDAY + 15, MONDAY + 20),
        ("bid", True, "1.15", MONDAY, SUNDAY_OPEN),  # the quote came while the market was closed
        ("bid", False, "1.1", FRIDAY_CLOSE + 5, None),  # and replaced the one before
    ],
)
def test_first_touch_of_quotes(
    tmp_path: Path, side: str, above: bool, level: str, start: int, expected: int | None
) -> None:
    touch = Touch("bid" if side == "bid" else "ask", above, Decimal(level))
    assert market(tmp_path, TICKS).first_touch("EUR.USD", touch, start, SUNDAY_OPEN + 60) == expected


def test_a_wait_ends_before_its_end(tmp_path: Path) -> None:
    quotes = market(tmp_path, TICKS)
    touch = Touch("bid", True, Decimal("1.1002"))
    assert quotes.first_touch("EUR.USD", touch, MONDAY, MONDAY + 10) is None
    assert quotes.first_touch("EUR.USD", touch, MONDAY, MONDAY + 11) == MONDAY + 10
    assert quotes.first_touch("EUR.USD", Touch("bid", True, Decimal("1.15")), MONDAY, SUNDAY_OPEN) is None


def test_a_long_file_is_searched_and_read_whole(tmp_path: Path) -> None:
    rows = [f"{MONDAY + i},{1 + i % 5000 / 100000:.5f},{1.1 + i / 1000000:.6f}" for i in range(20_000)]
    quotes = market(tmp_path, "\n".join(["time,bid,ask", *rows]))
    end = MONDAY + 30_000
    assert quotes.first_touch("X.Y", Touch("bid", True, Decimal("1.04999")), MONDAY + 5000, end) == MONDAY + 9999
    assert quotes.first_touch("X.Y", Touch("bid", False, Decimal("1")), MONDAY + 5001, end) == MONDAY + 10_000
    assert quotes.first_touch("X.Y", Touch("ask", True, Decimal("1.11500")), MONDAY, end) == MONDAY + 15_000
    assert quotes.first_touch("X.Y", Touch("ask", True, Decimal("1.2")), MONDAY, end) is None


CANDLES = """Time,Open,High,Low,Close,Volume
2025-01-06 10:00,1.1000,1.1010,1.0985,1.1005,7
2025-01-06 10:01,1.1005,1.1020,1.1000,1.1010,8
2025-01-06 10:05,1.1010,1.1012,1.1008,1.1009,9
"""


def test_a_candle_is_walked_by_way_of_the_nearer_extreme(tmp_path: Path) -> None:
    quotes = market(tmp_path, CANDLES)
    middles = []
    for second in (0, 15, 30, 45, 60, 75, 90, 105, 299, 300, 330):
        quote = quotes.quote("EUR.USD", MONDAY + second)
        assert quote is not None
        assert quote.ask - quote.bid == Decimal("0.00002")
        middles.append(str((quote.bid + quote.ask) / 2))
    assert middles == [
        "1.10000", "1.10100", "1.09850", "1.10050",  # the high is nearer
        "1.10050", "1.10000", "1.10200", "1.10100",  # the low is
        "1.10100", "1.10100", "1.10120",  # equally near: low first
    ]  # fmt: skip


def test_first_touch_of_candles(tmp_path: Path) -> None:
    quotes = market(tmp_path, CANDLES)
    end = MONDAY + 3600
    assert quotes.first_touch("EUR.USD", Touch("bid", True, Decimal("1.10099")), MONDAY, end) == MONDAY + 15
    assert quotes.first_touch("EUR.USD", Touch("bid", True, Decimal("1.10100")), MONDAY, end) == MONDAY + 90
    assert quotes.first_touch("EUR.USD", Touch("ask", False, Decimal("1.09851")), MONDAY, end) == MONDAY + 30
    assert quotes.first_touch("EUR.USD", Touch("ask", False, Decimal("1.09850")), MONDAY, end) is None


def test_candles_of_seconds_touch_all_their_prices(tmp_path: Path) -> None:
    quotes = market(tmp_path, f"time,open,high,low,close\n{MONDAY},1.1,1.3,1.0,1.2\n{MONDAY + 1},1.2,1.2,1.2,1.2\n")
    for level in ("1.29", "1.2"):
        assert quotes.first_touch("EUR.USD", Touch("bid", True, Decimal(level)), MONDAY, MONDAY + 9) == MONDAY
    assert sides(quotes.quote("EUR.USD", MONDAY)) == ("1.19999", "1.20001")


def test_a_file_with_a_pair_column_serves_those_pairs(tmp_path: Path) -> None:
    quotes = market(tmp_path, f"pair,time,bid,ask\nEUR.USD,{MONDAY},1.1,1.2\nusd/jpy,{MONDAY - 5},150.1234567,150.2\n")
    assert sides(quotes.quote("EUR.USD", MONDAY)) == ("1.10000", "1.20000")
    assert sides(quotes.quote("USD.JPY", MONDAY)) == ("150.12345670", "150.200")
    assert quotes.quote("GBP.USD", MONDAY) is None
    assert quotes.first_touch("GBP.USD", Touch("bid", True, Decimal(0)), MONDAY, MONDAY + 9) is None


@pytest.mark.parametrize(
    "written",
    [
        "2025-01-06T10:00:00Z", "2025-01-06 10:00", "2025-01-06 12:00:00+02:00", "2025-01-06T05:00-05:00",
        "2025-01-06T15:30+05:30",
        str(MONDAY), f" {MONDAY} ", '"2025-01-06 10:00"',
    ],
)  # fmt: skip
def test_times_in_each_spelling(tmp_path: Path, written: str) -> None:
    quotes = market(tmp_path, f"\ufefftime,bid,ask\r\n{written},1.1,1.2\r\n\r\n")
    assert quotes.quote("EUR.USD", MONDAY - 1) is None
    assert quotes.quote("EUR.USD", MONDAY) is not None


def test_a_date_is_its_midnight(tmp_path: Path) -> None:
    quotes = market(tmp_path, "time,bid,ask\n2025-01-06,1.1,1.2\n")
    assert quotes.quote("EUR.USD", MONDAY - 10 * 3600 - 1) is None
    assert quotes.quote("EUR.USD", MONDAY - 10 * 3600) is not None


GOOD = "2025-01-06 10:00"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", "1:1", "no column time"),
        ("time,bid,ask\n", "1:1", "no rows"),
        ("time,bid\n", "1:1", "no column ask"),
        ("time,open,high,low\n", "1:1", "no column close"),
        ("when,bid,ask\n", "1:1", "no column time"),
        ("time,bid,ask,bid\n", "1:14", "twice"),
        (f"time,bid,ask\n{GOOD},1.1\n", "2:1", "2 fields; expected 3"),
        (f"time,bid,ask\n{GOOD},1.1,1.2,1.3\n", "2:1", "4 fields"),
        ("time,bid,ask\nyesterday,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n2025-13-06,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n2025-02-30,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n2025-02-03 24:00,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n2025-02-03 10:00+02:60,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n2025-01-06 10:00 CET,1.1,1.2\n", "2:1", "not a time"),
        ("time,bid,ask\n20250106,1.1,1.2\n", "2:1", "out of range"),
        ("time,bid,ask\n1736157600000,1.1,1.2\n", "2:1", "not a time"),
        (f"time,bid,ask\n{GOOD},nan,1.2\n", "2:18", "'nan' is not a price"),
        (f"time,bid,ask\n{GOOD},1.1,inf\n", "2:22", "'inf' is not a price"),
        (f"time,bid,ask\n{GOOD},1.1,-1.2\n", "2:22", "not a price"),
        (f"time,bid,ask\n{GOOD},1e0,1.2\n", "2:18", "not a price"),
        (f"time,bid,ask\n{GOOD},0.0,1.2\n", "2:18", "zero"),
        (f"time,bid,ask\n{GOOD},,1.2\n", "2:18", "not a price"),
        (f"time,bid,ask\n{GOOD},1.000000001,1.2\n", "2:18", "decimals"),
        (f"time,bid,ask\n{GOOD},9999999999,1.2\n", "2:18", "not a price"),
        (f"time,bid,ask\n{GOOD},1.3,1.2\n", "2:18", "bid is above the ask"),
        (f"time,bid,ask\n{GOOD},1.1,1.2\n\n{GOOD},1.1,1.2\n", "4:1", "ascending"),
        (f"bid,time,ask\n1.1,{GOOD},1.2\n1.15,2025-01-05,1.2\n", "3:6", "ascending"),
        (f"time,open,high,low,close\n{GOOD},1.1,1.0,1.0,1.0\n", "2:22", "high is below"),
        (f"time,open,high,low,close\n{GOOD},1.1,1.2,1.15,1.2\n", "2:26", "low is above"),
        (f"pair,time,bid,ask\nEURO,{GOOD},1.1,1.2\n", "2:1", "'EURO' is not a pair"),
        (b"time,bid,ask\n\xff\xfe,1,1\n", "1:1", "UTF-8"),
        (f"time,bid,ask\n{GOOD},1.1,{'1' * 5000}\n", "2:1", "4096"),
        (f"time,bid,ask\n{GOOD},1.1,1.\x00\n", "2:22", "not a price"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str | bytes, position: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        market(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'quotes.csv'}:{position}: ")
    assert says in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv", Path(os.devnull)):
        with pytest.raises(UsageError, match=":1:1: "):
            QuotesMarket(path)
