"""Y01, Y05, Y09: whatever a file holds, one line a problem, at once, in little memory, and no terminal tricks.

One process validates file after file under limits of the system: a file that takes a second of processor time or more
memory than is allowed ends it, and the test names the file. `python -m tests.reliability.test_yaml_hostile --flips
20000 --seed 7` damages a sound plan more often than a test run does.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[1] / "acceptance" / "hostile"
GOOD = """\
plan: eurusd-weekday
mode: simulate
contract: {symbol: EUR, currency: USD}
side: buy
size: 25_000
order: {type: limit, price: 1.0850, tif: DAY}
bracket: {take_profit: 1.0950, stop_loss: 1.0800}
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
  until: 2026-12-31
"""
FLIPS = 400
SECONDS = 1.0  # of processor time, for one file
MEMORY = 100 << 20
LINE = re.compile(r"[^\n]+?:\d+:\d+: [^\n]+")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are set by the resource module")

_CHILD = """
import contextlib, io, json, resource, signal, sys
from pathlib import Path
from runner.cli.main import main
seconds, memory = float(sys.argv[1]), int(sys.argv[2])
with contextlib.redirect_stdout(io.StringIO()):
    main(["validate", sys.argv[3]])  # loads what there is to load
taken = int(Path("/proc/self/statm").read_text().split()[0]) * 4096 if Path("/proc/self/statm").exists() else 0
if taken:
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))
for line in sys.stdin:
    path = line.rstrip("\\n")
    out, err = io.StringIO(), io.StringIO()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["validate", path])
    signal.setitimer(signal.ITIMER_PROF, 0)
    told = json.dumps([path, code, out.getvalue(), err.getvalue()])
    sys.__stdout__.write(told + "\\n")
    sys.__stdout__.flush()
status = Path("/proc/self/status").read_text() if taken else "VmHWM: 0"  # getrusage would tell the parent's peak
print(json.dumps(["memory", int(status.partition("VmHWM:")[2].split()[0]), "", ""]))
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What validate said of one file."""

    path: str
    code: int
    out: str
    err: str


def validate_all(paths: Sequence[Path], folder: Path) -> list[Told]:
    """Validate files in one process, each within the limits; fails with the name of the file that breaks them."""
    import json

    good = folder / "good.yaml"
    good.write_text(GOOD, encoding="utf-8")
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(SECONDS), str(MEMORY), str(good)],
        input="".join(f"{path}\n" for path in paths), capture_output=True, encoding="utf-8", timeout=600, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    told = [Told(*json.loads(line)) for line in child.stdout.splitlines() if line.startswith("[")]
    if child.returncode:
        died = paths[len(told)] if len(told) < len(paths) else "the end"
        reason = signal.Signals(-child.returncode).name if child.returncode < 0 else child.returncode
        pytest.fail(f"ended by {reason} at {died}: {child.stderr[-2000:]}")
    memory = told.pop()
    assert memory.path == "memory"
    assert len(told) == len(paths)
    assert memory.code * 1024 < MEMORY, "more memory than allowed over all files"
    return told


def refused(told: Iterable[Told]) -> None:
    """Hold what was said against the form that a refusal has."""
    for each in told:
        assert each.code == 2, each
        assert each.out == "", each
        assert "Traceback" not in each.err, each
        lines = each.err.splitlines()
        assert lines, each
        for line in lines:
            assert LINE.fullmatch(line), (each.path, line)
            assert line.startswith(f"{each.path}:"), line
            assert line.isprintable(), (each.path, line)


def test_y01_more_than_200_stored_files_are_refused_in_place_and_within_limits(tmp_path: Path) -> None:
    paths = sorted(path for path in CORPUS.iterdir() if path.suffix in (".yaml", ".json"))
    assert len(paths) >= 200
    told = validate_all(paths, tmp_path)
    refused(told)
    for each in told:
        expected = Path(each.path).with_suffix(".expect").read_text("utf-8").splitlines()
        places = [line.removeprefix(f"{each.path}:").split(": ")[0] for line in each.err.splitlines()]
        assert places == [line.split(" ", 1)[0] for line in expected], each.path


def test_y01_a_plan_cut_at_every_byte_is_refused_or_whole(tmp_path: Path) -> None:
    """A cut that leaves a sound plan is one behind the last key it needs; everything else is exit 2 with a place."""
    data = GOOD.encode()
    paths = []
    for length in range(len(data)):
        path = tmp_path / f"cut{length:04}.yaml"
        path.write_bytes(data[:length])
        paths.append(path)
    told = validate_all(paths, tmp_path)
    refused(each for each in told if each.code != 0)
    sound = [length for length, each in enumerate(told) if each.code == 0]
    assert sound
    assert all(length > GOOD.index("size:") for length in sound)
    assert len(sound) < len(data) / 2


def damaged(seed: int, count: int, folder: Path) -> list[Path]:
    """Write sound plans with one to four bytes changed at random."""
    random_ = random.Random(seed)
    paths = []
    for number in range(count):
        data = bytearray(GOOD.encode())
        for _ in range(random_.randint(1, 4)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        path = folder / f"flip{number:06}.yaml"
        path.write_bytes(data)
        paths.append(path)
    return paths


def check_damaged(seed: int, count: int, folder: Path) -> int:
    """Validate damaged plans; returns how many were refused, the others being sound plans still."""
    told = validate_all(damaged(seed, count, folder), folder)
    refused(each for each in told if each.code != 0)
    for each in told:
        if each.code == 0:
            assert each.out.startswith(f"{each.path}: ok"), each
    return sum(each.code == 2 for each in told)


def test_y01_random_bytes_changed(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    assert check_damaged(seed, FLIPS, tmp_path) > FLIPS / 2


def bombs() -> dict[str, bytes]:
    """Return files that are small to write and costly to read carelessly."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    merges = [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 8)]
    return {
        "alias-bomb": ("a0: &a0 [x, x]\n" + "\n".join(levels)).encode(),
        "merge-bomb": ("m0: &m0 {k: v}\n" + "\n".join(merges)).encode(),
        "self-reference": b"plan: &a [*a]\n",
        "self-merge": b"a: &a\n  <<: *a\n",
        "nesting-flow": b"[" * 100_000,
        "nesting-closed": b"[" * 100_000 + b"]" * 100_000,
        "nesting-block": b"".join(b" " * n + b"a:\n" for n in range(600)),
        "nesting-json": b'{"a":' * 40_000,
        "megabytes": GOOD.encode() + b"# comment\n" * 10_000_000,  # 100 MB
        "digits": GOOD.replace("25_000", "9" * 5000).encode(),
        "nul": GOOD.replace("buy", "b\0uy").encode(),
        "bom-inside": GOOD.replace("buy", "\ufeffbuy").encode(),
        "utf-16": GOOD.encode("utf-16"),
        "utf-16-no-mark": GOOD.encode("utf-16-le"),
        "utf-32": GOOD.encode("utf-32"),
        "latin-1": GOOD.replace("eurusd-weekday", "währung").encode("latin-1"),
        "overlong": GOOD.encode().replace(b"buy", b"\xc0\xaf"),
        "surrogate": GOOD.encode().replace(b"buy", b"\xed\xa0\x80"),
        "keys": b"".join(b"k%d: 1\n" % n for n in range(18_000)),
        "one-key": b"a" * 200_000 + b": 1\n",
        "one-word": GOOD.encode().replace(b"buy", b"x" * 200_000),
        "question-marks": b"? " * 50_000,
        "quotes": b'"' * 100_001,
        "comment-of-brackets": b"#" + b"{" * 200_000 + b"\n{",
    }


