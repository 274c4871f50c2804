"""The text of a plan as plain data with the place of every key and value.

Read from the parser's events, not from its nodes: depth and number are limited before anything is built, and PyYAML's
own ideas of what `21:00`, `NO` or a second key of the same name mean never come into play.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import Problem
from runner.plan.model import Mark
from runner.plan.scalars import BadNumber, plain_value
from runner.plan.syntax import error_mark, too_deep, within, wording
from runner.plan.text import UNWANTED, Unreadable, decode, describe, printable, quote, read_bytes, unwanted

if TYPE_CHECKING:
    import yaml

Where = tuple[str | int, ...]
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_PROBLEMS = 100
_DEEP = f"nested too deeply: found level {{}}; expected at most {MAX_DEPTH} levels"
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\t', re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a file says; `data` is None when there is nothing more to check than the problems found in reading it."""

    file: str
    digest: str
    data: object | None
    keys: Mapping[Where, Mark]
    values: Mapping[Where, Mark]
    tainted: frozenset[Where]  # values with a problem of their own: nothing more is said of them
    problems: tuple[Problem, ...]
    text: str = ""
    filled: frozenset[Where] = frozenset()  # values that came from elsewhere: their characters are not in the file
    environmental: frozenset[Where] = frozenset()  # those of them that the environment had a part in

    def key_mark(self, where: Where) -> Mark:
        """Return the place of the key at where."""
        return self.keys.get(where) or self.value_mark(where)

    def value_mark(self, where: Where) -> Mark:
        """Return the place of the value at where, or of the nearest value around it."""
        while where and where not in self.values:
            where = where[:-1]
        return self.values.get(where, Mark(1, 1))

    def character_mark(self, where: Where, index: int) -> Mark:
        """Return the place of one character of the text at where, however the text is quoted."""
        mark = self.value_mark(where)
        return within(self.text, mark, index) if where in self.values and where not in self.filled else mark

    def is_tainted(self, where: Where) -> bool:
        """Tell whether the value at where, or one around it, has a problem of its own."""
        return any(where[:end] in self.tainted for end in range(len(where) + 1))


def read(path: str) -> Source:
    """Return what the file at path says; everything wrong with it is in `problems`, nothing is raised."""
    try:
        data = read_bytes(path)
        text = decode(data)
    except Unreadable as error:
        problem = Problem(path, error.line, error.column, error.message)
        return _source(path, b"", "", None, _Reader(path, [problem]))
    return parse(path, text, data)


def parse(file: str, text: str, data: bytes) -> Source:
    """Return what text says; data is what it was decoded from."""
    reader = _Reader(file, [])
    for line, column, character in unwanted(text):
        expected = "expected visible characters (a newline or a tab only between them)"
        reader.note(Mark(line, column), f"a character that may not stand here: found {describe(character)}; {expected}")
        reader.characters += 1
        if reader.characters == MAX_PROBLEMS:
            break
    try:
        found: object | None = reader.document(UNWANTED.sub("\N{REPLACEMENT CHARACTER}", _spaced(text)))
    except _Stop:
        found = None
    return _source(file, data, text, found, reader)


def _source(file: str, data: bytes, text: str, found: object | None, reader: _Reader) -> Source:
    return Source(
        file=file,
        digest=hashlib.sha256(data).hexdigest(),
        data=found,
        keys=reader.keys,
        values=reader.values,
        tainted=frozenset(reader.tainted),
        problems=tuple(reader.problems),
        text=text,
    )


def _spaced(text: str) -> str:
    """Return JSON with its tabs as spaces, which YAML wants; other text as it is."""
    if "\t" not in text or text.lstrip()[:1] not in ("{", "["):
        return text
    return _JSON_TOKEN.sub(lambda token: " " if token[0] == "\t" else token[0], text)


class _Stop(Exception):
    """The last problem makes the rest of the file unreadable."""


