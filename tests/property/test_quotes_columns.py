"""The quick way through a file of quotes gives what the way row by row gives, and leaves to it whatever is odd."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.gateway import quotes_columns, quotes_file

ROW = {"candles": "1.1000,1.1010,1.0990,1.1005", "quotes": "1.1000,1.1001"}
HEADER = {"candles": "time,open,high,low,close", "quotes": "time,bid,ask"}
MANGLED = ("", " ", '"', "x", ",", "\n", "\r\n", "-1", "0", "9" * 12, "1.123456789", "2025-02-30T10:00Z", "2024-01-01")
SLOW = Path("slow.csv")

times = st.lists(st.integers(0, 10**6), min_size=1, max_size=60, unique=True).map(sorted)
forms = st.sampled_from(("epoch", "iso", "space", "offset"))


def stamp(at: int, form: str) -> str:
    day, second = divmod(at, 86_400)
    date, clock = f"2025-01-{day + 1:02d}", f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return {
        "epoch": str(1_735_689_600 + at), "iso": f"{date}T{clock}Z", "space": f"{date} {clock}",
        "offset": f"{date}T{clock}+01:30",
    }[form]  # fmt: skip


def slowly(text: str) -> dict[str, quotes_file.Table] | str:
    try:
        return quotes_file._tables(SLOW, io.StringIO(text, newline=""))
    except UsageError as error:
        return str(error)


def quickly(text: str) -> quotes_file.Table | None:
    return quotes_file._plain(io.StringIO(text, newline=""))


def same(found: quotes_file.Table, wanted: object) -> bool:
    return isinstance(wanted, dict) and [found] == [*wanted.values()]


@given(times, forms, st.sampled_from(sorted(ROW)), st.booleans(), st.booleans())
def test_a_plain_file_is_read_quickly_and_the_same(
    at: list[int], form: str, kind: str, last_line_ends: bool, has_more: bool
) -> None:
    more = ",7" if has_more else ""
    rows = [f"{stamp(one, form)},{ROW[kind]}{more}" for one in at]
    text = "\n".join([HEADER[kind] + (",volume" if has_more else ""), *rows]) + ("\n" if last_line_ends else "")
    found = quickly(text)
    assert found is not None
    assert same(found, slowly(text))


@given(times, st.sampled_from(sorted(ROW)), st.integers(0), st.sampled_from(MANGLED), st.integers(0, 3))
@example([0, 1], "quotes", 5, "\n", 1)
def test_a_mangled_file_is_never_read_otherwise(at: list[int], kind: str, place: int, put: str, gone: int) -> None:
    text = "\n".join([HEADER[kind], *(f"{stamp(one, 'iso')},{ROW[kind]}" for one in at)]) + "\n"
    place %= len(text)
    text = text[:place] + put + text[place + gone :]
    found = quickly(text)
    assert found is None or same(found, slowly(text))


@pytest.mark.parametrize("chunk", [1, 7, 40, 1000])
def test_a_file_of_many_chunks_is_one(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(quotes_columns, "_CHUNK", chunk)
    rows = [f"{stamp(60 * number, 'iso')},{ROW['candles']}" for number in range(100)]
    text = "\n".join([HEADER["candles"], *rows])
    found = quickly(text)
    assert found is not None
    assert len(found.times) == 100
    assert same(found, slowly(text))
    swapped = "\n".join([HEADER["candles"], *rows[50:], *rows[:50]])  # ascending within any chunk but one
    assert quickly(swapped) is None
