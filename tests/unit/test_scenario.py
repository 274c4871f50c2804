"""A file of a scenario: read into values, or all that is wrong, each with its place; and the quotes that it makes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import schemas
from runner.cli.scenario import load_scenario
from runner.errors import PlanInvalid, UsageError
from runner.gateway.faults import Fault, Verb, When
from runner.gateway.market import QuotesMarket, Trail
from runner.gateway.overlay import Overlay
from runner.gateway.overlay_shift import Shifted
from runner.gateway.scenario import Move, Point, Scenario

D = Decimal
START = int(datetime(2025, 3, 12, 13, 0, tzinfo=UTC).timestamp())
HEAD = "scenario: s\nsource: made\npair: EUR.USD\nstart: 2025-03-12 13:00\npath:\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(PlanInvalid) as raised:
        load_scenario(written(folder, text))
    return [f"{one.line}:{one.column}: {one.message}" for one in raised.value.problems]


def test_a_whole_file(tmp_path: Path) -> None:
    text = """
    scenario: all of it
    source: made
    about: everything that can be said
    pair: EURUSD
    start: 2025-03-12 14:00+01:00
    path:
      - {price: 1.0900, spread: 5 pips}
      - {at: 30s, move: -150 pips, gap: true, liquidity: none}
      - {at: 2025-03-12 13:01, move: -2.5%, spread: 1_0.5 pips}
      - {at: 2m, restart: 20s}
    """
    assert load_scenario(written(tmp_path, text)) == Scenario(
        name="all of it",
        source="made",
        pair="EUR.USD",
        points=(
            Point(at=START, price=D("1.0900"), spread=D("0.0005")),
            Point(at=START + 30, move=Move(amount=D("-0.0150")), gap=True, is_liquid=False),
            Point(at=START + 60, move=Move(percent=D("-2.5")), spread=D("0.00105")),
            Point(at=START + 120, restart=20),
        ),
    )


def test_a_pip_of_the_yen_is_another(tmp_path: Path) -> None:
    text = HEAD.replace("EUR.USD", "USD.JPY") + "  - {move: -150 pips}\n"
    assert load_scenario(written(tmp_path, text)).points[0].move == Move(amount=D("-1.50"))


def test_restarts_are_faults_from_the_beginning_of_the_run_on(tmp_path: Path) -> None:
    text = HEAD.replace("pair: EUR.USD\n", "") + "  - {restart: 20s}\n  - {at: 1h, restart: 2m}\n"
    scenario = load_scenario(written(tmp_path, text))
    later = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
    assert scenario.has_restart
    assert scenario.faults(later) == (Fault(do=Verb.RESTART, seconds=120, when=When(at=later)),)
    assert len(scenario.faults(datetime(2025, 3, 12, 13, 0, tzinfo=UTC))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("path: []\n", '1:1: a missing key: found no "scenario" in the file'),
        (HEAD, "5:6: path is of the wrong kind: found nothing; expected a list"),
        (HEAD + "  - {at: soon}\n", '6:10: at: found "soon": not a time; expected YYYY-MM-DD'),
        (HEAD + "  - {at: 999999999d}\n", '6:10: at: found "999999999d": later than any time can be'),
        (HEAD + "  - {price: 0}\n", "6:13: path.price is not positive"),
        (HEAD + "  - {price: 1.1, move: 3 pips}\n", "6:24: price and move exclude each other: choose one"),
        (HEAD + "  - {move: -3 pp}\n", '6:12: move: found "-3 pp": not a distance; expected pips or percent such as'),
        (HEAD + "  - {move: -100%}\n", '6:12: move: found "-100%": a price is above zero'),
        (HEAD + "  - {spread: 3%}\n", '6:14: spread: found "3%": not a spread; expected pips such as 40 pips'),
        (HEAD + "  - {gap: true}\n", "6:11: a gap leads to a price: expected price: or move: beside it"),
        (HEAD + "  - {leap: 3}\n", '6:6: an unknown key'),
        (HEAD + "  - {at: 2025-03-12 12:59, move: 0 pips}\n", "6:10: the first point lies before start"),
        (HEAD + "  - {move: 0 pips}\n  - {move: 1 pip}\n", "7:5: points must ascend in time"),
        (HEAD + "  - {move: 0 pips}\n  - {at: 8d}\n", "7:10: from its first point to its last a scenario has"),
        (HEAD + "  - {spread: 3 pips}\n", "6:14: spread holds until the next point, and this is the last"),
        (HEAD + "  - {liquidity: none}\n", "6:17: liquidity holds until the next point, and this is the last"),
        (HEAD + "  - {restart: 0s}\n", '6:15: restart: found "0s": not a duration'),
        (HEAD.replace("pair: EUR.USD\n", "") + "  - {move: 0 pips}\n", '1:1: a missing key: found no "pair"'),
        (HEAD.replace("EUR.USD", "EUR.XXX") + "  - {move: 0 pips}\n", '3:7: pair is not traded here: found "EUR.XXX"'),
        (HEAD.replace("2025-03-12 13:00", "noon") + "  - {move: 0 pips}\n", '4:8: start: found "noon": not a time'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert any(one.startswith(expected) for one in problems(tmp_path, text)), problems(tmp_path, text)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "  - {at: soon, move: 1 mile}\n  - {restart: now}\n"
    assert [one.split(":")[0] for one in problems(tmp_path, text)] == ["6", "6", "7"]


def test_the_schema_gives_examples_that_it_takes() -> None:
    schema = json.loads(schemas.text("scenario"))
    Draft202012Validator.check_schema(schema)
    assert all(Draft202012Validator(schema).is_valid(one) for one in schema["examples"])
    for key, prop in {**schema["properties"], **schema["$defs"]["point"]["properties"]}.items():
        alone = Draft202012Validator({**prop, "$defs": schema["$defs"]})
        assert prop["title"], key
        assert prop["description"], key
        assert prop["examples"], key
        assert all(alone.is_valid(one) for one in prop["examples"]), key


# --- quotes


@pytest.fixture
def base(tmp_path: Path) -> QuotesMarket:
    """A market that stands at 1.1000 to 1.1002 and rises to 1.1100 to 1.1102 at 13:10."""
    path = tmp_path / "quotes.csv"
    path.write_text("time,bid,ask\n2025-03-12T12:00,1.1000,1.1002\n2025-03-12T13:10,1.1100,1.1102\n")
    return QuotesMarket(path)


def quoted(market: Overlay, seconds: int) -> tuple[Decimal, Decimal] | None:
    quote = market.quote("EUR.USD", START + seconds)
    return None if quote is None else (quote.bid, quote.ask)


def over(base: QuotesMarket, *points: Point) -> Overlay:
    return Overlay(base, Scenario(name="s", source="made", pair="EUR.USD", points=points))


def test_a_path_by_hand(base: QuotesMarket) -> None:
    """From 1.1001 in a straight line to 1.0901 in 100 s; no quotes for 20 s; at once at 1.1200, 10 pips wide."""
    market = over(
        base,
        Point(at=START, move=Move()),
        Point(at=START + 100, price=D("1.0901"), is_liquid=False),
        Point(at=START + 120, price=D("1.1200"), gap=True, spread=D("0.0010")),
        Point(at=START + 180, price=D("1.1200")),
    )
    assert quoted(market, -1) == (D("1.1000"), D("1.1002"))
    assert quoted(market, 0) == (D("1.1000"), D("1.1002"))
    assert quoted(market, 50) == (D("1.0950"), D("1.0952"))
    assert quoted(market, 99) == (D("1.0901"), D("1.0903"))
    assert quoted(market, 100) is quoted(market, 119) is None
    assert quoted(market, 120) == quoted(market, 179) == (D("1.1195"), D("1.1205"))
    assert quoted(market, 180) == quoted(market, 599) == (D("1.1199"), D("1.1201"))  # the market's own, 199 pips up
    assert quoted(market, 600) == (D("1.1299"), D("1.1301"))  # and 100 more


def test_a_gap_holds_the_price_before_it(base: QuotesMarket) -> None:
    market = over(base, Point(at=START, price=D("1.2001")), Point(at=START + 60, price=D("1.0280"), gap=True))
    assert quoted(market, 59) == (D("1.2000"), D("1.2002"))
    assert quoted(market, 60) == (D("1.0279"), D("1.0281"))


def test_a_spread_alone_leaves_the_market_its_price(base: QuotesMarket) -> None:
    market = over(base, Point(at=START + 590, spread=D("0.0020")), Point(at=START + 610))
    assert quoted(market, 595) == (D("1.0991"), D("1.1011"))
    assert quoted(market, 605) == (D("1.1091"), D("1.1111"))
    assert quoted(market, 610) == (D("1.1100"), D("1.1102"))


def test_a_percent_of_a_shifted_price_is_a_percent_of_it(base: QuotesMarket) -> None:
    """At 0.1000 a trail of one percent is a tenth of a cent; at the market's own 1.1000 it would be eleven."""
    market = Shifted(base, "EUR.USD", D("-1.0000"))
    trail = Trail(is_buy=True, percent=D(1))
    found = market.first_drawdown("EUR.USD", trail, START, START + 700)
    assert found is not None
    assert found.at == START + 600
    assert found.extreme == D("0.1002")
    assert found.stop == D("0.10121")  # 0.1002 + 0.001002, on the grid


def test_a_market_without_a_price_is_no_ground_for_a_scenario(base: QuotesMarket) -> None:
    with pytest.raises(
        UsageError, match=r"scenario s, 2025-03-12T11:59:59Z: the prices below it have none of EUR\.USD"
    ):
        over(base, Point(at=START - 3601, price=D("1.1")))
    with pytest.raises(UsageError, match="2025-03-12T13:00:00Z: the move leads to a price of zero or less"):
        over(base, Point(at=START, move=Move(amount=D("-1.1001"))))
