"""A layout made ready for one version: a list of steps, each of which can read and write its part of a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from runner.wire.build import builder
from runner.wire.compiled import reader, writer
from runner.wire.errors import WireError
from runner.wire.kinds import FLAG, INTEGER, Read
from runner.wire.layout import Field, Fixed, Item, Maybe, Repeat, When

Values = dict[str, Any]


@dataclass(slots=True)
class Cursor:
    """Where reading stands: the fields, the place, and the values found so far, by part."""

    fields: Sequence[str]
    message_id: int
    at: int = 0
    parts: dict[str, Values] = field(default_factory=dict)

    def next(self, path: str, read: Read) -> Any:
        """Read one field."""
        if self.at >= len(self.fields):
            raise WireError("message ends before this field", message_id=self.message_id, field=path)
        text = self.fields[self.at]
        try:
            value = read(text)
        except ValueError as error:
            raise WireError(str(error), message_id=self.message_id, field=path, value=text) from None
        self.at += 1
        return value


class Step(Protocol):
    """One part of a message."""

    def read(self, cursor: Cursor) -> None:
        """Move values from the fields into the parts."""

    def write(self, parts: dict[str, Any], out: list[str]) -> None:
        """Move values from the parts into the fields."""


def read_steps(steps: Iterable[Step], cursor: Cursor) -> None:
    """Read one step after the other."""
    for step in steps:
        step.read(cursor)


def write_steps(steps: Iterable[Step], parts: dict[str, Any], out: list[str]) -> None:
    """Write one step after the other."""
    for step in steps:
        step.write(parts, out)


@dataclass(frozen=True, slots=True)
class Run:
    """Fields of one part in a row: the bulk of every message, so done without a Python call for each."""

    part: str
    names: tuple[str, ...]
    reads: tuple[Read, ...]
    values: Callable[..., Values]
    texts: Callable[[Any], tuple[str, ...]]

    def read(self, cursor: Cursor) -> None:
        """Read all fields of the run."""
        end = cursor.at + len(self.names)
        if end > len(cursor.fields):
            self._blame(cursor)
        try:
            values = self.values(*cursor.fields[cursor.at : end])
        except ValueError:
            self._blame(cursor)
            raise
        cursor.parts[self.part].update(values)
        cursor.at = end

    def _blame(self, cursor: Cursor) -> None:
        prefix = f"{self.part}." if self.part else ""
        for name, read in zip(self.names, self.reads, strict=True):
            cursor.next(prefix + name, read)

    def write(self, parts: dict[str, Any], out: list[str]) -> None:
        """Write all fields of the run."""
        out += self.texts(parts[self.part])


@dataclass(frozen=True, slots=True)
class Constant:
    """A field without meaning."""

    text: str

    def read(self, cursor: Cursor) -> None:
        """Skip it."""
        cursor.next("a placeholder", str)

    def write(self, parts: dict[str, Any], out: list[str]) -> None:
        """Write the placeholder."""
        out.append(self.text)


@dataclass(frozen=True, slots=True)
class Branch:
    """Steps taken only if an attribute is of a certain kind."""

    part: str
    name: str
    holds: Callable[[Any], bool]
    steps: tuple[Step, ...]

    def read(self, cursor: Cursor) -> None:
        """Read the steps if the value that came before says so."""
        if self.holds(cursor.parts[self.part][self.name]):
            read_steps(self.steps, cursor)

    def write(self, parts: dict[str, Any], out: list[str]) -> None:
        """Write the steps if the value says so."""
        if self.holds(getattr(parts[self.part], self.name)):
            write_steps(self.steps, parts, out)


@dataclass(frozen=True, slots=True)
class Elements:
    """A counted list, or a flag and one element."""

    part: str
    name: str
    element: type
    steps: tuple[Step, ...]
    single: bool

    def read(self, cursor: Cursor) -> None:
        """Read the count and so many elements."""
        path = f"{self.part}.{self.name}" if self.part else self.name
        if self.single:
            value = self._one(cursor) if cursor.next(path, FLAG.read) else None
        else:
            value = tuple(self._one(cursor) for _ in range(cursor.next(path, INTEGER.read)))
        cursor.parts[self.part][self.name] = value

    def _one(self, cursor: Cursor) -> Any:
        inner = Cursor(cursor.fields, cursor.message_id, cursor.at, {"": {}})
        read_steps(self.steps, inner)
        cursor.at = inner.at
        return builder(self.element)(inner.parts[""])

    def write(self, parts: dict[str, Any], out: list[str]) -> None:
        """Write the count and the elements."""
        value = getattr(parts[self.part], self.name)
        if not value:  # as nearly always
            out.append("0")
            return
        items = (value,) if self.single else value
        out.append(str(len(items)))
        for item in items:
            write_steps(self.steps, {"": item}, out)


def prepare(items: Iterable[Item], version: int) -> tuple[Step, ...]:
    """Return the steps of those items that the version has."""
    steps: list[Step] = []
    run: list[Field] = []
    for item in items:
        if not item.since <= version < item.until:
            continue
        if run and not (isinstance(item, Field) and _split(item.path)[0] == _split(run[0].path)[0]):
            steps.append(_run(tuple(run)))
            run = []
        if isinstance(item, Field):
            run.append(item)
        else:
            steps.append(_step(item, version))
    if run:
        steps.append(_run(tuple(run)))
    return tuple(steps)


def _split(path: str) -> tuple[str, str]:
    part, _, name = path.rpartition(".")
    return part, name


@lru_cache(maxsize=4096)
def _run(run: tuple[Field, ...]) -> Run:
    """Return the step of a run; most runs are the same in every version."""
    names = tuple(_split(item.path)[1] for item in run)
    return Run(
        part=_split(run[0].path)[0],
        names=names,
        reads=tuple(item.kind.read for item in run),
        values=reader(run, names),
        texts=writer(run, names),
    )


def _step(item: Fixed | When | Repeat | Maybe, version: int) -> Step:
    if isinstance(item, Fixed):
        return Constant(item.text)
    part, name = _split(item.path)
    steps = prepare(item.items, version)
    if isinstance(item, When):
        return Branch(part, name, item.holds, steps)
    return Elements(part, name, item.element, steps, single=isinstance(item, Maybe))
