"""Codes that settings add to the table, and those whose meaning nobody may set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.core.events import Severity
from runner.errors import UsageError
from runner.ib.notices import Disposition, classify, extend, severity

D = Disposition


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    yield
    extend({})


def test_what_settings_say_of_a_code_counts() -> None:
    extend({77777: "reject", 77778: "warning", 77779: "info", 201: "warning"})
    assert [classify(code, about_order=True) for code in (77777, 77778, 77779, 201)] == [
        D.REJECT_ORDER, D.WARNING, D.INFO, D.WARNING,
    ]  # fmt: skip
    assert classify(77777, about_order=False) is D.FAIL_REQUEST, "there is no order to reject"
    assert [severity(code) for code in (77777, 77778, 77779)] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_a_later_call_takes_the_place_of_an_earlier_one() -> None:
    extend({77777: "reject"})
    extend({77778: "info"})
    assert classify(77777, about_order=True) is D.UNKNOWN_ORDER_CODE
    assert classify(77778, about_order=True) is D.INFO


@pytest.mark.parametrize("code", [100, 103, 104, 202, 326, 502, 1100, 1101, 1102, 10147, 10148])
def test_the_connection_and_cancellations_mean_what_they_mean(code: int) -> None:
    before = classify(code, about_order=True)
    with pytest.raises(UsageError, match=f"code {code} is one whose meaning cannot be set"):
        extend({77777: "info", code: "info"})
    assert classify(code, about_order=True) is before
    assert classify(77777, about_order=True) is D.UNKNOWN_ORDER_CODE, "all or nothing"


def test_a_word_without_meaning_is_refused() -> None:
    with pytest.raises(UsageError, match="'error' has no meaning, give one of reject, warning, info"):
        extend({5: "error"})


@pytest.mark.parametrize("code", [2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158])
@pytest.mark.parametrize("about_order", [True, False])
def test_farms_are_no_matter_of_an_order(code: int, about_order: bool) -> None:
    assert classify(code, about_order=about_order) in (D.INFO, D.WARNING)


@pytest.mark.parametrize("code", [100, 326, 501, 502, 503, 504, 507, 509, 1100, 1101, 1102, 1300, 2110])
def test_the_session_is_meant_even_with_the_number_of_an_order(code: int) -> None:
    assert classify(code, about_order=True) is classify(code, about_order=False)
    assert classify(code, about_order=True) in (
        D.PACING, D.CLIENT_ID_IN_USE, D.CONNECTION_LOST, D.CONNECTION_BACK,
    )  # fmt: skip


@pytest.mark.parametrize("code", [505, 506, 508])
def test_one_message_that_could_not_be_read_is_no_loss(code: int) -> None:
    assert classify(code, about_order=False) is D.FAIL_REQUEST
    assert classify(code, about_order=True) is D.UNKNOWN_ORDER_CODE
