"""Draw docs/pictures/terminal.svg, README's picture: what fxrun prints on a terminal, taken from one.

    python docs/pictures/terminal.py

The plan is written to a folder of its own, each command runs on a pseudo-terminal (POSIX), and rich draws what came.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

HERE = Path(__file__).parent
WIDTH, ROWS = 116, 60
PLAN = """\
plan: friday-dollars          # a treasury's week: euros into dollars
contract: EUR.USD
side: sell
size: 180_000
order: {type: limit, price: bid - 5 pips}
schedule: {on: friday at 15:00, timezone: Europe/Berlin, calendar: TARGET+NewYork}
"""
WRONG = PLAN.replace("side: sell", "side: sel").replace("pips", "pip s")
COMMANDS = (
    (WRONG, ("fxrun", "validate", "plan.yaml")),
    (PLAN, ("fxrun", "plan.yaml", "--simulate", "--from", "2025-12-08", "--until", "2026-01-12")),
)
# no @font-face: a picture that is looked at asks no other host for its letters
FORM = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>fxrun validate and fxrun --simulate on a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def printed(command: tuple[str, ...], folder: Path) -> str:
    """Return what a command prints on a terminal of our width; its progress, on a stream of its own, is left out."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, WIDTH, 0, 0))
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    errors = theirs if "validate" in command else subprocess.DEVNULL
    with subprocess.Popen(command, stdout=theirs, stderr=errors, cwd=folder, env=environment):
        os.close(theirs)
        parts = []
        while part := _read(ours):
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes to it any more
        return b""


def draw() -> str:
    """Return the picture."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, tempfile.TemporaryDirectory() as folder:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
        plan = Path(folder, "plan.yaml")
        for text, command in COMMANDS:
            plan.write_text(text, encoding="utf-8")
            if text == PLAN:
                console.print(Text("$ cat plan.yaml", style="bold"))
                console.print(Syntax(text.rstrip(), "yaml", theme="monokai", background_color="default"))
                console.print()
            console.print(Text("$ " + " ".join(command), style="bold"))
            console.print(Text.from_ansi(printed(command, Path(folder)).rstrip("\n")))
            console.print()
        return console.export_svg(title="", code_format=FORM, unique_id="fxrun", font_aspect_ratio=0.6)


if __name__ == "__main__":
    (HERE / "terminal.svg").write_text(
        "\n".join(line.rstrip() for line in draw().splitlines()) + "\n", encoding="utf-8"
    )
