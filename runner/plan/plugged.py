"""Keys of a plan that are strategies of third parties: found, checked by their own schemas, and set apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from runner.core import plugins
from runner.core.plugins import Plugin, Unusable
from runner.plan.findings import Findings
from runner.plan.shape import check_part, document
from runner.plan.source import Where
from runner.plan.text import printable, quote


def separate(data: object, findings: Findings) -> tuple[Mapping[str, Plugin], object]:
    """Return the plug-ins that a plan names, and the plan without their keys; notes what their schemas refuse.

    Installed packages are asked only for keys that the plan's own schema does not know.
    """
    unknown = list(_unknown(data))
    if not unknown:
        return {}, data
    found: dict[str, Plugin] = {}
    broken: set[str] = set()
    for where, value in unknown:
        name = str(where[-1])
        try:
            plugin = plugins.find(name)
        except Unusable as fault:
            findings.at_key(where, f"a strategy that cannot be used: found {quote(name)}; {printable(str(fault))}")
            broken.add(name)
            continue
        if plugin is not None:
            found[name] = plugin
            check_part(plugin.schema, value, where, findings)
    return found, _without(data, found.keys() | broken)


def _unknown(data: object) -> Iterator[tuple[Where, object]]:
    if not isinstance(data, dict):
        return
    schema = document("plan")
    yield from (((key,), value) for key, value in data.items() if key not in schema["properties"])
    orders, known = data.get("orders"), schema["$defs"]["entry"]["properties"]
    for number, entry in enumerate(orders if isinstance(orders, list) else []):
        if isinstance(entry, dict):
            yield from ((("orders", number, key), value) for key, value in entry.items() if key not in known)


def _without(data: object, keys: Set[str]) -> object:
    if not isinstance(data, dict) or not keys:
        return data
    kept = {key: value for key, value in data.items() if key not in keys}
    if isinstance(kept.get("orders"), list):
        kept["orders"] = [_without(entry, keys) for entry in kept["orders"]]
    return kept
