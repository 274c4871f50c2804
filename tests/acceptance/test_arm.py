"""`fxrun arm`: what is shown, what must fit together, and what is stored once somebody has typed the account."""

from __future__ import annotations

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import pytest

from runner.journal.control import Ledger
from tests.acceptance.beside import LIMITS, LIVE, PAPER, PLAN, desk, lines_of, record, run, runner_of
from tests.acceptance.broker import gateway

needs_posix = pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")


def test_the_typed_account_stores_digest_account_and_expiry(tmp_path: Path) -> None:
    journal = desk(tmp_path, LIVE)
    before = datetime.now(UTC).replace(microsecond=0)
    done = run(tmp_path, "arm", "weekday.yaml", "--for", "30d", stdin=f"{LIVE}\n")
    ledger = Ledger(journal)
    (arming,) = ledger.armings()
    assert ledger.mode_and_account() == ("live", LIVE)
    assert (arming.plan, arming.account) == ("weekday", LIVE)
    assert arming.digest == sha256((tmp_path / "weekday.yaml").read_bytes()).hexdigest()
    assert before <= arming.at <= datetime.now(UTC)
    assert arming.until - arming.at == timedelta(days=30)
    assert "armed: weekday until " in done.stdout
    assert "fxrun weekday.yaml --live" in done.stdout
    assert "PAPER" not in done.stdout + done.stderr


@needs_posix
def test_the_journal_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_ninety_days_unless_told_otherwise(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    (arming,) = Ledger(journal).armings()
    assert arming.until - arming.at == timedelta(days=90)


def test_every_line_about_a_paper_account_says_so(tmp_path: Path) -> None:
    desk(tmp_path)
    done = run(tmp_path, "arm", "weekday.yaml", stdin=f"{PAPER}\n")
    shown = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    assert [line for line in shown if not line.startswith("PAPER ")] == []


def test_every_line_of_a_rehearsal_says_so(tmp_path: Path) -> None:
    journal = desk(tmp_path, plan=PLAN.replace("mode: live\n", ""))
    done = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", "127.0.0.1:7497", "--yes", PAPER)
    assert [line for line in done.stdout.splitlines() if not line.startswith("REHEARSAL ")] == []
    assert Ledger(journal).mode_and_account() == ("rehearsal", PAPER)
    again = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", "--yes", PAPER)
    assert "fxrun weekday.yaml --rehearsal" in again.stdout


def test_what_is_shown_is_what_will_be_sent(tmp_path: Path) -> None:
    desk(tmp_path)
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    for words in (
        "entry: BUY 25000 EUR.USD LMT limit 1.085 DAY",
        "take_profit: SELL 25000 EUR.USD LMT limit 1.095 GTC",
        "stop_loss: SELL 25000 EUR.USD STP stop 1.08 GTC",
        "max_quantity 100000, max_daily_quantity 300000, max_open_orders 15",
        f"account {PAPER} (paper)",
    ):
        assert words in done.stdout
    count = done.stdout.count(" weekday/main: BUY 25000")
    assert f"PAPER {count} fires until " in done.stdout
    assert count in (4, 5, 6)  # a week has five weekdays; where it begins and the clocks change, one more or less


def test_the_week_as_json_has_each_fire_with_its_orders(tmp_path: Path) -> None:
    desk(tmp_path)
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json")
    (offer,), (armed,) = lines_of(done.stdout, "offer"), lines_of(done.stdout, "armed")
    assert (offer["account"], offer["account_kind"], offer["paper"]) == (PAPER, "paper", True)
    assert offer["limits"] == {"max_quantity": "100000", "max_daily_quantity": "300000", "max_open_orders": 15}
    assert (armed["plan"], armed["until"], armed["digest"]) == ("weekday", offer["until"], offer["digest"])
    fires = lines_of(done.stdout, "fire")
    listed = run(tmp_path, "fires", "weekday.yaml", "-n", str(len(fires)), "--json").stdout
    assert [fire["time"] for fire in fires] == [fire["time"] for fire in lines_of(listed, "fire")]
    explained = run(tmp_path, "explain", "weekday.yaml", "--json").stdout
    for sent, said in zip(fires[0]["tickets"], lines_of(explained, "ticket"), strict=True):
        assert sent == {key: said[key] for key in sent}


def test_a_fire_that_a_limit_will_deny_is_marked(tmp_path: Path) -> None:
    desk(tmp_path, plan=PLAN.replace("25_000", "200_000"))
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json")
    assert all("limits.max_quantity is 100000" in fire["denied"] for fire in lines_of(done.stdout, "fire"))
    plan = PLAN.replace("25_000", "100_000").replace('cron: "30 9 * * mon-fri"', "every: 4h")
    (tmp_path / "weekday.yaml").write_text(plan)
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json")
    fires = lines_of(done.stdout, "fire")
    assert len(fires) == 42
    for _, of_day in groupby(fires, key=lambda fire: fire["time"][:10]):
        reasons = [fire["denied"] for fire in of_day]
        assert reasons[:3] == [None] * len(reasons[:3])
        assert all("limits.max_daily_quantity is 300000" in reason for reason in reasons[3:])


def test_many_fires_are_counted_where_they_cannot_be_listed(tmp_path: Path) -> None:
    plan = PLAN.replace('cron: "30 9 * * mon-fri"', "every: 60s")
    desk(tmp_path, plan=plan)
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json")
    (more,) = lines_of(done.stdout, "more")
    assert len(lines_of(done.stdout, "fire")) + more["fires"] == 7 * 24 * 60
    assert f"and {more['fires']} fires more of weekday/main" in run(tmp_path, "arm", "weekday.yaml", code=3).stdout


def test_a_plan_without_schedule_says_once(tmp_path: Path) -> None:
    desk(tmp_path, plan="plan: now\nmode: live\ncontract: EUR.USD\nside: sell\nsize: 30_000\n")
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    assert "once, when it is run: now/main: SELL 30000 EUR.USD MKT DAY" in done.stdout


# --- refusals


@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "DU1234568\n", "du1234567\n", "\x00\n", "DU1234567 DU1234567\n"])
def test_anything_but_the_account_refuses_and_stores_nothing(tmp_path: Path, answer: str) -> None:
    journal = desk(tmp_path)
    done = run(tmp_path, "arm", "weekday.yaml", code=3, stdin=answer)
    assert "not armed" in done.stderr
    assert not journal.exists()


