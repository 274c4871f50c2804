"""Problems of form: what JSON Schema finds, in our words.

`oneOf`, `if` and the like, and most of `pattern`, are in the schema for editors; the values behind them are read in
`draft`, `limits` and `crossrules`, which know more than a pattern does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import schemas
from runner.core.money import plain
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.suggest import for_choice, for_key
from runner.plan.text import quote

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_KINDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "object": "a mapping (key: value)",
    "array": "a list",
    "boolean": "true or false", "null": "nothing",
}  # fmt: skip
_EDITORS_ONLY = {"then", "else", "oneOf", "allOf", "if", "not"}
_IN_CODE = {"plan", "part"}  # their conditions are rules of ours, or are told as they are
_DOCUMENTS = {"plan": "the plan", "settings": "the settings", "faults": "the file", "scenario": "the file"}
_SAYS_NOTHING = {"title", "description", "examples", "default"}  # of a schema, to a validator
_NAME_FORM = "expected small letters, digits and hyphens, at most 40, the first a letter or a digit"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Complaint:
    """One error of jsonschema."""

    document: str  # the schema's name
    where: Where
    keyword: str
    wanted: Any  # the value of the keyword in the schema
    found: Any
    properties: Mapping[str, Any]  # the keys that the schema knows, each with its schema
    examples: tuple[Any, ...]
    is_key: bool  # about a key, not about the value there
    is_typed: bool  # the schema says what its texts are read as


@lru_cache(maxsize=4)
def document(name: str) -> dict[str, Any]:
    """Return a schema as one document; it is shared, and not to be changed."""
    return schemas.load(name)


@lru_cache(maxsize=4)
def _validator(name: str) -> Validator:
    validator: Validator = _decimals()(_for_fxrun(document(name)) if name in _IN_CODE else document(name))
    return validator


def _for_fxrun(schema: Mapping[str, Any]) -> dict[str, Any]:
    definitions = schema["$defs"]
    return {**_unconditional(schema, definitions), "$defs": definitions}


def _unconditional(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], *, is_strategy: bool = False
) -> dict[str, Any]:
    """Return a schema without what is there for editors alone, and with what it refers to in its place.

    Both are for speed: a validation takes half the time. A reference stays where what stands beside it says otherwise.
    The conditions of a strategy are nobody else's rules, and stay.
    """
    dropped = {"$defs"} if is_strategy else {"$defs", *_EDITORS_ONLY}
    found = {key: value for key, value in schema.items() if key not in dropped}
    name = str(found.get("$ref", "")).removeprefix("#/$defs/")
    meant = definitions.get(name)
    if meant is not None and not (found.keys() & meant.keys()) - _SAYS_NOTHING:
        del found["$ref"]
        found = {**_unconditional(meant, definitions, is_strategy=name in _strategies()), **found}
    if "properties" in found:
        found["properties"] = {key: _unconditional(value, definitions) for key, value in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), Mapping):
            found[key] = _unconditional(found[key], definitions)
    return found


@lru_cache(maxsize=1)
def _decimals() -> Callable[[Mapping[str, Any]], Validator]:
    from jsonschema import Draft202012Validator, validators

    def is_number(_checker: object, value: object) -> bool:
        return isinstance(value, (Decimal, int, float)) and not isinstance(value, bool)

    def is_integer(_checker: object, value: object) -> bool:
        return is_number(_checker, value) and value == int(value)  # type: ignore[call-overload]

    checker = Draft202012Validator.TYPE_CHECKER.redefine("number", is_number).redefine("integer", is_integer)
    made: Callable[[Mapping[str, Any]], Validator]
    made = validators.extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    return made


def check_shape(data: object, findings: Findings, document: str = "plan") -> bool:
    """Note what the schema of that name has against data; tell whether it has nothing against it, patterns and all."""
    return _check(_validator(document), data, findings, document)


def check_part(schema: Mapping[str, Any], data: object, where: Where, findings: Findings) -> bool:
    """Check what stands at where in a plan against a schema that is no part of the plan's, but may refer to it."""
    whole = {**schema, "$defs": {**document("plan")["$defs"], **schema.get("$defs", {})}}
    return _check(_decimals()(whole), data, findings, "part", where)


