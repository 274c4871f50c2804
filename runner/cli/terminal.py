"""What may be written to a terminal: drawn tables, colours, a screen that is shown anew, or nothing but text.

NO_COLOR takes colours away, FORCE_COLOR has them, and drawn tables, in a pipe as well, and a dumb terminal gets text
alone. A line of a marked stream begins with its mark, so what is drawn has that much less room.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from runner.cli import output

if TYPE_CHECKING:
    from rich.console import Console

DUMB = frozenset({"dumb", "unknown"})
_NARROWEST = 20


def is_drawn() -> bool:
    """Tell whether results on stdout are drawn: somebody reads along, or FORCE_COLOR is set."""
    return output.is_terminal(sys.stdout) or bool(os.environ.get("FORCE_COLOR"))


def is_coloured() -> bool:
    """Tell whether results on stdout may have colours."""
    return is_drawn() and not os.environ.get("NO_COLOR") and not _is_dumb()


def is_screen(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal on which something can be shown in place of what was there before."""
    return output.is_terminal(stream) and not _is_dumb()


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in DUMB


def console() -> Console:
    """Return a console of rich for stdout, as wide as the mark leaves it room."""
    from rich.console import Console

    size = shutil.get_terminal_size()  # rich takes 80 columns for those of a dumb terminal, whatever it has
    return Console(width=max(size.columns - len(output.mark_of_stdout()), _NARROWEST), height=size.lines)


def screen_console() -> Console:
    """Return one for a screen, on which marks are drawn along."""
    from rich.console import Console

    return Console(file=output.below_marks())


def fitted(parts: Sequence[str]) -> list[str]:
    """Return a row as one line, or as several where a terminal is too narrow: all but the first are indented."""
    row = "  ".join(parts).rstrip()
    if not output.is_terminal(sys.stdout) or len(row) <= (room := console().width):
        return [row]
    indent = " " * (len(row) - len(row.lstrip()) + 4)
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 2 + len(part) <= room:
            lines[-1] += f"  {part}"
        else:
            lines.append(f"{indent}{part}")
    return [line.rstrip() for line in lines]