class _Reader:
    """Walks the events of one document; collects marks, problems and tainted values."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.keys: dict[Where, Mark] = {}
        self.values: dict[Where, Mark] = {}
        self.tainted: set[Where] = set()
        self.characters = 0  # how many of the problems are unwanted characters
        self._nodes = 0
        self._events: Iterator[yaml.Event] = iter(())

    def note(self, mark: Mark, message: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, message))

    def _stop(self, mark: Mark, message: str) -> _Stop:
        self.note(mark, message)
        return _Stop()

    def _broken(self, mark: Mark, message: str) -> _Stop:
        """Say only that the text is broken, or only which characters may have broken it."""
        if self.characters:
            self.problems[:] = self.problems[: self.characters]
            return _Stop()
        self.problems.clear()
        return self._stop(mark, message)

    def document(self, text: str) -> object:
        """Return the data of the only document of text."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(text, Loader=loader)
        try:
            return self._only_document()
        except yaml.MarkedYAMLError as error:
            if "nesting depth" in (error.problem or ""):  # libyaml gives up before it hands out an event
                raise self._stop(too_deep(text, MAX_DEPTH), _DEEP.format(MAX_DEPTH + 1)) from None
            mark = error_mark(error, text)
            raise self._broken(mark, wording(error, text, mark)) from None
        except yaml.YAMLError as error:
            raise self._broken(Mark(1, 1), f"not YAML: {printable(str(error))[:200]}") from None

    def _only_document(self) -> object:
        import yaml

        next(self._events)
        start = next(self._events)
        if not isinstance(start, yaml.DocumentStartEvent):
            raise self._stop(Mark(1, 1), "the file is empty: found nothing in it; expected keys with their values")
        if start.version or start.tags:
            self.note(_mark(start), "a YAML directive: found a line that begins with %; expected the file without it")
        found = self._node(next(self._events), (), 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            expected = "expected one (several orders of a plan stand under orders:)"
            self.note(_mark(after), f"several documents in one file: found a second one; {expected}")
        return found

    def _node(self, event: yaml.Event, where: Where, depth: int) -> object:
        import yaml

        mark = _mark(event)
        self.values.setdefault(where, mark)
        self._count(mark)
        if depth > MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
            raise self._stop(mark, _DEEP.format(depth))
        match event:
            case yaml.MappingStartEvent():
                self._properties(event.anchor, event.tag, mark)
                return self._mapping(where, depth)
            case yaml.SequenceStartEvent():
                self._properties(event.anchor, event.tag, mark)
                return self._sequence(where, depth)
            case yaml.ScalarEvent():
                self._properties(event.anchor, event.tag, mark)
                return self._scalar(event, where, mark)
        self.tainted.add(where)
        found = f"*{getattr(event, 'anchor', '')}"
        self.note(mark, f"an alias: found {quote(found)}; expected the value itself")
        return None

    def _count(self, mark: Mark) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._stop(mark, f"too many values: found more than {MAX_NODES}; expected a smaller file")
        if len(self.problems) > MAX_PROBLEMS:
            raise self._stop(mark, f"more than {MAX_PROBLEMS} problems so far; the rest of the file was not read")

    def _properties(self, anchor: str | None, tag: str | None, mark: Mark) -> None:
        if anchor is not None:
            self.note(mark, f"an anchor: found {quote('&' + anchor)}; expected the value alone")
        if tag is not None:
            self.note(mark, f"a tag: found {quote(tag)}; expected the value alone")

    def _scalar(self, event: yaml.ScalarEvent, where: Where, mark: Mark) -> object:
        text: str = event.value
        if (bad := UNWANTED.search(text) or re.search(r"[\n\t\r]", text)) is not None:
            self.tainted.add(where)
            self.note(
                mark, f"text with a character it may not hold: found {describe(bad[0])}; expected one visible line"
            )
        elif self.characters and "\N{REPLACEMENT CHARACTER}" in text:
            self.tainted.add(where)  # reported where it stands
        if not event.implicit[0]:  # quoted, a block or tagged
            return text
        try:
            return plain_value(text)
        except BadNumber as error:
            self.tainted.add(where)
            self.note(mark, str(error))
            return None

    def _sequence(self, where: Where, depth: int) -> list[object]:
        import yaml

        found: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, (*where, len(found)), depth + 1))
        return found

    def _mapping(self, where: Where, depth: int) -> dict[str, object]:
        import yaml

        found: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, where, depth)
            place = (*where, key)
            if key in found:
                place = (*where, f"{key} (again)")  # its marks and problems must not replace those of the first
                self._repeated(key, _mark(event), self.keys[*where, key])
            self.keys.setdefault(place, _mark(event))
            value = self._node(next(self._events), place, depth + 1)
            found.setdefault(key, value)
        return found

    def _key(self, event: yaml.Event, where: Where, depth: int) -> str:
        import yaml

        if not isinstance(event, yaml.ScalarEvent):
            mark = _mark(event)
            self._node(event, (*where, f"(key in line {mark.line})"), depth + 1)
            raise self._stop(
                mark, "a key that is not text: found a value in its place; expected a word before the colon"
            )
        self._count(_mark(event))
        self._properties(event.anchor, event.tag, _mark(event))
        key: str = event.value
        if key == "<<" and event.implicit[0]:
            self.note(_mark(event), 'a merge key: found "<<"; expected every key to be written out')
            self.tainted.add((*where, key))
        if UNWANTED.search(key) or any(c in key for c in "\n\t\r"):
            self.note(
                _mark(event), f"a key with a character it may not hold: found {quote(key)}; expected a plain word"
            )
            self.tainted.add((*where, key))
        elif self.characters and "\N{REPLACEMENT CHARACTER}" in key:
            self.tainted.add((*where, key))
        return key

    def _repeated(self, key: str, mark: Mark, first: Mark) -> None:
        lines = f"lines {first.line} and {mark.line}"
        self.note(mark, f"a duplicate key: found {quote(key)} in {lines}; expected each key once")


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(1, 1) if start is None else Mark(start.line + 1, start.column + 1)