def test_y05_bombs_depth_size_and_encodings_are_refused_within_limits(tmp_path: Path) -> None:
    paths = []
    for name, data in bombs().items():
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_bytes(data)
    refused(validate_all(paths, tmp_path))


def test_y05_what_is_no_file_is_refused_without_being_read(tmp_path: Path) -> None:
    pipe, endless, folder = tmp_path / "pipe.yaml", tmp_path / "zero.yaml", tmp_path / "folder.yaml"
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    folder.mkdir()
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    sparse = tmp_path / "sparse.yaml"
    with sparse.open("wb") as file:
        file.truncate(100 << 30)
    refused(validate_all([pipe, endless, folder, loop, sparse, tmp_path / "missing.yaml"], tmp_path))


def test_y05_a_byte_order_mark_at_the_start_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    (told,) = validate_all([path], tmp_path)
    assert told.code == 0


ACTING = {
    "ansi": "\\e[2J", "bell": "\\a", "newline": "a\\nb", "return": "a\\rb", "c1": "\\u009b2J", "override": "\\u202e",
    "isolate": "\\u2067", "backspace": "\\b", "separator": "\\u2028", "title": "\\e]0;owned\\a",
}  # fmt: skip


@pytest.mark.parametrize("key", ["plan", "contract", "side", "order", "schedule", "zzz"])
def test_y09_what_acts_on_a_terminal_is_escaped_in_every_message(key: str, tmp_path: Path) -> None:
    """The text stands in a value, in a key and in a comment; a file name with it is shown escaped, too."""
    paths = []
    for name, text in ACTING.items():
        for place, line in (("value", f'{key}: "{text}"'), ("key", f'"{key}{text}": 1')):
            path = tmp_path / f"{name}-{place}.yaml"
            path.write_text(f"{line}\n{GOOD}" if key == "zzz" else line + "\n", encoding="utf-8")
            paths.append(path)
        raw = text.encode().decode("unicode_escape" if "\\e" not in text else "latin-1").replace("\\e", "\x1b")
        path = tmp_path / f"{name}-comment.yaml"
        path.write_text(f"{GOOD}# {raw}\nzzz: 1\n", encoding="utf-8")
        paths.append(path)
    refused(validate_all(paths, tmp_path))


def test_y09_a_file_name_is_escaped_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2Jb\u202e.yaml"
    path.write_text("plan: [\n", encoding="utf-8")
    (told,) = validate_all([path], tmp_path)
    assert told.code == 2
    assert told.err.rstrip("\n").isprintable()
    path.write_text(GOOD, encoding="utf-8")
    (told,) = validate_all([path], tmp_path)
    assert told.code == 0
    assert told.out.rstrip("\n").isprintable()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Damage a sound plan at random and validate it.")
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    chosen = parser.parse_args()
    print("seed", chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        told_off = check_damaged(chosen.seed, chosen.flips, Path(name))
    print(f"{chosen.flips} damaged plans, {told_off} refused, no traceback, none over its limits")