def test_yes_with_another_account_refuses_and_stores_nothing(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", LIVE, code=3)
    assert "that is not the account DU***567" in done.stderr
    assert PAPER not in done.stderr
    assert not journal.exists()


def test_b08_a_plan_of_mode_simulate_is_not_armed_for_live(tmp_path: Path) -> None:
    journal = desk(tmp_path, plan=PLAN.replace("mode: live\n", ""))
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, code=3)
    assert "mode: live" in done.stderr
    assert not journal.exists()


@pytest.mark.parametrize(
    ("in_plan", "in_settings", "typed", "code"),
    [
        (None, None, PAPER, 3),
        (PAPER, None, PAPER, 0),
        (None, PAPER, PAPER, 0),
        (PAPER, PAPER, PAPER, 0),
        (LIVE, PAPER, LIVE, 3),
        (LIVE, PAPER, PAPER, 3),
        (PAPER, LIVE, PAPER, 3),
        (LIVE, None, PAPER, 3),
        (None, LIVE, PAPER, 3),
        (None, LIVE, LIVE, 0),
        (LIVE, LIVE, LIVE, 0),
    ],
)
@pytest.mark.parametrize("mode", [(), ("--rehearsal",)])
def test_b08_the_account_is_pinned_once_and_typed_the_same(
    tmp_path: Path, in_plan: str | None, in_settings: str | None, typed: str, code: int, mode: tuple[str, ...]
) -> None:
    journal = desk(tmp_path)
    pinned = "" if in_plan is None else f"account: {in_plan}\n"
    (tmp_path / "weekday.yaml").write_text(PLAN + pinned)
    (tmp_path / "fxrun.yaml").write_text(LIMITS + ("" if in_settings is None else f"account: {in_settings}\n"))
    done = run(tmp_path, "arm", "weekday.yaml", *mode, "--yes", typed, code=code)
    assert journal.exists() is (code == 0)
    if code:
        assert PAPER not in done.stderr
        assert LIVE not in done.stderr


