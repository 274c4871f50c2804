"""A sample of the fuzzer in every run of the tests; the whole is `python -m tests.fuzz.grammar`."""

from __future__ import annotations

import re

import pytest

import schemas
from tests.fuzz import grammar


def test_every_string_has_a_meaning_or_a_place() -> None:
    meanings = grammar.fuzz(20_000, seed=7)
    assert all(meanings[name] > 200 for name in grammar.GRAMMARS)


@pytest.mark.parametrize("answer", [ZeroDivisionError("x"), None])
def test_what_may_not_happen_is_noticed(answer: Exception | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> object:
        if answer is not None:
            raise answer
        return grammar.GRAMMARS["duration"]

    monkeypatch.setitem(grammar.GRAMMARS, "price", broken)
    with pytest.raises(grammar.Failed, match="price of"):
        grammar.fuzz(10, seed=1)


@pytest.mark.parametrize(("name", "definition"), [("price", "price"), ("size", "size"), ("duration", "duration")])
def test_editors_take_what_has_a_meaning(name: str, definition: str) -> None:
    """A pattern of the schema is what an editor knows of a grammar; it must not refuse what fxrun takes."""
    pattern = re.compile(schemas.load("plan")["$defs"][definition]["pattern"])
    taken = [text for text in grammar.strings(20_000, seed=11) if grammar.judge(name, text)]
    assert len(taken) > 200
    assert [text for text in taken if not pattern.search(text) and not _is_number(text)] == []


def _is_number(text: str) -> bool:
    return re.fullmatch(r" *[0-9_.]+ *", text) is not None
