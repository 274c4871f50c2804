"""A real browser: the Chromium of the system, driven by Playwright; without one of them these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.environments import node_environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1280, 900), (390, 844)
AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    for name in ("starlette", "uvicorn", "jinja2"):
        pytest.importorskip(name, reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is installed")
    # evil.test is another site's name that its owner has made lead to this machine
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1"]
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    return (node_environment(AXE) / "axe-core" / "axe.min.js").read_text()


def complaints(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds serious or critical; its script comes in as the debugger's, past the page's policy."""
    page.evaluate(axe + "\n;null")
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


Open = Callable[..., "Page"]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Open]:
    """Return a function that opens a page of some size and scheme; what it complained of is an error at the end."""
    told: list[str] = []
    asked: set[str] = set()
    with ExitStack() as stack:

        def new(size: tuple[int, int] = WIDE, scheme: str = "light", *, is_ours: bool = True) -> Page:
            width, height = size
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            if is_ours:
                page.on("pageerror", lambda error: told.append(str(error)))
                page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
                page.on("request", lambda request: asked.add(request.url.split("/")[2].partition(":")[0]))
            return page

        yield new
    assert [text for text in told if "ERR_CONNECTION_REFUSED" not in text and "403" not in text] == []
    assert asked <= {"127.0.0.1", "localhost", ""}, "no request to another host than this one, or a file"
