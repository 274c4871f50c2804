"""The oracle: holds what a journal says against what the gateway wrote down, and never fxrun against itself.

The truth is the file of `fxrun gateway --truth`; the account of fxrun is `fxrun journal export`, and of fires and
claims what the tables of the journal hold. Nothing of fxrun is imported here, so that a fault of it cannot hide itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

Line = Mapping[str, object]
OURS = "fx1:"
SETTLED = {"filled", "cancelled", "expired", "rejected", "denied", "unknown", "not_received"}
AT_BROKER = {"sent", "working", "held", "cancel_pending", "filled", "cancelled", "expired"}
NEVER_THERE = {"denied", "not_received"}
SECOND = timedelta(seconds=1)  # what the truth's times are rounded to
AROUND = timedelta(seconds=60)  # how far two clocks may be apart
_COUNTED = ("orders", "acknowledged", "executions", "unknown")
_WRONG = ("doubled", "lost", "unknown_unfounded", "unresolved", "fires_wrong", "quantities_wrong", "states_wrong",
          "after_halt", "over_limit")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Fire:
    """One fire that was due: what the schedule says, worked out by whoever made the plan."""

    plan: str
    order: str
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One fire as a row of the journal; state None: claimed, and nothing more is known."""

    plan: str
    order: str
    time: str
    state: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Under which number an order was claimed, by which client, when, and its part in its group."""

    client_id: int
    order_id: int
    at: datetime
    role: str = "entry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The limits that a campaign ran under; `pairs`: (plan, order) -> pair. None does not bind."""

    pairs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    max_quantity: Decimal | None = None
    max_daily_quantity: Decimal | None = None  # of one base currency, entries only
    max_open_orders: int | None = None
    max_orders_per_minute: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What the oracle has to know beside both accounts."""

    recorded: Sequence[Recorded] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)  # by order_ref
    bounds: Bounds = Bounds()
    halted_from: int | None = None  # the number of truth lines at which no order may come any more
    forgotten: Sequence[datetime] = ()  # when the gateway forgot its day: rollovers, restarts with their state lost
    restarted: Sequence[datetime] = ()  # when it was restarted and kept its state
    emptied: Sequence[datetime] = ()  # when its state was lost: the truth says nothing of the end of what worked


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Counts, and each fault as a sentence."""

    orders: int  # created at the gateway, by permId
    acknowledged: int  # of them known to the journal as created
    executions: int
    doubled: int  # I1
    lost: int  # I2
    fires_wrong: int  # I3: due without a row, recorded but not due, or left open
    quantities_wrong: int  # I4
    after_halt: int  # I5
    over_limit: int  # I6
    unknown: int  # rows that say so
    unknown_unfounded: int  # I7: of them those that the evidence would have told
    unresolved: int  # rows that are neither at an end nor working at the gateway
    states_wrong: int  # the end that the journal tells is not the end it had
    states: Mapping[str, int]
    faults: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """True if every promise was kept; an UNKNOWN that is founded breaks none."""
        return not self.faults

    @property
    def line(self) -> str:
        """Return the counts as one line."""
        names = (*_COUNTED, *_WRONG)
        return ", ".join(f"{name.replace('_', ' ')} {getattr(self, name)}" for name in names)


@dataclass(slots=True)
class _Truth:
    """The truth, by order_ref; what has no orderRef of ours is not ours."""

    created: dict[str, dict[int, Line]] = field(default_factory=dict)  # order_ref -> perm_id -> its first line
    ends: dict[str, str] = field(default_factory=dict)
    executions: dict[str, dict[str, Line]] = field(default_factory=dict)  # order_ref -> root -> latest revision
    taken: dict[int, set[int]] = field(default_factory=dict)  # client id -> order ids of the orders that came in
    logins: list[tuple[int, datetime, int]] = field(default_factory=list)  # client id, when, highest order id before
    lines: list[Line] = field(default_factory=list)

    def filled(self, order_ref: str) -> Decimal:
        return sum((_decimal(one["quantity"]) for one in self.executions.get(order_ref, {}).values()), Decimal(0))