def _check(validator: Validator, data: object, findings: Findings, document: str, base: Where = ()) -> bool:
    sound = True
    for error in validator.iter_errors(data):  # type: ignore[arg-type]
        sound = False
        if document in _IN_CODE or not _EDITORS_ONLY.intersection(error.absolute_schema_path):
            schema = error.schema if isinstance(error.schema, dict) else {}
            is_key = "propertyNames" in error.absolute_schema_path
            complaint = _Complaint(
                document=document,
                where=(*base, *error.absolute_path, *([str(error.instance)] if is_key else [])),
                keyword=str(error.validator),
                wanted=error.validator_value,
                found=error.instance,
                properties=schema.get("properties", {}),
                examples=tuple(schema.get("examples", ())),
                is_key=is_key,
                is_typed="x-fxrun" in schema,
            )
            _note(complaint, findings)
    return sound


def _note(complaint: _Complaint, findings: Findings) -> None:
    where = complaint.where
    match complaint.keyword:
        case "additionalProperties":
            _unknown_keys(complaint, findings)
        case "required":
            _missing(complaint, findings)
        case "type":
            findings.at_value(where, _wrong_kind(complaint))
        case "enum" | "anyOf" | "oneOf" | "not":
            _unfitting(complaint, findings)
        case "pattern" if where[-1:] in (("plan",), ("id",)):
            findings.at_value(where, f"{_name(complaint)} is not a name: found {_shown(complaint.found)}; {_NAME_FORM}")
        case "pattern" if _is_read_later(complaint):
            pass
        case _ if complaint.is_key:
            findings.at_key(where, _out_of_bounds(complaint))
        case _:
            findings.at_value(where, _out_of_bounds(complaint))


def _keys_of(wanted: Any) -> list[str]:
    """Return the keys that a condition is about, if it is about keys alone."""
    parts = wanted if isinstance(wanted, list) else [wanted]
    if not all(isinstance(part, Mapping) and part.keys() == {"required"} for part in parts):
        return []
    return [key for part in parts for key in part["required"]]


def _unfitting(complaint: _Complaint, findings: Findings) -> None:
    """Note what is none of the choices, or keys that do not make up one of them."""
    keys = [] if complaint.keyword == "enum" else _keys_of(complaint.wanted)
    if keys and isinstance(complaint.found, Mapping):
        _wrong_keys(complaint, keys, findings)
    elif choices := _choices(complaint):
        findings.at_value(complaint.where, _wrong_choice(complaint, choices, findings))
    elif not keys:
        findings.at_value(complaint.where, _out_of_bounds(complaint))


def _wrong_keys(complaint: _Complaint, keys: list[str], findings: Findings) -> None:
    """Note keys that exclude each other, or of which one is missing."""
    name, there = _name(complaint), [key for key in keys if key in complaint.found]
    if there:
        found = f"found {' and '.join(map(quote, there))}; expected one of them"
        findings.at_key((*complaint.where, there[-1]), f"keys of {name} that exclude each other: {found}")
    else:
        findings.at_value(complaint.where, f"a missing key in {name}: found none of them; expected {_one_of(keys)}")


@lru_cache(maxsize=1)
def _strategies() -> frozenset[str]:
    return frozenset(schemas.strategies())


def _is_read_later(complaint: _Complaint) -> bool:
    """Tell whether the text is read by somebody who knows more than a pattern does, and speaks then."""
    if complaint.document == "part" or not _strategies().isdisjoint(map(str, complaint.where)):
        return complaint.is_typed
    return (
        complaint.document != "faults" and not complaint.is_key and complaint.where[:1] not in (("account",), ("env",))
    )


def _name(complaint: _Complaint) -> str:
    """Name a value for a sentence: order.price, item 2 of at, the plan."""
    where = complaint.where
    names = [str(part) for part in where if isinstance(part, str)]
    if where and isinstance(where[-1], int):
        return f"item {where[-1] + 1} of {names[-1]}"
    names = names[1:] if len(names) > 1 and names[0] == "orders" else names
    return ".".join(quote(name)[1:-1] for name in names) or _DOCUMENTS[complaint.document]


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case str():
            return quote(value)
        case Mapping():
            return "a mapping (key: value)"
        case _:
            return "a list"


