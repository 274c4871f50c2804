"""Campaign: one byte of a journal, or of its write-ahead log, is changed; then it is opened and read.

Allowed is that it is refused with a message, or reported by the check, or that all of it reads back as it was (a byte
of free space), or as it was after one of the commits that followed the last claim: those may be lost with the power,
and the broker is asked about them. Anything else is wrong.

    python -m tests.reliability.flips --flips 2000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from runner.core.order_state import OrderState
from runner.errors import FxrunError
from runner.journal.check import check
from runner.journal.store import Journal
from tests.reliability.journals import NOW, claim, dress, fill, opened, tickets

ENDS = ("", "-wal", "-shm", ".mark")
Content = tuple[tuple[object, ...], ...]
IGNORED = ("owner", "sequence")  # each opening draws a new epoch and counts it


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A journal as a killed runner leaves it: its files, and what may be read back from it."""

    files: dict[str, bytes]
    allowed: tuple[Content, ...]


def content(path: Path) -> Content:
    """Return all rows of all tables but those that opening changes."""
    connection = sqlite3.connect(path)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [
            (name, *row)
            for name in sorted(names)
            if name not in IGNORED
            for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
        ]
    finally:
        connection.close()
    return tuple(rows)


def model(folder: Path, *, fires: int) -> Model:
    """Write a journal, of which the database has a part and the log the rest, and take its files as they lie there."""
    path = folder / "model.db"
    journal = opened(path)
    dress(journal, fires)
    journal.close()  # what came so far is in the database; what follows stays in the log
    journal = opened(path)
    for number in range(4):
        claim(journal, f"p{number}", f"late{number}", bracket=True)
    allowed = [content(path)]
    for number in range(3):
        (ticket,) = tickets(f"p{number}", f"late{number}")
        fill(journal, ticket, OrderState.WORKING, Decimal(number))
        allowed.append(content(path))
    files = {end: path.with_name(path.name + end).read_bytes() for end in ENDS}
    journal.close()
    return Model(files=files, allowed=tuple(allowed))


def flipped(files: dict[str, bytes], draw: random.Random) -> tuple[dict[str, bytes], str]:
    """Return the files with one byte of database or log changed, and which."""
    end = draw.choice(("", "", "-wal"))
    data = bytearray(files[end])
    place = draw.randrange(len(data))
    data[place] ^= draw.randrange(1, 256)
    return {**files, end: bytes(data)}, f"{end or '.db'}[{place}] = {data[place]:#04x}"


def judge(folder: Path, files: dict[str, bytes], allowed: tuple[Content, ...]) -> tuple[str, str]:
    """Open a journal that consists of these files; returns what came of it, and a detail."""
    path = folder / "model.db"
    for end in (*ENDS, ".lock", ".holder"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    for end, data in files.items():
        path.with_name(path.name + end).write_bytes(data)
        path.with_name(path.name + end).chmod(0o600)
    try:
        journal = Journal(str(path), private=True)
    except FxrunError as error:
        return ("refused", str(error)) if str(path) in str(error) else ("WRONG", f"message names no file: {error}")
    except Exception:
        return "WRONG", traceback.format_exc()
    try:
        journal.bind("rehearsal", "DU1")
        journal.open_run(NOW)
        journal.open_orders()
    except FxrunError as error:
        return "refused", str(error)
    except Exception:
        return "WRONG", traceback.format_exc()
    finally:
        journal.close()
    return _read_back(path, allowed)


def _read_back(path: Path, allowed: tuple[Content, ...]) -> tuple[str, str]:
    try:
        if found := check(path):
            return "reported", found[0]
        rows = tuple(row for row in content(path) if row[:2] != ("run", _last_run(path)))
    except FxrunError as error:
        return "reported", str(error)
    except Exception:
        return "WRONG", traceback.format_exc()
    if rows == allowed[-1]:
        return "harmless", ""
    return ("earlier", "") if rows in allowed else ("WRONG", "read back as something it never was")


def _last_run(path: Path) -> int:
    connection = sqlite3.connect(path)
    (last,) = connection.execute("SELECT max(id) FROM run").fetchone()
    connection.close()
    return int(last)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="flips-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def campaign(flips: int, seed: int, *, fires: int = 12) -> tuple[Counter[str], list[str]]:
    """Change so many bytes, one at a time; returns how often each came out, and what is wrong."""
    draw = random.Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with _folder() as folder:
        base = model(folder, fires=fires)
        result, detail = judge(folder, base.files, base.allowed)
        if result != "harmless":
            return Counter(WRONG=1), [f"unchanged: {result} {detail}"]
        for number in range(flips):
            files, what = flipped(base.files, draw)
            result, detail = judge(folder, files, base.allowed)
            counts[result] += 1
            if result == "WRONG":
                wrong.append(f"flip {number}, {what}: {detail}")
    return counts, wrong


def main() -> int:
    """Run the campaign and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    counts, wrong = campaign(asked.flips, asked.seed)
    for text in wrong:
        print(text)
    told = ", ".join(f"{name} {counts[name]}" for name in ("refused", "reported", "harmless", "earlier", "WRONG"))
    print(f"flips {asked.flips}, seed {asked.seed}: {told}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
