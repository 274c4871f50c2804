"""What messages say, how many are sent, when digests are due, and when the dead man's switch is pinged."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.events import Filled, FireDone, FireState, OrderChanged
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.errors import UsageError
from runner.journal.rows import OrderRow
from runner.lifecycle.telling import changed
from runner.notify import delivery, secrets
from runner.notify.digest import Calendar, digest_of, read
from runner.notify.outbox import Outbox, Patience
from runner.notify.ping import Ping
from runner.notify.words import MOST_LINES, Event, Message, event_of, message_of
from runner.report.render_json import line
from runner.settings.notify import EVENTS, Pace
from tests.acceptance import broker

AT = datetime(2026, 1, 7, 12, tzinfo=UTC)
ROW = OrderRow(
    ticket=OrderTicket(
        key=OrderKey(plan="payroll", order="main", fire="f", role="entry"),
        role=Role.ENTRY, contract=ContractSpec(symbol="EUR", currency="USD"), side=Side.BUY,
        quantity=Decimal(25_000), order_type=OrderType.MARKET,
    ),
    state=OrderState.WORKING, filled=Decimal(0), average_price=None, perm_id=None, closed_with_run=False, note="",
)  # fmt: skip
QUICK = Patience(gather=0.05, pause=0.02, longest_pause=0.05, give_up=0.3)
BERLIN = ZoneInfo("Europe/Berlin")


def event(kind: str = "fill", plan: str = "payroll", text: str = "something") -> Event:
    return Event(kind=kind, plan=plan, text=text, mark="PAPER ", journal="fxrun.db")


def wait(wanted: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_burst_is_one_message_with_what_needs_somebody_first() -> None:
    said = message_of([*[event()] * 12, event("unknown", text="fx1:payroll:x has an unknown outcome")])
    assert said.title == "fxrun: PAPER 1 order with unknown outcome of payroll, PAPER 12 fills of payroll"
    assert said.body.splitlines()[3] == "PAPER fx1:payroll:x has an unknown outcome"
    assert said.body.endswith("say what became of it: fxrun resolve --help")


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(["a", "b", ""])), min_size=1), st.integers(0, 99))
def test_every_event_is_counted(told: list[tuple[str, str]], left_out: int) -> None:
    said = message_of([event(kind, plan, text="line") for kind, plan in told], left_out)
    lines = said.body.splitlines()
    heads = lines[: lines.index("")]
    heads = [line for line in heads if not line.startswith("and ")]
    assert len(heads) == MOST_LINES or sum(int(line.split()[1]) for line in heads) == len(told)
    shown, more = lines.count("PAPER line"), max(0, len(told) - MOST_LINES) + left_out
    assert shown == min(len(told), MOST_LINES)
    assert (f"and {more} more, which are left out here; the journal has them" in lines) is bool(more)
    assert len(said.title) <= 120


def test_accounts_are_masked_and_what_is_no_news_is_left_out() -> None:
    alarm = {"type": "alarm", "event": "halt", "plan": "", "reason": "account DU1234567 is short", "time": "T"}
    told = event_of(alarm, "", "fxrun.db")
    assert told is not None
    assert (told.text, told.plan) == ("account DU***567 is short (T)", "")
    assert event_of({"type": "order", "plan": "a", "state": "working"}, "", "fxrun.db") is None
    assert event_of({**alarm, "event": "else"}, "", "fxrun.db") is None


def record(told: FireDone | OrderChanged | Filled) -> dict[str, object]:
    """Return an event as a lane says it."""
    return dict(json.loads(line(told)))


def test_every_kind_that_a_lane_says_is_an_event() -> None:
    fire = FireDone(plan="payroll", order="main", fire="f", time=AT, state=FireState.MISSED, reason="no session")
    told = event_of(record(fire), "", "fxrun.db")
    assert told is not None
    assert (told.kind, told.plan) == ("missed", "payroll")
    assert told.text == "payroll/main of 2026-01-07T12:00:00Z: no session"
    for state in (FireState.SENT, FireState.SKIPPED, FireState.DENIED):
        assert event_of(record(replace(fire, state=state)), "", "fxrun.db") is None
    for state in OrderState:
        told = event_of(record(changed(replace(ROW, state=state), AT)), "", "fxrun.db")
        assert (told and told.kind) == (state.value if state.value in ("rejected", "unknown") else None)
    kinds = {"fill", "missed", "rejected", "unknown", "link_down", "halt", "arming"}
    assert set(EVENTS) == kinds


def test_a_message_about_hundreds_of_plans_is_short_enough_to_be_taken() -> None:
    told = [event("missed", f"plan-{number}", "no session " * 100) for number in range(300)]
    said = message_of(told)
    assert len(said.body) < 8_000
    assert "and 280 more kinds and plans" in said.body
    assert "and 280 more, which are left out here" in said.body


class Box:
    """Takes messages, or refuses them."""

    def __init__(self, refused: int = 0) -> None:
        self.got: list[Message] = []
        self.refused = refused
        self.attempts = 0

    def deliver(self, message: Message) -> bool:
        self.attempts += 1
        if self.attempts <= self.refused:
            return False
        self.got.append(message)
        return True


def test_what_comes_within_the_time_of_a_burst_is_one_message() -> None:
    box = Box()
    outbox = Outbox(box.deliver, Pace(messages=20, within=timedelta(hours=1)), print, Patience(gather=0.6))
    for _ in range(6):
        outbox.put(event())
        time.sleep(0.05)
    wait(lambda: box.got)
    outbox.close(time.monotonic() + 1)
    assert [message.title for message in box.got] == ["fxrun: PAPER 6 fills of payroll"]


def test_what_comes_at_once_is_gathered_and_beyond_the_pace_waits() -> None:
    box, notes = Box(), []
    outbox = Outbox(box.deliver, Pace(messages=1, within=timedelta(seconds=2)), notes.append, QUICK)
    for _ in range(12):
        outbox.put(event())
    wait(lambda: box.got)
    assert box.got[0].title == "fxrun: PAPER 12 fills of payroll"
    began = time.monotonic()
    for _ in range(3):
        outbox.put(event())
    outbox.put(event("missed"))
    wait(lambda: len(box.got) == 2)
    assert box.got[1].title == "fxrun: PAPER 1 missed fire of payroll", "fills do not use up the pace of alarms"
    wait(lambda: len(box.got) == 3)
    assert box.got[2].title == "fxrun: PAPER 3 fills of payroll"
    assert time.monotonic() - began > 1
    outbox.close(time.monotonic() + 1)
    assert notes == []


def test_a_failure_is_noted_once_tried_again_and_given_up() -> None:
    box, notes = Box(refused=3), []
    outbox = Outbox(box.deliver, Pace(), notes.append, QUICK)
    outbox.put(event())
    wait(lambda: len(notes) == 2)
    assert ["not take" in note for note in notes] == [True, False]
    assert len(box.got) == 1
    box.refused = 10**6
    outbox.put(event())
    wait(lambda: len(notes) == 3)
    time.sleep(0.6)
    box.refused = 0
    outbox.put(event("halt"))
    wait(lambda: len(box.got) == 2)
    assert box.got[1].title == "fxrun: PAPER 1 halt of payroll"
    outbox.close(time.monotonic() + 1)


def test_putting_and_closing_do_not_wait_for_a_receiver_that_hangs() -> None:
    forever = threading.Event()
    outbox = Outbox(lambda _: forever.wait(30), Pace(), lambda _: None, QUICK)
    began = time.monotonic()
    for _ in range(3000):
        outbox.put(event())
    outbox.close(time.monotonic() + 0.3)
    assert time.monotonic() - began < 2
    forever.set()


def test_a_digest_is_due_once_a_day_over_restarts_and_clock_changes(tmp_path: Path) -> None:
    file = tmp_path / "digest"
    start = datetime(2026, 10, 23, tzinfo=UTC)
    sent = []
    for hour in range(5 * 24):
        now = start + timedelta(hours=hour)
        if Calendar(clock(18), BERLIN, file).take(now):
            sent.append(now.astimezone(BERLIN))
    assert [(at.day, at.hour) for at in sent] == [(23, 18), (24, 18), (25, 18), (26, 18), (27, 18)]
    assert file.stat().st_mode & 0o077 == 0


def test_an_address_is_read_from_a_file_of_ones_own_or_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "a.url"
    path.write_text("json://host/tops3cret\n")
    path.chmod(0o600)
    assert secrets.resolve("file:a.url", tmp_path, {}) == "json://host/tops3cret"
    assert secrets.resolve("env:A", tmp_path, {"A": " json://x "}) == "json://x"
    path.write_text("json://host/tops3cret\njson://two/tops3cret\n")
    for reference in ("file:a.url", "file:none", "env:B", "file:."):
        with pytest.raises(UsageError) as caught:
            secrets.resolve(reference, tmp_path, {})
        assert "tops3cret" not in str(caught.value)


def test_without_apprise_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # as if it were not there
    with pytest.raises(UsageError, match=r"pip install 'fxrun\[notify\]'"):
        delivery.check_installed()


def test_the_switch_is_pinged_only_while_all_is_well() -> None:
    pings = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pings.append(self.path)
            self.send_response(200 if len(pings) < 3 else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        is_well, notes = threading.Event(), []
        url = f"http://127.0.0.1:{server.server_address[1]}/tops3cret"
        ping = Ping(url, is_well.is_set, notes.append, every=0.05)
        time.sleep(0.3)
        assert pings == []
        is_well.set()
        wait(lambda: len(pings) > 5)
        is_well.clear()
        time.sleep(0.2)
        before = len(pings)
        time.sleep(0.3)
        assert len(pings) == before
        ping.close()
        server.shutdown()
    assert notes == ["ping: fails (it answers 500); it is tried each minute"]
    with pytest.raises(UsageError, match="http or https"):
        Ping("file:///etc/tops3cret", is_well.is_set, notes.append)


def test_a_digest_reads_each_journal_once_whoever_it_is_for(tmp_path: Path) -> None:
    """What was read says it for every receiver: the journal and the files of its plans may be gone by then."""
    journal = broker.journal_of(tmp_path, [(broker.ticket(), "unknown", 0), (broker.ticket("other"), "filled", 25_000)])
    found = [read("PAPER ", "live", journal, AT), read("", "simulate", tmp_path / "none.db", AT)]
    journal.unlink()
    everything, some = digest_of(found, None, AT), digest_of(found, frozenset({"nobody"}), AT)
    assert "PAPER live" in everything.body
    assert everything.body.count("UNKNOWN: fx1:") == 1
    assert "UNKNOWN" not in some.body
    assert everything.body.count("has no journal yet") == some.body.count("has no journal yet") == 1


def test_what_could_not_be_told_is_counted_in_the_next_message() -> None:
    sent: list[Message] = []
    outbox = Outbox(lambda message: sent.append(message) is None, Pace(), lambda _: None, QUICK)
    outbox.leave_out(7)
    time.sleep(0.2)
    assert sent == []
    outbox.put(event("halt"))
    wait(lambda: sent)
    outbox.close(time.monotonic() + 5)
    assert "and 7 more, which are left out here; the journal has them" in sent[0].body
