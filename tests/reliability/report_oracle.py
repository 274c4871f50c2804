"""What a report must say, worked out anew from a gateway's truth: nothing of `runner.report` is used here."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Truth:
    """An execution by its latest revision; `place` is where its first one stands in the truth."""

    place: int
    order_ref: str
    exec_id: str
    side: str
    quantity: Fraction
    price: Fraction
    revisions: int

    @property
    def told(self) -> tuple[str, str, Fraction, Fraction]:
        """What a journal and a report have of it, too."""
        return self.order_ref, self.exec_id, self.quantity, self.price


def executions(path: Path) -> list[Truth]:
    """Read a truth file."""
    found: dict[str, Truth] = {}
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        event = json.loads(line)
        if event["event"] != "execution":
            continue
        root = event["exec_id"].rpartition(".")[0]
        before = found.get(root)
        found[root] = Truth(
            place=place if before is None else before.place,
            order_ref=event["order_ref"],
            exec_id=event["exec_id"],
            side=event["side"],
            quantity=Fraction(event["quantity"]),
            price=Fraction(event["price"]),
            revisions=1 if before is None else before.revisions + 1,
        )
    return sorted(found.values(), key=lambda one: one.place)


def matched(rows: Iterable[Truth]) -> tuple[Fraction, Fraction]:
    """Return what executions of one plan and pair realized, first in, first out, and the position that is left."""
    opened: deque[list[Fraction]] = deque()
    gained = Fraction(0)
    for row in rows:
        left = row.quantity if row.side == "BUY" else -row.quantity
        while left and opened and opened[0][0] * left < 0:
            taken = min(abs(left), abs(opened[0][0]))
            sign = 1 if opened[0][0] > 0 else -1
            gained += sign * taken * (row.price - opened[0][1])
            opened[0][0] -= sign * taken
            left += sign * taken
            if not opened[0][0]:
                opened.popleft()
        if left:
            opened.append([left, row.price])
    return gained, sum((lot[0] for lot in opened), Fraction(0))


def by_book(rows: Iterable[Truth], books: Mapping[str, tuple[str, str]]) -> dict[tuple[str, str], list[Truth]]:
    """Sort executions into plan and pair, by what book each order_ref belongs to."""
    found: dict[tuple[str, str], list[Truth]] = defaultdict(list)
    for row in rows:
        found[books[row.order_ref]].append(row)
    return found
