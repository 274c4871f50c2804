"""The page of a report in a browser: it hovers, zooms by mouse and key, fits a phone, and asks nobody for anything."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.broker import run
from tests.browser.conftest import NARROW, WIDE, complaints

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")

PLAN = """plan: p
orders:
- {id: in, contract: EUR.USD, side: buy, size: 30_000, schedule: {cron: "0 9 * * mon-fri"}}
- {id: out, contract: USD.JPY, side: sell, size: 25_000, schedule: {cron: "0 15 * * mon-fri"}}
"""
SEEN = "document.getElementById('plot-price').chart.timeScale().getVisibleLogicalRange()"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "p.yaml").write_text(PLAN)
    done = run(folder, "p.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-04-05", "--html", "r.html")
    assert done.returncode == 0, done.stderr
    return folder / "r.html"


def _width(page: Page) -> float:
    seen = page.evaluate(SEEN)
    return float(seen["to"] - seen["from"])


def test_plots_hover_and_zoom_and_nothing_is_fetched(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
    told: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    canvas, read = page.locator("#plot-price .canvas"), page.locator("#plot-price .read")
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    last = read.text_content()
    canvas.hover(position={"x": 200, "y": 100})
    page.wait_for_function("text => document.querySelector('#plot-price .read').textContent !== text", arg=last)
    assert "UTC" in (read.text_content() or "")
    whole = _width(page)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(300)
    near = _width(page)
    assert near < whole
    canvas.focus()
    page.keyboard.press("+")
    page.wait_for_timeout(200)
    assert _width(page) < near
    page.locator("#plot-price").get_by_role("button", name="Show all").click()
    page.wait_for_timeout(200)
    assert _width(page) == pytest.approx(whole, rel=0.05)
    page.evaluate("window.before = document.getElementById('plot-price').chart")
    page.get_by_label("Contract").select_option("USD.JPY")
    page.wait_for_function("() => / 1[45][0-9]\\./.test(document.querySelector('#plot-price .read').textContent)")
    assert page.evaluate("window.before.panes().length") == 0, "the plot before it is gone, and draws no more"
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert told == []
    assert asked == [report.as_uri()]
    page.close()


ARROWS = """() => {
    const place = document.getElementById("plot-price");
    const scale = place.chart.timeScale();
    return place.arrows.markers().map((one) => [one.shape, scale.timeToCoordinate(one.time), one.text]);
}"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_arrows_and_their_numbers_have_room(browser: Browser, report: Path, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(report.as_uri())
    page.wait_for_function("() => document.getElementById('plot-price').arrows?.markers().length > 0")
    found = page.evaluate(ARROWS)
    for shape in ("arrowUp", "arrowDown"):
        places = sorted(x for kind, x, _ in found if kind == shape)
        assert all(b - a >= 30 for a, b in pairwise(places))
    assert sum(int(text or 1) for _, _, text in found) == 65  # every fill is in one
    assert all(0 <= x <= size[0] for _, x, _ in found)
    page.close()


def test_no_table_of_profit_and_loss_is_cut_on_a_wide_screen(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
    page.goto(report.as_uri())
    tables = "[...document.querySelectorAll('#tables details[open] .scroll')]"
    assert page.evaluate(f"{tables}.map((one) => one.scrollWidth - one.clientWidth)") == [0, 0]
    aligned = "getComputedStyle(document.querySelector('#tables td.r')).textAlign"
    assert page.evaluate(aligned) == "right"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_schemes(browser: Browser, report: Path, scheme: str) -> None:
    page = browser.new_page(viewport={"width": NARROW[0], "height": NARROW[1]}, color_scheme=scheme)
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(13, 17, 23)") is (scheme == "dark")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_reads_well(browser: Browser, report: Path, size: tuple[int, int], scheme: str, axe: str) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert complaints(page, axe) == []
    page.close()
