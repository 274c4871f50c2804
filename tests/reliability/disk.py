"""Campaign: the disk is full at every write of a journal, one after another.

A process works on a journal and may write each of its files up to so many bytes only (RLIMIT_FSIZE: the system refuses
the write itself); the bound is moved over the whole of what is written. At the first failure the files are looked at
as a crash would leave them, the bound is lifted, and the same journal object goes on.

    python -m tests.reliability.disk --step 2048
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from runner.core.order_state import OrderState
from runner.errors import FxrunError
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.store import Journal, JournalFailed, Outcome
from tests.reliability.journals import NOW, claim, execute, fill, opened, tickets

FIRES = 6


class Limited:
    """The bound on the size of a file, for this process."""

    def __init__(self) -> None:
        import resource

        self._resource = resource
        self._hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def set(self, size: int) -> None:
        """Let no file grow beyond this size."""
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, (size, self._hard))

    def lift(self) -> None:
        """Let files grow again."""
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, (self._hard, self._hard))


class Trial:
    """One journal, written until a write fails, and then to its end; `wrong` says what must not be."""

    def __init__(self, folder: Path, size: int, limited: Limited) -> None:
        self.folder = folder
        self.size = size
        self.wrong: list[str] = []
        self.failed: str | None = None
        self._limited = limited
        self._claimed: list[str] = []

    def go(self) -> str:
        """Carry it out; returns at what the disk was full."""
        journal = self._opened()
        if self.failed is None:
            self._limited.set(self.size)
        for number in range(FIRES):
            self._fire(journal, f"f{number}")
        self._limited.lift()
        journal.close()
        self._expect(self.folder / "j.db", self._claimed, "at the end")
        return self.failed or "nothing"

    def _opened(self) -> Journal:
        path = self.folder / "j.db"
        self._limited.set(self.size)
        try:
            return opened(path)
        except FxrunError as error:
            self.failed = "opening"
            if str(path) not in str(error) and "j.db" not in str(error):
                self.wrong.append(f"a message that names no file: {error}")
        finally:
            self._limited.lift()
        return opened(path)

    def _fire(self, journal: Journal, fire: str) -> None:
        group = tickets("p", fire, bracket=True)
        for name, act in self._steps(journal, fire):
            try:
                act()
            except JournalFailed as error:
                self._fell(journal, name, error)
                act()  # the same object goes on
            if name == "claim":
                self._claimed.extend(ticket.order_ref for ticket in group)

    def _steps(self, journal: Journal, fire: str) -> list[tuple[str, Callable[[], object]]]:
        group = tickets("p", fire, bracket=True)
        routes = [(ticket, 1 + place) for place, ticket in enumerate(group)]
        return [
            ("claim", lambda: self._claim(journal, fire)),
            ("sent", lambda: journal.record_sent(routes, client_id=1)),
            ("order", lambda: fill(journal, group[0], OrderState.FILLED, Decimal(25000))),
            ("execution", lambda: execute(journal, group[0], int(fire[1:]))),
            ("halt", lambda: journal.set_pause("q", fire, NOW)),
        ]

    def _claim(self, journal: Journal, fire: str) -> None:
        if (outcome := claim(journal, "p", fire, bracket=True).outcome) is not Outcome.CLAIMED:
            self.wrong.append(f"{fire}: {outcome.value}, although its claim had failed")

    def _fell(self, journal: Journal, name: str, error: JournalFailed) -> None:
        if self.failed is not None:
            self.wrong.append(f"{name} failed again: {error}")
        self.failed = name
        if "cannot be written" not in str(error):
            self.wrong.append(f"{name}: {error}")
        self._limited.lift()
        copy = self.folder / "crashed"
        copy.mkdir(mode=0o700)
        # another process copies: closing a file here would let go of the locks that SQLite holds on it
        found = [str(path) for path in self.folder.glob("j.db*") if not path.name.endswith((".lock", ".holder"))]
        subprocess.run(["cp", "-p", *found, str(copy)], check=True)
        self._expect(copy / "j.db", self._claimed, f"as a crash at {name} would leave it")

    def _expect(self, path: Path, claimed: list[str], when: str) -> None:
        self.wrong += [f"{when}: {text}" for text in check(path)]
        try:
            Journal(str(path), private=True).close()
        except FxrunError as error:
            self.wrong.append(f"{when}: not opened: {error}")
        with Ledger(path) as ledger:
            found = [row.ticket.order_ref for row in ledger.orders()]
        if found != claimed:
            self.wrong.append(f"{when}: {len(found)} orders recorded, {len(claimed)} claimed")


def campaign(step: int) -> tuple[Counter[str], list[str]]:
    """Move the bound in steps of so many bytes until nothing fails; returns where the disk was full, what is wrong."""
    limited = Limited()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    size = 0
    while not counts["nothing"]:
        folder = Path(tempfile.mkdtemp(prefix="disk-"))
        trial = Trial(folder, size, limited)
        try:
            counts[trial.go()] += 1
        finally:
            limited.lift()
            shutil.rmtree(folder, ignore_errors=True)
        wrong += [f"bound {size}: {text}" for text in trial.wrong]
        size += step
    return counts, wrong


def main() -> int:
    """Run the campaign and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=2048, help="bytes; a write of the log is 4120")
    asked = parser.parse_args()
    counts, wrong = campaign(asked.step)
    for text in wrong:
        print(text)
    told = ", ".join(f"{count} at {name}" for name, count in sorted(counts.items()) if name != "nothing")
    print(f"disk full {sum(counts.values()) - counts['nothing']} times (step {asked.step}): {told}; wrong {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