def _unknown_keys(complaint: _Complaint, findings: Findings) -> None:
    known, where = complaint.properties, complaint.where
    place = f" in {_name(complaint)}" if where else ""
    for key in complaint.found:
        if key not in known:
            hint = findings.hint(partial(for_key, key, tuple(known)))
            found = f"found {quote(key)}; expected {_one_of(known)}{hint}"
            findings.at_key((*where, key), f"an unknown key{place}: {found}")


def _missing(complaint: _Complaint, findings: Findings) -> None:
    for key in complaint.wanted:
        if key not in complaint.found:
            example = _example(complaint.properties.get(key, {}).get("examples", ()))
            findings.at_value(complaint.where, missing_key(key, _name(complaint), example))


def missing_key(key: str, owner: str, example: str = "") -> str:
    """Return the message for a key that is not there."""
    return f'a missing key: found no "{key}" in {owner}; expected {_MISSING.get(key, f"{key}:{example}")}'


def _example(examples: Iterable[Any]) -> str:
    """Show the first example of a schema, as the end of a sentence; empty if it has none that fits into one."""
    first = next((one for one in examples if not isinstance(one, (Mapping, list))), None)
    return "" if first is None else f" such as {_shown(first) if not isinstance(first, str) else first}"


_MISSING = {
    "plan": "plan: with a name such as eurusd-weekday", "id": "id: with a name such as morning",
    "contract": "contract: with a pair such as EUR.USD", "side": "side: buy or sell",
    "size": "size: with units of the base currency such as 25_000", "symbol": "symbol: with a currency such as EUR",
    "currency": "currency: with a currency such as USD", "type": "type: such as market or limit",
}  # fmt: skip


def _wrong_kind(complaint: _Complaint) -> str:
    wanted, name = complaint.wanted, _name(complaint)
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    found, hint = _shown(complaint.found), ""
    if "number" in kinds and isinstance(complaint.found, str):
        found, hint = f"the text {found}", " such as 25000 or 1.0850, without quotes, units or spaces"
    elif "string" in kinds and isinstance(complaint.found, (Decimal, bool)):
        hint = f' (in quotes if it is meant so: "{found}")'
    return f"{name} is of the wrong kind: found {found}; expected {_one_of(_KINDS[k] for k in kinds)}{hint}"


def _choices(complaint: _Complaint) -> list[str]:
    """Return the words of an enum, or of the enum that anyOf begins with; none if there is none."""
    match complaint.keyword, complaint.wanted:
        case "enum", list() as words:
            return [str(word) for word in words]
        case "anyOf", [{"enum": words}, *_]:
            return [str(word) for word in words]
    return []


def _wrong_choice(complaint: _Complaint, choices: list[str], findings: Findings) -> str:
    found = _shown(complaint.found)
    hint = findings.hint(partial(for_choice, str(complaint.found), choices))
    return f"{_name(complaint)} is not one of the choices: found {found}; expected {_one_of(choices)}{hint}"


def _one_of(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


_BOUNDS = {
    "exclusiveMinimum": "is not positive: found {found}; expected a number greater than {wanted}",
    "pattern": "is not of the right form: found {found}; expected text{example}",
    "minLength": "is empty: found no text; expected text{example}",
    "minimum": "is too small: found {found}; expected at least {wanted}",
    "maximum": "is too large: found {found}; expected at most {wanted}",
    "minItems": "is empty: found a list without items; expected at least one",
    "maxItems": "is too long: found more than {wanted} items; expected at most {wanted}",
    "minProperties": "is empty: found no keys in it; expected at least one of {keys}",
}


def _out_of_bounds(complaint: _Complaint) -> str:
    wanted = " {wanted}" if isinstance(complaint.wanted, (str, Decimal, int)) else ""
    otherwise = f"is not as the schema wants it: found {{found}}; expected {complaint.keyword}{wanted}"
    return f"{_name(complaint)} " + _BOUNDS.get(complaint.keyword, otherwise).format(
        found=_shown(complaint.found),
        wanted=complaint.wanted,
        example=_example(complaint.examples),
        keys=_one_of(complaint.properties) if complaint.properties else "some",
    )
