"""Whose a journal is on the disk: a live one is its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runner.errors import Refused, UsageError

BESIDE = ("", "-wal", "-shm", ".lock", ".holder", ".mark")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private(path: Path) -> None:
    """Make folder and file readable by their owner alone; refuse a link, and what others may write.

    Raises Refused with the command that mends it, UsageError where nothing can be made.
    """
    if path.is_symlink():
        raise Refused(f"{path}: is a symbolic link; a live journal is named by its own path: {path.resolve()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(path.parent)
        if not path.exists():
            create(path)
        for end in BESIDE:
            _keep(path.with_name(path.name + end))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name another --journal") from None


def create(path: Path) -> None:
    """Make an empty file that its owner alone may read; one that exists is left as it is."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return


def _check(path: Path) -> None:
    if os.name != "posix":
        return
    found = path.stat()
    if found.st_mode & _OTHERS_WRITE:
        raise Refused(f"{path}: others may write it, so they could change what is sent; type: chmod go-w '{path}'")
    if found.st_uid not in (0, os.getuid()):
        raise Refused(f"{path}: belongs to another user (uid {found.st_uid}); use a journal of your own")


def _keep(path: Path) -> None:
    if not path.exists():
        return
    if path.is_symlink():
        raise Refused(f"{path}: is a symbolic link; remove it")
    _check(path)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
