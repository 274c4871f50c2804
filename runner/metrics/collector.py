"""The metrics of one look, as prometheus_client writes them down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from runner.core.events import FireState
from runner.core.histogram import BOUNDS
from runner.core.order_state import OrderState
from runner.metrics import table
from runner.metrics.look import Held, LaneLook, Looker
from runner.metrics.table import Kind, Metric

OUTCOMES = tuple(state.value for state in FireState)
ORDER_STATES = tuple(state.value for state in OrderState)
LINK_STATES = ("down", "connecting", "checking", "ready", "broker_down")
_HISTOGRAMS = ((table.LATENESS, "lateness"), (table.ROUND_TRIP, "round_trip"), (table.COMMIT, "commit"))
Row = tuple[tuple[str, ...], float]
Deliveries = Callable[[], Mapping[str, int] | None]


class Facts(Collector):
    """Collects a look at each scrape."""

    def __init__(self, looker: Looker, problems: Callable[[], int], deliveries: Deliveries) -> None:
        """`problems` counts those of the folder's files; `deliveries` is None where nobody is notified."""
        self._looker = looker
        self._problems = problems
        self._deliveries = deliveries
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Family]:
        """Say nothing: without it a registry would collect when it is made."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Yield all metrics of this moment; two scrapes at once wait for each other."""
        with self._lock:
            lanes = self._looker.lanes()
        yield from _of_lanes(lanes)
        yield _family(table.PROBLEMS, [((), self._problems())])
        journals = [(one.view.name, one.held) for one in lanes if one.held is not None]
        yield from _of_journals(journals)
        for metric, name in _HISTOGRAMS:
            yield _histogram(metric, name, lanes)
        if (delivered := self._deliveries()) is not None:
            yield _family(table.NOTIFICATIONS, [((outcome,), number) for outcome, number in delivered.items()])


def _of_lanes(lanes: Iterable[LaneLook]) -> Iterator[Family]:
    views = [one.view for one in lanes]
    ups = {view.name: view.is_ready and view.is_alive for view in views}
    yield _family(table.LANE_UP, [((view.name, view.mode), ups[view.name]) for view in views])
    yield _family(table.PLANS, [((view.name,), len(view.plans)) for view in views])
    waiting = [(view.name, view.figures) for view in views if ups[view.name]]
    yield _family(table.WAITING, [((name,), _number(told["waiting"])) for name, told in waiting if told is not None])
    yield _family(table.READABLE, [((one.view.name,), one.held is not None) for one in lanes])
    linked = [one for one in lanes if one.held is not None and one.held.link is not None]
    yield _family(table.CONNECTION, [row for one in linked for row in _connection(one, ups[one.view.name])])


def _connection(one: LaneLook, is_up: bool) -> Iterator[Row]:
    """Yield a row for each state; the connection of a lane that is gone is down, whatever it wrote last."""
    assert one.held is not None
    found = one.held.link if is_up else "down"
    return (((one.view.name, state), state == found) for state in LINK_STATES)


def _of_journals(journals: list[tuple[str, Held]]) -> Iterator[Family]:
    yield _family(table.FIRES, [row for name, held in journals for row in _each(name, held.fires, OUTCOMES)])
    by_plan = [((name, *key), number) for name, held in journals for key, number in sorted(held.plan_fires.items())]
    yield _family(table.PLAN_FIRES, by_plan)
    yield _family(table.ORDERS, [row for name, held in journals for row in _each(name, held.orders, ORDER_STATES)])
    yield _family(table.HALTED, [((name,), held.halted) for name, held in journals])
    yield _family(table.PLANS_PAUSED, [((name,), held.paused) for name, held in journals])


def _each(name: str, counts: Mapping[str, int], wanted: Iterable[str]) -> Iterator[Row]:
    """Yield a row for every value of a label, also for those that nothing has come to yet."""
    return (((name, value), counts.get(value, 0)) for value in wanted)


def _family(metric: Metric, rows: Iterable[Row]) -> Family:
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.name, metric.help, labels=metric.labels)
    for labels, value in rows:
        family.add_metric(labels, float(value))
    return family


def _histogram(metric: Metric, name: str, lanes: Iterable[LaneLook]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for one in lanes:
        told = None if one.view.figures is None else one.view.figures[name]
        if isinstance(told, list):
            *counts, total = told
            bounds = [*map(str, BOUNDS), "+Inf"]
            buckets = list(zip(bounds, map(float, accumulate(counts)), strict=True))
            family.add_metric([one.view.name], buckets=buckets, sum_value=total)
    return family


def _number(told: object) -> float:
    return float(told) if isinstance(told, int) else 0.0
