"""Who a service tells what happens, beside its output: a room of its own each, and none of them is in trading's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Record = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What an observer may look at: the folder, and the journal of each lane by its name (`simulate`, `live`)."""

    folder: Path
    journals: Mapping[str, Path]


class Observer(Protocol):
    """Called by the service's own thread: none of these may wait or raise."""

    def happened(self, lane: str, record: Record) -> None:
        """Take a line of a lane's `--json`, or `{"type": "alarm", "event", "plan", "reason", "time"}`.

        Lines may be missing if the service could not keep up; the journal has all of them.
        """

    def close(self) -> None:
        """End within a second or two."""
