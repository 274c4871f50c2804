"""The log of a runner: JSON lines in a rotating file beside the journal, one a transition.

A line is `{"time", "kind", ...}`, ASCII only, so nothing that a broker says can end it or begin another. Accounts are
masked and the values of secrets in the environment are left out. A fault of the log never stops what it tells of.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from runner.cli.marks import as_told, mask_all
from runner.core.times import stamp
from runner.errors import Refused

SIZE, FILES = 5_000_000, 5
QUIET = timedelta(minutes=1)  # within which the same notice is written once
REPEATED = frozenset({"notice"})  # the kinds that come over and over; every other line is a transition
REDACTED = "[redacted]"
_SECRET = re.compile("KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_SHORTEST_SECRET = 4  # `1` or `on` is a switch, and its value is in every line
_LONGEST_TEXT = 4000


def log_path(journal: Path) -> Path:
    """Return where the log of a journal is kept."""
    return journal.with_name(journal.name + ".log")


@dataclass(slots=True)
class _Repeated:
    """A notice that was written: when, and how often it came since."""

    at: datetime
    fields: Mapping[str, object]
    left_out: int = 0


class Log:
    """Open from creation to `close`; `write` may be called from any thread and raises nothing."""

    def __init__(self, path: Path, *, note: Callable[[str], None], environ: Mapping[str, str] | None = None) -> None:
        """Open the file, mode 0600; raises Refused where that cannot be. `note` is told once if writing fails later."""
        secrets = (value for name, value in (environ or os.environ).items() if _SECRET.search(name))
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._lock = threading.Lock()
        self._repeated: dict[str, _Repeated] = {}
        try:
            self._file = _Rotating(path, note)
        except OSError as fault:
            raise Refused(
                f"the log {path} cannot be written ({fault.strerror or fault}): it must be a plain file of your own; "
                "move what is there out of the way"
            ) from fault

    def write(self, kind: str, at: datetime, **fields: object) -> None:
        """Write one line; the same notice is written once a minute, with `left_out` where some were not."""
        cleaned = {name: as_told(value, self._text) for name, value in fields.items()}
        with self._lock:
            self._let_go(at)
            if kind not in REPEATED:
                self._line(kind, at, cleaned)
                return
            key = json.dumps([kind, cleaned])
            if (earlier := self._repeated.get(key)) is not None:
                earlier.left_out += 1
                return
            self._repeated[key] = _Repeated(at, cleaned)
            self._line(kind, at, cleaned)

    def close(self) -> None:
        """Say what was left out, and close the file; may be called again."""
        with self._lock:
            latest = max((one.at for one in self._repeated.values()), default=None)
            if latest is not None:
                self._let_go(latest + QUIET)
            with suppress(OSError):  # what is still unwritten; it has been said that it is missing
                self._file.close()

    def _let_go(self, at: datetime) -> None:
        """Forget notices of more than a minute ago, or of a future that a changed clock took back."""
        for key, one in list(self._repeated.items()):
            if not one.at <= at < one.at + QUIET:
                del self._repeated[key]
                if one.left_out:
                    self._line("notice", at, {**one.fields, "left_out": one.left_out})

    def _line(self, kind: str, at: datetime, fields: Mapping[str, object]) -> None:
        self._file.put(json.dumps({"time": stamp(at), "kind": kind, **fields}))

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        text = mask_all(text)
        return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}... ({len(text)} characters)"


class _Rotating(RotatingFileHandler):
    """The file, readable by its owner only, with the older ones as FILE.1 to FILE.5."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self._note: Callable[[str], None] | None = note
        super().__init__(path, maxBytes=SIZE, backupCount=FILES, encoding="ascii")

    def put(self, line: str) -> None:
        """Write a line."""
        self.handle(logging.LogRecord("fxrun", logging.INFO, "", 0, line, (), None))

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        number = os.open(self.baseFilename, flags, 0o600)
        if os.name == "posix":  # one that was there before may be open to others
            os.fchmod(number, 0o600)
        return os.fdopen(number, "a", encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the log is incomplete."""
        import sys

        note, self._note = self._note, None
        if note is not None:
            with suppress(OSError, ValueError):
                note(f"the log {self.baseFilename} cannot be written, and is incomplete from here: {sys.exc_info()[1]}")
