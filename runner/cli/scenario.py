"""`--scenario FILE`: a declared path of prices, checked like a plan, handed to the gateway as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from runner.cli import documents
from runner.core.fx import parse_pair
from runner.core.times import parse_duration, parse_time
from runner.gateway.scenario import LONGEST, Move, Point, Scenario, pip_of
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.text import quote

T = TypeVar("T")
_DISTANCE = re.compile(r"(?P<number>[+-]?[0-9][0-9_]*(?:\.[0-9]+)?) ?(?P<unit>pips?|%)", re.ASCII)
_LASTING = ("spread", "liquidity")


def load_scenario(path: Path) -> Scenario:
    """Return the scenario of a file; raises PlanInvalid with everything that is wrong with it, each with its place."""
    return documents.load(path, "scenario", lambda data, findings: _Reader(data, findings).scenario())


class _Reader:
    """Reads one file that fits the schema; what is wrong is noted, and then there is no scenario."""

    def __init__(self, data: Mapping[str, object], findings: Findings) -> None:
        self._data = data
        self._findings = findings
        points = data["path"]
        self._points: Sequence[Mapping[str, object]] = points if isinstance(points, list) else []
        self._pair = self._read_pair()
        self._start = self._read("start", data, (), lambda text: parse_time(text, UTC))

    def scenario(self) -> Scenario | None:
        """Return it, None if something is wrong."""
        if self._start is None:
            return None
        points = [self._point(number, point, self._start) for number, point in enumerate(self._points)]
        if len(self._findings):
            return None
        self._check_order(points)
        self._check_end(points)
        name, source = str(self._data["scenario"]), str(self._data["source"])
        return Scenario(name=name, source=source, pair=self._pair, points=tuple(points))

    def _note(self, place: Where, message: str) -> None:
        self._findings.at_value(place, message)

    def _read(self, key: str, owner: Mapping[str, object], place: Where, read: Callable[[str], T]) -> T | None:
        """Return what a text means, None if it is not there or wrong."""
        text = owner.get(key)
        if not isinstance(text, str):
            return None
        try:
            return read(text)
        except ValueError as error:
            self._note((*place, key), f"{key}: found {quote(text)}: {error}")
            return None

    def _read_pair(self) -> str | None:
        text = self._data.get("pair")
        if text is None:
            needed = {key for point in self._points for key in ("price", "move", *_LASTING) if key in point}
            if needed:
                missing = f'a missing key: found no "pair", whose {min(needed)} the path tells'
                self._note((), f"{missing}; expected pair: with a pair such as EUR.USD")
            return None
        pair = parse_pair(str(text))
        if pair is None:
            self._note(("pair",), f"pair is not traded here: found {quote(str(text))}; expected a pair such as EUR.USD")
        return None if pair is None else pair.name

    # --- points

    def _point(self, number: int, data: Mapping[str, object], start: datetime) -> Point:
        place: Where = ("path", number)
        at = self._read("at", data, place, lambda text: _instant(text, start)) or start
        if "price" in data and "move" in data:
            self._note((*place, "move"), "price and move exclude each other: choose one")
        if data.get("gap") and "price" not in data and "move" not in data:
            self._note((*place, "gap"), "a gap leads to a price: expected price: or move: beside it")
        restart = self._read("restart", data, place, parse_duration)
        price = data.get("price")
        return Point(
            at=int(at.timestamp()),
            price=Decimal(price) if isinstance(price, int | Decimal) else None,
            move=self._read("move", data, place, self._move),
            gap=data.get("gap") is True,
            spread=self._read("spread", data, place, self._spread),
            is_liquid=data.get("liquidity") != "none",
            restart=None if restart is None else int(restart.total_seconds()),
        )

    def _move(self, text: str) -> Move:
        number, unit = _distance(text, "pips or percent such as -150 pips or -3%")
        if unit == "%":
            if number <= -100:
                raise ValueError("a price is above zero; expected more than -100 %")
            return Move(percent=number)
        return Move(amount=number * self._pip)

    def _spread(self, text: str) -> Decimal:
        number, unit = _distance(text, "pips such as 40 pips")
        if unit == "%" or number < 0:
            raise ValueError("not a spread; expected pips such as 40 pips")
        return number * self._pip

    @property
    def _pip(self) -> Decimal:
        return Decimal(0) if self._pair is None else pip_of(self._pair)

    # --- all of them

    def _check_order(self, points: Sequence[Point]) -> None:
        start = 0 if self._start is None else int(self._start.timestamp())
        if points[0].at < start:
            self._note(self._at(0), "the first point lies before start: expected the start itself, or later")
        for number, (before, point) in enumerate(pairwise(points), 1):
            if point.at <= before.at:
                self._note(self._at(number), "points must ascend in time: expected one later than the point before")
        if points[-1].at - points[0].at > LONGEST:
            days = LONGEST // 86_400
            self._note(
                self._at(len(points) - 1), f"from its first point to its last a scenario has at most {days} days"
            )

    def _at(self, number: int) -> Where:
        return ("path", number, "at") if "at" in self._points[number] else ("path", number)

    def _check_end(self, points: Sequence[Point]) -> None:
        last = len(points) - 1
        for key in _LASTING:
            if self._points[last].get(key, "usual") != "usual":
                message = f"{key} holds until the next point, and this is the last: add one that ends it"
                self._note(("path", last, key), message)


def _instant(text: str, start: datetime) -> datetime:
    try:
        lasts = parse_duration(text)
    except ValueError:
        return parse_time(text, UTC)
    try:
        return start + lasts
    except OverflowError:
        raise ValueError("later than any time can be") from None


def _distance(text: str, expected: str) -> tuple[Decimal, str]:
    found = _DISTANCE.fullmatch(text)
    if found is None:
        raise ValueError(f"not a distance; expected {expected}")
    return Decimal(found["number"].replace("_", "")), found["unit"]
