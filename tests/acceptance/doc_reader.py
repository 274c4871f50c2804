"""Somebody who follows a page of the documentation in a folder of their own; `doc_blocks` says what its blocks mean."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from runner.cli.faults import load_faults
from runner.cli.scenario import load_scenario
from runner.core.fx_hours import is_open
from runner.plan import problems_of
from runner.settings.load import load as load_settings
from tests.acceptance.doc_blocks import ROOT, SHELL, TEXT, YAML, Block, blocks

PORT = re.compile(r"(?<![\d.])(?:74(?:96|97|99)|8497|8025|8080)(?!\d)")
PATIENCE = 90.0
WEDNESDAY = "--from 2026-11-25T14:30Z"  # the gateway's market is open, whenever the test runs
_STATE = '\n_ended=$?; { pwd; export -p; } > "$DOC_STATE"; exit $_ended\n'


class Reader:
    """Does what blocks say, one after the other; ports of the page are replaced by free ones."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = folder / "empty"
        self.ports: dict[str, str] = {}
        self.background: list[tuple[str, subprocess.Popen[bytes], Path]] = []
        self.said = ""  # what the last block of commands has printed
        for made in (self.home, self.folder, self.home / "bin"):
            made.mkdir(mode=0o700)
        for name, module in (("fxrun", "-m runner"), ("python", ""), ("python3", "")):
            self._shim(name, module)
        self._state = self.home / "state"
        self._state.write_text(f"{self.folder}\n")

    def _shim(self, name: str, module: str) -> None:
        path = self.home / "bin" / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        path.chmod(0o755)

    def follow(self, page: str) -> None:
        """Do everything that a page says."""
        found = blocks(page)
        for block in found:
            self.do(block, found)

    def do(self, block: Block, others: list[Block]) -> None:
        """Do what one block says; `others` are those of its page, since what is shown stands in the next one."""
        self.prepare(block)
        if block.reason:
            return
        if block.name:
            self.write(block)
        if block.language == SHELL:
            self.run(block, self.translated(shown_below(block, others)))
        elif block.language == YAML and not is_used(block, others):
            problems = self.problems(block)
            assert not problems, f"{block.place}: {problems}"

    def prepare(self, block: Block) -> None:
        """Have what a block takes for granted."""
        if copied := block.marks.get("first copy"):
            source, _, name = copied.partition(" as ")
            target = self.folder / (name or source)
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target, dirs_exist_ok=True)
            else:
                shutil.copy(ROOT / source, target)
        if text := block.marks.get("first wait for"):
            self.wait_for(self.translated(text))
        if text := block.marks.get("first stop"):
            self.stop(self.translated(text))

    def translated(self, text: str) -> str:
        """Return a text with free ports in place of those of the page."""
        return PORT.sub(lambda found: self.ports.setdefault(found[0], free_port()), text)

    def write(self, block: Block) -> Path:
        """Write the file that a block is."""
        path = self.folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(self.translated(block.text), encoding="utf-8")
        path.chmod(0o600)
        return path

    def run(self, block: Block, shown: str) -> None:
        """Run the commands of a block; it fails if one ends otherwise, or prints something else, than the page says."""
        if (until := block.marks.get("in the background until")) is not None:
            for command, _ in block.commands():
                self.start(with_open_market(self.translated(command)), self.translated(until))
            return
        deadline = time.monotonic() + (PATIENCE if "again until it does" in block.marks else 0)
        while problem := self._tried(block, shown):
            assert time.monotonic() < deadline, f"{block.place}: {problem}\n{self.said}\n{self.voices()}"
            time.sleep(0.5)

    def _tried(self, block: Block, shown: str) -> str:
        """Run the commands of a block once, and return in what way the page is wrong, or has to wait."""
        self.said = ""
        for command, code in block.commands():
            done = self._bash(self.translated(command))
            self.said += done.stdout
            assert "Traceback" not in done.stdout, f"{block.place}: {command}\n{done.stdout}"
            if done.returncode != code:
                return f"{command}: exit {done.returncode}, not {code}"
        return not_said(self.said, shown)

    def _bash(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one command where the last one has left off: its folder and its variables."""
        return subprocess.run(
            ["bash", "-c", f"{self._resumed()}{command}{_STATE}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=self.environ(), text=True, timeout=180, check=False,
        )  # fmt: skip

    def _resumed(self) -> str:
        return 'source <(tail -n +2 "$DOC_STATE"); cd "$(head -n 1 "$DOC_STATE")"\n'

    def environ(self) -> dict[str, str]:
        """Return the variables of a shell of somebody who has nothing but fxrun."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FXRUN_", "XDG_", "PYTEST"))}
        return {
            **kept,
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "DOC_STATE": str(self._state),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def start(self, command: str, until: str) -> None:
        """Start what has a terminal of its own, and wait until it has said something."""
        told = self.home / f"terminal{len(self.background)}"
        with told.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"{self._resumed()}exec {command}"],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=self.environ(),
            )  # fmt: skip
        self.background.append((command, process, told))
        deadline = time.monotonic() + PATIENCE
        while until not in told.read_text(encoding="utf-8", errors="replace"):
            assert process.poll() is None, f"{command}\n{self.voices()}"
            assert time.monotonic() < deadline, f"{command}\n{self.voices()}"
            time.sleep(0.05)

    def wait_for(self, text: str) -> None:
        """Wait until a terminal in the background has said something."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.voices():
            assert time.monotonic() < deadline, f"{text}\n{self.voices()}"
            time.sleep(0.1)

    def stop(self, text: str) -> None:
        """Press Ctrl-C in the terminal whose command has a text in it, and wait for the end."""
        (process,) = [one for command, one, _ in self.background if text in command and one.poll() is None]
        process.send_signal(signal.SIGINT)
        process.wait(30)

    def voices(self) -> str:
        """Return what the terminals in the background have said."""
        return "\n".join(f"--- {command}\n{told.read_text(errors='replace')}" for command, _, told in self.background)

    def problems(self, block: Block) -> list[str]:
        """Return what is wrong with a plan, settings, faults or a scenario."""
        path = self.home / "checked.yaml"
        text = self.translated(block.text)
        path.write_text(text, encoding="utf-8")
        keys = re.findall(r"^(\w+):", text, re.MULTILINE)
        if "plan" in keys:
            return [str(problem) for problem in problems_of(block.place, text)]
        try:
            if "scenario" in keys:
                load_scenario(path)
            elif "faults" in keys:
                load_faults(path)
            else:
                load_settings(path, folder=self.home, environ={})
        except Exception as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """End what still runs."""
        for _, process, _ in self.background:
            with suppress(ProcessLookupError):
                process.terminate()
        for _, process, _ in self.background:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def is_used(block: Block, others: list[Block]) -> bool:
    """Tell whether a command of the page takes the file that a block is."""
    return bool(block.name) and any(
        block.name in one.text for one in others if one.language == SHELL and not one.reason
    )


def with_open_market(command: str) -> str:
    """Let a gateway begin on a Wednesday while currencies do not trade, as the pages say."""
    is_late = "fxrun gateway" in command and "--from" not in command and not is_open(datetime.now(UTC))
    return f"{command} {WEDNESDAY}" if is_late else command


def shown_below(block: Block, others: list[Block]) -> str:
    """Return what a page shows as the output of a block; empty if it shows none."""
    after = others[others.index(block) + 1 :][:1]
    return "".join(one.text for one in after if one.language == TEXT and one.follows == SHELL and not one.reason)


def not_said(said: str, shown: str) -> str:
    """Return the first line that a page shows and nobody printed: all of them, in their order, `...` for anything."""
    lines, at = [line.rstrip() for line in said.splitlines()], 0
    for wanted in (line.rstrip() for line in shown.splitlines()):
        pattern = re.compile(".*".join(map(re.escape, wanted.split("..."))))
        at = next((n + 1 for n in range(at, len(lines)) if pattern.fullmatch(lines[n])), 0)
        if not at:
            return f"not printed: {wanted}"
    return ""


def free_port() -> str:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])
