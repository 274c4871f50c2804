"""The values of one order by their dotted names: an entry's own, else the plan's, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.text import Misread, quote

_Choice = TypeVar("_Choice", bound=Enum)
_Value = TypeVar("_Value")


class Values:
    """`places` has every key that is written, sound or not, by its dotted name, such as `order.price`."""

    def __init__(
        self,
        top: Mapping[str, object],
        entry: Mapping[str, object],
        where: Where,
        findings: Findings,
        keys: Iterable[str],
    ) -> None:
        """Take each of keys from entry, else from top, whole; `id` from entry alone."""
        self.where, self.findings = where, findings
        self.places: dict[str, Where] = {}
        self._values: dict[str, object] = {}
        for key in keys:
            if key in entry:
                self._keep(key, entry[key], (*where, key))
            elif key in top and key != "id":
                self._keep(key, top[key], (key,))

    def _keep(self, name: str, value: object, where: Where) -> None:
        self._values[name], self.places[name] = value, where
        if isinstance(value, dict):
            for key, inner in value.items():
                self._keep(f"{name}.{key}", inner, (*where, key))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> object:
        """Return the value as it was read, None if it is not there."""
        return self._values.get(name)

    def items(self, name: str) -> list[str]:
        """Return the names under which the items of a list can be had: name.0, name.1; of anything else its own."""
        value = self._values.get(name)
        if not isinstance(value, list):
            return [name]
        for number, item in enumerate(value):
            self._keep(f"{name}.{number}", item, (*self.places[name], number))
        return [f"{name}.{number}" for number in range(len(value))]

    def text(self, name: str) -> str | None:
        """Return a text, None if it is none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> Decimal | None:
        """Return a number above 0, None if it is none."""
        value = self._values.get(name)
        return value if isinstance(value, Decimal) and value > 0 else None

    def choice(self, name: str, choices: Mapping[str, _Choice]) -> _Choice | None:
        """Return what a word in any case stands for."""
        text = self.text(name)
        return None if text is None else choices.get(text.lower())

    def parsed(self, name: str, parse: Callable[[str], _Value]) -> _Value | None:
        """Return what parse makes of a text; notes the ValueError that it raises."""
        if (text := self.text(name)) is None:
            return None
        try:
            return parse(text)
        except Misread as error:
            message = f"{name} cannot be used: found {quote(text)}; {error}"
            self.findings.at_character(self.places[name], error.index, message)
        except ValueError as error:
            self.note(name, f"{name} cannot be used: found {quote(text)}; {error}")
        return None

    def note(self, name: str, message: str) -> None:
        """Note a problem with the value of that name."""
        self.findings.at_value(self.places[name], message)
