"""The keys of a plan as Markdown, from its schema: `python -m schemas.reference docs/plan.md` renews that page's part.

The part stands between two comments; what is around it is written by hand. `tests/unit/test_reference.py` fails while
the page is not what this would write.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import schemas

BEGIN = "<!-- from here to the next comment: python -m schemas.reference docs/plan.md -->"
END = "<!-- by hand again -->"
Schema = Mapping[str, Any]


def renewed(page: str, name: str = "plan") -> str:
    """Return a page with its generated part as the schema `name` has it now; raises ValueError without such a part."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no part to renew: expected {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{reference(name)}\n{END}{after}"


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
        waiting: list[tuple[str, Schema]] = [("", self._document)]
        while waiting:
            name, schema = waiting.pop(0)
            yield from self._section(name, schema)
            waiting += self._inner(name, schema)

    def _section(self, name: str, schema: Schema) -> Iterator[str]:
        if name:
            yield f"### `{name}`"
            yield ""
            yield f"{schema.get('title', name)}. {schema.get('description', '')}".strip()
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
        examples = ", ".join(f"`{_plain(example)}`" for example in one.get("examples", ())[:2])
        cells = (f"`{key}`", told, f"{self._form(one)}{default}{required}", examples)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    def _form(self, one: Schema) -> str:
        if choices := self._choices(one):
            return " or ".join(f"`{_plain(choice)}`" for choice in choices)
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


def main() -> None:
    """Renew the page that is named on the command line."""
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
