"""The blocks of the documentation, and somebody who does what they say, in an empty folder.

A block is what stands between two fences. Its language says what becomes of it:

- `sh`: commands, run one after the other as bash would; `# exit 3` behind one is how it ends, else 0
- `text` right below an `sh` block: what that prints, line by line; `...` stands for anything
- `yaml` and all others whose first line is `# name.ext`: a file of that name
- `yaml`: a plan, settings, faults or a scenario; if no command of the page uses it, it is checked as it is

A comment right above a block changes that, one line each:

- `<!-- not run: REASON -->`: the block is only looked at: commands and options of fxrun in it must exist
- `<!-- tested by: tests/x.py -->`: another test takes the block from the page
- `<!-- in the background until: TEXT -->`: it goes on in a terminal of its own; the page goes on once it has said TEXT
- `<!-- again until it does -->`: each command is tried for a while, until it ends, and prints, as the page says
- `<!-- first wait for: TEXT -->`: until what runs in the background has said it
- `<!-- first stop: TEXT -->`: Ctrl-C to what runs in the background and has TEXT in its command
- `<!-- first copy: PATH as NAME -->`: a file or folder of the project that the page takes for granted

A page that begins with `<!-- followed by: tests/x.py -->` is followed by a test of its own.

`python -m tests.acceptance.doc_blocks` lists the blocks that are not run, with their reasons.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from runner.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)(```+) *(\S*)\s*$")
COMMENT = re.compile(r"^ *<!-- (.+?) -->\s*$")
NAMED = re.compile(r"# ([\w./-]+\.\w+)$")
EXIT = re.compile(r"\s*# exit (\d+)\s*$")
INDENTED = re.compile(r"^    \S")
SHELL, YAML, TEXT = "sh", "yaml", "text"
ENDS = ("|", "&&", "||", ";", ">", "&")  # of a command in a line
WORDS = (
    "not run",
    "tested by",
    "in the background until",
    "again until it does",
    "first wait for",
    "first stop",
    "first copy",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """What stands between two fences; `marks` are the comments right above it by their first words."""

    page: str
    line: int
    language: str
    text: str
    marks: Mapping[str, str] = field(default_factory=dict)
    section: str = ""
    follows: str = ""  # the language of the block right above it, if nothing but empty lines is between

    @property
    def place(self) -> str:
        """Where it is, as editors know it."""
        return f"{self.page}:{self.line}"

    @property
    def name(self) -> str:
        """The name of the file that it is, empty if it has none."""
        found = NAMED.match(self.text.partition("\n")[0])
        return found[1] if found else ""

    @property
    def reason(self) -> str:
        """Why nothing is done with it here; empty if something is."""
        return self.marks.get("not run", "") or self.marks.get("tested by", "")

    def commands(self) -> list[tuple[str, int]]:
        """Return each command with the exit code that it is said to have."""
        joined = self.text.replace("\\\n", " ")
        lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return [(EXIT.sub("", line), int(found[1]) if (found := EXIT.search(line)) else 0) for line in lines]


def pages() -> list[str]:
    """Name every page that people read."""
    return ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, from the top."""
    return list(_blocks(page, (ROOT / page).read_text(encoding="utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    marks: dict[str, str] = {}
    section, follows, at = "", "", 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if found := FENCE.match(line):
            indent, fence, language = found.groups()
            end = next(n for n in range(at, len(lines)) if lines[n].strip() == fence)
            text = "".join(f"{one.removeprefix(indent)}\n" for one in lines[at:end])
            yield Block(page=page, line=at, language=language, text=text, marks=marks, section=section, follows=follows)
            marks, follows, at = {}, language, end + 1
        elif found := COMMENT.match(line):
            word, _, rest = found[1].partition(":")
            marks = {**marks, word: rest.strip()} if word in WORDS else marks
        elif line.strip():
            marks, follows = {}, ""
            section = line.lstrip("# ") if line.startswith("#") else section


def follower(page: str) -> str:
    """Return the test that follows a page; empty if it is one among all the others."""
    found = re.match(r"<!-- followed by: (\S+) -->", (ROOT / page).read_text(encoding="utf-8"))
    return found[1] if found else ""


def indented(page: str) -> list[str]:
    """Return the places where code stands without a fence, so that nobody knows what it is."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    inside, found = False, []
    for number, line in enumerate(lines, start=1):
        if FENCE.match(line) or (inside and line.strip() == "```"):
            inside = not inside
        elif not inside and INDENTED.match(line) and not lines[number - 2].strip():
            found.append(f"{page}:{number}")
    return found


def unknown_words(command: str) -> list[str]:
    """Return what a command line of fxrun names that fxrun does not have: commands and options."""
    wrong: list[str] = []
    for words in _calls(command):
        found = _command(words)
        if isinstance(found, str):
            wrong.append(found)
            continue
        known = {option for one in found.params if isinstance(one, click.Option) for option in one.opts}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        wrong += sorted(given - known - {"--help", "-h", "--version", "--dry-run"})
    return wrong


def _calls(command: str) -> Iterator[list[str]]:
    """Yield the words behind each fxrun of a line: it may be piped, or stand behind variables."""
    call: list[str] = []
    for word in [*shlex.split(command, comments=True), ";"]:
        if word in ENDS:
            if call[:1] == ["fxrun"]:
                yield call[1:]
            call = []
        elif call or "=" not in word:
            call.append(word)


def _command(words: list[str]) -> click.Command | str:
    context = click.Context(cli)
    bare = [word for word in words if not word.startswith("-")]
    if not bare:
        return cli
    if bare[0] not in COMMANDS:
        looks_like_a_plan = "." in bare[0] or bare[0].isupper() or bare[0] == "examples"
        found = cli.get_command(context, "run") if looks_like_a_plan else None
        return found or f"fxrun {bare[0]}"
    found = cli.get_command(context, bare[0])
    if isinstance(found, click.Group) and len(bare) > 1 and not bare[1].isupper():
        found = found.get_command(context, bare[1])
    return found or f"fxrun {' '.join(bare[:2])}"


def main() -> None:
    """List what is not run, with the reason."""
    for page in pages():
        for block in blocks(page):
            if block.reason:
                print(f"{block.place}: {block.language}: {block.reason}")


if __name__ == "__main__":
    main()
