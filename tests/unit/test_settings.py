"""fxrun.yaml and the environment: what is read, what is told with its place, and what is not loosened from outside."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from runner.core.limits import NO_LIMITS, Amount, Limits, Window
from runner.errors import PlanInvalid, UsageError
from runner.plan import load as load_plan
from runner.settings import ExternalOrders, Outage, Settings, find, load, near_misses, remote_reason
from runner.settings.environment import FILE_ONLY, LIMITS, PLAIN, override
from runner.settings.load import user_folder
from runner.settings.model import DEFAULT_LIMITS, GRACE, HOOKS, NAMES, RESETS
from runner.settings.notify import EVENTS, Pace
from runner.settings.read import default_settings
from runner.settings.show import rows

SCHEMA: dict[str, Any] = json.loads(schemas.text("settings"))
FULL = """\
connection:
  host: localhost
  port: 4_002
  client_id: 7
  query_client_id: 8
  timeout: 1m
  allow_remote: true
  allow_old_api: true
account: DU1234567
journal: books/live.db
limits:
  max_quantity: 50_000
  max_daily_quantity: 100_000.5
  max_notional: 60_000 USD
  max_daily_notional: 200_000.25 USD
  max_open_orders: 10
  max_fires_per_day: 24
  max_orders_per_minute: 30
  price_collar: 2.5%
  pairs: [EUR.USD, usdjpy, gbp/usd]
  window: {opens: 08:00, closes: "17:30", timezone: Europe/London}
external_orders: stop
restart: {at: 23:45, timezone: Europe/Berlin}
resets:
  - {at: 05:00, timezone: Asia/Hong_Kong, lasts: 80m, days: [mon, sat]}
grace: 90s
hooks:
  missed: [notify-send, "a word"]
  arming: [true-ish]
codes: {10349: info, 201: reject}
notify:
  to:
    - {url: "file:keys/telegram.url", on: [unknown, fill], plans: [payroll]}
    - {url: env:MAIL}
  digest: 18:00
  timezone: Europe/Berlin
  at_most: 5 per day
  ping: env:PING
