"""What a campaign gathers, and the person beside its runners, who looks at what stays unknown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.reliability.histogram import Histogram
from tests.reliability.oracle import Verdict, created, unfounded
from tests.reliability.world import World, rows_of

FINE = (0, 3, 4, 6, 7)  # exits of a last runner that say something of its orders, and not of itself
SHOWN = 40  # faults that are told in words


@dataclass(slots=True)
class Outcome:
    """What became of one world, or of several."""

    histogram: Histogram = field(default_factory=Histogram)
    verdicts: list[Verdict] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    unknown: int = 0  # rows that a person had to look at
    faults: list[str] = field(default_factory=list)  # what no verdict tells: an unfounded UNKNOWN, a damaged journal
    exits: Counter[int] = field(default_factory=Counter)

    def merge(self, other: Outcome) -> None:
        """Add what became of another."""
        self.histogram.merge(other.histogram)
        self.verdicts += other.verdicts
        self.injected += other.injected
        self.unknown += other.unknown
        self.faults += other.faults
        self.exits += other.exits

    def all_faults(self) -> list[str]:
        """Return everything that was wrong, in words."""
        return [*self.faults, *(fault for verdict in self.verdicts for fault in verdict.faults)]

    def report(self, seed: int, seconds: float) -> str:
        """Return the figures as text."""
        names = ("orders", "acknowledged", "doubled", "lost", "unresolved", "unknown_unfounded")
        sums = (f"{name.replace('_', ' ')} {sum(getattr(one, name) for one in self.verdicts)}" for name in names)
        told = [verdict.line for verdict in self.verdicts] if len(self.verdicts) > 1 else []
        if self.injected:
            told.append("injected: " + ", ".join(f"{what} {count}" for what, count in self.injected.most_common()))
        faults = self.all_faults()
        last = f"seed {seed}: {', '.join(sums)}, unknown {self.unknown}; {len(faults)} faults; {seconds:.0f} s"
        return "\n".join([*told, *faults[:SHOWN], last])


class Person:
    """Says of orders that stay unknown, and are not there, that they are lost; what is there, the next pass finds."""

    def __init__(self, here: World, outcome: Outcome) -> None:
        self._world = here
        self._outcome = outcome
        self._unknown: set[str] = set()  # at the last look

    def look(self) -> None:
        """Look once; what was unknown at the last look, too, is resolved."""
        here = self._world
        rows = rows_of(here.journal)
        unknown = {ref for ref, state in rows.states.items() if state == "unknown" and ref not in rows.closed}
        truth = here.gateway.lines()
        real = created(truth)
        absent = {ref for ref, state in rows.states.items() if state == "not_received"}
        self._outcome.faults += [f"{ref}: proven absent, and at the gateway" for ref in absent & set(real)]
        for ref in sorted(unknown & self._unknown - set(real)):
            self._outcome.unknown += 1
            self._outcome.faults += unfounded(truth, [ref], here.about(rows))
            done = here.command("resolve", ref, "--as", "lost", "--yes")
            if done.returncode:
                self._outcome.faults.append(f"resolve {ref}: exit {done.returncode}: {done.stderr.strip()}")
            unknown.discard(ref)
        self._unknown = unknown

    def settle(self, *, planted: str = "") -> int:
        """Let a last runner run in peace, and judge; returns its exit code."""
        here = self._world
        code = here.settle(planted=planted)
        verdict = here.judge()
        self._outcome.unknown += verdict.unknown
        self._outcome.verdicts.append(verdict)
        self._outcome.faults += [f"{order}: no fire, or the first came late" for order in here.silent()]
        if damage := here.check():
            self._outcome.faults.append(f"journal check: {damage}")
        if code not in FINE:
            self._outcome.faults.append(f"the last runner ended with exit {code}: {here.errors()[-800:]}")
        return code
