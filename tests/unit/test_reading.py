"""What an orderStatus means, word by word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from runner.core.contract import ContractSpec
from runner.core.facts import CompletedOrderSeen, OpenOrderSeen, OrderStatusSeen
from runner.core.ids import OrderKey
from runner.core.order_state import Change
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce
from runner.lifecycle.reading import acknowledgement, change_of, completion, is_known_word, refused_cancel

OPEN = datetime(2025, 1, 8, 15, 0, tzinfo=UTC)


def ticket(tif: TimeInForce = TimeInForce.DAY) -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="p", order="main", fire="once", role="entry"),
        role=Role.ENTRY,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=Decimal(25000),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.02"),
        time_in_force=tif,
    )


def status(text: str, filled: str = "0") -> OrderStatusSeen:
    return OrderStatusSeen(
        order_id=1,
        client_id=1,
        perm_id=2,
        status=text,
        filled=Decimal(filled),
        remaining=Decimal(25000) - Decimal(filled),
        average_price=None,
        why_held="",
    )


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("PreSubmitted", Change.HELD),
        ("Submitted", Change.ACKNOWLEDGED),
        ("PendingCancel", Change.CANCEL_REQUESTED),
        ("Cancelled", Change.CANCELLED),
        ("ApiCancelled", Change.CANCELLED),
        ("PendingSubmit", None),
        ("ApiPending", None),
        ("Inactive", None),
        ("NeverHeardOf", None),
        ("", None),
    ],
)
def test_each_word(text: str, change: Change | None) -> None:
    assert change_of(status(text), ticket(), OPEN, OPEN, cancel_asked=False) is change


END = datetime(2025, 1, 8, 22, 0, tzinfo=UTC)  # 17:00 New York, the end of the session that OPEN lies in
SECOND = timedelta(seconds=1)


def ended(now: datetime, tif: TimeInForce = TimeInForce.DAY, *, cancel_asked: bool = False) -> Change | None:
    return change_of(status("Cancelled"), ticket(tif), OPEN, now, cancel_asked=cancel_asked)


def test_a_day_order_that_lapses_is_expired() -> None:
    assert ended(END) is Change.EXPIRED
    assert ended(END + timedelta(days=3)) is Change.EXPIRED
    assert ended(END, cancel_asked=True) is Change.CANCELLED
    assert ended(END, TimeInForce.GTC) is Change.CANCELLED


def test_a_clock_that_is_five_seconds_slow_still_tells_an_expiry() -> None:
    assert ended(END - 5 * SECOND) is Change.EXPIRED
    assert ended(END - 6 * SECOND) is Change.CANCELLED


def test_an_order_that_is_cancelled_while_the_market_is_closed_did_not_lapse() -> None:
    saturday = datetime(2025, 1, 11, 12, 0, tzinfo=UTC)
    told = change_of(status("Cancelled"), ticket(), saturday, saturday, cancel_asked=False)
    assert told is Change.CANCELLED


@pytest.mark.parametrize(("why", "change"), [("locate", Change.HELD), ("", None), ("  ", None)])
def test_o09_inactive_is_held_only_if_it_says_why(why: str, change: Change | None) -> None:
    seen = replace(status("Inactive"), why_held=why)
    assert change_of(seen, ticket(), OPEN, OPEN, cancel_asked=False) is change


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("Filled", Change.FULLY_FILLED),
        ("Cancelled", Change.CANCELLED),
        ("ApiCancelled", Change.CANCELLED),
        ("Inactive", Change.REJECTED),
        ("Submitted", None),
        ("PreSubmitted", None),
        ("", None),
    ],
)
def test_how_a_completed_order_ended(word: str, change: Change | None) -> None:
    assert completion(completed(word), ticket(), OPEN, OPEN, cancel_asked=False) is change


def test_a_completed_order_ended_at_its_own_time_and_not_when_it_is_told() -> None:
    late = END + timedelta(hours=9)
    at_noon = replace(completed("Cancelled"), at=OPEN)
    assert completion(at_noon, ticket(), OPEN, late, cancel_asked=False) is Change.CANCELLED
    assert completion(completed("Cancelled"), ticket(), OPEN, late, cancel_asked=False) is Change.EXPIRED
    assert completion(replace(at_noon, at=END), ticket(), OPEN, late, cancel_asked=True) is Change.CANCELLED


def completed(word: str) -> CompletedOrderSeen:
    return CompletedOrderSeen(
        perm_id=2, order_ref="fx1:p:x", account="DU1", status=word, completed_status="", filled=None, at=None
    )


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("PreSubmitted", Change.HELD),
        ("Submitted", Change.ACKNOWLEDGED),
        ("PendingCancel", Change.CANCEL_REQUESTED),
        ("Cancelled", None),
        ("Filled", None),
        ("Inactive", None),
        ("", None),
    ],
)
def test_what_an_open_order_acknowledges(word: str, change: Change | None) -> None:
    seen = OpenOrderSeen(
        order_id=1, client_id=1, perm_id=2, order_ref="fx1:p:x", account="DU1", status=word, warning=""
    )
    assert acknowledgement(seen) is change


CANNOT = "OrderId 5 that needs to be cancelled cannot be cancelled, state: "


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (f"{CANNOT}Filled.", Change.FULLY_FILLED),
        (f"{CANNOT}Cancelled.", Change.CANCELLED),
        (f"{CANNOT}ApiCancelled.", Change.CANCELLED),
        (f"{CANNOT}PendingCancel.", Change.CANCEL_REQUESTED),
        (f"{CANNOT}PendingSubmit.", Change.CANCEL_REFUSED),
        (f"{CANNOT}ApiPending.", Change.CANCEL_REFUSED),
        (f"{CANNOT}Submitted", Change.CANCEL_REFUSED),
        (f"{CANNOT}PreSubmitted", Change.CANCEL_REFUSED),
        (f"{CANNOT}Inactive.", None),
        (f"{CANNOT}Foo.", None),
        ("L'ordre 5 ne peut pas etre annule, etat : Rempli", None),
        ("Cancel attempted when order is not in a cancellable state. Order permId = 17", None),
        ("OrderId 5 that needs to be cancelled is not found.", None),
        ("", None),
    ],
)
def test_o15_what_the_refusal_of_a_cancel_says(text: str, change: Change | None) -> None:
    assert refused_cancel(text) is change


@pytest.mark.parametrize("word", ["PendingSubmit", "ApiPending", "Inactive", "Submitted", "Filled", "ApiCancelled"])
def test_the_documented_words_are_known(word: str) -> None:
    assert is_known_word(word)


@pytest.mark.parametrize("word", ["", "Foo", "submitted", "ValidationError"])
def test_o10_other_words_are_not(word: str) -> None:
    assert not is_known_word(word)
