"""What a schema knows as Markdown: a section for each mapping, with a table of its keys.

`python docs/generate.py` writes it into the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import schemas

Schema = Mapping[str, Any]


def reference(name: str) -> str:
    """Return every mapping that the schema `name` knows as a section with a table of its keys."""
    document = schemas.strict(json.loads(schemas.text(name)))
    return "\n".join(_Reference(document).sections())


class _Reference:
    """Walks a schema: a section for each mapping, in the order in which they are met."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._told: set[str] = set()

    def sections(self) -> Iterator[str]:
        """Yield the lines of all sections."""
        kinds = [self._merged(one) for one in self._document.get("oneOf", ())]
        waiting = [(str(kind["title"]).lower(), kind) for kind in kinds] or [("", self._document)]
        while waiting:
            name, schema = waiting.pop(0)
            yield from self._section(name, schema)
            waiting += self._inner(name, schema)

    def _section(self, name: str, schema: Schema) -> Iterator[str]:
        if name:
            yield f"### `{name}`"
            yield ""
            title = schema.get("title", name)
            yield f"{'' if title.lower() == name else f'{title}. '}{schema.get('description', '')}".strip()
            yield ""
        yield "| key | what it is | form | such as |"
        yield "|---|---|---|---|"
        for key, raw in schema["properties"].items():
            yield self._row(key, self._merged(raw), is_required=key in schema.get("required", ()))
        yield ""

    def _row(self, key: str, one: Schema, *, is_required: bool) -> str:
        told = f"**{one.get('title', key)}.** {one.get('description', '')}".strip()
        default = f"; `{_plain(one['default'])}` without it" if "default" in one else ""
        required = "; required" if is_required else ""
        examples = ", ".join(f"`{_plain(example)}`" for example in one.get("examples", ())[:2] if example != "")
        cells = (f"`{key}`", told, f"{self._form(one)}{default}{required}", examples)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    def _form(self, one: Schema) -> str:
        if "const" in one:
            return f"`{_plain(one['const'])}`"
        if choices := self._choices(one):
            return " or ".join(f"`{_plain(choice)}`" for choice in choices)
        if "type" not in one and "anyOf" in one:
            return " or ".join(dict.fromkeys(self._form(self._merged(each)) for each in one["anyOf"]))
        kinds = one.get("type", "any")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        return " or ".join(_KINDS.get(kind, kind) for kind in kinds)

    def _choices(self, one: Schema) -> list[Any]:
        if "enum" in one:
            return list(one["enum"])
        return next((list(each["enum"]) for each in one.get("anyOf", ()) if "enum" in each), [])

    def _inner(self, name: str, schema: Schema) -> list[tuple[str, Schema]]:
        """Return the mappings below a mapping that no section has been written for yet."""
        found = []
        for key, raw in schema["properties"].items():
            where = f"{name}.{key}" if name else key
            one = self._merged(raw)
            for place, each in ((where, one), (f"{where}[]", self._merged(one.get("items", {})))):
                mark = str(raw.get("$ref", place)) if each is one else place
                if "properties" in each and mark not in self._told:
                    self._told.add(mark)
                    found.append((place, each))
        return found

    def _merged(self, raw: Schema) -> Schema:
        """Return a schema with what it refers to; its own words win."""
        if "$ref" not in raw:
            return raw
        target: Any = self._document
        for part in raw["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return {**self._merged(target), **{key: value for key, value in raw.items() if key != "$ref"}}


_KINDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "object": "a mapping", "array": "a list",
    "boolean": "`true` or `false`", "null": "nothing",
}  # fmt: skip


def _plain(value: object) -> str:
    """Write a value as YAML would have it on one line."""
    match value:
        case str():
            return value
        case Mapping():
            return "{" + ", ".join(f"{key}: {_plain(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_plain, value)) + "]"
        case _:
            return json.dumps(value)