def test_no_account_is_refused_with_an_example(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "fxrun.yaml").write_text(LIMITS)
    assert "account: U1234567" in run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, code=3).stderr


def test_live_and_rehearsal_exclude_each_other(tmp_path: Path) -> None:
    desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--live", "--rehearsal", "--yes", PAPER, code=2)
    run(tmp_path, "arm", "weekday.yaml", "--rehearsal=somewhere", "--yes", PAPER, code=2)
    run(tmp_path, "arm", "weekday.yaml", "--live", "--yes", PAPER)


def test_two_plans_with_two_accounts_are_refused(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "fxrun.yaml").write_text(LIMITS)
    (tmp_path / "weekday.yaml").write_text(f"{PLAN}account: {PAPER}\n")
    (tmp_path / "other.yaml").write_text(PLAN.replace("weekday", "other") + f"account: {LIVE}\n")
    done = run(tmp_path, "arm", "weekday.yaml", "other.yaml", "--yes", PAPER, code=3)
    assert "DU***567, U7***321" in done.stderr


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ("", ["limits.max_quantity", "limits.max_daily_quantity"]),
        ("limits: {max_quantity: 5_000}\n", ["limits.max_daily_quantity"]),
        ("limits: {max_daily_quantity: 5_000}\n", ["limits.max_quantity"]),
    ],
)
def test_missing_limits_are_named_with_an_example(tmp_path: Path, limits: str, named: list[str]) -> None:
    desk(tmp_path)
    (tmp_path / "fxrun.yaml").write_text(f"account: {PAPER}\n{limits}")
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, code=3)
    first = done.stderr.partition(";")[0]
    assert [name for name in ("limits.max_quantity", "limits.max_daily_quantity") if name in first] == named
    assert "max_daily_quantity: 300_000" in done.stderr


@needs_posix
def test_a_plan_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "weekday.yaml").chmod(0o646)
    for mode in ((), ("--rehearsal",)):
        done = run(tmp_path, "arm", "weekday.yaml", *mode, "--yes", PAPER, code=3)
        assert "chmod o-w weekday.yaml" in done.stderr
    (tmp_path / "weekday.yaml").chmod(0o644)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)


def test_a_plan_behind_a_link_is_refused(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "weekday.yaml").rename(tmp_path / "real.yaml")
    (tmp_path / "weekday.yaml").symlink_to("real.yaml")
    for mode in ((), ("--rehearsal",)):
        assert "is a link" in run(tmp_path, "arm", "weekday.yaml", *mode, "--yes", PAPER, code=3).stderr


@needs_posix
def test_settings_that_everybody_may_write_are_refused(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "fxrun.yaml").chmod(0o666)
    assert "fxrun.yaml" in run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, code=3).stderr