def judge(truth: Iterable[Line], export: Iterable[Line], fires: Iterable[Fire], about: Circumstances) -> Verdict:
    """Hold one against the other; the campaign must have ended with a run that was left in peace until it settled."""
    real = _read(truth)
    lines = list(export)
    orders = {str(line["order_ref"]): line for line in lines if line["type"] == "order"}
    told: dict[str, dict[str, Line]] = {}
    for line in lines:
        if line["type"] == "execution":
            told.setdefault(str(line["order_ref"]), {})[root_of(str(line["exec_id"]))] = line
    found = {
        "doubled": _doubled(real, orders),
        "lost": _lost(real, orders),
        "fires_wrong": _fires_wrong(fires, about.recorded),
        "quantities_wrong": _quantities_wrong(real, orders, told),
        "after_halt": _after_halt(real, about.halted_from),
        "over_limit": _over_limit(real, orders, about),
        "unknown_unfounded": [
            f"{ref}: unknown, although {reason}"
            for ref, line in orders.items()
            if _state(line) == "unknown" and (reason := _told_by_evidence(real, ref, about)) is not None
        ],
        "unresolved": [f"{ref}: left {_state(line)}" for ref, line in orders.items() if _is_left(real, ref, line)],
        "states_wrong": _states_wrong(real, orders),
    }
    states = Counter(map(_state, orders.values()))
    return Verdict(
        orders=sum(map(len, real.created.values())),
        acknowledged=sum(1 for ref in real.created if ref in orders and _state(orders[ref]) in AT_BROKER - {"sent"}),
        executions=sum(map(len, real.executions.values())),
        unknown=states["unknown"],
        states=dict(sorted(states.items())),
        faults=tuple(f"{name}: {text}" for name, texts in found.items() for text in texts),
        **{name: len(texts) for name, texts in found.items()},
    )


def unfounded(truth: Iterable[Line], refs: Iterable[str], about: Circumstances) -> list[str]:
    """Return those of some unknown orders of which the evidence would have told, each with the reason."""
    real = _read(truth)
    return [f"{ref}: unknown, although {reason}" for ref in refs if (reason := _told_by_evidence(real, ref, about))]


def created(truth: Iterable[Line]) -> dict[str, int]:
    """Return how many orders the gateway has made under each orderRef of ours."""
    return {ref: len(made) for ref, made in _read(truth).created.items()}


def root_of(exec_id: str) -> str:
    """Return an execution's id without its revision, which is what stands behind the last dot."""
    return exec_id.rpartition(".")[0] or exec_id


def _read(truth: Iterable[Line]) -> _Truth:
    real = _Truth()
    for line in truth:
        real.lines.append(line)
        ref = str(line.get("order_ref", ""))
        if line["event"] == "frame":
            _take_frame(real, line)
        elif ref.startswith(OURS):
            _take(real, ref, line)
    return real


def _take_frame(real: _Truth, line: Line) -> None:
    if line.get("client_id") is None:
        return
    client = _integer(line["client_id"])
    if line["request"] == "PlaceOrder":
        real.taken.setdefault(client, set()).add(_integer(line["order_id"]))
    elif line["request"] == "StartApi":
        highest = max(real.taken.get(client, ()), default=0)
        real.logins.append((client, datetime.fromisoformat(str(line["time"])), highest))


def _take(real: _Truth, ref: str, line: Line) -> None:
    if line["event"] == "order":
        real.created.setdefault(ref, {}).setdefault(_integer(line["perm_id"]), line)
    elif line["event"] == "cancel":
        real.ends[ref] = "cancel"
    elif line["event"] == "execution":
        latest = real.executions.setdefault(ref, {})
        root = root_of(str(line["exec_id"]))
        if root not in latest or str(latest[root]["exec_id"]) <= str(line["exec_id"]):
            latest[root] = line


def _doubled(real: _Truth, orders: Mapping[str, Line]) -> list[str]:
    """I1: one order for each order_ref, and one for each part of a fire whatever its attempt is called."""
    wrong = [
        f"{ref}: {len(made)} orders under one orderRef, permIds {sorted(made)}"
        for ref, made in real.created.items()
        for _ in range(len(made) - 1)
    ]
    parts: dict[tuple[object, ...], list[str]] = {}
    for ref, made in real.created.items():
        if ref in orders:
            one = next(iter(made.values()))
            fire = (orders[ref]["plan"], orders[ref]["order"], orders[ref]["fire_time"])
            parts.setdefault((*fire, one["side"], one.get("price")), []).append(ref)
    for part, refs in parts.items():
        if part[2] is not None and part[2] != "once":
            wrong += [f"{part}: sent under {sorted(refs)}"] * (len(refs) - 1)
    return wrong


