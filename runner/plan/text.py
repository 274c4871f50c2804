"""The bytes of a file of YAML, whatever stands behind its path, and the characters it may hold."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator

MAX_BYTES = 256 * 1024

# Line separators count as line breaks for YAML but not for editors: every position below one would be wrong.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
    "|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Unreadable(Exception):
    """There is no text behind the path; line and column are where that shows."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class Misread(ValueError):
    """A text has no meaning; `index` is the character, from 0, at which that shows."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def read_bytes(path: str) -> bytes:
    """Return the bytes of a regular file of at most MAX_BYTES; raises Unreadable, and never waits."""
    try:
        data = _read_regular(path)
    except FileNotFoundError:
        raise Unreadable("the file does not exist; expected the path of a file in YAML or JSON") from None
    except PermissionError:
        raise Unreadable("the file may not be read: permission denied; expected a file this user can read") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else str(error)) or str(error)
        raise Unreadable(f"the file cannot be read: {reason}; expected the path of a file in YAML or JSON") from None
    if len(data) > MAX_BYTES:
        raise Unreadable("the file is too large: found more than 256 KiB; expected at most 262144 bytes")
    return data


def _read_regular(path: str) -> bytes:
    _require_regular(os.stat(path).st_mode)  # noqa: PTH116 - Path would normalise the path and reject other errors
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - the flags keep a pipe swapped in from blocking
        _require_regular(os.fstat(file.fileno()).st_mode)
        return file.read(MAX_BYTES + 1)


def _require_regular(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    kind = kinds.get(stat.S_IFMT(mode), "a special file")
    hint = ", such as one of its plans" if stat.S_ISDIR(mode) else ""
    raise Unreadable(f"this is not a file to read: found {kind}; expected a regular file{hint}")


def decode(data: bytes) -> str:
    """Return the text of UTF-8 bytes without their BOM; raises Unreadable at the first byte that is not UTF-8."""
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        found = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"the byte 0x{error.object[error.start]:02x}"
        raise Unreadable(f"the text is not UTF-8: found {found}; save the file as UTF-8", line, column) from None


def position(text: str, index: int) -> tuple[int, int]:
    """Return line and column, from 1, of the character at index."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def unwanted(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, column and character of everything a plan may not hold, anywhere."""
    for match in UNWANTED.finditer(text):
        yield *position(text, match.start()), match[0]


def describe(character: str) -> str:
    """Name a character that must not be printed as it is."""
    code = f"U+{ord(character):04X}"
    if character in _BIDI:
        return f"the bidirectional control {code} ({unicodedata.name(character, 'unnamed')})"
    return f"the control character {code}"


def printable(text: str) -> str:
    """Escape what a terminal would obey instead of show."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quote(text: str) -> str:
    """Return text in double quotes, escaped and cut to be fit for a message."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    return f'"{printable(shown)}"'
