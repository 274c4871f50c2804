"""The scenarios that are shipped, each under a plan that meets it, as a user runs them; and one on a gateway alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.processes import GatewayProcess

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "examples" / "scenarios"
D = Decimal
Fills = list[tuple[str, Decimal]]


def fxrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def simulated(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run a plan, with a scenario or without one; returns what it told."""

    def run(plan: str, start: str, until: str, scenario: str | None = None, code: int = 0) -> list[dict[str, Any]]:
        path = tmp_path / "plan.yaml"
        path.write_text(plan)
        more = () if scenario is None else ("--scenario", str(SHIPPED / f"{scenario}.yaml"))
        done = fxrun(str(path), "--simulate", "--from", start, "--until", until, "--json", *more)
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def fills(told: list[dict[str, Any]]) -> Fills:
    return [(line["time"], D(line["price"])) for line in told if line["type"] == "fill"]


def plan(pair: str, side: str, order: str, schedule: str = "", more: str = "") -> str:
    return f"plan: p\ncontract: {pair}\nside: {side}\nsize: 25_000\norder: {order}\n{schedule}{more}\n"


def at(time: str) -> str:
    return f"schedule: {{at: [{time}]}}\n"


Run = Callable[..., list[dict[str, Any]]]


def test_these_are_shipped() -> None:
    """Each has a test below, and says whose its prices are."""
    sources = {path.stem: json.loads(_json_of(path))["source"] for path in SHIPPED.iterdir()}
    assert sources == {
        "ecb-2015-01-15-eurchf": "ECB euro foreign exchange reference rates",
        "ecb-2016-06-24-gbpusd": "ECB euro foreign exchange reference rates; crosses by fxrun",
        "flash-crash": "made",
        "gateway-restart-at-fire": "made",
        "thin-holiday-liquidity": "made",
        "weekend-gap": "made",
    }


def _json_of(path: Path) -> str:
    import yaml

    return json.dumps(yaml.safe_load(path.read_text()), default=str)


def test_flash_crash(simulated: Run) -> None:
    """Due at 13:30 where nobody quotes: filled at 13:30:30, three percent down and with half of 60 pips on top."""
    text = plan("EUR.USD", "buy", "{type: market}", at("2025-03-12 13:30Z"))
    span = "2025-03-12", "2025-03-13"
    ((_, usual),) = fills(simulated(text, *span))
    ((when, price),) = fills(simulated(text, *span, "flash-crash"))
    assert when == "2025-03-12T13:30:30Z"
    assert abs(price - (usual * D("0.97") + D("0.0030"))) < D("0.0005")
    # a stop eight percent of the way down is met on the way there, a limit below the bottom never
    stop = plan("EUR.USD", "sell", f"{{type: stop, stop: {usual - D('0.0030'):.4f}}}", at("2025-03-12 13:20Z"))
    ((when, price),) = fills(simulated(stop, *span, "flash-crash"))
    assert "2025-03-12T13:29:00Z" < when < "2025-03-12T13:30:00Z"
    assert usual - D("0.0045") < price < usual - D("0.0029")
    limit = plan("EUR.USD", "buy", f"{{type: limit, price: {usual * D('0.96'):.4f}}}", at("2025-03-12 13:20Z"))
    assert fills(simulated(limit, *span, "flash-crash")) == []


def test_weekend_gap(simulated: Run) -> None:
    """A stop 40 pips below Friday's close is filled at Sunday's first second, 150 pips and half of twelve below it."""
    friday = plan("EUR.USD", "buy", "{type: market}", at("2025-03-14 20:59:58Z"))
    ((_, close),) = fills(simulated(friday, "2025-03-14", "2025-03-15"))
    level = (close - D("0.0040")).quantize(D("0.0001"))
    stop = plan("EUR.USD", "sell", f"{{type: stop, stop: {level}, tif: GTC}}", at("2025-03-14 20:00Z"))
    ((when, price),) = fills(simulated(stop, "2025-03-14", "2025-03-18", "weekend-gap"))
    assert when == "2025-03-16T21:15:00Z"
    assert close - D("0.0200") < price < close - D("0.0130")
    monday = plan("EUR.USD", "buy", "{type: market}", at("2025-03-17 12:00Z"))
    ((_, usual),) = fills(simulated(monday, "2025-03-17", "2025-03-18"))
    ((_, lower),) = fills(simulated(monday, "2025-03-16", "2025-03-18", "weekend-gap"))
    assert usual - lower == D("0.0150")  # and so it stays


