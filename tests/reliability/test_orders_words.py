"""Words: statuses, notices and refusals, each with the one meaning it has in its place."""

from __future__ import annotations

import pytest

from runner.core.facts import Fact
from runner.core.order_state import OrderState
from tests.reliability.desk_of_orders import REF, Sent, completed, execution, notice, open_order, status, told

CANNOT = "OrderId 1 that needs to be cancelled cannot be cancelled, state: "
FARMS = (2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158)


@pytest.mark.parametrize("code", FARMS)
@pytest.mark.parametrize("about", [-1, 1])
@pytest.mark.parametrize("before", [(), (status(),), (status("Cancelled"),), (execution(),)])
def test_c16_a_farm_changes_no_state(code: int, about: int, before: tuple[Fact, ...]) -> None:
    sent = Sent(*before)
    stood = sent.stands
    sent.take(notice(code, "farm", about))
    assert sent.stands == stood


def test_o09_inactive_with_a_refusal_is_rejected_in_either_order() -> None:
    for facts in ((status("Inactive"), notice(201)), (notice(201), status("Inactive"))):
        assert Sent(*facts).stands == ("rejected", 0)


def test_o09_inactive_that_says_why_is_held() -> None:
    assert Sent(status("Inactive", why_held="locate")).stands == ("held", 0)


def test_o09_inactive_that_works_later_works() -> None:
    sent = Sent(open_order("Inactive"), status("Inactive"))
    assert sent.stands == ("sent", 0)
    assert sent.tracker.doubtful() == (REF,)
    sent.take(status("Submitted"))
    assert sent.stands == ("working", 0)
    assert Sent(status("Inactive", why_held="locate"), status()).stands == ("working", 0)


def test_o09_inactive_among_the_completed_orders_was_refused() -> None:
    sent = Sent(status("Inactive"), completed("Inactive"))
    assert (sent.stands, sent.row.note) == (("rejected", 0), "Inactive it is")


@pytest.mark.parametrize("word", ["Foo", "", "ValidationError", "submitted"])
def test_o10_a_word_that_nobody_knows_keeps_the_state_and_asks_for_attention(word: str) -> None:
    for before in ("Submitted", "PreSubmitted", "Cancelled", "Filled"):
        sent = Sent(status(before))
        stood = sent.stands
        sent.take(status(word), status(word))
        assert sent.stands == stood
        assert [remark for remark in sent.remarks if "attention" in remark] == [
            f"attention: status {word!r} is not known; kept {stood[0]}"
        ]


WARNINGS = (165, 399, 404, 492, 2100, 2109, 2119, 2137, 2148, 2158, 2168, 2169, 2199, 10167, 10197, 10349)


@pytest.mark.parametrize("code", WARNINGS)
def test_o12_a_warning_leaves_the_order_alive_and_is_kept(code: int) -> None:
    for before, stands in (((), ("sent", 0)), ((status(),), ("working", 0)), ((status("PreSubmitted"),), ("held", 0))):
        sent = Sent(*before, notice(code, "will not be placed until"), notice(code, "will not be placed until"))
        assert sent.stands == stands
        assert sent.notices == [code]
        assert sent.remarks == [f"{code} will not be placed until"]


def test_o12_a_202_after_the_cancel_says_nothing_new() -> None:
    sent = Sent(status(), status("Cancelled"), notice(202))
    assert sent.stands == ("cancelled", 0)
    assert sent.changes == ["sent", "working", "cancelled"]


def test_o12_a_202_without_a_status_is_the_end() -> None:
    for before in ((), (status(),), (status("PreSubmitted"),), (status("PendingCancel"),)):
        assert Sent(*before, notice(202)).stands == ("cancelled", 0)
    assert Sent(notice(201), notice(202)).stands == ("rejected", 0)
    assert Sent(execution(), notice(202)).stands == ("filled", 25_000)


def test_o12_a_202_ends_an_order_of_unknown_fate() -> None:
    sent = Sent()
    sent.tracker.give_up(REF, "silence")
    sent.take(notice(202))
    assert sent.stands == ("cancelled", 0)


@pytest.mark.parametrize("code", [103, 110, 200, 201, 203, 321, 434, 451, 460, 10268])
def test_o13_a_refusal_of_a_new_order_is_rejected_with_code_and_text(code: int) -> None:
    for facts in ((notice(code),), (status("Cancelled"), notice(code)), (notice(code), status("Inactive"))):
        sent = Sent(*facts)
        assert (sent.stands, sent.row.note) == (("rejected", 0), f"{code} words")
        assert sent.tracker.is_settled()


@pytest.mark.parametrize("code", [201, 203])
def test_o13_an_order_that_works_may_be_refused_later(code: int) -> None:
    assert Sent(status(), notice(code)).stands == ("rejected", 0)


@pytest.mark.parametrize("code", [104, 105, 110, 329, 321, 134, 103])
@pytest.mark.parametrize("before", [(status(),), (open_order(),), (status("PreSubmitted"),), (execution("1.a.01", 1),)])
def test_o14_the_refusal_of_a_change_leaves_the_order_as_it_was(code: int, before: tuple[Fact, ...]) -> None:
    sent = Sent(*before)
    stood = sent.stands
    sent.take(notice(code))
    assert sent.stands == stood
    assert sent.notices == [code]


