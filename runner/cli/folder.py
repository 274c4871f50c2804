"""A folder of plans that is looked at over and over: which are new, edited, gone, or broken.

Files are told apart by their time, size and inode, which costs a few milliseconds for thousands. What changed since
the last look is read at the next one if it has stayed as it is by then: an editor may be in the middle of writing.
A file that does not validate any more leaves the version before it in place; one that never did is not carried out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.errors import FxrunError, PlanInvalid, Problem, UsageError
from runner.plan.loading import load
from runner.plan.model import Mark, Plan
from runner.settings.load import NAME

SUFFIXES = (".yaml", ".yml", ".json")
MANY = 1000  # files from which on they are read by several processes
_CHUNK = 100
Stamp = tuple[int, int, int]
Loaded = Plan | tuple[Problem, ...]


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
        self._files: dict[str, _File] = {}  # by the name of the file
        self._owners: dict[str, str] = {}  # by the name of the plan
        self._changed: dict[str, Stamp] = {}  # what differed at the last look
        self._told: dict[str, tuple[Problem, ...]] = {}

    def look(self, *, at_once: bool = False) -> Look:
        """Look once; `at_once` reads what has changed without waiting whether it changes further."""
        try:
            there = dict(sorted(self._stamps()))
        except OSError as error:
            return self._unreadable(error)
        self._told.pop(".", None)
        is_first = not self._files
        gone = [self._forget(name) for name in [name for name in self._files if name not in there]]
        changed = {name: stamp for name, stamp in there.items() if self._is_new(name, stamp)}
        settled = [name for name in changed if at_once or is_first or self._changed.get(name) == changed[name]]
        plans: list[Plan] = []
        problems: list[Problem] = []
        kept: list[str] = []
        for name, loaded in zip(settled, _load_all([str(self._path / name) for name in settled]), strict=True):
            before = self._files[name].plan if name in self._files else None
            found = self._take(name, changed[name], loaded)
            if isinstance(found, Plan):
                plans.append(found)
                gone += [before] if before not in (None, found.name) else []
            elif self._told.get(name) != found:
                self._told[name] = found
                problems += found
                kept += [] if before is None else [before]
        self._changed = changed
        names = {plan.name for plan in plans}
        lost = tuple(name for name in gone if name is not None and name not in names)
        return Look(plans=tuple(plans), gone=lost, problems=tuple(problems), kept=tuple(kept))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with files as they are now; any thread may ask."""
        return tuple(problem for told in list(self._told.values()) for problem in told)

    def _unreadable(self, error: OSError) -> Look:
        text = f"cannot be read: {error.strerror}; the plans go on as they are"
        found = (Problem(str(self._path), 1, 1, text),)
        is_told, self._told["."] = self._told.get(".") == found, found
        return Look() if is_told else Look(problems=found)

    def _stamps(self) -> Iterator[tuple[str, Stamp]]:
        with os.scandir(self._path) as entries:
            for entry in entries:
                name = entry.name
                with suppress(FileNotFoundError):  # taken away a moment ago
                    if name.endswith(SUFFIXES) and name != NAME and name[0] != "." and entry.is_file():
                        seen = entry.stat()
                        yield name, (seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _is_new(self, name: str, stamp: Stamp) -> bool:
        return name not in self._files or self._files[name].stamp != stamp

    def _forget(self, name: str) -> str | None:
        self._told.pop(name, None)
        plan = self._files.pop(name).plan
        if plan is not None:
            del self._owners[plan]
        return plan

    def _take(self, name: str, stamp: Stamp, loaded: Loaded) -> Loaded:
        """Take in what a file says now; what is wrong with it leaves its last good version as it is."""
        known = self._files.setdefault(name, _File(None))
        known.stamp = stamp
        if not isinstance(loaded, Plan):
            return loaded
        mark = loaded.instructions[0].marks.get("mode") or Mark(1, 1)
        if (reason := self._vet(loaded)) is not None:
            return (Problem(loaded.file, mark.line, mark.column, reason),)
        if (other := self._owners.get(loaded.name, name)) != name:
            known.stamp = None  # it may be alone with that name at the next look
            text = f'a plan name that repeats: found "{loaded.name}", also the plan in {other}, which is carried out'
            return (Problem(loaded.file, 1, 1, f"{text}; expected unique names"),)
        self._told.pop(name, None)
        if known.plan is not None:
            del self._owners[known.plan]
        self._owners[loaded.name] = name
        known.plan = loaded.name
        return loaded


def _load_all(files: Sequence[str]) -> Iterator[Loaded]:
    """Load files, many of them on all processors."""
    workers = os.cpu_count() or 1
    if len(files) < MANY or workers == 1:
        yield from map(_load, files)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_load, files, chunksize=_CHUNK)


def _load(file: str) -> Loaded:
    try:
        return load(file)
    except PlanInvalid as invalid:
        return invalid.problems
    except FxrunError as error:  # it cannot be read at all
        return (Problem(file, 1, 1, str(error)),)
