"""Every shell and YAML block of every page is run, or checked, or says why not; what is run goes as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.doc_blocks import ROOT, SHELL, YAML, blocks, follower, indented, pages, unknown_words
from tests.acceptance.doc_reader import Reader, not_said

PAGES = pages()
FOLLOWED_HERE = [
    page for page in PAGES if not follower(page) and any(one.language in (SHELL, YAML) for one in blocks(page))
]
INLINE = re.compile(r"`(fxrun [^`]+)`")


@pytest.mark.parametrize("page", FOLLOWED_HERE)
def test_a_page_goes_as_it_says(page: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        reader.follow(page)
    finally:
        reader.close()


def test_a_test_that_is_named_takes_its_blocks_from_the_page() -> None:
    named = [(page, follower(page)) for page in PAGES]
    named += [(page, one.marks.get("tested by", "")) for page in PAGES for one in blocks(page)]
    for page, test in named:
        assert not test or (ROOT / test).is_file(), f"{page}: no {test}"


@pytest.mark.parametrize("page", PAGES)
def test_all_code_is_in_a_block_with_a_language(page: str) -> None:
    assert indented(page) == []
    assert [one.place for one in blocks(page) if not one.language] == []
    assert {one.language for one in blocks(page)} <= {
        SHELL, YAML, "text", "json", "python", "js", "toml", "ini", "{toctree}",
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_run_says_why_and_is_right_about_fxrun(page: str) -> None:
    for one in blocks(page):
        if one.language == SHELL:
            print(f"{one.place}: {one.reason or 'run'}")
            assert not one.reason or len(one.reason) > 10, one.place
            for command, _ in one.commands():
                assert unknown_words(command) == [], f"{one.place}: {command}"
    prose = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    for command in INLINE.findall(prose):
        bare = re.sub(r"\[(OPTIONS|ARGS)\](\.\.\.)?|[\[\]]", "", command)
        assert unknown_words(bare) == [], f"{page}: {command}"


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("one\nthree\n", ""),
        ("o...\n\nthree\n", ""),
        ("three\none\n", "not printed: one"),
        ("two\n", "not printed: two"),
    ],
)
def test_what_a_page_shows_is_held_against_what_was_printed(shown: str, problem: str) -> None:
    assert not_said("one\n\nthree\n", shown) == problem


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("fxrun statsu", ["fxrun statsu"]),
        ("fxrun status --chek", ["--chek"]),
        ("fxrun journal chek", ["fxrun journal chek"]),
        ("X=1 fxrun p.yaml --simulate --sed 1 | head", ["--sed"]),
        ("fxrun p.yaml --simulate --seed 1 | tail --lines 1", []),
        ("journalctl -u fxrun -f", []),
        ("fxrun --version", []),
    ],
)
def test_what_fxrun_does_not_have_is_found(command: str, wrong: list[str]) -> None:
    assert unknown_words(command) == wrong
