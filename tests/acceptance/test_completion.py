"""Completion, as a real bash asks for it, and as somebody sees it who types TAB in bash, zsh and fish."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance import broker, terminals

ASK = """
source ./script || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_fxrun_completion ./fxrun
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _prepare(folder: Path) -> None:
    """Put plans and other files there, and fxrun as it is installed."""
    for name in ("payroll.yaml", "fxrun.yaml", "note.txt", "plans/other.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    command = folder / "fxrun"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    command.chmod(0o755)


def _write_script(folder: Path, shell: str) -> None:
    script = broker.run(folder, "completion", shell)
    assert script.returncode == 0, script.stderr
    (folder / "script").write_text(script.stdout)


@pytest.mark.parametrize(
    ("words", "offered", "not_offered"),
    [
        (["sta"], {"status"}, {"serve"}),
        (["pay"], {"payroll.yaml"}, {"fxrun.yaml", "note.txt"}),
        (["validate", ""], {"payroll.yaml", "plans/"}, {"fxrun.yaml", "note.txt", "status"}),
        (["validate", "plans/"], {"plans/other.json"}, {"payroll.yaml"}),
        (["status", "--ch"], {"--check"}, {"--watch"}),
        (["completion", ""], {"bash", "zsh", "fish"}, {"payroll.yaml"}),
    ],
)
def test_bash_completes(words: list[str], offered: set[str], not_offered: set[str], tmp_path: Path) -> None:
    _prepare(tmp_path)
    _write_script(tmp_path, "bash")
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", "fxrun", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ}, check=False,
    )  # fmt: skip
    found = set(done.stdout.split("\n"))
    assert offered <= found, (found, done.stderr)
    assert not found & not_offered


@pytest.mark.parametrize(
    ("shell", "word"), [("zsh", "#compdef fxrun"), ("fish", "complete --no-files --command fxrun")]
)
def test_scripts_for_others(shell: str, word: str, tmp_path: Path) -> None:
    done = broker.run(tmp_path, "completion", shell)
    assert done.returncode == 0
    assert word in done.stdout


STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ["PS1='> '", "source ./script"]),
    "zsh": (
        ["zsh", "-f", "-i"],
        ["PS1='> '", "autoload -Uz compinit && compinit -D -u", "source ./script"],
    ),
    "fish": (["fish", "--no-config", "-i"], ["function fish_prompt; printf '> '; end", "source ./script"]),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals here")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("fxrun completi", "fxrun completion"),
        ("fxrun pay", "fxrun payroll.yaml"),
        ("fxrun validate pl", "fxrun validate plans/"),
        ("fxrun validate plans/", "fxrun validate plans/other.json"),
        ("fxrun status --ch", "fxrun status --check"),
        ("fxrun completion zs", "fxrun completion zsh"),
    ],
)
@pytest.mark.parametrize("shell", STARTS)
def test_a_tab_completes_what_was_typed(shell: str, typed: str, completed: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    _prepare(tmp_path)
    _write_script(tmp_path, shell)
    command, lines = STARTS[shell]
    with terminals.at_terminal(tmp_path, command, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}") as seen:
        for number, line in enumerate([*lines, f"echo ready-$(printf {shell})"]):
            seen.take(1.0 if number == 0 else 0.2)
            seen.child.send(f"{line}\r")
        seen.wait(lambda: f"\nready-{shell}" in seen.display)
        seen.child.send(typed)
        seen.wait(lambda: f"> {typed}" in seen.display)
        seen.child.send("\t")
        seen.wait(lambda: f"> {completed}" in seen.display)
