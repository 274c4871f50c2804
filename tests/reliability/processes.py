"""The gateway of a campaign: a process that can be killed and goes on with what it had."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.core.fx_hours import is_open

ROOT = Path(__file__).parents[2]
FXRUN = (sys.executable, "-m", "runner")
ACCOUNT = "DU1234567"
ALWAYS = "%Y-%m-%dT%H:%M:%SZ"
WEDNESDAY = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


class GatewayProcess:
    """`fxrun gateway` as a process that can be killed and started again with what it had."""

    def __init__(self, folder: Path, *options: str, faults: str = "") -> None:
        self._folder = folder
        self._options = list(options)
        self.truth = folder / "truth.jsonl"
        self.log = folder / "gateway.log"
        self.port = 0
        self.control_port = 0
        self.process: subprocess.Popen[str] | None = None
        if faults:
            (folder / "faults.yaml").write_text(faults)
            self._options += ["--faults", str(folder / "faults.yaml")]

    def start(self) -> None:
        """Start it, on the port that it had."""
        if not is_open(datetime.now(UTC)) and not any(option == "--from" for option in self._options):
            self._options += ["--from", WEDNESDAY.strftime(ALWAYS)]
        command = [*FXRUN, "gateway", "--port", str(self.port), "--control", "0", "--truth", str(self.truth)]
        command += ["--state", str(self._folder / "gateway.db"), "--no-table", "--account", ACCOUNT, *self._options]
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("listening on 127.0.0.1:"), f"{first}{self.log.read_text()[begin:]}"
        self.port = int(first.rpartition(":")[2])
        self.control_port = int(self._told(begin, "control on 127.0.0.1:").rpartition(":")[2])

    def _told(self, begin: int, sign: str) -> str:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for line in self.log.read_text()[begin:].splitlines():
                if line.startswith(sign):
                    return line
            time.sleep(0.01)
        raise AssertionError(f"the gateway did not say {sign!r}")

    def control(self, **command: object) -> dict[str, Any]:
        """Have something go wrong now, and return the answer."""
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=10) as line:
            line.sendall(json.dumps(command).encode() + b"\n")
            with line.makefile() as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        assert answer["ok"], answer
        return answer

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as a user would; does nothing if it is not there."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def lines(self) -> list[dict[str, Any]]:
        """Return the truth so far; a last line that is still being written is left out."""
        if not self.truth.exists():
            return []
        whole, _, _ = self.truth.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines() if line]
