"""The site of the documentation in a real browser: it opens offline, finds a word, and asks nobody for anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import NARROW, WIDE, Open
from tests.release.test_site import built_anew

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_anew(tmp_path_factory)


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["index", "tutorial", "reference/errors"])
def test_a_page_opens_offline_and_fits(name: str, size: tuple[int, int], site: Path, new_page: Open) -> None:
    page = new_page(size)
    page.goto((site / f"{name}.html").as_uri())
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_word_is_found(site: Path, new_page: Open) -> None:
    page = new_page()
    page.goto((site / "search.html").as_uri() + "?q=odd+lot")
    page.locator("#search-results li a").first.wait_for()
