"""The mark: a small file beside a live journal that says how far the journal had come.

It is written after each claim has been committed and is never ahead of it. A journal that is behind its mark has lost
its tail: it would claim again what was sent.
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from pathlib import Path

from runner.journal.files import create


class Mark:
    """FILE.mark; kept open while the journal is."""

    def __init__(self, journal: Path) -> None:
        """Open or create it; raises OSError."""
        self.path = journal.with_name(journal.name + ".mark")
        create(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)

    def read(self) -> int:
        """Return the last number noted, 0 if there is none or it cannot be read."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        number, _, check = os.read(self._descriptor, 64).decode("ascii", "replace").strip().partition(" ")
        return int(number) if number.isdigit() and check == _check(int(number)) else 0

    def note(self, number: int) -> None:
        """Note how far the journal has come; a mark that cannot be written finds less, and stops nothing."""
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, f"{number:020d} {_check(number)}\n".encode("ascii"))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def _check(number: int) -> str:
    return f"{zlib.crc32(b'%d' % number):08x}"