def _lost(real: _Truth, orders: Mapping[str, Line]) -> list[str]:
    """I2: what the gateway has is known, and what is said to be there is there.

    The exit of an entry that was refused is none of its orders, but its end is told, and may be recorded.
    """
    unheard = [f"{ref}: at the gateway, not in the journal" for ref in real.created if ref not in orders]
    denied = [
        f"{ref}: at the gateway, and {_state(line)} in the journal"
        for ref, line in orders.items()
        if ref in real.created and _state(line) in NEVER_THERE
    ]
    absent = [
        f"{ref}: {_state(line)} in the journal, never at the gateway"
        for ref, line in orders.items()
        if ref not in real.created
        and _state(line) in AT_BROKER - {"sent"}
        and not (_state(line) == "cancelled" and ref in real.ends)
    ]
    return unheard + denied + absent


def _fires_wrong(due: Iterable[Fire], recorded: Sequence[Recorded]) -> list[str]:
    """I3: each due fire has exactly one row, and the row says what became of it."""
    rows = Counter((row.plan, row.order, row.time) for row in recorded)
    wanted = {(one.plan, one.order, one.time) for one in due}
    wrong = [f"{key}: due, and no row" for key in sorted(wanted - set(rows))]
    wrong += [f"{key}: {count} rows" for key, count in rows.items() if count > 1]
    wrong += [f"{row}: claimed, and no end" for row in recorded if row.state is None]
    return wrong


def _quantities_wrong(real: _Truth, orders: Mapping[str, Line], told: Mapping[str, Mapping[str, Line]]) -> list[str]:
    """I4: the latest revision of every execution, and no other, is in the journal."""
    wrong = []
    for ref in sorted(set(real.executions) | set(told)):
        ours = {root: _figures(one) for root, one in told.get(ref, {}).items()}
        theirs = {root: _figures(one) for root, one in real.executions.get(ref, {}).items()}
        if ours != theirs and not (ref in orders and _state(orders[ref]) == "unknown"):
            wrong.append(f"{ref}: executions {ours} in the journal, {theirs} at the gateway")
    for ref, line in orders.items():
        if _decimal(line["filled"]) != real.filled(ref) and _state(line) != "unknown":
            wrong.append(f"{ref}: filled {line['filled']} in the journal, {real.filled(ref)} at the gateway")
    return wrong


def _figures(line: Line) -> tuple[Decimal, Decimal]:
    return _decimal(line["quantity"]), _decimal(line["price"])


def _after_halt(real: _Truth, position: int | None) -> list[str]:
    """I5: no new order behind the line at which the halt was written."""
    if position is None:
        return []
    behind = (line for line in real.lines[position:] if line["event"] == "order")
    old = {line.get("perm_id") for line in real.lines[:position]}
    return [f"{line.get('order_ref')}: taken after the halt" for line in behind if line.get("perm_id") not in old]


def _over_limit(real: _Truth, orders: Mapping[str, Line], about: Circumstances) -> list[str]:
    """I6: of what the gateway took, nothing is over a limit; what is claimed counts by the day of its claim."""
    bounds, wrong = about.bounds, []
    daily: Counter[tuple[str, str]] = Counter()
    for ref, made in real.created.items():
        claim, quantity = about.claims.get(ref), _decimal(next(iter(made.values()))["quantity"])
        if bounds.max_quantity is not None and quantity > bounds.max_quantity:
            wrong.append(f"{ref}: {quantity} is over max_quantity")
        if claim is not None and claim.role == "entry" and ref in orders:
            pair = bounds.pairs.get((str(orders[ref]["plan"]), str(orders[ref]["order"])), "?")
            daily[claim.at.strftime("%Y-%m-%d"), pair[:3]] += int(quantity)
    most = bounds.max_daily_quantity
    wrong += [
        f"{sum_} {key[1]} on {key[0]} is over max_daily_quantity" for key, sum_ in daily.items() if most and sum_ > most
    ]
    return wrong + _too_many_at_once(real, orders, about) + _too_many_a_minute(real, bounds)


