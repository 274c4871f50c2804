"""Makes the pictures of docs/dashboard.md, from a rehearsal that has run for a minute or two.

python -m tests.browser.pictures docs/pictures
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.acceptance import dashboards
from tests.acceptance.dashboards import Shown
from tests.browser.conftest import NARROW, PROGRAMS, WIDE

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
    "yen-hourly": "plan: yen-hourly\ncontract: USD.JPY\nside: sell\nsize: 25_000\nschedule: {every: 30m}\n",
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


def main() -> None:
    """Serve, wait, and take the pictures."""
    reader = argparse.ArgumentParser()
    reader.add_argument("folder", type=Path)
    reader.add_argument("--seconds", type=float, default=90.0, help="for which it trades before [90]")
    chosen = reader.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        plans = Path(name) / "plans"
        plans.mkdir(mode=0o700)
        for plan, text in SIMULATED.items():
            (plans / f"{plan}.yaml").write_text(text)
        with dashboards.rehearsed(Path(name), LIVE, "--allow-control") as found, sync_playwright() as playwright:
            time.sleep(chosen.seconds)
            program = next(filter(None, map(shutil.which, PROGRAMS)))
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            take(browser, found, chosen.folder)
            browser.close()


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