def asked_to_cancel(*facts: Fact) -> Sent:
    sent = Sent(status())
    sent.tracker.cancel_asked(REF)
    assert sent.stands == ("cancel_pending", 0)
    sent.take(*facts)
    return sent


@pytest.mark.parametrize(
    ("code", "text", "stands", "is_doubtful"),
    [
        (10148, f"{CANNOT}Filled.", ("filled", 25_000), True),
        (10148, f"{CANNOT}Cancelled.", ("cancelled", 0), False),
        (10148, f"{CANNOT}ApiCancelled", ("cancelled", 0), False),
        (10148, f"{CANNOT}PendingCancel", ("cancel_pending", 0), False),
        (10148, f"{CANNOT}PendingSubmit.", ("working", 0), True),
        (10148, f"{CANNOT}Submitted", ("working", 0), True),
        (10148, f"{CANNOT}Inactive", ("cancel_pending", 0), True),
        (10148, "L'ordre 1 ne peut pas etre annule, etat : Rempli", ("cancel_pending", 0), True),
        (161, "Cancel attempted when order is not in a cancellable state.", ("cancel_pending", 0), True),
        (10147, "OrderId 1 that needs to be cancelled is not found.", ("cancel_pending", 0), True),
        (135, "Can't find order with id", ("cancel_pending", 0), True),
        (136, "This order cannot be cancelled", ("cancel_pending", 0), True),
    ],
)
def test_o15_the_answer_to_a_cancel(code: int, text: str, stands: tuple[str, int], is_doubtful: bool) -> None:
    sent = asked_to_cancel(notice(code, text))
    assert sent.stands == stands
    assert sent.tracker.doubtful() == ((REF,) if is_doubtful else ())


def test_o15_an_order_that_has_ended_is_not_revived_by_the_refusal_of_its_cancel() -> None:
    sent = asked_to_cancel(status("Cancelled"), notice(10148, f"{CANNOT}Submitted"))
    assert sent.stands == ("cancelled", 0)


def test_o15_not_found_is_asked_about_and_a_complete_answer_settles_it() -> None:
    sent = asked_to_cancel(notice(10147, "not found"))
    sent.tracker.reconciled(told(complete=False))
    assert sent.tracker.doubtful() == (REF,)
    sent.take(completed("Filled", 25_000))
    sent.tracker.reconciled(told(completed=frozenset({REF})))
    assert sent.stands == ("filled", 25_000)
    assert sent.tracker.doubtful() == ()


def test_o15_an_order_that_no_complete_answer_names_any_more_is_unknown() -> None:
    sent = asked_to_cancel(notice(10147, "not found"))
    sent.tracker.reconciled(told())
    assert sent.stands == ("unknown", 0)
    assert "no longer among the open orders" in sent.row.note


def test_o15_an_order_that_still_works_is_no_longer_being_cancelled() -> None:
    sent = asked_to_cancel(notice(161), open_order(), status())
    sent.tracker.reconciled(told(open=frozenset({REF})))
    assert sent.stands == ("working", 0)


def test_o15_a_cancel_of_a_moment_ago_is_not_taken_back_by_a_list_that_is_older() -> None:
    sent = asked_to_cancel(open_order(), status())
    at = sent.clock.now()
    sent.tracker.reconciled(told(open=frozenset({REF}), asked_at=at, at=at))
    assert sent.stands == ("cancel_pending", 0)


def test_an_order_that_counts_as_ended_and_is_listed_as_open_is_open() -> None:
    sent = Sent(status("Cancelled"), open_order(), status())
    assert sent.state is OrderState.CANCELLED
    sent.tracker.reconciled(told(open=frozenset({REF}), complete=False))
    assert sent.state is OrderState.CANCELLED
    sent.tracker.reconciled(told(open=frozenset({REF})))
    assert sent.state is OrderState.WORKING
    assert not sent.tracker.is_settled()


def test_an_order_that_ended_while_it_was_listed_as_open_has_ended() -> None:
    sent = Sent(status(), open_order(), status(), status("Cancelled"))
    sent.tracker.reconciled(told(open=frozenset({REF})))
    assert sent.state is OrderState.CANCELLED


def test_an_order_that_was_sent_a_moment_ago_is_not_missed() -> None:
    sent = Sent(status())
    at = sent.clock.now()
    sent.tracker.reconciled(told(asked_at=at, at=at))
    assert sent.state is OrderState.WORKING


def test_silence_and_proof() -> None:
    sent = Sent()
    sent.tracker.give_up(REF, "no answer")
    assert (sent.stands, sent.row.note) == (("unknown", 0), "no answer")
    sent.tracker.prove_absent(REF, "never arrived")
    assert (sent.stands, sent.row.note) == (("not_received", 0), "never arrived")
    sent.take(open_order())
    assert sent.stands == ("working", 0)


def test_an_order_that_the_broker_had_is_never_proven_absent() -> None:
    sent = Sent(status())
    sent.tracker.prove_absent(REF, "never arrived")
    assert (sent.stands, sent.row.note) == (("working", 0), "")
