"""What a newcomer does by the tutorial alone: install, write a plan, rehearse, serve, look on, be told, and report.

The page is followed block by block, as typed, in an empty folder beside a copy of the project; only the ports are other
ones. A browser opens what the page says to open.
"""

from __future__ import annotations

import json
import os
import sys
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.doc_blocks import SHELL, Block, blocks
from tests.acceptance.doc_reader import Reader
from tests.browser.conftest import Open
from tests.environments import NO_ANSWER
from tests.release.copies import copied

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("browser")

PAGE = "docs/tutorial.md"


class Newcomer(Reader):
    """Has the project's files and a Python, and installs as the page says."""

    def _shim(self, name: str, module: str) -> None:
        """Give no command that the page does not install."""

    def environ(self) -> dict[str, str]:
        inherited = super().environ()
        del inherited["PYTHONPATH"]
        return {**inherited, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def do(self, block: Block, others: list[Block]) -> None:
        if block.reason.startswith("installs"):
            self.run(block, "")
        else:
            super().do(block, others)

    def terminal(self, command: str) -> str:
        """Return what a terminal in the background has said."""
        (told,) = [told for one, _, told in self.background if command in one]
        return told.read_text(encoding="utf-8")


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    copied(tmp_path / "fxrun")
    return Newcomer(tmp_path)


def test_a_newcomer_gets_through_the_tutorial(newcomer: Newcomer, new_page: Open) -> None:
    page, found, seen = new_page(), blocks(PAGE), set[str]()
    try:
        for block in found:
            try:
                newcomer.do(block, found)
            except AssertionError as failed:
                if "pip install" in block.text and any(sign in str(failed) for sign in NO_ANSWER):
                    pytest.skip("the package registry did not answer")
                raise
            if block.language != SHELL:
                continue
            if "cat plans/fxrun-dashboard.url" in block.text:
                sees_the_fill(page, newcomer.said.strip())
                seen.add("dashboard")
            if "--html report.html" in block.text:
                opens_the_report(page, newcomer.folder / "report.html")
                seen.add("report")
        assert seen == {"dashboard", "report"}, "the page has these steps"
        gets_the_mail(newcomer.terminal("aiosmtpd"))
        gets_the_webhook(newcomer.terminal("hook.py"))
    finally:
        newcomer.close()


def sees_the_fill(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#lanes")
    row = page.locator("#fills", has_text="EUR.USD").locator("text=quick").first
    row.wait_for(timeout=60_000)
    assert "REHEARSAL" in page.inner_text("body").upper()


def opens_the_report(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    page.wait_for_selector("#plot-price canvas")
    told = page.inner_text("body")
    assert "quick" in told
    assert "EUR.USD" in told


def gets_the_mail(said: str) -> None:
    """What aiosmtpd prints of a message stands between two lines of its own."""
    letters = said.split("---------- MESSAGE FOLLOWS ----------\n")[1:]
    subjects = [str(message_from_string(one.partition("------------ END MESSAGE")[0])["Subject"]) for one in letters]
    assert any("fill" in one and "quick" in one for one in subjects), subjects


def gets_the_webhook(said: str) -> None:
    titles = [json.loads(line)["title"] for line in said.splitlines() if line.startswith("{")]
    assert any("fill" in one and "quick" in one for one in titles), titles
