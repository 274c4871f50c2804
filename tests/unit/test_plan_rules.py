"""Rules between fields, on their own and together; the corpus of broken plans has one file for each."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.core.money import plain
from runner.errors import Problem
from runner.plan.findings import Findings, TooMany
from runner.plan.source import MAX_PROBLEMS, parse
from runner.plan.suggest import for_choice, for_key, for_pair, for_zone
from runner.plan.text import quote
from runner.plan.validate import MAX_ORDERS, validate
from runner.plan.zones import find_zone

TOP = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 1\n"


def problems(text: str) -> list[Problem]:
    return validate(parse("plan.yaml", text, text.encode()))[1]


def test_other_errors_do_not_silence_the_rules() -> None:
    found = problems(
        TOP.replace("EUR.USD", "nothing")
        + "zzz: 1\norder: {type: limit, price: -1}\nbracket: {take_profit: 1, stop_loss: 2}\n"
    )
    assert [(p.line, p.column) for p in found] == [(2, 11), (5, 1), (6, 29), (7, 24)]


def test_a_value_with_a_problem_is_not_judged_again() -> None:
    found = problems(TOP + "order: {type: limit, price: 0x1}\nbracket: {take_profit: 1.0001}\n")
    assert [(p.line, p.column) for p in found] == [(5, 29)]


def test_a_price_that_cannot_be_read_is_not_missing() -> None:
    assert [p.column for p in problems(TOP + 'order: {type: limit, price: "1.1"}\n')] == [29]


def test_inherited_values_are_told_once() -> None:
    schedule = 'schedule: {cron: "0 0 31 2 *", timezone: Mars}\n'
    found = problems(TOP + schedule + "orders:\n" + "".join(f"  - id: o{n}\n" for n in range(50)))
    assert [(p.line, p.column) for p in found] == [(5, 18), (5, 42)]


def test_a_key_that_every_order_replaces_is_not_held_against_the_others() -> None:
    text = TOP + "bracket: {take_profit: 1.0800, stop_loss: 1.0900}\norders:\n  - {id: a, side: sell}\n"
    assert problems(text) == []


def test_the_grid_is_that_of_each_pair() -> None:
    text = TOP + "order: {type: limit, price: 151.253}\norders:\n  - id: a\n  - {id: b, contract: USD.JPY}\n"
    found = problems(text)
    assert [p.message.count("USD.JPY") for p in found] == [1]
    assert "151.25 or 151.255" in found[0].message


def test_a_stop_limit_is_judged_by_its_limit() -> None:
    order = "order: {type: stop_limit, stop: 1.0900, price: 1.0950}\n"
    assert problems(TOP + order + "bracket: {take_profit: 1.0955, stop_loss: 1.0945}\n") == []
    assert len(problems(TOP + order + "bracket: {take_profit: 1.0930}\n")) == 1


def test_there_is_an_end_to_orders_and_to_problems() -> None:
    entries = "".join(f"  - id: o{n}\n" for n in range(MAX_ORDERS))
    assert problems(TOP + "orders:\n" + entries) == []
    (one,) = problems(TOP + "orders:\n" + entries + "  - id: more\n")
    assert "at most 500" in one.message
    many = problems(TOP + "orders:\n" + "  - 3\n" * MAX_ORDERS)
    assert len(many) == MAX_PROBLEMS + 1
    assert "more than 100" in many[-1].message


def test_findings_stop_when_nobody_reads_on() -> None:
    findings = Findings(parse("plan.yaml", TOP, b""))
    for number in range(MAX_PROBLEMS):
        findings.at_value((), str(number))
    findings.at_value((), "0")  # told already
    with pytest.raises(TooMany):
        findings.at_value((), "one more")


def test_hints_are_few() -> None:
    findings = Findings(parse("plan.yaml", TOP, b""))
    assert [findings.hint(lambda: "x") for _ in range(30)].count("x") == 20


@pytest.mark.parametrize("key", ["America/New_York", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"])
def test_zones(key: str) -> None:
    zone = find_zone(key)
    assert zone is not None
    assert zone.key == key


@pytest.mark.parametrize(
    "key",
    ["", ".", "..", "/", "America", "america/../UTC", "../UTC", "/usr/share/zoneinfo/UTC", "UTC\0",
     "posix/UTC", "right/UTC", "localtime", "posixrules", "Factory", "tzdata.zi", "leapseconds",
     "Mars/Olympus", "A" * 300, "Ünited", "UTC\n", "C:\\UTC"],
)  # fmt: skip
def test_what_is_no_zone(key: str) -> None:
    assert find_zone(key) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sied", '"side"'), ("Side", '"side"'), ("qty", '"size"'), ("price", '"price" under "order:"'), ("tp", "bracket")],
)
def test_hints_for_keys(word: str, meant: str) -> None:
    assert meant in for_key(word, ["plan", "side", "size", "order", "bracket", "schedule"])


def test_no_hint_where_nothing_is_like_it() -> None:
    assert for_key("xyzzy", ["plan", "side"]) == ""
    assert for_choice("", ["buy", "sell"]) == ""
    assert for_pair("") == ""


@pytest.mark.parametrize(("word", "pair"), [("EUR.UDS", "EUR.USD"), ("USDEUR", "EUR.USD"), ("jpy/usd", "USD.JPY")])
def test_hints_for_pairs(word: str, pair: str) -> None:
    assert f'"{pair}"' in for_pair(word)


@pytest.mark.parametrize(
    ("word", "zone"), [("new york", "America/New_York"), ("Europe/Londn", "Europe/London"), ("tokyo", "Asia/Tokyo")]
)
def test_hints_for_zones(word: str, zone: str) -> None:
    assert f'"{zone}"' in for_zone(word)


def test_quotes_are_short_and_printable() -> None:
    assert quote("a\x1b[31m\u202e\n") == '"a\\x1b[31m\\u202e\\n"'
    assert len(quote("x" * 5000)) == 62


@pytest.mark.parametrize(
    ("more", "line", "column", "words"),
    [
        ("account: du1\n", 5, 10, "not of the right form"),
        ("account: 12345\n", 5, 10, "expected text"),
        ("acount: DU1\n", 5, 1, 'did you mean "account"?'),
        ("resend: always\n", 5, 9, "never or proven_absent"),
        ("resend: true\n", 5, 9, "never or proven_absent"),
        ("limits: {max_quantty: 1}\n", 5, 10, 'did you mean "max_quantity"?'),
        ("limits: {max_notional: 5}\n", 5, 24, "expected text"),
        ("limits: {max_notional: 5 dollars}\n", 5, 24, "such as 60_000 USD"),
        ("limits: {price_collar: 2}\n", 5, 24, "expected text"),
        ("limits: {pairs: [EURUDS]}\n", 5, 18, 'did you mean "EUR.USD"?'),
        ("limits: {window: {opens: 9, closes: 10:00}}\n", 5, 26, "expected text"),
        ("limits: {max_quantity: 0.5}\n", 4, 7, "limits.max_quantity of 0.5 (line 5)"),
        ("limits: {pairs: [USD.JPY]}\n", 2, 11, "limits.pairs (line 5): USD.JPY"),
    ],
)
def test_what_stands_above_the_orders_is_checked(more: str, line: int, column: int, words: str) -> None:
    (found,) = problems(TOP + more)
    assert (found.line, found.column) == (line, column), found
    assert words in found.message


def test_an_order_at_the_plan_s_own_limit_is_sound() -> None:
    assert problems(TOP + "limits: {max_quantity: 1, pairs: [EUR.USD]}\n") == []


def test_an_entry_has_no_account_and_no_limits() -> None:
    for key in ("account: DU1", "limits: {max_quantity: 1}", "resend: never", "mode: live"):
        (found,) = problems(TOP + "orders:\n  - {id: a, " + key + "}\n")
        assert "an unknown key" in found.message


@given(st.sampled_from(["EUR.USD", "USD.JPY"]), st.integers(min_value=1, max_value=10**7), st.integers(1, 49))
def test_b05_a_price_is_on_the_grid_exactly_or_it_is_refused(contract: str, steps: int, off: int) -> None:
    top = TOP.replace("EUR.USD", contract)
    tick = Decimal("0.005") if contract == "USD.JPY" else Decimal("0.00005")
    price = steps * tick
    assume(price < 1_000_000)
    assert problems(f"{top}order: {{type: limit, price: {price:f}}}\n") == []
    between = price + tick * off / 50
    (found,) = problems(f"{top}order: {{type: limit, price: {between:f}}}\n")
    assert f"expected {plain(price)} or {plain(price + tick)}" in found.message


@pytest.mark.parametrize(("text", "sound"), [("1.10003", False), ("1.10005", True), ("1.1", True), ("1.100051", False)])
def test_b05_a_price_is_judged_as_it_is_written(text: str, sound: bool) -> None:
    assert (problems(f"{TOP}order: {{type: limit, price: {text}}}\n") == []) is sound
