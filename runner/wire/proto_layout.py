"""The words in which the tables describe a protobuf message, each of which can give its part and take it.

A message is given as a dictionary of plain values, as google.protobuf's classes take it, and taken from the pairs of
descriptor and value that they list. A field that is missing has the value that its kind says, not the default of the
dataclass: a client leaves out a flag that is false, whatever that default is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol

from runner.wire.build import builder
from runner.wire.errors import WireError
from runner.wire.proto_kinds import ProtoKind

Values = dict[str, Any]
_NEVER = object()


class Entry(Protocol):
    """One part of a message."""

    @property
    def name(self) -> str:
        """Its field in protobuf."""

    def absent(self) -> Values:
        """Return the values that it means when it is missing."""

    def take(self, value: Any, values: Values) -> None:
        """Move what protobuf holds into the values."""

    def give(self, source: Any, out: Values) -> None:
        """Move an attribute of ours into what protobuf takes."""


@dataclass(frozen=True, slots=True)
class Bind:
    """One attribute and one field."""

    attribute: str
    name: str
    kind: ProtoKind

    def absent(self) -> Values:
        """Return what the kind says."""
        return {self.attribute: self.kind.absent}

    def take(self, value: Any, values: Values) -> None:
        """Read the value."""
        try:
            values[self.attribute] = self.kind.read(value)
        except ValueError as error:
            raise WireError(str(error), field=self.attribute, value=str(value)) from None

    def give(self, source: Any, out: Values) -> None:
        """Write the value, unless it is left out."""
        value = self.kind.write(getattr(source, self.attribute))
        if value is not None:
            out[self.name] = value

    @property
    def silent(self) -> Any:
        """The value that is left out because it means the same as a field that is missing; _NEVER if there is none."""
        return self.kind.absent if self.kind.write(self.kind.absent) is None else _NEVER


class Giver:
    """Writes the entries of a message: single attributes, most of which are left out, without a call for each."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        every = tuple(entries)
        self._binds = tuple((one.name, one.kind.write, one.silent) for one in every if isinstance(one, Bind))
        self._others = tuple(one for one in every if not isinstance(one, Bind))
        names = [one.attribute for one in every if isinstance(one, Bind)]
        self._get = attrgetter(*names, *names[:1]) if names else lambda source: ()  # one name alone makes no tuple

    def give(self, source: Any, out: Values) -> None:
        """Write every attribute that is not left out."""
        for (name, write, silent), value in zip(self._binds, self._get(source), strict=False):
            if value is not silent and (written := write(value)) is not None:
                out[name] = written
        for entry in self._others:
            entry.give(source, out)


@dataclass(frozen=True, slots=True)
class Inside:
    """Attributes of ours that protobuf keeps in a message of their own."""

    name: str
    entries: tuple[Entry, ...]
    _entries: dict[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _giver: Giver = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._entries.update(_by_name(self.entries))
        object.__setattr__(self, "_giver", Giver(self.entries))

    def absent(self) -> Values:
        """Return what each of them says."""
        return absent_of(self.entries)

    def take(self, value: Any, values: Values) -> None:
        """Read each of them."""
        take_all(self._entries, value, values)

    def give(self, source: Any, out: Values) -> None:
        """Write each of them."""
        self._giver.give(source, out.setdefault(self.name, {}))


@dataclass(frozen=True, slots=True)
class Shape:
    """A dataclass of ours and the message of protobuf that carries it.

    `given` and `taken` put right what does not lie in one place on both sides.
    """

    message: type
    name: str
    entries: tuple[Entry, ...]
    given: Callable[[Any, Values], None] | None = None
    taken: Callable[[Values, Any], None] | None = None
    _base: Values = field(init=False, repr=False, compare=False, default_factory=dict)
    _entries: dict[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _giver: Giver = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_giver", Giver(self.entries))
        self._base.update(absent_of(self.entries))
        self._entries.update(_by_name(self.entries))

    def give(self, source: Any) -> Values:
        """Return a value of ours as what protobuf takes."""
        out: Values = {}
        self._giver.give(source, out)
        if self.given is not None:
            self.given(source, out)
        return out

    def take(self, message: Any) -> Any:
        """Return what protobuf holds as a value of ours; None stands for a message that is missing."""
        values = dict(self._base)
        if message is not None:
            take_all(self._entries, message, values)
            if self.taken is not None:
                self.taken(values, message)
        return builder(self.message)(values)


@dataclass(frozen=True, slots=True)
class One:
    """A value of ours in a message of its own; if it may be missing, None stands for that."""

    attribute: str
    name: str
    shape: Shape
    optional: bool = False

    def absent(self) -> Values:
        """Return a value of which nothing was said, or None."""
        return {self.attribute: None if self.optional else self.shape.take(None)}

    def take(self, value: Any, values: Values) -> None:
        """Read the message."""
        try:
            values[self.attribute] = self.shape.take(value)
        except WireError as error:
            raise WireError(error.problem, field=f"{self.attribute}.{error.field}", value=error.value) from None

    def give(self, source: Any, out: Values) -> None:
        """Write the message."""
        value = getattr(source, self.attribute)
        if value is not None:
            out[self.name] = self.shape.give(value)


@dataclass(frozen=True, slots=True)
class Many:
    """A tuple of values, each in a message; the shape may depend on the element."""

    attribute: str
    name: str
    shape: Shape
    variants: Mapping[int, Shape] = field(default_factory=dict)
    key: tuple[str, str] = ("", "")

    def absent(self) -> Values:
        """Return nothing."""
        return {self.attribute: ()}

    def take(self, value: Any, values: Values) -> None:
        """Read every message."""
        values[self.attribute] = tuple(self._of(item, self.key[1]).take(item) for item in value)

    def give(self, source: Any, out: Values) -> None:
        """Write every value."""
        items = getattr(source, self.attribute)
        if items:
            out[self.name] = [self._of(item, self.key[0]).give(item) for item in items]

    def _of(self, item: Any, key: str) -> Shape:
        return self.variants.get(getattr(item, key), self.shape) if key else self.shape


@dataclass(frozen=True, slots=True)
class Numbers:
    """A tuple of values that are one number each."""

    attribute: str
    name: str
    element: type
    inner: str

    def absent(self) -> Values:
        """Return nothing."""
        return {self.attribute: ()}

    def take(self, value: Any, values: Values) -> None:
        """Read every number."""
        values[self.attribute] = tuple(self.element(**{self.inner: number}) for number in value)

    def give(self, source: Any, out: Values) -> None:
        """Write every number."""
        items = getattr(source, self.attribute)
        if items:
            out[self.name] = [getattr(item, self.inner) for item in items]


def take_all(entries: Mapping[str, tuple[Entry, ...]], message: Any, values: Values) -> None:
    """Read what a message of protobuf holds; fields that the tables do not know are passed over."""
    for descriptor, value in message.ListFields():
        for entry in entries.get(descriptor.name, ()):
            entry.take(value, values)


def absent_of(entries: Iterable[Entry]) -> Values:
    """Return what entries mean when all are missing."""
    return {name: value for entry in entries for name, value in entry.absent().items()}


def _by_name(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in entries:
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


def binds(kind: ProtoKind, names: str) -> tuple[Bind, ...]:
    """Return several attributes of one kind: ``ours=theirs``, or ``our_name`` where theirs is ourName."""
    pairs = (name.partition("=") for name in names.split())
    return tuple(Bind(ours, theirs or _camel(ours), kind) for ours, _, theirs in pairs)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
