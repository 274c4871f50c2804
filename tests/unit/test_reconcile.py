"""What became of a silent order: every rule of the evidence, at its boundary."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from runner.core.facts import (
    CompletedOrderSeen,
    CompletedOrdersEnd,
    ConnectionLost,
    ExecutionSeen,
    ExecutionsEnd,
    Fact,
    LoggedIn,
    LoginFailed,
    NoticeSeen,
    OpenOrderSeen,
    OpenOrdersEnd,
)
from runner.core.ticket import Side
from runner.journal.rows import ExecutionRow
from runner.lifecycle.reconcile import APART, SKEW, Evidence, Gathering, Question, Verdict, day_start, judge, unlisted

NEW_YORK = ZoneInfo("America/New_York")
CLAIMED = datetime(2025, 1, 8, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
REF = "fx1:p:abcdefghijklmnop"
QUESTION = Question(order_ref=REF, client_id=1, order_id=10, claimed_at=CLAIMED)


def asked(after: float, **other: object) -> Evidence:
    """A complete pass that names nothing, asked that many seconds after the claim and answered at once."""
    at = CLAIMED + timedelta(seconds=after)
    told = Evidence(
        open=frozenset(), executed=frozenset(), completed=frozenset(), complete=True, client_id=1, next_order_id=10,
        asked_at=at, at=at, session=1,
    )  # fmt: skip
    return replace(told, **other)


def verdict(*passes: Evidence, question: Question = QUESTION, zone: ZoneInfo = NEW_YORK) -> Verdict:
    return judge(question, passes, zone)[0]


TWICE = (asked(1), asked(6))


def test_two_complete_passes_that_do_not_name_it_prove_it_absent() -> None:
    told, reason = judge(QUESTION, TWICE, NEW_YORK)
    assert told is Verdict.ABSENT
    assert reason == "two complete answers do not name it, and the TWS has not used order id 10"


def test_the_words_of_a_verdict() -> None:
    assert {one.name.lower() for one in Verdict} == {one.value for one in Verdict}


@pytest.mark.parametrize("where", ["open", "executed", "completed"])
@pytest.mark.parametrize("complete", [True, False])
def test_what_any_list_names_is_present_complete_or_not(where: str, complete: bool) -> None:
    named = asked(1, **{where: frozenset({"fx1:p:other", REF}), "complete": complete})
    others = asked(1, **{where: frozenset({"fx1:p:other"})})
    assert verdict(named) is Verdict.PRESENT
    assert verdict(asked(1), asked(6), named) is Verdict.PRESENT
    assert verdict(others, asked(6)) is Verdict.ABSENT
    told = {"open": "open orders", "executed": "executions", "completed": "completed orders"}[where]
    assert judge(QUESTION, [named], NEW_YORK)[1] == f"it is among the {told}"


def test_present_beats_every_doubt() -> None:
    named = asked(6, open=frozenset({REF}), next_order_id=99, client_id=2)
    assert verdict(asked(1), named, question=replace(QUESTION, order_id=None)) is Verdict.PRESENT


@pytest.mark.parametrize(
    "passes",
    [
        (),
        (asked(1),),
        (asked(1), asked(1)),
        (asked(1), asked(5.999)),
        (asked(1, complete=False), asked(6, complete=False)),
        (asked(1), asked(6, complete=False)),
        (asked(1, complete=False), asked(6)),
        (asked(-0.001), asked(4.9)),
        (asked(-0.001), asked(0)),
        (asked(-0.001), asked(5)),
        (asked(1), asked(6, session=2)),
        (asked(1, session=2), asked(6)),
        (asked(1, at=CLAIMED + 4 * SECOND), asked(6)),
    ],
)
def test_r05_less_than_two_complete_passes_five_seconds_apart_is_no_evidence(passes: tuple[Evidence, ...]) -> None:
    assert verdict(*passes) is Verdict.ASK_AGAIN


@pytest.mark.parametrize(
    "passes",
    [
        (asked(0), asked(5)),
        (asked(1, session=3), asked(6, session=3)),
        (asked(1), asked(3), asked(6)),
        (asked(1, complete=False), asked(2), asked(7)),
        (asked(1), asked(2, complete=False), asked(6)),
        (asked(-3), asked(1), asked(6)),
        (asked(1), asked(2, session=2), asked(7, session=2)),
        (asked(1, at=CLAIMED + 4 * SECOND), asked(9)),
    ],
)
def test_two_complete_passes_of_one_session_are_enough(passes: tuple[Evidence, ...]) -> None:
    assert verdict(*passes) is Verdict.ABSENT


@pytest.mark.parametrize(
    ("next_order_id", "wanted"), [(9, Verdict.ABSENT), (10, Verdict.ABSENT), (11, Verdict.UNKNOWN)]
)
def test_an_order_id_that_the_tws_has_used_proves_nothing(next_order_id: int, wanted: Verdict) -> None:
    assert verdict(asked(1), asked(6, next_order_id=next_order_id)) is wanted
    assert verdict(asked(1, next_order_id=next_order_id), asked(6)) is wanted


def test_nor_does_one_that_an_earlier_session_or_a_broken_pass_told_of() -> None:
    told = asked(0, next_order_id=11, complete=False)
    assert verdict(told, *TWICE) is Verdict.UNKNOWN
    assert verdict(asked(0.5, next_order_id=11), asked(1, session=2), asked(6, session=2)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (replace(QUESTION, order_id=None), "the order id it was claimed under is not in the journal"),
        (replace(QUESTION, client_id=2), "it was sent with client id 2, and another client id was asked"),
        (replace(QUESTION, client_id=None), "it was sent with client id None, and another client id was asked"),
        (replace(QUESTION, same_gateway=False), "the TWS was restarted in between, and may have forgotten it"),
        (replace(QUESTION, session=1), "the session it was sent in still stands, and the TWS may hold it back"),
        (replace(QUESTION, session=2), "the session it was sent in still stands, and the TWS may hold it back"),
        (
            replace(QUESTION, order_id=9),
            "the TWS has used order id 9, or a later one, and does not say for what",
        ),
        (
            replace(QUESTION, claimed_at=CLAIMED - timedelta(days=1)),
            "the day of the TWS has ended since; what it did that day is no longer told",
        ),
    ],
)
def test_what_might_hide_it_is_unknown(question: Question, reason: str) -> None:
    told, why = judge(question, TWICE, NEW_YORK)
    assert told is Verdict.UNKNOWN
    assert why == reason
    early = judge(question, TWICE[:1], NEW_YORK)
    assert early == (Verdict.ASK_AGAIN, "two complete answers, five seconds apart, are not there yet")


def test_an_order_of_an_earlier_session_may_be_proven_absent_in_a_later_one() -> None:
    later = [replace(told, session=2) for told in TWICE]
    assert verdict(*later, question=replace(QUESTION, session=1)) is Verdict.ABSENT


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Hong_Kong"])
def test_r06_what_was_claimed_before_midnight_of_the_tws_is_unknown_after_it(zone: str) -> None:
    midnight = datetime(2025, 1, 9, 0, 0, tzinfo=ZoneInfo(zone))
    before = replace(QUESTION, claimed_at=midnight.astimezone(UTC) - 2 * SECOND)
    after = [at(midnight + 5 * SECOND), at(midnight + 10 * SECOND)]
    assert verdict(*after, question=before, zone=ZoneInfo(zone)) is Verdict.UNKNOWN
    assert verdict(replace(after[0], completed=frozenset({REF})), question=before) is Verdict.PRESENT
    elsewhere = ZoneInfo("Pacific/Auckland")
    assert verdict(*after, question=before, zone=elsewhere) is Verdict.ABSENT


def at(when: datetime) -> Evidence:
    utc = when.astimezone(UTC)
    return asked(0, asked_at=utc, at=utc)


@pytest.mark.parametrize(
    ("claimed", "answered", "wanted"),
    [
        (SKEW, 4 * SKEW, Verdict.ABSENT),
        (SKEW - timedelta(microseconds=1), 4 * SKEW, Verdict.UNKNOWN),
        (SKEW, timedelta(days=1) - SKEW, Verdict.UNKNOWN),
        (SKEW, timedelta(days=1) - SKEW - timedelta(microseconds=1), Verdict.ABSENT),
    ],
)
def test_r06_the_clocks_may_differ_by_a_minute(claimed: timedelta, answered: timedelta, wanted: Verdict) -> None:
    midnight = datetime(2025, 1, 8, 0, 0, tzinfo=NEW_YORK).astimezone(UTC)
    question = replace(QUESTION, claimed_at=midnight + claimed)
    second = at(midnight + answered)
    first = at(midnight + answered - 10 * SECOND)
    assert verdict(first, second, question=question) is wanted
    assert APART == 5 * SECOND
    assert SKEW == 60 * SECOND


def test_r06_a_second_pass_that_ends_after_midnight_proves_nothing() -> None:
    midnight = datetime(2025, 1, 9, 5, 0, tzinfo=UTC)
    question = replace(QUESTION, claimed_at=midnight - timedelta(minutes=5))
    first, second = at(midnight - 90 * SECOND), at(midnight - 80 * SECOND)
    assert verdict(first, second, question=question) is Verdict.ABSENT
    assert verdict(first, replace(second, at=midnight - 60 * SECOND), question=question) is Verdict.UNKNOWN


@pytest.mark.parametrize("value", [asked(1), QUESTION])
def test_evidence_and_questions_are_values(value: Evidence | Question) -> None:
    with pytest.raises(FrozenInstanceError):
        value.client_id = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        type(value)(1)  # type: ignore[misc]
    assert not hasattr(value, "__dict__")
    assert value == replace(value)


# --- a pass

OPEN = OpenOrderSeen(
    order_id=1, client_id=1, perm_id=9, order_ref=REF, account="DU1", status="Submitted", warning=""
)  # fmt: skip
EXECUTED = ExecutionSeen(
    order_id=1, client_id=1, perm_id=9, order_ref=REF, exec_id="a.01", account="DU1", contract="EUR.USD",
    side=Side.BUY, price=Decimal(1), quantity=Decimal(1), at=None,
)  # fmt: skip
COMPLETED = CompletedOrderSeen(
    perm_id=9, order_ref=REF, account="DU1", status="Filled", completed_status="", filled=None, at=None
)
ENDS: tuple[Fact, ...] = (OpenOrdersEnd(), CompletedOrdersEnd(), ExecutionsEnd(request_id=7))


def gathering(*facts: Fact, **other: int) -> Gathering:
    told = Gathering(
        session=3, client_id=1, next_order_id=10, executions_request=7, asked_at=CLAIMED, **other
    )  # fmt: skip
    for fact in facts:
        told.take(fact)
    return told


def test_a_pass_tells_what_each_list_named() -> None:
    foreign = [replace(fact, order_ref="") for fact in (OPEN, EXECUTED, COMPLETED)]
    told = gathering(OPEN, EXECUTED, COMPLETED, *foreign, *ENDS).evidence(CLAIMED + SECOND)
    assert told == Evidence(
        open=frozenset({REF}), executed=frozenset({REF}), completed=frozenset({REF}), complete=True, client_id=1,
        next_order_id=10, asked_at=CLAIMED, at=CLAIMED + SECOND, session=3, roots=frozenset({"a"}),
    )  # fmt: skip
    assert told.named == {REF}
    apart = replace(told, open=frozenset({"a"}), executed=frozenset({"b"}), completed=frozenset({"c"}))
    assert apart.named == {"a", "b", "c"}


@pytest.mark.parametrize("missing", range(3))
def test_r05_a_pass_without_one_of_its_ends_is_not_complete(missing: int) -> None:
    told = gathering(OPEN, *ENDS[:missing], *ENDS[missing + 1 :])
    assert not told.has_ended
    assert not told.is_over
    assert not told.evidence(CLAIMED).complete
    assert told.evidence(CLAIMED).open == {REF}
    told.take(ENDS[missing])
    assert told.has_ended
    assert told.is_over
    assert told.evidence(CLAIMED).complete


def test_r05_an_end_of_an_earlier_question_does_not_count() -> None:
    assert not gathering(*ENDS[:2], ExecutionsEnd(request_id=6)).has_ended
    assert not gathering(*ENDS, stale_open_ends=1).has_ended
    assert not gathering(*ENDS, stale_completed_ends=1).has_ended
    assert gathering(*ENDS, OpenOrdersEnd(), stale_open_ends=1).has_ended
    assert gathering(*ENDS, CompletedOrdersEnd(), stale_completed_ends=1).has_ended
    assert not gathering(*ENDS, CompletedOrdersEnd(), stale_completed_ends=2).has_ended


LOGIN = LoggedIn(
    session=4, server_version=176, server_time="", accounts=("DU1",), next_order_id=1, simulated=False
)  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [
        ConnectionLost(reason="gone"),
        LOGIN,
        LoginFailed(what="", advice="", is_final=False),
        NoticeSeen(about=-1, code=1100, text="lost"),
        NoticeSeen(about=-1, code=1101, text="back"),
        NoticeSeen(about=-1, code=1102, text="back"),
        NoticeSeen(about=-1, code=326, text="in use"),
        NoticeSeen(about=-1, code=321, text="Read-Only"),
        NoticeSeen(about=7, code=321, text="Read-Only"),
        NoticeSeen(about=7, code=322, text="Error processing request"),
    ],
)
def test_r05_an_error_or_a_loss_in_between_spoils_a_pass(fact: Fact) -> None:
    assert gathering(fact).is_over
    for place in range(len(ENDS) + 1):
        told = gathering(OPEN, *ENDS[:place], fact, *ENDS[place:])
        assert told.spoilt
        assert told.is_over
        assert not told.evidence(CLAIMED).complete
        assert told.evidence(CLAIMED).open == {REF}


def test_the_first_reason_is_kept() -> None:
    notice = NoticeSeen(about=-1, code=1100, text="lost")
    assert gathering(notice, ConnectionLost(reason="")).spoilt == "1100 lost"
    assert gathering(ConnectionLost(reason=""), notice).spoilt == "the connection was lost"
    assert gathering(notice, NoticeSeen(about=7, code=322, text="x")).spoilt == "1100 lost"
    assert gathering(NoticeSeen(about=7, code=322, text="x"), notice).spoilt == "322 x"


@pytest.mark.parametrize("code", [2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158, 399, 10197])
def test_c16_states_of_farms_and_warnings_do_not(code: int) -> None:
    assert gathering(NoticeSeen(about=-1, code=code, text=""), *ENDS).evidence(CLAIMED).complete


def test_errors_about_other_requests_do_not() -> None:
    assert gathering(NoticeSeen(about=8, code=321, text=""), *ENDS).evidence(CLAIMED).complete


def test_an_empty_pass_is_not_spoilt_and_not_over() -> None:
    told = gathering()
    assert told.spoilt is None
    assert not told.is_over
    assert told.evidence(CLAIMED).named == frozenset()


# --- executions that are not told any more


def execution(exec_id: str = "0001.02.01", after: float = 0) -> ExecutionRow:
    """An execution of the journal, that many seconds after the claim."""
    return ExecutionRow(
        order_ref=REF, plan="p", exec_id=exec_id, contract="EUR.USD", side=Side.BUY, price=Decimal("1.1"),
        quantity=Decimal(25000), at=CLAIMED + timedelta(seconds=after), commission=None, commission_currency=None,
    )  # fmt: skip


def test_an_execution_that_a_complete_list_of_its_day_lacks_is_unlisted() -> None:
    row, other = execution(), execution("0001.03.01")
    assert unlisted([row, other], asked(9, roots=frozenset({"0001.03"})), NEW_YORK) == (row,)
    assert unlisted([row, other], asked(9), NEW_YORK) == (row, other)
    assert unlisted([row], asked(9, roots=frozenset({"0001.02"})), NEW_YORK) == ()


def test_a_later_revision_is_the_same_execution() -> None:
    told = gathering(replace(EXECUTED, exec_id="0001.02.03"), *ENDS).evidence(CLAIMED + 9 * SECOND)
    assert unlisted([execution("0001.02.01")], told, NEW_YORK) == ()


def test_an_incomplete_list_says_nothing_of_what_it_lacks() -> None:
    assert unlisted([execution()], asked(9, complete=False), NEW_YORK) == ()


MIDNIGHT = (datetime(2025, 1, 9, tzinfo=NEW_YORK) - CLAIMED).total_seconds()  # the TWS's


@pytest.mark.parametrize(
    ("done", "told", "at", "wanted"),
    [
        (0, MIDNIGHT - 61, 0, True),
        (0, MIDNIGHT - 60, 0, False),  # its clock may be a minute ahead of ours
        (0, MIDNIGHT - 90, 30, False),
        (0, MIDNIGHT + 61, 0, False),
        (MIDNIGHT + 60, MIDNIGHT + 61, 0, True),
        (MIDNIGHT + 59, MIDNIGHT + 61, 0, False),
        (MIDNIGHT + 61, MIDNIGHT + 59, 0, False),
    ],
)
def test_the_tws_s_midnight_ends_its_list(done: float, told: float, at: float, wanted: bool) -> None:
    evidence = asked(told, at=CLAIMED + timedelta(seconds=told + at))
    assert bool(unlisted([execution(after=done)], evidence, NEW_YORK)) is wanted


def test_the_day_is_that_of_the_tws_s_own_clock() -> None:
    ahead = timedelta(days=-3)
    row = replace(execution(), at=CLAIMED + ahead)
    assert unlisted([row], asked(9), NEW_YORK) == ()
    assert unlisted([row], asked(9), NEW_YORK, ahead) == (row,)


def test_the_day_begins_at_the_tws_s_midnight() -> None:
    assert day_start(CLAIMED, NEW_YORK) == datetime(2025, 1, 8, 5, tzinfo=UTC)
    assert day_start(datetime(2025, 1, 8, 4, 59, 59, tzinfo=UTC), NEW_YORK) == datetime(2025, 1, 7, 5, tzinfo=UTC)
    assert day_start(CLAIMED, UTC) == datetime(2025, 1, 8, tzinfo=UTC)
