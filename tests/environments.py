"""Environments for other generations of ibapi and for other clients: made once under .venv-ibapi, then kept.

A test is skipped, by name, only where a registry did not answer; what is missing or does not install fails.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".venv-ibapi"
NO_ANSWER = (
    "NewConnectionError",
    "ReadTimeout",
    "ConnectTimeout",
    "ProxyError",
    "Temporary failure in name resolution",
    *("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET"),  # as npm says it
)


@cache
def environment(*requirements: str, python: str = sys.executable, with_fxrun: bool = False) -> Path:
    """Return the Python of an environment that holds requirements; with fxrun, an ibapi among them takes its place."""
    base = (
        Path(python).resolve().parent.parent.name
        if python != sys.executable
        else ".".join(map(str, sys.version_info[:2]))
    )
    tag = "-".join(["fxrun" if with_fxrun else "client", *(r.replace("==", "-") for r in requirements), f"py{base}"])
    home = HOME / tag
    own = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with _alone(home) as is_ready:
        if not is_ready:
            subprocess.run([python, "-m", "venv", str(home)], check=True, capture_output=True)
            _fill(own, requirements, with_fxrun=with_fxrun)
    return own


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    """Let one process at a time make an environment; tells whether it is made already."""
    HOME.mkdir(exist_ok=True)
    with closing(sqlite3.connect(HOME / "making.lock", timeout=600, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        if (home / "ready").exists():
            yield True
            return
        shutil.rmtree(home, ignore_errors=True)
        yield False
        (home / "ready").touch()


def _fill(own: Path, requirements: Sequence[str], *, with_fxrun: bool) -> None:
    if with_fxrun:
        _pip(own, "install", "--editable", str(ROOT))
        if requirements:
            _pip(own, "uninstall", "--yes", "ibapi")
    if requirements:
        _pip(own, "install", *requirements)


def _pip(own: Path, *arguments: str) -> None:
    command = [str(own), "-m", "pip", arguments[0], "--quiet", "--disable-pip-version-check", *arguments[1:]]
    _answered(command)


def _answered(command: Sequence[str], folder: Path | None = None) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if result.returncode and any(sign in result.stderr for sign in NO_ANSWER):
        pytest.skip(f"the package registry did not answer for {' '.join(command[1:])}")
    assert result.returncode == 0, result.stderr


@cache
def node_environment(*packages: str) -> Path:
    """Return the node_modules that hold packages of npm."""
    npm = shutil.which("npm")
    assert npm is not None, f"Node.js with npm is not installed; it runs {' '.join(packages)}"
    home = HOME / "-".join(["node", *(one.strip("@").replace("/", "-").replace("@", "-") for one in packages)])
    with _alone(home) as is_ready:
        if not is_ready:
            home.mkdir(parents=True)
            (home / "package.json").write_text('{"private": true}')
            _answered([npm, "install", "--no-fund", "--no-audit", "--no-update-notifier", *packages], home)
    return home / "node_modules"
