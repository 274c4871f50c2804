"""Completion, as a real bash asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance import broker

ASK = """
source ./script || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_fxrun_completion ./fxrun
printf '%s\\n' "${COMPREPLY[@]}"
"""


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
    for name in ("payroll.yaml", "fxrun.yaml", "note.txt", "plans/other.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    command = tmp_path / "fxrun"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    command.chmod(0o755)
    script = broker.run(tmp_path, "completion", "bash")
    assert script.returncode == 0, script.stderr
    (tmp_path / "script").write_text(script.stdout)
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
