"""What the plots of a page are drawn from, rounded to what can be seen; the exact numbers are in the tables."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from runner.core.money import plain
from runner.report.lines import HOUR, ExposurePoint, FillLine, Mark, Point, Report

MOST_POINTS = 3000  # of a line; a screen has fewer columns
_TIMED, _SECONDS = timedelta(days=400), 2 * HOUR
Row = list[object]
_P = TypeVar("_P", Point, ExposurePoint)


def data(report: Report) -> dict[str, object]:
    """Return the series by plot; instants are seconds since 1970."""
    fills: dict[str, list[FillLine]] = defaultdict(list)
    for line in report.fills:
        fills[line.contract].append(line)
    return {
        "currency": report.currency,
        "timed": _span(report) < _TIMED,
        "seconds": _span(report) <= _SECONDS,
        "equity": [[at, _short(p.equity), _short(p.drawdown)] for at, p in _by_second(report.equity)],
        "prices": {
            name: _prices(marks, fills[name]) for name, marks in sorted(report.paths.items()) if marks and fills[name]
        },
        "exposure": _exposure(report),
    }


def _span(report: Report) -> timedelta:
    """Return the time that is plotted, by which the axes say the time of day and its seconds, or do not."""
    times = [point.at for points in (report.equity, report.exposure) for point in points]
    times += [mark.at for marks in report.paths.values() for mark in marks]
    return max(times) - min(times) if times else timedelta()


def _by_second(points: Iterable[_P]) -> Iterable[tuple[int, _P]]:
    """Return the last point of each second with it: a plot has one value at one time."""
    return {int(point.at.timestamp()): point for point in points}.items()


def _short(amount: Decimal) -> float:
    return round(float(amount), 2)


def _exposure(report: Report) -> dict[str, list[Row]]:
    names = sorted({name for point in report.exposure for name in point.amounts})
    return {
        name: [[at, _short(p.amounts.get(name, Decimal(0)))] for at, p in _by_second(report.exposure)] for name in names
    }


def _prices(marks: Sequence[Mark], fills: Sequence[FillLine]) -> dict[str, object]:
    points = _thinned(marks)
    times = [int(mark.at.timestamp()) for mark in points]
    precision = min(max(_digits(line.price) for line in fills), 8)
    return {
        "precision": precision,
        "points": [[at, round(float(mark.price), precision)] for at, mark in zip(times, points, strict=True)],
        "fills": _arrows(fills, times),
    }


def _digits(price: Decimal) -> int:
    return len(plain(price).partition(".")[2])


def _thinned(marks: Sequence[Mark]) -> list[Mark]:
    """Return the last mark of each second; of too many, the last of each of at most that many equal spans."""
    kept = list({int(mark.at.timestamp()): mark for mark in marks}.values())
    if len(kept) <= MOST_POINTS:
        return kept
    first = kept[0].at.timestamp()
    width = (kept[-1].at.timestamp() - first) / MOST_POINTS
    return list({int((mark.at.timestamp() - first) / width): mark for mark in kept}.values())


def _arrows(fills: Sequence[FillLine], times: Sequence[int]) -> list[Row]:
    """Return the fills at the points they are drawn at, those of one side and kind at one point together."""
    groups: dict[tuple[int, int, bool], list[FillLine]] = defaultdict(list)
    for line in fills:
        place = max(bisect_right(times, int(line.at.timestamp())) - 1, 0)
        groups[times[place], line.side.sign, line.effect == "opens"].append(line)
    return [
        [at, side, float(found[-1].price), opens, _words(found), len(found)]
        for (at, side, opens), found in sorted(groups.items())
    ]


def _words(fills: Sequence[FillLine]) -> str:
    last = fills[-1]
    more = f", and {len(fills) - 1} more" if len(fills) > 1 else ""
    what = f"{last.side.value.lower()} {last.quantity:,f} at {plain(last.price)}, {last.effect}"
    return f"{what}: {last.plan}/{last.order} {last.role}{more}"
