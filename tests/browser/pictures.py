"""Makes the pictures of docs/dashboard.md and docs/reports.md: of a rehearsal that has run for a minute or two, and of
the report of a simulated year.

python -m tests.browser.pictures docs/pictures
python -m tests.browser.pictures docs/pictures --only report
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.acceptance import broker, dashboards
from tests.acceptance.dashboards import Shown
from tests.browser.conftest import NARROW, PROGRAMS, WIDE

FRIDAY = 4
LIVE = {
    "swing": """\
plan: swing
contract: EUR.USD
overlap: allow
orders:
  - {id: in, side: buy, size: 20_000, schedule: {every: 5s}}
  - {id: out, side: sell, size: 20_000, schedule: {every: 7s}}
""",
    "dips": """\
plan: dips
contract: GBP.USD
side: buy
size: 20_000
order: {type: limit, price: 1.2500, tif: GTC}
bracket:
  take_profit: 1.3900
  stop_loss: 1.2200
schedule: {every: 1h}
""",
    "yen": "plan: yen\ncontract: USD.JPY\nside: sell\nsize: 25_000\nschedule: {every: 30m}\n",
}
SIMULATED = {
    "weekday-open": """\
plan: weekday-open
contract: EUR.USD
side: buy
size: 25_000
order:
  type: limit
  price: bid - 5 pips
  tif: GTD
  until: 2h
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
""",
    "london": """\
plan: london
contract: GBP.USD
side: sell
size: 25_000
schedule: {cron: "0 8-16/2 * * mon-fri", timezone: Europe/London}
""",
    "tokyo-fix": """\
plan: tokyo-fix
contract: USD.JPY
side: buy
size: 25_000
schedule: {cron: "55 9 * * mon-fri", timezone: Asia/Tokyo}
""",
}


REPORTED = {
    "dips": """\
plan: dips
contract: EUR.USD
side: buy
size: 25_000
order: {type: limit, price: bid - 8 pips, tif: GTD, until: 6h}
bracket: {take_profit: 40 pips, stop_loss: 30 pips}
schedule: {cron: "0 8 * * mon-fri", timezone: Europe/London}
""",
    "pounds": """\
plan: pounds
contract: GBP.USD
side: sell
size: 25_000
order: {type: limit, price: ask + 60 pips, tif: GTC}
bracket: {take_profit: 80 pips, stop_loss: 120 pips}
overlap: skip
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
""",
    "yen-swing": """\
plan: yen-swing
contract: USD.JPY
orders:
  - {id: in, side: buy, size: 25_000, schedule: {cron: "0 10 * * mon,wed", timezone: Asia/Tokyo}}
  - {id: out, side: sell, size: 25_000, schedule: {cron: "0 15 * * tue,fri", timezone: Asia/Tokyo}}
""",
}
AWAY = """\
scenario: gateway-away
source: made
about: The gateway is away for five minutes at three fires of one week.
start: 2025-02-03 08:00:00
path:
  - {restart: 5m}
  - {at: 2025-02-05 01:00:00, restart: 5m}
  - {at: 2025-02-06 08:00:00, restart: 5m}
"""
YEAR = ("--from", "2024-07-01", "--until", "2025-07-01")


def main() -> None:
    """Take the pictures."""
    reader = argparse.ArgumentParser()
    reader.add_argument("folder", type=Path)
    reader.add_argument("--seconds", type=float, default=90.0, help="for which the rehearsal trades before [90]")
    reader.add_argument("--only", choices=("dashboard", "report"), help="take those alone")
    chosen = reader.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if chosen.only != "dashboard":
            take_report(browser, Path(name), chosen.folder)
        if chosen.only != "report":
            take_dashboard(browser, Path(name), chosen.folder, chosen.seconds)
        browser.close()


def take_report(browser: Browser, work: Path, folder: Path) -> None:
    """Simulate a year, and take the top of its page, the calendar, and a price with fills in both schemes."""
    for plan, text in {**REPORTED, "away": AWAY}.items():
        (work / f"{plan}.yaml").write_text(text)
    plans = [f"{plan}.yaml" for plan in REPORTED]
    done = broker.run(work, *plans, "--simulate", *YEAR, "--scenario", "away.yaml", "--html", "r.html")
    assert (work / "r.html").exists(), done.stderr
    for name, scheme, place in (
        ("report-top", "light", None),
        ("report-calendar", "dark", "section:has(#h-days)"),
        ("report-price", "light", "section:has(#h-price)"),
        ("report-price-dark", "dark", "section:has(#h-price)"),
    ):
        width, height = WIDE
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto((work / "r.html").as_uri())
        page.wait_for_timeout(1500)
        part = page if place is None else page.locator(place)
        part.screenshot(path=folder / f"{name}.png")
        page.close()


def take_dashboard(browser: Browser, work: Path, folder: Path, seconds: float) -> None:
    """Serve a rehearsal and simulated plans, wait, and take the pictures."""
    plans = work / "plans"
    plans.mkdir(mode=0o700)
    for plan, text in SIMULATED.items():
        (plans / f"{plan}.yaml").write_text(text)
    now = datetime.now(UTC)  # on a weekend the market is closed, and the gateway's own time is another one
    begins = f"{now:%Y-%m-%dT%H:%M:%SZ}" if now.weekday() < FRIDAY else None
    with dashboards.rehearsed(work, LIVE, "--allow-control", now=begins) as found:
        time.sleep(seconds)
        take(browser, found, folder)


def take(browser: Browser, found: Shown, folder: Path) -> None:
    """Take each picture: its name, size, scheme, and what of the dashboard it is of."""
    for name, size, scheme, view in (
        ("dashboard-wide", WIDE, "dark", "#/"),
        ("dashboard-narrow", NARROW, "dark", "#/"),
        ("dashboard-plan", WIDE, "light", "#/plan/simulate/weekday-open"),
    ):
        width, height = size
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(found.address)
        page.wait_for_selector("#lanes")
        page.evaluate("hash => { location.hash = hash; }", view)
        page.wait_for_timeout(2500)
        page.screenshot(path=folder / f"{name}.png")
        page.close()


if __name__ == "__main__":
    main()
