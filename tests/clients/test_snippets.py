"""The programs of docs/gateway.md, as they stand there, against `fxrun gateway`; only the port is another one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.gateway import AFTERNOON, serving
from tests.environments import ROOT, environment, node_environment

SNIPPETS = re.findall(
    r"^```(python|js)\n(.*?)^```", (ROOT / "docs/gateway.md").read_text(encoding="utf-8"), re.M | re.S
)
PYTHONS = {
    "from ib_async": ["ib_async==2.1.0"],
    "from ibapi": ["", "nautilus-ibapi==10.19.4", "ibapi-latest==10.51.1"],
}
STOQEY = "@stoqey/ib@1.6.10"


def _program(language: str, mark: str) -> str:
    (found,) = [text for one, text in SNIPPETS if one == language and mark in text]
    assert found.count("7497") == 1
    return str(found)


@pytest.mark.parametrize(("mark", "requirement"), [(mark, one) for mark, wanted in PYTHONS.items() for one in wanted])
def test_python(mark: str, requirement: str, tmp_path: Path) -> None:
    python = str(environment(requirement)) if requirement else sys.executable
    _run([python], _program("python", mark), tmp_path / "snippet.py")


def test_javascript(tmp_path: Path) -> None:
    _run(["node"], _program("js", "@stoqey/ib"), tmp_path / "snippet.js", NODE_PATH=str(node_environment(STOQEY)))


def _run(command: list[str], program: str, path: Path, **variables: str) -> None:
    with serving(*AFTERNOON) as port:
        path.write_text(program.replace("7497", str(port)), encoding="utf-8")
        done = subprocess.run(
            [*command, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={**os.environ, **variables},
        )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Filled 1\.\d+$", done.stdout, re.M), done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr
