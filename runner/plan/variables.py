"""`vars:` and `${name}`: values that a plan takes from elsewhere, put in their places before anything else is read.

A variable has a default, a type, or both; `--set name=value` gives it another value. `${env:NAME}` is a variable of the
environment that the plan's list `env:` allows. A place is filled once: what is put there is not looked at for more.
Whatever is wrong with a value is said where it is used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from runner.core.money import plain
from runner.core.times import TIME_FORM, parse_duration
from runner.errors import Problem
from runner.plan.model import Mark
from runner.plan.scalars import plain_value
from runner.plan.source import Source, Where
from runner.plan.suggest import for_choice
from runner.plan.text import quote

Value = str | bool | Decimal
_USE = re.compile(r"\$\{([^{}]*)\}")
_OPEN = re.compile(r"\$\{")
_ENV = "env:"
# Keys below which nothing comes from outside: what a plan is, and what it may touch
_FIXED = ("mode", "account", "vars", "env")
# and keys for which the environment is too far away
_NOT_ENV = ("plan", "limits", "resend", "side", "size", "min_quantity", "ib", "id")
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What the plans of a command are given: the values of `--set`, and the environment."""

    values: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


NOTHING = Given()


def names(source: Source) -> tuple[str, ...]:
    """Return the names of the variables that a plan declares."""
    declared = source.data.get("vars") if isinstance(source.data, dict) else None
    return tuple(declared) if isinstance(declared, dict) else ()


def fill(source: Source, given: Given) -> Source:
    """Return the source with its variables in their places; what is wrong with them joins its problems.

    The digest changes with every value that does not stand in the file, so that another value is another plan to arm.
    """
    if not isinstance(source.data, dict) or ("${" not in source.text and "vars" not in source.data):
        return source
    return _Filling(source, given).filled()


