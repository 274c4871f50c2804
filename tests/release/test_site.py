"""The site of docs/: it builds without a warning, broken links and anchors are warnings, and it asks no other host."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "runner/ARCHITECTURE.md")
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
REQUEST = re.compile(
    r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|url\(|@import\s)["']?(?:https?:)?//[^"')\s]+"""
)


def built(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does."""
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", str(source), str(target)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def built_anew(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a site that was built now; skips where Sphinx is not installed."""
    pytest.importorskip("sphinx", reason="builds the site; pip install -e '.[docs]' brings it")
    target = factory.mktemp("site")
    done = built(ROOT / "docs", target)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_anew(tmp_path_factory)


def test_every_page_is_built(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert [str(page) for page in pages if not (site / page.with_suffix(".html")).is_file()] == []


def test_no_page_asks_another_host(site: Path) -> None:
    """Neither a page nor a style; addresses in scripts are not looked for, since they fetch nothing but the index."""
    texts = [path.read_text(encoding="utf-8") for path in (*site.rglob("*.html"), *site.rglob("*.css"))]
    assert len(texts) > 10
    assert [found for text in texts for found in REQUEST.findall(text)] == []


@pytest.mark.parametrize("line", ["[x](nowhere.md)", "[x](other.md#nowhere)", "[x](#nowhere)", "![x](nowhere.png)"])
def test_what_leads_nowhere_fails_the_build(line: str, tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="builds the site; pip install -e '.[docs]' brings it")
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", source)
    (source / "other.md").write_text("# Other\n\n## There\n")
    good = "# Index\n\n[x](other.md#there)\n\n```{toctree}\nother\n```\n"
    (source / "index.md").write_text(f"{good}\n{line}\n")
    done = built(source, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert done.stderr.count("WARNING") == 1


@pytest.mark.parametrize("name", OUTSIDE)
def test_links_of_the_other_pages_lead_somewhere(name: str, site: Path) -> None:
    page = ROOT / name
    broken = []
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        if not path.exists():
            broken.append(target)
        elif anchor and path.is_relative_to(ROOT / "docs"):
            html = (site / path.relative_to(ROOT / "docs")).with_suffix(".html")
            broken += [f"{target}#{anchor}"] * (f'id="{anchor}"' not in html.read_text(encoding="utf-8"))
    assert broken == []
