"""The addresses behind `file:PATH` and `env:NAME`: read once, kept in memory, told to nobody."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError

_OTHERS = 0o077
_LONGEST = 4096


def resolve(reference: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Return the address; raises UsageError, which never repeats it."""
    kind, _, name = reference.partition(":")
    text = environ.get(name, "").strip() if kind == "env" else _read(folder / Path(name).expanduser())
    if not text:
        raise UsageError(f"{reference} holds no address; {_next_step(kind, name)}")
    if not text.isprintable() or len(text) > _LONGEST:
        raise UsageError(f"{reference} holds more than one address; expected one line")
    return text


def _next_step(kind: str, name: str) -> str:
    return f"set the variable {name}" if kind == "env" else "write one into it, as one line"


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise UsageError(f"{path}: others may read the address in it; type: chmod 600 '{path}'")
            return file.read(_LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError) as fault:
        what = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise UsageError(f"{path} cannot be read: {what}; write one address into it, as apprise has them") from None