def test_one_bad_plan_refuses_all(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (tmp_path / "bad.yaml").write_text("plan: bad\nsize: lots\n")
    done = run(tmp_path, "arm", "weekday.yaml", "bad.yaml", "--yes", PAPER, code=2)
    assert done.stderr.startswith("bad.yaml:")
    assert not journal.exists()


def test_plans_of_two_folders_need_one_settings_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir(mode=0o700)
        desk(tmp_path / name, plan=PLAN.replace("weekday", name))
    files = ("one/weekday.yaml", "two/weekday.yaml")
    assert "--settings" in run(tmp_path, "arm", *files, "--yes", PAPER, code=2).stderr
    run(tmp_path, "arm", *files, "--yes", PAPER, "--settings", "one/fxrun.yaml")
    assert {arming.plan for arming in Ledger(tmp_path / "one" / "fxrun.db").armings()} == {"one", "two"}


def test_a_journal_of_another_account_or_mode_is_refused(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    done = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", "--yes", PAPER, code=3)
    assert "belongs to live on DU***567" in done.stderr
    (tmp_path / "fxrun.yaml").write_text(f"account: {LIVE}\n{LIMITS}")
    run(tmp_path, "arm", "weekday.yaml", "--yes", LIVE, code=3)
    assert [arming.account for arming in Ledger(journal).armings()] == [PAPER]


@pytest.mark.parametrize("length", ["0d", "-1d", "90", "forever", "400d", "999999999d", ""])
def test_a_length_that_is_none_is_exit_2(tmp_path: Path, length: str) -> None:
    desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, f"--for={length}", code=2)


# --- beside a runner, and later


def test_arming_again_needs_no_restart_of_the_runner(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--for", "1d")
    with runner_of(journal):
        run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--for", "60d")
    (arming,) = Ledger(journal).armings()
    assert arming.until - arming.at == timedelta(days=60)


def test_a_journal_that_a_runner_has_made_is_armed(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [])
    run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER)
    assert [arming.plan for arming in Ledger(journal).armings()] == ["weekday"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminal")
def test_the_account_is_asked_for_at_a_terminal(tmp_path: Path) -> None:
    import pty

    from tests.acceptance.beside import FXRUN, TERMINAL

    journal = desk(tmp_path)
    ours, theirs = pty.openpty()
    import subprocess

    with subprocess.Popen(
        [*FXRUN, "arm", "weekday.yaml"], cwd=tmp_path, env=TERMINAL, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE
    ) as arm:
        os.close(theirs)
        shown = b""
        while b"type the account" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, f"{PAPER}\n".encode())
        assert arm.wait(30) == 0
    os.close(ours)
    assert journal.exists()


MARKET = PLAN.replace("price: 1.0850", "price: bid - 5 pips").replace(
    "bracket: {take_profit: 1.0950, stop_loss: 1.0800}", "bracket: {take_profit: 2R, stop_loss: 25 pips}"
)


def test_what_counts_from_the_market_is_shown_at_a_quote_as_an_example(tmp_path: Path) -> None:
    desk(tmp_path, plan=MARKET)
    with gateway() as port:
        done = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", f"127.0.0.1:{port}", "--yes", PAPER)
    (line,) = [line for line in done.stdout.splitlines() if "for example, at " in line]
    assert "as the broker says now: BUY 25000 EUR.USD LMT limit 1." in line
    assert line.count("SELL 25000") == 2


FUTURE = """\
plan: weekday
mode: live
contract: {sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: '2026-12'}
side: buy
size: 600_000 USD
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
"""


def test_an_example_counts_by_the_contract_that_the_broker_knows(tmp_path: Path) -> None:
    desk(tmp_path, plan=FUTURE)
    with gateway("--from", "2026-12-01T15:00Z") as port:
        done = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", f"127.0.0.1:{port}", "--yes", PAPER)
    assert "as the broker says now: BUY 4 6EZ6.FUT.USD MKT" in done.stdout


def test_without_a_broker_an_example_is_of_the_simulated_market_in_a_rehearsal_and_none_in_live(tmp_path: Path) -> None:
    journal = desk(tmp_path, plan=MARKET)
    (tmp_path / "fxrun.yaml").write_text(f"connection: {{port: 9}}\n{(tmp_path / 'fxrun.yaml').read_text()}")
    done = run(tmp_path, "arm", "weekday.yaml", "--rehearsal", "127.0.0.1:9", "--yes", PAPER)
    assert "on the simulated market: BUY 25000 EUR.USD LMT limit 1." in done.stdout
    journal.unlink()
    done = run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json")
    (offer,) = lines_of(done.stdout, "offer")
    (example,) = offer["examples"]
    assert (example["order"], example["quote"], example["tickets"]) == ("main", None, [])
    assert "127.0.0.1:9" in example["why"]


def test_an_order_that_needs_no_quote_asks_nobody(tmp_path: Path) -> None:
    desk(tmp_path)
    (offer,) = lines_of(run(tmp_path, "arm", "weekday.yaml", "--yes", PAPER, "--json").stdout, "offer")
    assert offer["examples"] == []