"""


def settings_of(text: str, tmp_path: Path, **environ: str) -> Settings:
    path = tmp_path / "fxrun.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, folder=tmp_path, environ=environ)


def problems_of(text: str, tmp_path: Path) -> list[tuple[int, int, str]]:
    with pytest.raises(PlanInvalid) as caught:
        settings_of(text, tmp_path)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_every_key_is_read(tmp_path: Path) -> None:
    found = settings_of(FULL, tmp_path)
    assert (found.host, found.port, found.client_id, found.query_client_id) == ("localhost", 4002, 7, 8)
    assert (found.timeout, found.allow_remote, found.allow_old_api) == (60.0, True, True)
    assert found.account == "DU1234567"
    assert found.journal == tmp_path / "books" / "live.db"
    assert found.limits == Limits(
        max_quantity=Decimal(50_000),
        max_daily_quantity=Decimal("100000.5"),
        max_notional=(Amount(Decimal(60_000), "USD"),),
        max_daily_notional=(Amount(Decimal("200000.25"), "USD"),),
        max_open_orders=10,
        max_fires_per_day=24,
        max_orders_per_minute=30,
        price_collar=Decimal("0.025"),
        pairs=frozenset({"EUR.USD", "USD.JPY", "GBP.USD"}),
        windows=(Window(time(8), time(17, 30), ZoneInfo("Europe/London")),),
    )
    assert found.external_orders is ExternalOrders.STOP
    assert found.restart == Outage(at=time(23, 45), zone=ZoneInfo("Europe/Berlin"), lasts=timedelta(minutes=5))
    hong_kong = ZoneInfo("Asia/Hong_Kong")
    assert found.resets == (Outage(at=time(5), zone=hong_kong, lasts=timedelta(minutes=80), days=frozenset({0, 5})),)
    assert found.grace == timedelta(seconds=90)
    assert found.hooks == {"missed": ("notify-send", "a word"), "arming": ("true-ish",)}
    assert found.codes == {10349: "info", 201: "reject"}
    telegram, mail = found.notify.to
    assert (telegram.url, telegram.on, telegram.plans) == ("file:keys/telegram.url", ("fill", "unknown"), {"payroll"})
    assert (mail.url, mail.on, mail.plans) == ("env:MAIL", EVENTS, None)
    assert (found.notify.digest, found.notify.zone, found.notify.ping) == (
        time(18),
        ZoneInfo("Europe/Berlin"),
        "env:PING",
    )
    assert found.notify.at_most == Pace(messages=5, within=timedelta(days=1))
    assert found.origin("connection.port") == f"{tmp_path / 'fxrun.yaml'}:3"
    assert found.origin("limits.price_collar") == f"{tmp_path / 'fxrun.yaml'}:19"
    assert found.origin("hooks.halt") == "default"


def test_every_setting_is_shown_with_the_line_it_stands_in(tmp_path: Path) -> None:
    shown = {row.name: row for row in rows(settings_of(FULL, tmp_path))}
    assert tuple(shown) == NAMES
    silent = {name for name, row in shown.items() if row.origin == "default"}
    assert silent == {f"hooks.{name}" for name in HOOKS} - {"hooks.missed", "hooks.arming"}
    assert shown["notify.to"].text.startswith("file:keys/telegram.url on fill unknown of payroll, env:MAIL on fill")
    assert shown["notify.at_most"].text == "5 per day"
    assert shown["limits.max_notional"].text == "60000 USD"
    assert shown["limits.price_collar"].text == "2.5%"
    assert shown["limits.window"].text == "08:00 to 17:30 Europe/London"
    assert shown["restart"].text == "23:45 Europe/Berlin for 5m"
    assert shown["resets"].text == "05:00 Asia/Hong_Kong for 80m on mon, sat"
    assert shown["hooks.missed"].text == "notify-send 'a word'"
    assert shown["codes"].text == "201 reject, 10349 info"
    assert json.dumps([row.value for row in shown.values()])


def test_without_a_file_there_are_defaults_and_no_account(tmp_path: Path) -> None:
    found = load(None, folder=tmp_path, environ={})
    assert found == default_settings(tmp_path)
    assert (found.file, found.account, found.host, found.port) == (None, None, "127.0.0.1", 7497)
    assert (found.client_id, found.query_client_id, found.timeout) == (1, 99, 10.0)
    assert found.journal == tmp_path / "fxrun.db"
    assert found.limits == DEFAULT_LIMITS == Limits(max_open_orders=15)
    assert (found.resets, found.grace, found.restart) == (RESETS, GRACE, None)


def test_a_file_that_says_little_says_the_rest_by_default(tmp_path: Path) -> None:
    found = settings_of("account: U1\n", tmp_path)
    rest = default_settings(tmp_path)
    for name in (
        "host",
        "port",
        "timeout",
        "journal",
        "limits",
        "external_orders",
        "resets",
        "grace",
        "hooks",
        "codes",
    ):
        assert getattr(found, name) == getattr(rest, name), name


def test_no_limit_of_size_is_made_up(tmp_path: Path) -> None:
    found = settings_of("limits: {pairs: [EUR.USD]}\n", tmp_path)
    assert found.limits.max_quantity is None
    assert found.limits.max_daily_quantity is None
    assert found.limits.max_open_orders == 15


def test_a_count_of_open_orders_of_ones_own_replaces_the_default(tmp_path: Path) -> None:
    assert settings_of("limits: {max_open_orders: 18}\n", tmp_path).limits.max_open_orders == 18


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("conection: {}\n", 1, 1, 'did you mean "connection"?'),
        ("connection: {prot: 1}\n", 1, 14, 'did you mean "port"?'),
        ("connection: {client_id: 0}\n", 1, 25, "expected at least 1"),
        ("connection: {query_client_id: 0}\n", 1, 31, "expected at least 1"),
        ("connection: {client_id: 99}\n", 1, 25, "one client id for two"),
        ("connection: {port: 65_536}\n", 1, 20, "expected at most 65535"),
        ("connection: {port: 7497.5}\n", 1, 20, "expected a whole number"),
        ("connection: {timeout: 10}\n", 1, 23, "expected text"),
        ("connection: {timeout: 0s}\n", 1, 23, "a duration such as"),
        ("connection: {timeout: 61m}\n", 1, 23, "at most 1h"),
        ("connection: {timeout: 999999999d}\n", 1, 23, "at most 1h"),
        ("grace: 8d\n", 1, 8, "at most 7d"),
        ("connection: {allow_remote: yes}\n", 1, 28, "expected true or false"),
        ("account: 1234567\n", 1, 10, '"1234567"'),
        ("account: DU 12\n", 1, 10, "not of the right form"),
        ("limits: {max_quantity: 0}\n", 1, 24, "greater than 0"),
        ("limits: {max_quantity: -5}\n", 1, 24, "greater than 0"),
        ("limits: {max_quantity: .inf}\n", 1, 24, "not finite"),
        ("limits: {max_quantity: 1e6}\n", 1, 24, "exponent"),
        ("limits: {max_quantity: 50_000 EUR}\n", 1, 24, "without quotes, units or spaces"),
        ("limits: {max_notional: 60_000}\n", 1, 24, "expected text"),
        ("limits: {max_notional: 60_000USD}\n", 1, 24, "such as 60_000 USD"),
        ("limits: {max_notional: 60_000 UDS}\n", 1, 24, 'did you mean "USD"?'),
        ("limits: {max_notional: 0 USD}\n", 1, 24, "expected more than 0"),
        ("limits: {max_daily_notional: -5 USD}\n", 1, 30, "such as 60_000 USD"),
        ("limits: {max_open_orders: 0}\n", 1, 27, "expected at least 1"),
        ("limits: {max_fires_per_day: 1.5}\n", 1, 29, "expected a whole number"),
        ("limits: {price_collar: 2}\n", 1, 24, "expected text"),
        ("limits: {price_collar: 0.0%}\n", 1, 24, "more than 0%"),
        ("limits: {price_collar: 200%}\n", 1, 24, "such as 2%"),
        ("limits: {pairs: []}\n", 1, 17, "at least one"),
        ("limits: {pairs: [EUR.USD, USD.EUR]}\n", 1, 27, 'did you mean "EUR.USD"?'),
        ("limits: {window: {opens: 8:00, closes: 17:00}}\n", 1, 26, "a time of day such as 08:00"),
        ("limits: {window: {opens: 08:00, closes: 24:00}}\n", 1, 41, "a time of day such as 08:00"),
        ("limits: {window: {opens: 08:00, closes: 08:00}}\n", 1, 41, "an empty window"),
        ("limits: {window: {opens: 08:00}}\n", 1, 18, 'no "closes"'),
        (
            "limits: {window: {opens: 08:00, closes: 09:00, timezone: Europe/Lodon}}\n",
            1,
            58,
            'did you mean "Europe/London"?',
        ),
        ("Limits: {}\n", 1, 1, 'did you mean "limits"?'),
        ("external_orders: stopp\n", 1, 18, 'did you mean "stop"?'),
        ("restart: {at: 23:45}\n", 1, 10, 'no "timezone"'),
        ("restart: {at: 23:45, timezone: UTC, lasts: 2d}\n", 1, 44, "at most 1d"),
        ("resets: [{at: 1, timezone: UTC}]\n", 1, 15, "expected text"),
        ("resets: [{at: 01:00, timezone: UTC, days: [friday]}]\n", 1, 44, 'did you mean "fri"?'),
        ("grace: forever\n", 1, 8, "a duration such as"),
        ("hooks: {mised: [a]}\n", 1, 9, 'did you mean "missed"?'),
        ("hooks: {halt: notify-send}\n", 1, 15, "expected a list"),
        ("hooks: {halt: []}\n", 1, 15, "at least one"),
        ("hooks: {halt: [3]}\n", 1, 16, '"3"'),
        ("codes: {abc: info}\n", 1, 9, "such as 10349"),
        ("codes: {201: fatal}\n", 1, 14, "reject, warning or info"),
        ("- account\n", 1, 1, "the settings is of the wrong kind"),
        ("account: U1\naccount: U2\n", 2, 1, "a duplicate key"),
        ("", 1, 1, "empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, line: int, column: int, words: str, tmp_path: Path) -> None:
    found = problems_of(text, tmp_path)
    assert [(one[0], one[1]) for one in found] == [(line, column)], found
    assert words in found[0][2]
    assert "cannot say where" not in found[0][2]


def test_y04_a_typo_in_limits_is_no_way_to_lose_one(tmp_path: Path) -> None:
    for key in SCHEMA["$defs"]["limits"]["properties"]:
        for typo in (key[:-1], key.upper(), key.replace("_", "-") + "x"):
            (problem,) = problems_of(f"limits: {{{typo}: 1}}\n", tmp_path)
            assert "an unknown key in limits" in problem[2]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("notify: {to: [{url: mailto://me:tops3cret@example.org}]}\n", 1, 21),
        ("notify:\n  ping: https://hc.example/tops3cret\n", 2, 9),
        ("notify: {to: [{url: env:tops3cret-x}]}\n", 1, 21),
    ],
)
def test_an_address_in_the_clear_is_refused_and_not_repeated(text: str, line: int, column: int, tmp_path: Path) -> None:
    ((at, where, message),) = problems_of(text, tmp_path)
    assert (at, where) == (line, column)
    assert "file:PATH" in message
    assert "tops3cret" not in message


@pytest.mark.parametrize("text", ["0 per hour", "20", "20 per week", "x per day", "20 per hour or so"])
def test_a_pace_that_is_none_is_told(text: str, tmp_path: Path) -> None:
    ((line, _, message),) = problems_of(f"notify:\n  at_most: {text}\n", tmp_path)
    assert line == 2
    assert "20 per hour" in message or "text" in message


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "zzz: 1\nconnection: {port: 0}\nlimits: {max_quantity: -1, pairs: [EURUDS]}\ngrace: 1\n"
    assert [problem[0] for problem in problems_of(text, tmp_path)] == [1, 2, 3, 3, 4]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match="does not exist"):
        load(tmp_path / "fxrun.yaml", folder=tmp_path, environ={})


# --- the environment


def test_the_environment_overrides_and_says_so(tmp_path: Path) -> None:
    found = settings_of(
        FULL,
        tmp_path,
        FXRUN_HOST="::1",
        FXRUN_PORT="7496",
        FXRUN_CLIENT_ID="11",
        FXRUN_QUERY_CLIENT_ID="12",
        FXRUN_TIMEOUT="5s",
        FXRUN_JOURNAL=str(tmp_path / "other.db"),
        FXRUN_GRACE="10m",
        OTHER="1",
    )
    assert (found.host, found.port, found.client_id, found.query_client_id) == ("::1", 7496, 11, 12)
    assert (found.timeout, found.grace, found.journal) == (5.0, timedelta(minutes=10), tmp_path / "other.db")
    assert found.origin("connection.host") == "FXRUN_HOST"
    assert found.origin("grace") == "FXRUN_GRACE"
    assert found.origin("account").endswith("fxrun.yaml:9")


STRICTER = {
    "FXRUN_MAX_QUANTITY": ("50_000", "49_999.5", "50_001"),
    "FXRUN_MAX_DAILY_QUANTITY": ("100000.5", "1", "100_001"),
    "FXRUN_MAX_NOTIONAL": ("60000 USD", "59_999.99 USD", "60_000.01 USD"),
    "FXRUN_MAX_DAILY_NOTIONAL": ("200_000.25 USD", "1 USD", "200_001 USD"),
    "FXRUN_MAX_OPEN_ORDERS": ("10", "9", "11"),
    "FXRUN_MAX_FIRES_PER_DAY": ("24", "1", "25"),
    "FXRUN_MAX_ORDERS_PER_MINUTE": ("30", "29", "31"),
    "FXRUN_PRICE_COLLAR": ("2.5%", "2.4999%", "2.5001%"),
    "FXRUN_PAIRS": ("EUR.USD,USD.JPY,GBP.USD", "eurusd, usdjpy", "EUR.USD,EUR.GBP"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_environment_makes_a_limit_only_stricter(name: str, tmp_path: Path) -> None:
    equal, stricter, looser = STRICTER[name]
    before = settings_of(FULL, tmp_path).limits
    assert settings_of(FULL, tmp_path, **{name: equal}).limits == before
    after = settings_of(FULL, tmp_path, **{name: stricter})
    assert after.limits != before
    assert after.limits == before.stricter(after.limits)
    assert after.origin(LIMITS[name].setting) == name
    with pytest.raises(UsageError, match=f"{name}=.* is looser than {LIMITS[name].setting}") as caught:
        settings_of(FULL, tmp_path, **{name: looser})
    assert caught.value.exit_code == 2
    assert "only make a limit stricter" in str(caught.value)


def test_the_environment_does_not_lift_a_default_either(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"limits.max_open_orders \(default\)"):
        load(None, folder=tmp_path, environ={"FXRUN_MAX_OPEN_ORDERS": "16"})
    assert load(None, folder=tmp_path, environ={"FXRUN_MAX_OPEN_ORDERS": "3"}).limits.max_open_orders == 3


def test_a_limit_in_another_currency_comes_on_top(tmp_path: Path) -> None:
    found = settings_of(FULL, tmp_path, FXRUN_MAX_NOTIONAL="90_000 EUR")
    assert found.limits.max_notional == (Amount(Decimal(90_000), "EUR"), Amount(Decimal(60_000), "USD"))


@pytest.mark.parametrize("name", sorted(FILE_ONLY))
def test_x07_no_variable_says_which_account_or_opens_what_is_guarded(name: str, tmp_path: Path) -> None:
    for text in ("DU1234567", "true", "1"):
        with pytest.raises(UsageError, match=f"{name} is not taken from the environment"):
            settings_of(FULL, tmp_path, **{name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, "nonsense!") for name in sorted({*PLAIN, *LIMITS} - {"FXRUN_HOST", "FXRUN_JOURNAL"})),
        ("FXRUN_PORT", "0"),
        ("FXRUN_PORT", "65536"),
        ("FXRUN_PORT", "+1"),
        ("FXRUN_PORT", "\N{ARABIC-INDIC DIGIT SEVEN}"),
        ("FXRUN_CLIENT_ID", "0"),
        ("FXRUN_HOST", "two words"),
        ("FXRUN_HOST", "a" * 256),
        ("FXRUN_TIMEOUT", "10"),
        ("FXRUN_TIMEOUT", "2h"),
        ("FXRUN_GRACE", "99999999d"),
        ("FXRUN_MAX_QUANTITY", "nan"),
        ("FXRUN_MAX_QUANTITY", "inf"),
        ("FXRUN_MAX_QUANTITY", "-1"),
        ("FXRUN_MAX_QUANTITY", "0"),
        ("FXRUN_MAX_QUANTITY", "1e3"),
        ("FXRUN_PAIRS", "EUR.USD,"),
    ],
)
def test_a_variable_that_cannot_be_read_is_no_default(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{name} cannot be used: found"):
        settings_of(FULL, tmp_path, **{name: text})


def test_one_client_id_for_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one client id for two: found 8"):
        settings_of(FULL, tmp_path, FXRUN_CLIENT_ID="8")


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    names = (*PLAIN, *LIMITS, *FILE_ONLY)
    assert settings_of(FULL, tmp_path, **dict.fromkeys(names, "")) == settings_of(FULL, tmp_path)


def test_a_variable_that_is_almost_ours_is_warned_of() -> None:
    (warning,) = near_misses({"FXRUN_MAX_QUANTTY": "1", "FXRUN_CRASH_AT": "x", "PATH": "", "FXRUN_PORT": "1"})
    assert "FXRUN_MAX_QUANTTY has no effect" in warning
    assert "did you mean FXRUN_MAX_QUANTITY?" in warning


@given(
    st.dictionaries(
        st.sampled_from(sorted({*PLAIN, *LIMITS, *FILE_ONLY})),
        st.text(max_size=12) | st.sampled_from([text for row in STRICTER.values() for text in row]),
        max_size=4,
    )
)
def test_whatever_the_environment_holds_no_limit_is_loosened(environ: dict[str, str]) -> None:
    before = default_settings(Path())
    try:
        after = override(before, environ)
    except UsageError:
        return
    assert after.limits == before.limits.stricter(after.limits)
    assert (after.account, after.allow_remote, after.allow_old_api) == (None, False, False)


# --- where it is looked for


def test_it_is_looked_for_beside_the_plan_then_in_the_user_s_folder(tmp_path: Path) -> None:
    plans, home = tmp_path / "plans", tmp_path / "config"
    (home / "fxrun").mkdir(parents=True)
    plans.mkdir()
    environ = {"XDG_CONFIG_HOME": str(home), "APPDATA": str(home)}
    plan = plans / "plan.yaml"
    if os.name == "nt" or os.uname().sysname == "Linux":
        assert find(plan, environ) is None
        (home / "fxrun" / "fxrun.yaml").write_text("account: U1\n")
        assert find(plan, environ) == home / "fxrun" / "fxrun.yaml"
        assert find(plans, environ) == home / "fxrun" / "fxrun.yaml"
    (plans / "fxrun.yaml").write_text("account: U2\n")
    assert find(plan, environ) == plans / "fxrun.yaml"
    assert find(plans, environ) == plans / "fxrun.yaml"


@pytest.mark.skipif(os.name == "nt", reason="there the folder is another")
def test_a_relative_configuration_folder_is_none(tmp_path: Path) -> None:
    found = user_folder({"XDG_CONFIG_HOME": "here"})
    assert found is None or found.is_absolute()


def test_one_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "fxrun.yaml").symlink_to(tmp_path / "gone.yaml")
    found = find(tmp_path / "plan.yaml", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == tmp_path / "fxrun.yaml"
    with pytest.raises(PlanInvalid):
        load(found, folder=tmp_path, environ={})


# --- another machine


def resolver(*addresses: str) -> Any:
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


def nobody(*_: object, **__: object) -> object:
    raise socket.gaierror(-2, "Name or service not known")


def at(host: str, **more: Any) -> Settings:
    return Settings(file=None, folder=Path(), journal=Path("fxrun.db"), host=host, **more)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_x06_an_address_of_this_machine_is_fine(host: str) -> None:
    assert remote_reason(at(host), nobody) is None


@pytest.mark.parametrize("host", ["192.168.1.5", "0.0.0.0", "8.8.8.8", "::", "fe80::1", "::ffff:10.0.0.1"])
def test_x06_any_other_address_is_refused(host: str) -> None:
    reason = remote_reason(at(host), nobody)
    assert reason is not None
    assert f"is not this machine: found {host}" in reason
    assert "allow_remote" in reason


def test_x06_a_name_is_what_it_resolves_to() -> None:
    assert remote_reason(at("localhost"), resolver("127.0.0.1", "::1")) is None
    for addresses in (("10.0.0.1",), ("127.0.0.1", "10.0.0.1"), ("::1", "2001:db8::1")):
        reason = remote_reason(at("localhost"), resolver(*addresses))
        assert reason is not None
        assert f"found localhost, which is {addresses[-1]}" in reason


def test_x06_a_name_that_resolves_to_nothing_is_refused() -> None:
    for resolve in (nobody, resolver(), resolver("no address")):
        assert remote_reason(at("tws.example"), resolve) is not None
    assert remote_reason(at("a" * 64 + ".example")) is not None


def test_x06_what_is_allowed_is_not_even_looked_up() -> None:
    assert remote_reason(at("10.0.0.1", allow_remote=True), nobody) is None


# --- the schema


def properties(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of the schema, however deep."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from ((f"{name}/{prop}", inner) for prop, inner in value.items())
            yield from properties(value, f"{name}/{key}")


PROPERTIES = dict(properties(SCHEMA)) | {f"$defs/{name}": inner for name, inner in SCHEMA["$defs"].items()}


def test_it_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert len(PROPERTIES) > 40


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_explains_itself(name: str) -> None:
    schema = PROPERTIES[name]
    assert schema["title"]
    assert len(schema["description"]) > 10
    assert schema["examples"]
    for example in schema["examples"]:
        Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]}).validate(example)


def test_defaults_in_the_schema_are_those_of_the_program(tmp_path: Path) -> None:
    shown = {row.name: row.text for row in rows(default_settings(tmp_path))}
    told = {"connection/" + key: one for key, one in SCHEMA["properties"]["connection"]["properties"].items()}
    for name, schema in (told | SCHEMA["properties"]).items():
        if "default" in schema and name != "journal":
            assert shown[name.replace("/", ".")] == json.dumps(schema["default"]).strip('"'), name


def test_the_schema_s_own_examples_are_settings(tmp_path: Path) -> None:
    for example in SCHEMA["examples"]:
        assert settings_of(json.dumps(example), tmp_path).account == example["account"]


def test_an_editor_takes_what_fxrun_takes(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    data = {
        "limits": {"price_collar": "2%", "max_notional": "1 USD", "window": {"opens": "08:00", "closes": "09:00"}},
        "restart": {"at": "23:45", "timezone": "Europe/Berlin"},
        "codes": {"10349": "info"},
        "hooks": {"halt": ["a"]},
    }
    Draft202012Validator(SCHEMA).validate(data)
    path.write_text(json.dumps(data))
    assert load(path, folder=tmp_path, environ={}).limits != NO_LIMITS


# --- the same keys in a plan

PLAN = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"


def test_limits_are_the_same_in_a_plan() -> None:
    """But for the variables that only a plan has."""
    plain = schemas.text("plan").replace("|\\\\$\\\\{", "")
    plan: dict[str, Any] = schemas.strict(json.loads(plain))
    for name in ("limits", "quantity", "count", "notional", "clock", "zone"):
        ours, theirs = plan["$defs"][name], schemas.strict(SCHEMA["$defs"][name])
        assert {**ours, "x-fxrun": None} == {**theirs, "x-fxrun": None}
    assert plan["properties"]["account"]["pattern"] == SCHEMA["properties"]["account"]["pattern"]


def test_a_plan_s_own_limits_join_those_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        PLAN + "account: DU1234567\nlimits:\n  max_quantity: 30_000\n  max_notional: 9 EUR\n  pairs: [EUR.USD]\n"
    )
    plan, settings = load_plan(str(path)), settings_of(FULL, tmp_path)
    shown = {row.name: row for row in rows(settings, plan)}
    assert (shown["limits.max_quantity"].text, shown["limits.max_quantity"].origin) == ("30000", f"{path}:7")
    assert shown["limits.max_notional"].text == "9 EUR, 60000 USD"
    assert shown["limits.max_notional"].origin == f"{settings.file}:14 and {path}:8"
    assert shown["limits.max_fires_per_day"].origin == f"{settings.file}:17"
    assert shown["account"].origin == f"{path}:5"
    assert shown["limits.pairs"].text == "EUR.USD"


def test_a_looser_limit_of_a_plan_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN + "limits: {max_quantity: 90_000, pairs: [EUR.USD, USD.JPY, GBP.USD, EUR.GBP]}\n")
    settings = settings_of(FULL, tmp_path)
    assert settings.limits.stricter(load_plan(str(path)).limits) == settings.limits
    shown = {row.name: row for row in rows(settings, load_plan(str(path)))}
    assert shown["limits.max_quantity"].origin == f"{settings.file}:12"


def test_an_outage_by_default_is_north_america_s() -> None:
    night, weekend = RESETS
    assert night.covers(datetime(2026, 11, 25, 5, 15, tzinfo=UTC))
    assert weekend.covers(datetime(2026, 11, 28, 7, 59, tzinfo=UTC))
    assert not weekend.covers(datetime(2026, 11, 27, 7, 59, tzinfo=UTC))
