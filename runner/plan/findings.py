"""Problems as they are found, each with its place, and none of them twice."""

from __future__ import annotations

from collections.abc import Callable

from runner.errors import Problem
from runner.plan.model import Mark
from runner.plan.source import MAX_PROBLEMS, Source, Where

_SUGGESTIONS = 20  # searching a near word in all zones takes milliseconds; twenty hints are enough for any reader


class TooMany(Exception):
    """There are more problems than anyone reads."""


class Findings:
    """Collects the problems of one file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: dict[Problem, None] = dict.fromkeys(source.problems)
        self._hints = 0

    def at_value(self, where: Where, message: str) -> None:
        """Note a problem with the value at where."""
        self._add(self._source.value_mark(where), where, message)

    def at_character(self, where: Where, index: int, message: str) -> None:
        """Note a problem with one character, from 0, of the text at where."""
        self._add(self._source.character_mark(where, index), where, message)

    def is_environmental(self, where: Where) -> bool:
        """Tell whether the value at where came from the environment."""
        return where in self._source.environmental

    def at_key(self, where: Where, message: str) -> None:
        """Note a problem with the key at where."""
        self._add(self._source.key_mark(where), where, message)

    def hint(self, suggest: Callable[[], str]) -> str:
        """Return a suggestion while few have been made."""
        self._hints += 1
        return suggest() if self._hints <= _SUGGESTIONS else ""

    def _add(self, mark: Mark, where: Where, message: str) -> None:
        if self._source.is_tainted(where):
            return
        self._found[Problem(self._source.file, mark.line, mark.column, message)] = None
        if len(self._found) > MAX_PROBLEMS:
            raise TooMany

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> list[Problem]:
        """Return them in the order of the file."""
        return sorted(self._found)
