"""What the rows of a journal said at each kill: a campaign that kills only idle runners proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

UNDER_WAY = ("planned", "sent")


@dataclass(slots=True)
class Histogram:
    """Counts kills by the states of the open rows that they left behind."""

    kills: int = 0
    under_way: int = 0  # kills that left an order claimed or sent and not answered
    rows: Counter[str] = field(default_factory=Counter)
    at: Counter[str] = field(default_factory=Counter)  # where: a crash point, or any time

    def add(self, states: Mapping[str, int], at: str) -> None:
        """Note one kill: how many rows were in each open state, and where it came."""
        self.kills += 1
        self.under_way += any(states.get(state) for state in UNDER_WAY)
        self.at[at] += 1
        for state, count in states.items():
            self.rows[state] += count
        if not states:
            self.rows["none open"] += 1

    def merge(self, other: Histogram) -> None:
        """Add the kills of another."""
        self.kills += other.kills
        self.under_way += other.under_way
        self.rows += other.rows
        self.at += other.at

    @property
    def share(self) -> float:
        """The share of kills that came while an order was claimed or sent."""
        return self.under_way / self.kills if self.kills else 0.0

    def lines(self) -> list[str]:
        """Return it as lines of text."""
        most = max(self.rows.values(), default=1)
        told = [f"{self.kills} kills, {self.under_way} of them ({self.share:.0%}) with a row claimed or sent"]
        told += [
            f"  {state:<15}{count:>7}  {'#' * max(1, round(40 * count / most))}"
            for state, count in self.rows.most_common()
        ]
        return [*told, "  at: " + ", ".join(f"{where} {count}" for where, count in self.at.most_common())]
