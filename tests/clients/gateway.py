"""The gateway that other people's clients meet: `fxrun gateway` in a process of its own, on a Wednesday morning."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

CODE = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"
# 4:10 in New York: currencies trade, stocks outside their regular hours; a minute takes a quarter of a second
MORNING = ("--from", "2025-03-05T09:10Z", "--speed", "240")
AFTERNOON = ("--from", "2025-03-05T14:40Z", "--speed", "1")  # the exchanges of the US are open


@contextmanager
def serving(*options: str) -> Iterator[int]:
    """Run the command for the length of a block; its port."""
    command = [sys.executable, "-c", CODE, "gateway", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield int(process.stdout.readline().removeprefix("listening on 127.0.0.1:"))
            assert process.poll() is None, process.stderr.read()
        finally:
            process.terminate()
            assert process.wait(10) == 0, process.stderr.read()
