"""What fxrun writes to a real terminal of a width: whole rows, colours where NO_COLOR lets it, and text to a pipe."""

from __future__ import annotations

import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo terminals here", allow_module_level=True)

from runner.core.order_state import OrderState
from tests.acceptance import broker, terminals
from tests.acceptance.beside import desk, record, run
from tests.acceptance.terminals import COLOUR, FXRUN, Shown, environment, shown, watched
from tests.acceptance.test_status import NOW, arm, noted

WIDTHS = (60, 80, 140)
PLAN = """\
plan: eurusd-weekday
contract: EUR.USD
side: buy
size: 25_000
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York, calendar: NYSE}
"""
RUN = ("eurusd-weekday.yaml", "--simulate", "--from", "2025-01-01", "--until", "2025-02-01")
CSI = "\x1b["


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, and with a journal of a run of it."""
    made = tmp_path_factory.mktemp("terminal")
    (made / "eurusd-weekday.yaml").write_text(PLAN)
    done = broker.run(made, *RUN, "--journal", "ran.db")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gateway with two working orders."""
    with broker.gateway() as found, broker.client(found) as place:
        for order in ("first", "second"):
            limit = {"order_type": broker.OrderType.LIMIT, "limit_price": broker.Decimal("0.5")}
            place(broker.ticket(order, **limit))
        yield found


def commands(port: int) -> dict[str, tuple[object, ...]]:
    return {
        "fires": ("fires", "eurusd-weekday.yaml", "--from", "2025-01-01", "--until", "2025-01-20"),
        "year": ("fires", "eurusd-weekday.yaml", "--year", "2025"),
        "explain": ("explain", "eurusd-weekday.yaml"),
        "status": ("status", "--journal", "ran.db"),
        "report": ("report", "--journal", "ran.db"),
        "orders": ("orders", "--port", port),
        "account": ("account", "--port", port),
        "run": RUN,
    }


NAMES = tuple(commands(0))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_rows_stay_whole(name: str, width: int, folder: Path, port: int) -> None:
    found = shown(folder, *commands(port)[name], width=width)
    assert found.code == 0, found.text
    assert found.rows_beyond(width) == []


def test_a_mark_takes_its_room(folder: Path) -> None:
    """What is told of a simulation has SIMULATED before each line."""
    found = shown(folder, "report", "--journal", "ran.db", width=140)
    assert "SIMULATED " in found.text
    assert max(len(one.rstrip()) for one in found.pieces) <= 140


def colours(found: Shown) -> list[str]:
    return COLOUR.findall(found.raw)


@pytest.mark.parametrize("name", NAMES)
def test_no_color_takes_every_colour_away(name: str, folder: Path, port: int) -> None:
    assert colours(shown(folder, *commands(port)[name], NO_COLOR="1")) == []


@pytest.mark.parametrize("name", ["year", "run"])
def test_there_are_colours_without_it(name: str, folder: Path, port: int) -> None:
    assert colours(shown(folder, *commands(port)[name]))


@pytest.mark.parametrize("name", NAMES)
def test_a_dumb_terminal_gets_text_alone(name: str, folder: Path, port: int) -> None:
    found = shown(folder, *commands(port)[name], width=60, TERM="dumb")
    assert found.code == 0
    assert "\x1b" not in found.raw
    assert found.rows_beyond(60) == []