def test_thin_holiday_liquidity(simulated: Run) -> None:
    """At nine the spread costs seven pips more; the order of half past two waits until three o'clock."""
    text = plan("EUR.USD", "buy", "{type: market}", at("2025-12-24 09:00Z, 2025-12-24 14:30Z"))
    span = "2025-12-24", "2025-12-25"
    usual, found = fills(simulated(text, *span)), fills(simulated(text, *span, "thin-holiday-liquidity"))
    assert [when for when, _ in found] == ["2025-12-24T09:00:00Z", "2025-12-24T15:00:00Z"]
    assert D("0.00069") <= found[0][1] - usual[0][1] <= D("0.00075")


def test_gateway_restart_at_fire(simulated: Run) -> None:
    """Sent once, when the gateway is back; a gateway that stays away longer than a minute makes it a missed fire."""
    text = plan("EUR.USD", "buy", "{type: market}", 'schedule: {cron: "30 9 * * *", timezone: America/New_York}\n')
    span = "2025-03-11", "2025-03-14"
    told = simulated(text, *span, "gateway-restart-at-fire")
    found = fills(told)
    assert [when[:10] for when, _ in found] == ["2025-03-11", "2025-03-12", "2025-03-13"]
    assert "2025-03-12T13:30:20Z" <= found[1][0] <= "2025-03-12T13:31:00Z"
    # to the minute: on a busy machine such a run was once seen to send some seconds of plan time late
    usual = fills(simulated(text, *span))
    assert [when[:16] for when, _ in found[::2]] == [when[:16] for when, _ in usual[::2]]
    assert told[-1]["orders"] == told[-1]["filled"] == 3


def test_a_gateway_that_stays_away(simulated: Run, tmp_path: Path) -> None:
    scenario = (SHIPPED / "gateway-restart-at-fire.yaml").read_text().replace("20s", "90s")
    (tmp_path / "long.yaml").write_text(scenario)
    text = plan("EUR.USD", "buy", "{type: market}", 'schedule: {cron: "30 9 * * *", timezone: America/New_York}\n')
    told = simulated(text, "2025-03-11", "2025-03-14", str(tmp_path / "long"), code=7)
    assert [line["state"] for line in told if line["type"] == "fire"] == ["sent", "missed", "sent"]
    assert len(fills(told)) == 2


def test_ecb_2015_01_15_eurchf(simulated: Run) -> None:
    """Who is long with a stop at 1.1950 is out at 1.0280 less half of 100 pips, twenty minutes after the news."""
    stop = plan("EUR.CHF", "sell", "{type: stop, stop: 1.1950, tif: GTC}", at("2015-01-15 08:00Z"))
    ((when, price),) = fills(simulated(stop, "2015-01-14", "2015-01-16", "ecb-2015-01-15-eurchf"))
    assert (when, price) == ("2015-01-15T09:50:00Z", D("1.0230"))
    before = plan("EUR.CHF", "buy", "{type: market}", at("2015-01-15 09:29:59Z"))
    ((_, held),) = fills(simulated(before, "2015-01-14", "2015-01-16", "ecb-2015-01-15-eurchf"))
    assert D("1.2010") < held < D("1.2013")