def _too_many_at_once(real: _Truth, orders: Mapping[str, Line], about: Circumstances) -> list[str]:
    """Walk through the truth and count what works on each side of each pair."""
    bounds, emptied = about.bounds, sorted(about.emptied, reverse=True)
    if bounds.max_open_orders is None:
        return []
    working: dict[tuple[str, object], dict[str, Decimal]] = {}
    wrong = []
    for line in real.lines:
        ref = str(line.get("order_ref", ""))
        if ref not in orders or line["event"] == "frame":
            continue
        while emptied and datetime.fromisoformat(str(line["time"])) >= emptied[-1].replace(microsecond=0):
            emptied.pop()
            working.clear()
        pair = bounds.pairs.get((str(orders[ref]["plan"]), str(orders[ref]["order"])), "?")
        place = working.setdefault((pair, line["side"]), {})
        is_new = line["event"] == "order" and line is real.created[ref][_integer(line["perm_id"])]
        _take_in(place, ref, line, is_new=is_new)
        if is_new and len(place) > bounds.max_open_orders:
            wrong.append(f"{ref}: {len(place)} orders of {pair} {line['side']} at once")
    return wrong


def _take_in(place: dict[str, Decimal], ref: str, line: Line, *, is_new: bool) -> None:
    """Let a line of the truth change what works on a side of a pair: what is left of each order."""
    if is_new:
        place[ref] = _decimal(line["quantity"])
    elif line["event"] == "execution" and ref in place:
        place[ref] -= _decimal(line["quantity"])
    if line["event"] == "cancel" or place.get(ref, Decimal(1)) <= 0:
        place.pop(ref, None)


def _too_many_a_minute(real: _Truth, bounds: Bounds) -> list[str]:
    if bounds.max_orders_per_minute is None:
        return []
    times = sorted(
        datetime.fromisoformat(str(one["time"])).timestamp() for made in real.created.values() for one in made.values()
    )
    most = bounds.max_orders_per_minute
    # truth tells whole seconds, so that only what is 58 s apart is surely within one minute
    return [f"{most + 1} orders within a minute" for a, b in zip(times, times[most:], strict=False) if b - a < 59]


def _told_by_evidence(real: _Truth, ref: str, about: Circumstances) -> str | None:
    """Return what would have told of this order, None if nothing would have."""
    claim = about.claims.get(ref)
    claimed = None if claim is None else claim.at
    if claimed is None or any(when >= claimed - AROUND for when in about.forgotten):
        return None
    if ref in real.created:
        return "the gateway knows it, and has not forgotten its day"
    if claim is not None and claim.order_id == 0:
        return "it never had an order id, so its bytes cannot have left"
    if any(when >= claimed - AROUND for when in about.restarted):
        return None
    if claim is None or claim.order_id in real.taken.get(claim.client_id, ()):
        return None
    later = (top for client, at, top in real.logins if client == claim.client_id and at >= claim.at - SECOND)
    if any(top >= claim.order_id for top in later):
        return None
    return "at no later login had its number or a higher one come in: its absence is proven"


def _is_left(real: _Truth, ref: str, line: Line) -> bool:
    if _state(line) in SETTLED:
        return False
    return not (_state(line) in {"working", "held", "cancel_pending"} and ref in real.created)


def _states_wrong(real: _Truth, orders: Mapping[str, Line]) -> list[str]:
    """The last state is the truth's: filled if all of it was, else over if it is over, else working."""
    wrong = []
    for ref, made in real.created.items():
        if ref not in orders or (state := _state(orders[ref])) in {"unknown", "rejected"} | NEVER_THERE:
            continue
        quantity = _decimal(next(iter(made.values()))["quantity"])
        if real.filled(ref) >= quantity:
            expected = {"filled"}
        elif ref in real.ends:
            expected = {"cancelled", "expired", "cancel_pending"}
        else:
            expected = {"working", "held", "cancel_pending"}
        if state not in expected:
            wrong.append(f"{ref}: {state} in the journal, {' or '.join(sorted(expected))} at the gateway")
    return wrong


def _state(line: Line) -> str:
    return str(line["state"])


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


def _integer(value: object) -> int:
    return int(str(value))