def piped(folder: Path, *arguments: object, **environ: str) -> str:
    """Return what a command writes to both streams where nobody reads along."""
    done = subprocess.run(
        [*FXRUN, *map(str, arguments)],
        cwd=folder, env=environment(folder, **environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_gets_no_control_character(name: str, folder: Path, port: int) -> None:
    text = piped(folder, *commands(port)[name])
    assert [char for char in text if not char.isprintable() and char != "\n"] == []


@pytest.mark.parametrize("name", ["report", "run", "orders", "year"])
def test_force_color_draws_in_a_pipe_and_no_color_is_stronger(name: str, folder: Path, port: int) -> None:
    words = commands(port)[name]
    wide = {"FORCE_COLOR": "1", "COLUMNS": "200"}  # no table is drawn that does not fit
    assert CSI in piped(folder, *words, **wide)
    assert COLOUR.findall(piped(folder, *words, **wide, NO_COLOR="1")) == []
    if name != "year":
        assert CSI not in piped(folder, *words, "--json", FORCE_COLOR="1"), "JSON is for programs"


@pytest.mark.parametrize("name", ["fires", "explain"])
def test_force_color_breaks_no_line_in_a_pipe(name: str, folder: Path, port: int) -> None:
    words = commands(port)[name]
    assert piped(folder, *words, FORCE_COLOR="1", COLUMNS="40") == piped(folder, *words)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_bar_of_a_run_fits_and_leaves_nothing_behind(width: int, folder: Path) -> None:
    with watched(folder, *RUN, width=width) as seen:
        seen.end()
        bars = [one for one in Shown(seen.raw, 0).pieces if "━" in one]
        assert bars
        assert max(map(len, bars)) <= width
        assert "━" not in seen.display


# --- status --watch


@pytest.fixture
def watching(tmp_path: Path) -> Path:
    """A folder whose journal needs attention."""
    journal = desk(tmp_path)
    record(journal, [("weekday", OrderState.FILLED)])
    arm(journal, noted(tmp_path, journal, NOW + timedelta(days=1)), timedelta(days=60))
    return tmp_path


@pytest.mark.parametrize("width", WIDTHS)
def test_a_live_view_fits_is_drawn_anew_and_ends_with_q(width: int, watching: Path) -> None:
    with watched(watching, "status", "--watch", width=width) as seen:
        seen.wait(lambda: "q ends" in seen.display)
        assert "weekday: armed until" in " ".join(seen.display.split())
        assert "PAPER" in seen.display
        assert "nothing needs attention" in seen.display
        run(watching, "halt", "--reason", "seen by the watcher")
        seen.wait(lambda: "seen by the watcher" in " ".join(seen.display.replace("PAPER", "").split()))
        assert seen.colour_of("HALTED") == "red"
        assert all(line.startswith("PAPER") for line in seen.display.splitlines() if line)
        seen.resize(100, 12)
        seen.wait(lambda: "q ends" in seen.display.splitlines()[-1])
        seen.child.send("q")
        assert seen.end() == 0
        assert seen.raw.count("\x1b[?1049h") == seen.raw.count("\x1b[?1049l") == 1, "the screen before is back"
        assert seen.raw.rstrip().endswith("\x1b[?25h"), "so is the cursor"


def test_what_does_not_fit_is_counted_and_what_is_urgent_is_above_it(watching: Path) -> None:
    run(watching, "halt")
    with watched(watching, "status", "--watch", width=60, height=5) as seen:
        seen.wait(lambda: "q ends" in seen.display)
        assert "more lines; a higher window shows them" in seen.display
        assert "HALTED" in seen.display


@pytest.mark.parametrize("way", ["ctrl-c", "SIGINT", "SIGTERM"])
def test_interrupted_it_leaves_the_terminal_as_it_was(way: str, watching: Path) -> None:
    with watched(watching, "status", "--watch") as seen:
        seen.wait(lambda: "q ends" in seen.display)
        if way == "ctrl-c":
            seen.child.send("\x03")
        else:
            seen.child.kill(getattr(signal, way))
        seen.wait(lambda: "\x1b[?1049l" in seen.raw)
        seen.take(0.3)
        assert _modes(termios.tcgetattr(seen.child.child_fd)) == _modes(seen.settings)
        assert seen.end() == 130
        assert "Traceback" not in seen.raw


def _modes(settings: list[object]) -> list[object]:
    return settings[:4]


def test_a_journal_that_goes_away_ends_it_with_its_words(watching: Path) -> None:
    with watched(watching, "status", "--watch") as seen:
        seen.wait(lambda: "q ends" in seen.display)
        (watching / "fxrun.db").unlink()
        assert seen.end() == 2
        assert "there is no journal" in seen.raw.partition("\x1b[?1049l")[2]


def test_without_colours(watching: Path) -> None:
    run(watching, "halt")
    with watched(watching, "status", "--watch", NO_COLOR="1") as seen:
        seen.wait(lambda: "q ends" in seen.display)
        seen.child.send("q")
        assert seen.end() == 0
        assert COLOUR.findall(seen.raw) == []


def test_a_dumb_terminal_is_told_one_state_after_the_other(watching: Path) -> None:
    with watched(watching, "status", "--watch", TERM="dumb") as seen:
        seen.wait(lambda: seen.raw.count("no runner is running") >= 2)
        seen.child.send("\x03")
        assert seen.end() == 130
        assert "\x1b" not in seen.raw


@pytest.mark.parametrize("name", ["orders", "account"])
def test_what_a_broker_says_is_shown_anew(name: str, folder: Path, port: int) -> None:
    with watched(folder, name, "--watch", "--port", port) as seen:
        seen.wait(lambda: seen.raw.count("\x1b[2J") >= 2)
        assert "account" in seen.display
        seen.child.send("\x03")
        assert seen.end() == 130


def test_a_gateway_draws_its_table_and_a_dumb_terminal_gets_its_log(folder: Path) -> None:
    with watched(folder, "gateway", "--port", "0", "--log", "frames", TERM="dumb") as seen:
        seen.wait(lambda: "listening on" in seen.display)
        seen.child.kill(signal.SIGTERM)
        assert seen.end() == 0
        assert "\x1b" not in seen.raw


def test_terminals_know_what_they_see() -> None:
    found = terminals.Shown("\x1b[31mred\x1b[0m  row\r\nprose goes on", 0)
    assert (COLOUR.findall(found.raw), found.rows_beyond(5)) == (["\x1b[31m"], ["red  row"])
    assert COLOUR.findall("\x1b[1m\x1b[0m\x1b[?25l\x1b[2K") == []
