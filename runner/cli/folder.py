"""A folder of plans that is looked at over and over: which are new, edited, gone, or broken.

Files are told apart by their time, size and inode, which costs a few milliseconds for thousands. What changed since
the last look is read at the next one if it has stayed as it is by then: an editor may be in the middle of writing.
A file that does not validate any more leaves the version before it in place; one that never did is not carried out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.errors import FxrunError, PlanInvalid, Problem, UsageError
from runner.plan.loading import load
from runner.plan.model import Plan
from runner.settings.load import NAME

SUFFIXES = (".yaml", ".yml", ".json")
Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _File:
    stamp: Stamp | None  # as it was read; None to read it once more
    plan: str | None = None  # the name of its last good version


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a look has found: plans that are new or edited, names that are gone, and what there is to say."""

    plans: tuple[Plan, ...] = ()
    gone: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    kept: tuple[str, ...] = ()  # plans that go on in the version before the one that has problems

    def __bool__(self) -> bool:
        return bool(self.plans or self.gone or self.problems)


class Folder:
    """Used by one thread. `vet` returns why a plan that is valid is not to be carried out here, None if it is."""

    def __init__(self, path: Path, vet: Callable[[Plan], str | None]) -> None:
        """Raises UsageError if there is no such folder."""
        try:
            found = "" if path.is_dir() else "a file" if path.exists() else "nothing"
        except OSError as error:  # a name that no file can have
            found = error.strerror or "nothing"
        if found:
            raise UsageError(f"{path}: expected a folder of plans; found {found}")
        self._path = path
        self._vet = vet
        self._files: dict[Path, _File] = {}
        self._owners: dict[str, Path] = {}  # by the name of the plan
        self._changed: dict[Path, Stamp] = {}  # what differed at the last look
        self._told: dict[Path, tuple[Problem, ...]] = {}

    def look(self, *, at_once: bool = False) -> Look:
        """Look once; `at_once` reads what has changed without waiting whether it changes further."""
        try:
            there = dict(self._stamps())
        except OSError as error:
            return self._unreadable(error)
        is_first = not self._files
        gone = [self._forget(path) for path in [path for path in self._files if path not in there]]
        changed = {path: stamp for path, stamp in there.items() if self._is_new(path, stamp)}
        plans: list[Plan] = []
        problems: list[Problem] = []
        kept: list[str] = []
        for path, stamp in changed.items():
            if not (at_once or is_first) and self._changed.get(path) != stamp:
                continue
            name = self._files[path].plan if path in self._files else None
            found = self._read(path, stamp)
            if isinstance(found, Plan):
                plans.append(found)
                gone += [name] if name not in (None, found.name) else []
            elif self._told.get(path) != found:
                self._told[path] = found
                problems += found
                kept += [] if name is None else [name]
        self._changed = changed
        names = {plan.name for plan in plans}
        lost = tuple(name for name in gone if name is not None and name not in names)
        return Look(plans=tuple(plans), gone=lost, problems=tuple(problems), kept=tuple(kept))

    def _unreadable(self, error: OSError) -> Look:
        text = f"cannot be read: {error.strerror}; the plans go on as they are"
        found = (Problem(str(self._path), 1, 1, text),)
        is_told, self._told[self._path] = self._told.get(self._path) == found, found
        return Look() if is_told else Look(problems=found)

    def _stamps(self) -> Iterator[tuple[Path, Stamp]]:
        with os.scandir(self._path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                is_plan = entry.name.endswith(SUFFIXES) and entry.name != NAME and not entry.name.startswith(".")
                with suppress(FileNotFoundError):  # taken away a moment ago
                    if is_plan and entry.is_file():
                        seen = entry.stat()
                        yield self._path / entry.name, (seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _is_new(self, path: Path, stamp: Stamp) -> bool:
        return path not in self._files or self._files[path].stamp != stamp

    def _forget(self, path: Path) -> str | None:
        self._told.pop(path, None)
        name = self._files.pop(path).plan
        if name is not None:
            del self._owners[name]
        return name

    def _read(self, path: Path, stamp: Stamp) -> Plan | tuple[Problem, ...]:
        """Read a file; what is wrong with it leaves its last good version as it is."""
        known = self._files.setdefault(path, _File(None))
        found = self._loaded(path)
        known.stamp = stamp
        if not isinstance(found, Plan):
            return found
        if (other := self._owners.get(found.name, path)) != path:
            known.stamp = None  # it may be alone with that name at the next look
            text = f'a plan name that repeats: found "{found.name}", also the plan in {other}, which is carried out'
            return (Problem(str(path), 1, 1, f"{text}; expected unique names"),)
        self._told.pop(path, None)
        if known.plan is not None:
            del self._owners[known.plan]
        self._owners[found.name] = path
        known.plan = found.name
        return found

    def _loaded(self, path: Path) -> Plan | tuple[Problem, ...]:
        try:
            plan = load(str(path))
        except PlanInvalid as invalid:
            return invalid.problems
        except FxrunError as error:  # it cannot be read at all
            return (Problem(str(path), 1, 1, str(error)),)
        reason = self._vet(plan)
        if reason is None:
            return plan
        mark = plan.instructions[0].marks.get("mode")
        return (Problem(str(path), mark.line if mark else 1, mark.column if mark else 1, reason),)
