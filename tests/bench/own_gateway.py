"""A gateway in a process of its own for fuzzing and measuring, in a market that is open whenever one does that.

It is what `fxrun gateway --fill depth=1000000` runs but for its clock, which begins on a Wednesday afternoon: at the
usual depth the orders of a benchmark would wait for the sizes of the next seconds. `OwnGateway` starts this very file,
which prints its port and answers each line of stdin with what the process has used so far; the end of stdin ends it.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = datetime(2025, 3, 5, 14, 30, tzinfo=UTC)  # a Wednesday
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: seconds of the processor, MB now and at most; None where the system does not tell."""

    cpu: float
    memory: float | None
    peak: float | None


class OwnGateway:
    """The process as its parent sees it; a context manager."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._said = ""
        self._process = subprocess.Popen(
            [sys.executable, "-u", __file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env=clean_environment() | (environment or {}),
        )
        self.port = int(self._line() or "0")
        if not self.port:
            raise RuntimeError(f"the gateway did not start: {self.said()}")

    def __enter__(self) -> OwnGateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def usage(self) -> Usage:
        """Return what it has used so far; raises RuntimeError if it is gone."""
        try:
            print("usage", file=self._process.stdin, flush=True)
        except OSError:
            raise RuntimeError(f"the gateway is gone: {self.said()}") from None
        if not (told := self._line()):
            raise RuntimeError(f"the gateway is gone: {self.said()}")
        return Usage(**json.loads(told))

    def said(self) -> str:
        """Return what is on its stderr."""
        if not self._errors.closed:
            self._errors.seek(0)
            self._said = self._errors.read().decode(errors="replace")
        return self._said

    def close(self) -> int:
        """End it and return its exit code; one that does not end is killed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        code = self._wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.said()
        self._errors.close()
        return code

    def _wait(self) -> int:
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _line(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline().strip()


def clean_environment() -> dict[str, str]:
    """Return this process's environment, but with compiled bytecode kept, as a user has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def memory() -> tuple[float | None, float | None]:
    """Return the resident memory of this process in MB, now and at most."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None, None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    now, most = (int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


# --- the process itself


class _Afternoon:
    """A clock that begins in an open market and goes as fast as the wall's."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-version", type=int, default=226)
    parser.add_argument("--cash", type=int, default=10**15)
    parser.add_argument("--most-working", type=int, default=15)
    parser.add_argument("--files", type=Path, help="a folder for the truth, the state and the log of messages")
    parser.add_argument("--profile", type=Path)
    return parser.parse_args()


def main() -> None:
    """Serve until stdin ends."""
    sys.path.insert(0, str(ROOT))
    from runner.gateway.fills import FillModel
    from runner.gateway.framelog import FrameLog
    from runner.gateway.market import SyntheticMarket
    from runner.gateway.server import Gateway
    from runner.gateway.settings import GatewaySettings
    from runner.gateway.state_file import StateFile
    from runner.gateway.truth import TruthFile

    asked = _arguments()
    settings = GatewaySettings(
        max_version=asked.max_version,
        cash={"USD": Decimal(asked.cash)},
        fill_model=FillModel(depth=1_000_000),
        most_working=asked.most_working,
    )
    clock, folder = _Afternoon(), asked.files
    gateway = Gateway(
        SyntheticMarket(1),
        clock,
        settings,
        truth=TruthFile(folder / "truth.jsonl") if folder else None,
        store=StateFile(folder / "state", settings) if folder else None,
        log=FrameLog(clock.now, folder / "frames.log") if folder else None,
    )
    profile = cProfile.Profile(time.thread_time)
    if asked.profile:
        serve = gateway._serve
        gateway._serve = lambda: profile.runcall(serve)  # type: ignore[method-assign]
    print(gateway.start())
    for _ in sys.stdin:
        now, most = memory()
        print(json.dumps({"cpu": time.process_time(), "memory": now, "peak": most}))
    gateway.stop()
    if asked.profile:
        profile.dump_stats(asked.profile)
    if gateway.failure is not None:
        raise gateway.failure


if __name__ == "__main__":
    main()
