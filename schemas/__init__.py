"""The JSON Schemas (draft 2020-12) that plans, settings, events, reports, faults and scenarios are checked against.

A schema may lie in several files that refer to each other by relative `$ref`, which an editor follows; what is
handed out here is one document: the value that a file describes is a definition by the file's name, beside the
definitions that the file has itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from posixpath import dirname, join, normpath
from typing import Any

NAMES = ("plan", "settings", "events", "report", "faults", "scenario")
_ENDING = ".schema.json"


def text(name: str) -> str:
    """Return the schema `name` as one document of JSON; name is one of NAMES."""
    return json.dumps(_Bundle(f"{name}{_ENDING}", float).document, indent=2, ensure_ascii=False) + "\n"


def load(name: str) -> dict[str, Any]:
    """Return the schema `name` as one document, its numbers as Decimal.

    To an editor 25_000 is a text, as YAML 1.2 has it, and so is ${name}, whatever it stands for. To fxrun the one is a
    number, in the place of the other there is a value by then, and a text is neither.
    """
    schema: dict[str, Any] = strict(_Bundle(f"{name}{_ENDING}", Decimal).document)
    return schema


def strategies() -> tuple[str, ...]:
    """Return the keys of the strategies that have a schema here, which are the names of its files."""
    names = (path.name for path in files(__package__).joinpath("strategies").iterdir())
    return tuple(sorted(_stem(name) for name in names if name.endswith(_ENDING)))


def strict(node: Any) -> Any:
    """Return a schema as fxrun has it: numbers are numbers and choices are choices, and no texts that stand for one."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if (kind := node.get("x-fxrun")) in _PLAIN:
        node = {key: value for key, value in node.items() if key != "pattern"} | {"type": kind}
    match node.get("anyOf"):
        case [{"enum": choices}, other] if other == _VARIABLE:
            node = {key: value for key, value in node.items() if key != "anyOf"} | {"enum": choices}
    return {key: strict(value) for key, value in node.items()}


_PLAIN = ("number", "integer", "boolean")
_VARIABLE = {"type": "string", "pattern": r"\$\{"}


class _Bundle:
    """Reads a file and all that it refers to; raises ValueError where two define the same name."""

    def __init__(self, path: str, number: Callable[[str], object]) -> None:
        self._root, self._number = path, number
        self._seen = {path}
        self._definitions: dict[str, Any] = {}
        self.document = self._take(path)
        if self._definitions:
            self.document["$defs"] = self._definitions

    def _take(self, path: str) -> dict[str, Any]:
        """Return what a file describes; its definitions, and the files that it names, join the others."""
        raw = json.loads(files(__package__).joinpath(path).read_text(encoding="utf-8"), parse_float=self._number)
        definitions = raw.pop("$defs", {})
        for name, definition in definitions.items():
            self._define(name, self._resolved(definition, path), path)
        schema: dict[str, Any] = self._resolved(raw, path)
        return schema

    def _define(self, name: str, schema: object, path: str) -> None:
        if name in self._definitions:
            raise ValueError(f"{path} defines {name} a second time")
        self._definitions[name] = schema

    def _resolved(self, node: Any, path: str) -> Any:
        if isinstance(node, list):
            return [self._resolved(item, path) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._local(value, path) if key == "$ref" and isinstance(value, str) else self._resolved(value, path)
            for key, value in node.items()
        }

    def _local(self, ref: str, path: str) -> str:
        """Return where in the one document a reference of the file at path leads."""
        name, _, fragment = ref.partition("#")
        target = normpath(join(dirname(path), name)) if name else path
        if target not in self._seen:
            self._seen.add(target)
            schema = self._take(target)
            self._define(_stem(target), {key: schema[key] for key in schema if key != "$schema"}, target)
        if fragment or target == self._root:
            return f"#{fragment}"
        return f"#/$defs/{_stem(target)}"


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(_ENDING)
