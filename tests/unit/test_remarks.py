"""Executions that a list does not name any more, as remarks of the journal."""

from __future__ import annotations

from datetime import UTC, datetime

from runner.journal.remarks import Unlisted, back, gone, still_gone

AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


def test_of_each_execution_the_latest_remark_counts() -> None:
    rows = [
        ("fx1:p:a", AT, gone("1.01")),
        ("fx1:p:b", AT, gone("2.01")),
        ("fx1:p:a", AT, back("1.01")),
        ("fx1:p:c", AT, gone("3.01")),
        ("fx1:p:c", AT, back("3.01")),
        ("fx1:p:c", AT, gone("3.01")),
    ]
    assert still_gone(rows) == (
        Unlisted(order_ref="fx1:p:b", exec_id="2.01", at=AT),
        Unlisted(order_ref="fx1:p:c", exec_id="3.01", at=AT),
    )


def test_what_is_no_such_remark_is_passed_over() -> None:
    rows = [
        ("fx1:p:a", AT, "execution 1.01 of NaN at 1.1 cannot be read from this list"),
        (None, AT, gone("1.01")),
        ("fx1:p:a", AT, back("1.01")),
    ]
    assert still_gone(rows) == ()
