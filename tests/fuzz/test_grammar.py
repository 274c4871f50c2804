"""A sample of the fuzzer in every run of the tests; the whole is `python -m tests.fuzz.grammar`."""

from __future__ import annotations

import pytest

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
