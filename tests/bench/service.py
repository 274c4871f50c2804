"""How long `fxrun serve` takes for 10,000 plans until it says that it is ready, and what it takes of memory.

    python -m tests.bench.service [--plans 10000] [--starts 3]

Ready is what systemd is told: every lane goes round with its plans. Memory is the resident memory of all of its
processes, after twenty seconds, in which it looks ten times at the folder. Exit 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.gateway import Figure, show
from tests.reliability.processes import FXRUN

READY_AIM, MEMORY_AIM = 10.0, 300.0
SETTLED = 20.0
PATIENCE = 300.0
PLAN = """\
plan: plan-{number:05d}
contract: EUR.USD
side: buy
size: 25_000
order: {{type: limit, price: bid - 5 pips, tif: DAY}}
bracket: {{take_profit: 2R, stop_loss: 25 pips}}
schedule: {{cron: "{minute} {hour} * * mon-fri", timezone: Europe/Berlin}}
"""


def memory(pid: int) -> float:
    """Return the resident memory of a process and of all below it, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(memory(int(child)) for child in children)


def start(folder: Path, number: int) -> tuple[float, float]:
    """Start the service and stop it again; returns the seconds until it was ready, and its memory in MB after that."""
    address = str(folder / f"notify-{number}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(PATIENCE)
        began = time.monotonic()
        env = {**os.environ, "NOTIFY_SOCKET": address, "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen([*FXRUN, "serve", str(folder / "plans")], env=env, stderr=subprocess.DEVNULL)
        try:
            while b"READY" not in systemd.recv(4096):
                pass
            took = time.monotonic() - began
            time.sleep(SETTLED)
            return took, memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def main() -> int:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=10_000)
    parser.add_argument("--starts", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        plans = Path(made) / "plans"
        plans.mkdir(mode=0o700)
        for number in range(chosen.plans):
            text = PLAN.format(number=number, minute=number % 60, hour=number // 60 % 24)
            (plans / f"{number:05d}.yaml").write_text(text)
        starts = [start(Path(made), number) for number in range(chosen.starts)]
    took = [seconds for seconds, _ in starts]
    most = max(size for _, size in starts)
    name = f"{chosen.plans:,} plans"
    note = f"median of {len(took)}; worst {max(took):.1f} s"
    ready, size = statistics.median(took), "all processes, the most of the starts"
    figures = [
        Figure(name=f"{name} ready", value=ready, unit="s", aim=READY_AIM, details=note),
        Figure(name=f"{name} in memory", value=most, unit="MB", aim=MEMORY_AIM, details=size),
    ]
    show(figures)
    return 0 if all(figure.passes for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
