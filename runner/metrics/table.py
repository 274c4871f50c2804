"""What is measured: the one list of names, kinds, labels and meanings. docs/metrics.md has its rows.

No label holds an account, an order or anything else without an end. A plan is a label of one metric alone, and of
`MOST_PLANS` plans at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_PLANS = 100
OTHERS = "(others)"  # the label of all plans beyond; no plan can have this name


class Kind(Enum):
    """What Prometheus may do with a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


LANE_UP = Metric(
    "fxrun_lane_up", Kind.GAUGE, ("lane", "mode"),
    "1 if the lane's process carries out plans and was heard of within 20 s, else 0. The mode is simulate, rehearsal "
    "or live.",
)  # fmt: skip
PLANS = Metric("fxrun_plans", Kind.GAUGE, ("lane",), "Plans that are carried out.")
PLANS_PAUSED = Metric("fxrun_plans_paused", Kind.GAUGE, ("lane",), "Plans that send nothing until fxrun resume PLAN.")
PROBLEMS = Metric("fxrun_plan_problems", Kind.GAUGE, (), "What is wrong with files of the folder as they are now.")
HALTED = Metric("fxrun_halted", Kind.GAUGE, ("lane",), "1 if sending is halted, until fxrun resume, else 0.")
CONNECTION = Metric(
    "fxrun_connection", Kind.GAUGE, ("lane", "state"),
    "1 for the state in which the connection to the TWS is (down, connecting, checking, ready, broker_down), 0 for the "
    "others. A simulated lane has none.",
)  # fmt: skip
FIRES = Metric(
    "fxrun_fires_total", Kind.COUNTER, ("lane", "outcome"),
    "Fires by what they came to (sent, skipped, missed, denied), since the birth of the journal.",
)  # fmt: skip
PLAN_FIRES = Metric(
    "fxrun_plan_fires", Kind.GAUGE, ("lane", "plan", "outcome"),
    f"Fires of the last 24 hours by plan and by what they came to. The first {MOST_PLANS} plans of a lane by name have "
    f"a label of their own, the rest is {OTHERS}.",
)  # fmt: skip
WAITING = Metric(
    "fxrun_fires_waiting", Kind.GAUGE, ("lane",),
    "Fires that are due and not sent yet, for want of a session, an answer, a quote or a condition.",
)  # fmt: skip
LATENESS = Metric(
    "fxrun_fire_lateness_seconds", Kind.HISTOGRAM, ("lane",),
    "From the instant at which a fire was due until its orders had left, since the start of the lane.",
)  # fmt: skip
ORDERS = Metric(
    "fxrun_orders", Kind.GAUGE, ("lane", "state"),
    "Orders of the journal by state. Those whose simulated gateway is gone are left out.",
)  # fmt: skip
ROUND_TRIP = Metric(
    "fxrun_order_round_trip_seconds", Kind.HISTOGRAM, ("lane",),
    "From an order's leaving until the broker's first word about it was taken in, since the start of the lane.",
)  # fmt: skip
COMMIT = Metric(
    "fxrun_journal_commit_seconds", Kind.HISTOGRAM, ("lane",),
    "What a commit took until it was on the disk (fsync), since the start of the lane.",
)  # fmt: skip
READABLE = Metric(
    "fxrun_journal_readable", Kind.GAUGE, ("lane",),
    "1 if the journal could be read, else 0, and then what comes from it is left out.",
)  # fmt: skip
NOTIFICATIONS = Metric(
    "fxrun_notifications_total", Kind.COUNTER, ("outcome",),
    "Attempts to deliver a message of notify: by whether it was taken or has failed, since the start of the service.",
)  # fmt: skip

METRICS = (
    LANE_UP, PLANS, PLANS_PAUSED, PROBLEMS, HALTED, CONNECTION, FIRES, PLAN_FIRES, WAITING, LATENESS, ORDERS,
    ROUND_TRIP, COMMIT, READABLE, NOTIFICATIONS,
)  # fmt: skip


def markdown() -> str:
    """Return the list as a table."""
    rows = [
        f"| `{one.name}` | {one.kind.value} | {', '.join(f'`{label}`' for label in one.labels) or '-'} | {one.help} |"
        for one in METRICS
    ]
    return "\n".join(["| metric | kind | labels | what it says |", "|---|---|---|---|", *rows])