def test_ecb_2016_06_24_gbpusd(simulated: Run) -> None:
    """Half of the way at half of the time; before it the rate of the 23rd, and at four o'clock that of the 24th."""
    times = "2016-06-23 20:00Z, 2016-06-24 01:00Z, 2016-06-24 04:00Z"
    text = plan("GBP.USD", "buy", "{type: market}", at(times))
    found = fills(simulated(text, "2016-06-23", "2016-06-25", "ecb-2016-06-24-gbpusd"))
    prices = [price for _, price in found]
    assert [
        D("0") < price - rate < D("0.0012")
        for price, rate in zip(prices, (D("1.48691"), (D("1.48691") + D("1.37040")) / 2, D("1.37040")), strict=True)
    ] == [True] * 3


def test_two_runs_print_the_same(simulated: Run) -> None:
    text = plan("EUR.USD", "buy", "{type: market}", 'schedule: {cron: "*/30 * * * *"}\n')
    for name in ("flash-crash", "gateway-restart-at-fire"):
        runs = [simulated(text, "2025-03-12 12:00", "2025-03-12 16:00", name) for _ in range(2)]
        assert runs[0] == runs[1]


def test_two_runs_print_the_same_of_what_was_missed_while_the_gateway_was_away(tmp_path: Path) -> None:
    scenario = tmp_path / "away.yaml"
    scenario.write_text((SHIPPED / "gateway-restart-at-fire.yaml").read_text().replace("20s", "90s"))
    (tmp_path / "p.yaml").write_text(plan("EUR.USD", "buy", "{type: market}", "schedule: {every: 10s}\n"))
    span = ("--from", "2025-03-12T13:29Z", "--until", "2025-03-12T13:33Z", "--scenario", str(scenario))
    runs = [fxrun(str(tmp_path / "p.yaml"), "--simulate", *span) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    assert "the simulated gateway is away" in runs[0].stdout
    assert "127.0.0.1" not in runs[0].stdout


def test_a_run_that_ends_before_its_scenario_is_refused(tmp_path: Path) -> None:
    scenario = str(SHIPPED / "flash-crash.yaml")
    done = fxrun("examples/eurusd-weekday.yaml", "--simulate", "--from", "2025-01-01", "--until", "2025-02-01",
                 "--scenario", scenario)  # fmt: skip
    assert done.returncode == 2
    assert "begins at 2025-03-12T13:29:00Z, and the run ends at 2025-02-01T00:00:00Z" in done.stderr


def test_what_is_wrong_with_a_file_is_told_like_that_of_a_plan(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("scenario: x\nsource: made\nstart: 2025-03-12\npath: [{restrat: 20s}]\n")
    for command in (("examples/eurusd-weekday.yaml", "--simulate"), ("gateway", "--port", "0")):
        done = fxrun(*command, "--scenario", str(path))
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{path}:4:9: an unknown key" in done.stderr
        assert 'did you mean "restart"?' in done.stderr


def test_the_report_names_the_scenario() -> None:
    done = fxrun("examples/eurusd-weekday.yaml", "--simulate", "--from", "2025-03-12", "--until", "2025-03-13",
                 "--scenario", "examples/scenarios/flash-crash.yaml")  # fmt: skip
    assert "scenario: flash-crash (made), examples/scenarios/flash-crash.yaml" in done.stdout.splitlines()


def test_a_gateway_alone_has_scenarios_too(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "scenario: level\nsource: made\npair: EUR.USD\nstart: 2025-03-12 12:00\n"
        "path: [{price: 1.5}, {at: 1d, price: 1.5}]\n"
    )
    (tmp_path / "plan.yaml").write_text(plan("EUR.USD", "buy", "{type: market}"))
    gateway = GatewayProcess(tmp_path, "--from", "2025-03-12 13:00", "--scenario", str(tmp_path / "s.yaml"))
    gateway.start()
    try:
        done = fxrun(str(tmp_path / "plan.yaml"), "--rehearsal", f"127.0.0.1:{gateway.port}", "--json")
    finally:
        gateway.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    ((_, price),) = fills([json.loads(line) for line in done.stdout.splitlines()])
    assert abs(price - D("1.5")) < D("0.0002")
    assert "scenario level (made) from 2025-03-12T12:00:00Z on" in gateway.log.read_text()
