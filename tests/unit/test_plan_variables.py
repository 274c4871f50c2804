"""Variables: what they may be, where they may stand, and that a plan with another value is another plan to arm."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.errors import PlanInvalid, Problem, UsageError
from runner.plan import Plan, load, load_all
from runner.plan.variables import Given

TEXT = """\
plan: demo
vars:
  pips: 5
  amount: {type: size, default: 0.25 lots}
  side_of: {type: text, default: buy, description: which way}
  outside: false
env: [ZONE]
contract: EUR.USD
side: ${side_of}
size: ${amount}
order: {type: limit, price: "bid - ${pips} pips", outside_rth: "${outside}"}
schedule: {every: 1h, timezone: "${env:ZONE}"}
"""
ENVIRONMENT = {"ZONE": "Europe/Berlin", "SECRET": "x"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(TEXT)
    return path


def plan(file: Path, **values: str) -> Plan:
    return load(str(file), Given(values=values, environment=ENVIRONMENT))


def problems(file: Path, text: str, **values: str) -> list[Problem]:
    file.write_text(text)
    with pytest.raises(PlanInvalid) as caught:
        plan(file, **values)
    return list(caught.value.problems)


def test_values_take_their_places(file: Path) -> None:
    (order,) = plan(file).instructions
    assert order.size == SizeExpr(Decimal("0.25"), SizeKind.LOTS)
    assert order.limit_price == PriceExpr(Anchor.BID, Decimal(-5), Unit.PIPS)
    assert (order.side.value, order.terms.outside_rth) == ("BUY", False)
    assert order.schedule is not None
    assert order.schedule.zone.key == "Europe/Berlin"


def test_set_gives_another_value(file: Path) -> None:
    (order,) = plan(file, pips="7.5", amount="30_000", outside="true", side_of="sell").instructions
    assert order.size == SizeExpr(Decimal(30_000))
    assert order.limit_price == PriceExpr(Anchor.BID, Decimal("-7.5"), Unit.PIPS)
    assert (order.side.value, order.terms.outside_rth) == ("SELL", True)


def test_another_value_is_another_plan_to_arm(file: Path) -> None:
    digests = [
        plan(file).digest,
        plan(file, pips="6").digest,
        plan(file, pips="7").digest,
        plan(file, outside="true").digest,
    ]
    assert len(set(digests)) == 4
    assert plan(file, pips="6").digest == plan(file, pips="6").digest
    elsewhere = load(str(file), Given(environment={"ZONE": "Europe/London"}))
    assert elsewhere.digest not in digests
    file.write_text(TEXT.replace("${env:ZONE}", "UTC"))
    plain = load(str(file))
    file.write_text(TEXT.replace("${env:ZONE}", "UTC") + "#\n")
    assert load(str(file)).digest != plain.digest
    assert plan(file).digest == load(str(file)).digest  # of the file alone where all stands in it


TOP = "plan: demo\nvars: {n: 5, must: {type: number}}\nenv: [ZONE]\ncontract: EUR.USD\nside: buy\n"


@pytest.mark.parametrize(
    ("more", "line", "column", "words"),
    [
        ("size: ${m}\n", 6, 7, "an unknown variable: found ${m}; expected one that vars: declares"),
        ("size: ${must}\n", 6, 7, "expected --set must=VALUE, or a default"),
        ("size: ${n\n", 6, 7, "a variable that does not end"),
        ("size: 1\norder: {type: limit, price: 'bid - ${m} pips'}\n", 7, 36, "an unknown variable"),
        ("size: ${n}x\n", 6, 7, 'size cannot be used: found "5x"'),
        ("size: ${env:ZONE}\n", 6, 7, "size may not come from elsewhere"),
        ("size: 1\norder: {type: limit, price: '${env:HOME}'}\n", 7, 30, "expected it in the plan's list env: [HOME]"),
        ("size: 1\nmode: ${n}\n", 7, 7, "mode may not come from elsewhere"),
        ("size: 1\naccount: ${n}\n", 7, 10, "account may not come from elsewhere"),
        ("size: 1\nlimits: {max_quantity: '${env:ZONE}'}\n", 7, 25, "limits.max_quantity may not come from elsewhere"),
        ("size: 1\norder: {type: market, ib: {extOperator: '${env:ZONE}'}}\n", 7, 42, "may not come from elsewhere"),
        ("size: 1\norder: {type: market, min_quantity: '${n}'}\n", 7, 37, "above the size"),
        (
            "size: 1\norder: {type: market, min_quantity: ${n}}\n",
            7,
            38,
            "expected quotes around ${...} between brackets",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_is_used(file: Path, more: str, line: int, column: int, words: str) -> None:
    (found,) = problems(file, TOP + more)
    assert (found.line, found.column) == (line, column), found
    assert words in found.message


@pytest.mark.parametrize(
    ("variables", "column", "words"),
    [
        ("{n: {type: number, default: x}}", 11, 'vars.n is no number: found "x"'),
        ("{n: {type: size, default: 5x}}", 11, "expected a size such as 30_000"),
        ("{n: {type: price, default: bidd}}", 11, "expected a price such as 1.085"),
        ("{n: {type: duration, default: soon}}", 11, "expected a duration"),
        ("{n: {type: boolean, default: 1}}", 11, "expected true or false"),
        ("{n: {type: text, default: 1}}", 11, "vars.n is no text"),
        ("{n: '${env:ZONE}'}", 11, "takes from another"),
        ("{n: {type: nmber, default: 1}}", 18, 'did you mean "number"?'),
        ("{n: {default: 1}}", 11, 'found no "type"'),
        ("{N: 1}", 8, 'found "N"; expected text such as pips'),
    ],
)
def test_a_variable_that_cannot_be(file: Path, variables: str, column: int, words: str) -> None:
    found = problems(file, f"plan: demo\nvars: {variables}\ncontract: EUR.USD\nside: buy\nsize: 1\n")
    assert [(one.line, one.column) for one in found] == [(2, column)], found
    assert words in found[0].message


@pytest.mark.parametrize(
    ("value", "words"), [("5x", 'found "5x" (of --set)'), ("", "is no number"), ("\x1b[1m", "is no")]
)
def test_a_value_of_another_type_is_refused(file: Path, value: str, words: str) -> None:
    (found,) = problems(file, TEXT, pips=value)
    assert (found.line, found.column) == (3, 9)
    assert words in found.message
    assert found.message.isprintable()


@pytest.mark.parametrize("value", ["", "a\nb", "x" * 300])
def test_the_environment_gives_one_line_of_text(file: Path, value: str) -> None:
    with pytest.raises(PlanInvalid) as caught:
        load(str(file), Given(environment={"ZONE": value}))
    (found,) = caught.value.problems
    assert (found.line, found.column) == (12, 34)


def test_a_name_that_no_plan_has_is_a_mistake_of_the_command(file: Path) -> None:
    with pytest.raises(
        UsageError, match=r'--set pip: .* they have amount, outside, pips, side_of; did you mean "pips"\?'
    ):
        plan(file, pip="5")


def test_each_plan_takes_what_it_has(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("plan: other\nvars: {n: 1}\ncontract: EUR.USD\nside: buy\nsize: ${n}\n")
    given = Given(values={"n": "3", "pips": "9"}, environment=ENVIRONMENT)
    first, second = load_all([str(file), str(other)], given)
    assert second.instructions[0].size == SizeExpr(Decimal(3))
    assert first.instructions[0].limit_price == PriceExpr(Anchor.BID, Decimal(-9), Unit.PIPS)


def test_a_size_below_a_strategy_is_a_size(file: Path) -> None:
    text = TOP.replace("side: buy\n", "")
    (found,) = problems(file, text + "invest: {amount: '${env:ZONE}'}\nside: buy\n")
    assert "invest.amount may not come from the environment" in found.message
