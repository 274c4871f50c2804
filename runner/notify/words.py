"""What a message says: what has happened, to what, and what to do; one message for everything that comes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.cli.marks import mask_all
from runner.cli.observing import Record
from runner.settings.notify import EVENTS

MOST_LINES = 20
LONGEST_LINE = 160  # characters; 40 such lines are what every messenger takes
NO_REASON = "no reason is known"
FILL = "fill"
_HEAD = 120  # characters of a subject
_NOUNS = {
    "fill": ("fill", "fills"),
    "rejected": ("rejected order", "rejected orders"),
    "missed": ("missed fire", "missed fires"),
    "unknown": ("order with unknown outcome", "orders with unknown outcome"),
    "link_down": ("lost connection", "lost connections"),
    "halt": ("halt", "halts"),
    "arming": ("arming about to end", "armings about to end"),
}
_ADVICE = {
    "rejected": "look at it: fxrun orders --journal {journal}",
    "missed": "see what was missed and why: fxrun status --journal {journal}",
    "unknown": "look for the order in the TWS, then say what became of it: fxrun resolve --help",
    "link_down": "look at the TWS, then: fxrun doctor",
    "halt": "nothing is sent until you type: fxrun resume --journal {journal}",
    "arming": "look at the plan, then: fxrun arm PLAN",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that somebody is told; `mark` says of what kind the trading is, such as `REHEARSAL `."""

    kind: str  # of EVENTS
    plan: str  # empty if it is about no single one
    text: str
    mark: str
    journal: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent: a subject and a text."""

    title: str
    body: str


def event_of(record: Record, mark: str, journal: str) -> Event | None:
    """Return what a line of a lane means to somebody far away; None if it is no news there."""
    plan = str(record.get("plan") or "")
    match record.get("type"), record.get("state"):
        case "fill", _:
            return Event(kind=FILL, plan=plan, text=_fill(record), mark=mark, journal=journal)
        case "alarm", _ if record.get("event") in EVENTS:
            kind, text = str(record["event"]), f"{record.get('reason') or NO_REASON} ({record.get('time')})"
        case "fire", "missed":
            kind, text = "missed", f"{plan}/{record['order']} of {record['time']}: {record.get('reason') or NO_REASON}"
        case "order", "rejected" | "unknown" as kind:
            text = f"{plan}/{record['order']} {_order(record)}: {kind} ({record['time']})"
        case _:
            return None
    return Event(kind=kind, plan=plan, text=mask_all(text), mark=mark, journal=journal)


def _order(record: Record) -> str:
    return f"{record['side']} {record['quantity']} {record['contract']}, {record['order_ref']}"


def _fill(record: Record) -> str:
    done = "bought" if record["side"] == "buy" else "sold"
    return (
        f"{record['plan']}/{record['order']} {done} {record['quantity']} {record['contract']} "
        f"at {record['price']} ({record['time']})"
    )


def message_of(events: Sequence[Event], left_out: int = 0) -> Message:
    """Return one message about all of them, of which there is at least one."""
    groups: dict[tuple[str, str, str], list[Event]] = {}
    for event in sorted(events, key=lambda one: one.kind == FILL):  # what needs somebody comes first
        groups.setdefault((event.mark, event.kind, event.plan), []).append(event)
    heads = [_cut(_head(key, len(group))) for key, group in groups.items()]
    lines = [_cut(f"{event.mark}{event.text}") for group in groups.values() for event in group]
    more = max(0, len(lines) - MOST_LINES)
    others = [f"and {len(heads) - MOST_LINES} more kinds and plans"] if len(heads) > MOST_LINES else []
    shown = [*heads[:MOST_LINES], *others, "", *lines[:MOST_LINES]]
    body = [*shown, *_rest(more + left_out), *_advice(events)]
    return Message(title=_subject(heads), body="\n".join(body))


def _head(key: tuple[str, str, str], count: int) -> str:
    mark, kind, plan = key
    return f"{mark}{count} {_NOUNS[kind][count > 1]}{f' of {plan}' if plan else ''}"


def _subject(heads: Sequence[str]) -> str:
    return _cut(f"fxrun: {', '.join(heads)}", _HEAD)


def _cut(text: str, most: int = LONGEST_LINE) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rest(count: int) -> list[str]:
    return [f"and {count} more, which are left out here; the journal has them"] if count else []


def _advice(events: Sequence[Event]) -> list[str]:
    told: Mapping[str, None] = dict.fromkeys(
        f"To do: {_ADVICE[event.kind].format(journal=event.journal)}" for event in events if event.kind in _ADVICE
    )
    return ["", *told] if told else []