class _Filling:
    def __init__(self, source: Source, given: Given) -> None:
        self._source, self._given = source, given
        self._data: Mapping[str, object] = source.data if isinstance(source.data, dict) else {}
        self._problems: list[Problem] = []
        self._tainted: set[Where] = set()
        self._places: set[Where] = set()
        self._environment_places: set[Where] = set()
        self._outside: dict[str, str] = {}  # what the digest has to tell apart
        self._variables: dict[str, Value | None] = {}

    def filled(self) -> Source:
        declared = self._data.get("vars")
        for name, written in (declared if isinstance(declared, dict) else {}).items():
            self._variables[name] = self._declared(name, written)
        data = {key: value if key in _FIXED[2:] else self._walk(value, (key,)) for key, value in self._data.items()}
        return replace(
            self._source,
            data=data,
            digest=_digest(self._source.digest, self._outside),
            tainted=self._source.tainted | self._tainted,
            problems=(*self._source.problems, *self._problems),
            filled=frozenset(self._places),
            environmental=frozenset(self._environment_places),
        )

    def _note(self, mark: Mark, where: Where, message: str) -> None:
        self._problems.append(Problem(self._source.file, mark.line, mark.column, message))
        self._tainted.add(where)

    # --- what a variable is

    def _declared(self, name: str, written: object) -> Value | None:
        """Return the value of a variable: that of --set, else its default; None if it has none that is sound."""
        where: Where = ("vars", name)
        default = written.get("default") if isinstance(written, dict) else written
        kind = str(written.get("type")) if isinstance(written, dict) else _kind_of(written)
        if isinstance(default, str) and _OPEN.search(default):
            message = f"vars.{name} takes from another: found {quote(default)}; expected the value itself"
            self._note(self._source.value_mark(where), where, message)
            return None
        if (given := self._given.values.get(name)) is not None:
            self._outside[name] = given
            return self._typed(name, kind, given, " (of --set)")
        if isinstance(default, (bool, Decimal)):
            fits = kind in _TAKES.get(type(default), ()) or kind not in TYPES
            return default if fits else self._misfit(name, kind, plain_text(default), "")
        return self._typed(name, kind, default, "") if isinstance(default, str) else None

    def _typed(self, name: str, kind: str, text: str, origin: str) -> Value | None:
        read = TYPES.get(kind, str)  # an unknown type is the schema's to tell
        if len(text) > _LONGEST or not text.isprintable():
            return self._misfit(name, kind, text, origin)
        try:
            return read(text)
        except ValueError:
            return self._misfit(name, kind, text, origin)

    def _misfit(self, name: str, kind: str, text: str, origin: str) -> Value | None:
        where: Where = ("vars", name)
        expected = f"expected {_FORMS.get(kind, 'one line of text')}"
        message = f"vars.{name} is no {kind}: found {quote(text)}{origin}; {expected}"
        self._note(self._source.value_mark(where), where, message)
        return None

    # --- where it is used

    def _walk(self, value: object, where: Where) -> object:
        if isinstance(value, dict):
            return {key: self._walk(inner, (*where, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._walk(inner, (*where, number)) for number, inner in enumerate(value)]
        if isinstance(value, str) and "${" in value and not self._source.is_tainted(where):
            return self._fill(value, where)
        return value

    def _fill(self, text: str, where: Where) -> object:
        self._places.add(where)
        uses = list(_USE.finditer(text))
        if len(uses) != len(_OPEN.findall(text)):
            start = next(one.start() for one in _OPEN.finditer(text) if not _USE.match(text, one.start()))
            message = f"a variable that does not end: found {quote(text[start:])}; expected a form such as ${{name}}"
            self._note(self._source.character_mark(where, start), where, message)
            return text
        found = [self._value(use[1], where, use.start()) for use in uses]
        if any(value is None for value in found):
            return text
        if len(uses) == 1 and uses[0][0] == text:
            return found[0]
        values = iter(found)
        return _USE.sub(lambda _use: plain_text(next(values)), text)

    def _value(self, name: str, where: Where, index: int) -> Value | None:
        refused = self._refused(name, where)
        mark = self._source.character_mark(where, index)
        if refused is not None:
            self._note(mark, where, f"{_dotted(where)} may not come from elsewhere: found ${{{name}}}; {refused}")
            return None
        if name.startswith(_ENV):
            return self._environment(name.removeprefix(_ENV), where, mark)
        if name not in self._variables:
            hint = for_choice(name, self._variables)
            expected = "expected one that vars: declares"
            self._note(mark, where, f"an unknown variable: found ${{{name}}}; {expected}{hint}")
            return None
        if self._variables[name] is None:
            if not self._source.is_tainted(("vars", name)) and ("vars", name) not in self._tainted:
                expected = f"expected --set {name}=VALUE, or a default"
                self._note(mark, where, f"a variable without a value: found ${{{name}}}; {expected}")
            self._tainted.add(where)
        return self._variables[name]

    def _refused(self, name: str, where: Where) -> str | None:
        keys = [part for part in where if isinstance(part, str)]
        if keys[0] in _FIXED:
            return "expected the word itself"
        if name.startswith(_ENV) and any(key in _NOT_ENV for key in keys):
            return "expected no environment here: it is not seen where the plan is read"
        return None

    def _environment(self, name: str, where: Where, mark: Mark) -> Value | None:
        allowed = self._data.get("env")
        if not isinstance(allowed, list) or name not in allowed:
            message = f"a variable of the environment that is not allowed: found {quote(name)}"
            self._note(mark, where, f"{message}; expected it in the plan's list env: [{name}]")
            return None
        text = self._given.environment.get(name)
        if not text or len(text) > _LONGEST or not text.isprintable():
            expected = f"expected one line of text in {name}"
            self._note(mark, where, f"a variable of the environment without a value: found nothing to use; {expected}")
            return None
        self._outside[_ENV + name] = text
        self._environment_places.add(where)
        return _scalar(text)


def _digest(file: str, outside: Mapping[str, str]) -> str:
    if not outside:
        return file
    return hashlib.sha256(json.dumps([file, sorted(outside.items())]).encode()).hexdigest()


def _dotted(where: Where) -> str:
    return ".".join(part for part in where if isinstance(part, str))


def plain_text(value: object) -> str:
    """Write a value as a plan writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
    return str(value)


def _kind_of(default: object) -> str:
    match default:
        case bool():
            return "boolean"
        case Decimal():
            return "number"
    return "text"


# --- types: what a text means to each


def _scalar(text: str) -> Value:
    """Read a word as a plan does without quotes."""
    found = plain_value(text)
    return text if found is None else found


def _number(text: str) -> Decimal:
    found = plain_value(text)
    if not isinstance(found, Decimal):
        raise ValueError(text)
    return found


def _boolean(text: str) -> bool:
    found = plain_value(text)
    if not isinstance(found, bool):
        raise ValueError(text)
    return found


def _checked(check: Callable[[str], object], text: str) -> Value:
    """Return a number as one, and a text that check takes."""
    found = _scalar(text)
    if isinstance(found, Decimal):
        return found
    check(text)
    return text


def _price(text: str) -> object:
    from runner.plan import grammar

    return grammar.price(text)


def _size(text: str) -> object:
    from runner.plan import grammar

    return grammar.size(text)


def _duration(text: str) -> str:
    parse_duration(text)
    return text


TYPES: Mapping[str, Callable[[str], Value]] = {
    "text": str,
    "number": _number,
    "boolean": _boolean,
    "price": partial(_checked, _price),
    "size": partial(_checked, _size),
    "duration": _duration,
    "time": str,  # its zone is that of the place where it is used
}
_TAKES = {bool: ("boolean",), Decimal: ("number", "price", "size")}
_FORMS = {
    "number": "plain digits such as 25_000",
    "boolean": "true or false",
    "price": "a price such as 1.085 or bid - 5 pips",
    "size": "a size such as 30_000 or 0.25 lots",
    "duration": "a duration such as 90s, 15m, 1h or 1d",
    "time": TIME_FORM,
}
