"""Plain data into faults: what a file says (checked by its schema before) and what comes over the control socket."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal

from runner.gateway.anomalies import Anomalies
from runner.gateway.faults import Direction, Fault, Faults, HandOrder, Scope, Trigger, Verb, When
from runner.gateway.instruments import INSTRUMENTS
from runner.wire.messages import Answer, Request

Place = tuple[str | int, ...]
GREETING = "Greeting"
_IN = frozenset({GREETING, *(one.__name__ for one in typing.get_args(Request))})
_OUT = frozenset({GREETING, *(one.__name__ for one in typing.get_args(Answer))})
_LONGEST = 10 * 366 * 86400  # seconds
_MOST = 1 << 31


class BadFault(Exception):
    """What is wrong with one fault, and where in it."""

    def __init__(self, place: Place, message: str, *, is_key: bool = False) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.is_key = is_key  # the key is wrong, not its value


class BadFaults(Exception):
    """Everything wrong with a file."""

    def __init__(self, problems: Sequence[BadFault]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def read_faults(data: Mapping[str, object]) -> Faults:
    """Return the faults of a whole file; raises BadFaults with the first problem of each of them."""
    problems: list[BadFault] = []
    faults: list[Fault] = []
    head = Faults()
    try:
        head = _head(data)
    except BadFault as bad:
        problems.append(bad)
    found = data.get("faults")
    for number, one in enumerate(found if isinstance(found, list) else []):
        try:
            faults.append(read_fault(_mapping(one, ("faults", number)), ("faults", number)))
        except BadFault as bad:
            problems.append(bad)
    if problems:
        raise BadFaults(problems)
    return replace(head, faults=tuple(faults))


def _head(data: Mapping[str, object]) -> Faults:
    _known("the file", data, ("seed", "shares", "faults"), ())
    shares = _mapping(data.get("shares") or {}, ("shares",))
    _known("shares", shares, [one.name for one in fields(Anomalies)], ("shares",))
    if not isinstance(data.get("faults") or [], list):
        raise BadFault(("faults",), "faults is not a list")
    percent = _whole(0, 100)
    return Faults(
        seed=_whole(0)(data.get("seed", 1), ("seed",)),
        shares=Anomalies(**{name: percent(value, ("shares", name)) for name, value in shares.items()}),
    )


def read_fault(data: Mapping[str, object], place: Place = ()) -> Fault:
    """Return one fault; its conditions stand under `when`."""
    verb = _verb_of(data, place)
    allowed = PARAMETERS[verb]
    _known(verb.value, data, ("do", "when", *allowed), place)
    values = {_FIELDS.get(key, key): _READERS[key](data[key], (*place, key)) for key in allowed if key in data}
    when = _when(_mapping(data.get("when") or {}, (*place, "when")), (*place, "when"))
    if verb.scope is Scope.CLIENT and when.client is not None and not _WAITS.intersection(_given(when)):
        when = replace(when, message="StartApi", direction=Direction.IN)  # from its beginning
    if verb is Verb.HAND_ORDER:
        values = {"order": _hand_order(values, place)}
    fault = replace(Fault(do=verb, when=when), **values)  # type: ignore[arg-type]
    _check(fault, data, place)
    return fault


def _hand_order(values: Mapping[str, object], place: Place) -> HandOrder | None:
    if missing := [key for key in _NEEDED[Verb.HAND_ORDER] if key not in values]:
        raise BadFault(place, f'a missing key: found no "{missing[0]}" in hand_order; expected {missing[0]}:')
    order = HandOrder(**values)  # type: ignore[arg-type]
    if (order.type == "MKT") is not (order.price is None):
        raise BadFault(place, f"a price belongs to LMT and STP: found {order.type} {order.price or 'without one'}")
    return order


def read_command(data: Mapping[str, object]) -> Fault:
    """Return the fault of a line of the control socket: conditions beside `do`, and once unless it says otherwise."""
    verb = _verb_of(data, ())
    _known(verb.value, data, ("do", *PARAMETERS[verb], *CONDITIONS), ())
    flat = {key: value for key, value in data.items() if key not in CONDITIONS}
    conditions = {key: value for key, value in data.items() if key in CONDITIONS}
    if verb.scope in (Scope.CLIENT, Scope.GATEWAY) and not _WAITS.intersection(conditions):
        conditions["at"] = 0  # at once
    fault = read_fault({**flat, "when": conditions})
    times = 1 if fault.when.times is None and fault.when.every is None else fault.when.times
    return replace(fault, when=replace(fault.when, times=times))


def _given(when: When) -> set[str]:
    return {name for name in CONDITIONS if getattr(when, name) is not None}


def _verb_of(data: Mapping[str, object], place: Place) -> Verb:
    if "do" not in data:
        raise BadFault(place, 'a missing key: found no "do"; expected do: with what goes wrong, such as mute')
    word, place = data["do"], (*place, "do")
    verbs = {verb.value: verb for verb in Verb}
    if not isinstance(word, str) or word not in verbs:
        raise BadFault(place, f"do is not one of the choices: found {_shown(word)}; {_expected(word, verbs)}")
    return verbs[word]


def _when(data: Mapping[str, object], place: Place) -> When:
    _known("when", data, CONDITIONS, place)
    values = {key: _READERS[key](value, (*place, key)) for key, value in data.items()}
    when = When(**values)  # type: ignore[arg-type]
    if when.message is not None:
        names = _IN if when.direction is Direction.IN else _OUT
        if when.message not in names:
            there = "comes in" if when.direction is Direction.IN else "goes out"
            other = when.message in _IN | _OUT
            hint = f"no message of that name {there}; turn direction" if other else _expected(when.message, names, 0)
            raise BadFault((*place, "message"), f"message is not known: found {_shown(when.message)}; {hint}")
    waits = [name for name in ("order", "connection", "message", "frame") if name in data]
    waits += ["at or every"] if "at" in data or "every" in data else []
    if len(waits) > 1 and waits != ["message", "frame"]:
        raise BadFault(place, f"when waits for several things: found {' and '.join(waits)}; expected one of them")
    if "connection" in data and "client" in data:
        raise BadFault((*place, "client"), "a connection has no client id when it is made: expected one of them")
    return when


def _check(fault: Fault, data: Mapping[str, object], place: Place) -> None:
    """Refuse what reads well and has no meaning."""
    verb, trigger = fault.do, fault.trigger
    for needed in _NEEDED.get(verb, ()):
        if needed not in data:
            raise BadFault(place, f'a missing key: found no "{needed}" in {verb.value}; expected {needed}:')
    if verb is Verb.CLIENT_ID_HELD and fault.when.client is None:
        raise BadFault((*place, "when"), "client_id_held holds no id: found no client; expected client: under when:")
    if verb.scope is Scope.FRAME and trigger not in _FRAMES:
        raise BadFault((*place, "when"), f"{verb.value} acts on a frame: expected frame: or message:, or neither")
    if verb.scope is Scope.ORDER and trigger is not Trigger.ORDER and not _rejects(fault):
        raise BadFault((*place, "when"), f"{verb.value} acts on an order: expected order:, or no such condition")
    if trigger is Trigger.BYTES_IN and fault.when.message is not None:
        raise BadFault((*place, "when", "message"), "a frame on its way in is cut before it is read: expected frame:")
    if verb is Verb.CORRECT and (fault.price is None) == (fault.by == 0):
        raise BadFault(place, "correct needs a new price: expected price:, or by: with what it changes by")


def _rejects(fault: Fault) -> bool:
    return fault.do is Verb.REJECT and fault.trigger is Trigger.FRAME_IN


# --- single values


def _mapping(value: object, place: Place) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise BadFault(place, f"not a mapping (key: value): found {_shown(value)}")
    return value


def _known(owner: str, data: Mapping[str, object], known: Iterable[str], place: Place) -> None:
    for key in data:
        if key not in (names := tuple(known)):
            found = f"an unknown key in {owner}: found {_shown(key)}; {_expected(key, names)}"
            raise BadFault((*place, key), found, is_key=True)


def _shown(value: object) -> str:
    return f'"{value}"'[:60] if isinstance(value, str) else str(value)[:60]


def _expected(word: object, known: Iterable[str], most: int = 30) -> str:
    names = list(known)
    close = difflib.get_close_matches(str(word)[:60], names, n=1)
    listed = f"expected one of {', '.join(names)}" if len(names) <= most else "expected the name of a message"
    return listed + (f'; did you mean "{close[0]}"?' if close else "")


Reader = Callable[[object, Place], object]


def _whole(least: int, most: int = _MOST) -> Callable[[object, Place], int]:
    def read(value: object, place: Place) -> int:
        number = _number(value, place)
        if not (least <= number <= most and number == int(number)):
            found = f"found {_shown(value)}; expected a whole number from {least} to {most}"
            raise BadFault(place, f"{place[-1]} is out of bounds: {found}")
        return int(number)

    return read


def _number(value: object, place: Place) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadFault(place, f"{place[-1]} is of the wrong kind: found {_shown(value)}; expected a number")
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= 10**12:
        raise BadFault(place, f"{place[-1]} is out of bounds: found {_shown(value)}")
    return number


def _seconds(value: object, place: Place) -> float:
    number = _number(value, place)
    if not 0 <= number <= _LONGEST:
        raise BadFault(place, f"{place[-1]} is out of bounds: found {_shown(value)}; expected seconds, at least 0")
    return float(number)


def _period(value: object, place: Place) -> float:
    if (seconds := _seconds(value, place)) < 0.01:
        raise BadFault(place, f"{place[-1]} is too short: found {_shown(value)}; expected at least 0.01 seconds")
    return seconds


def _share(value: object, place: Place) -> Decimal:
    number = _number(value, place)
    if not 0 <= number <= 100:
        raise BadFault(place, f"{place[-1]} is out of bounds: found {_shown(value)}; expected 0 to 100 percent")
    return number


def _instant(value: object, place: Place) -> float | datetime:
    if not isinstance(value, str):
        return _seconds(value, place)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        expected = "expected seconds after the start, or a time such as 2025-03-05T14:31:00Z"
        raise BadFault(place, f"{place[-1]} is no instant: found {_shown(value)}; {expected}") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _text(value: object, place: Place) -> str:
    if not isinstance(value, str) or len(value) > 1000 or "\0" in value:
        raise BadFault(place, f"{place[-1]} is of the wrong kind: found {_shown(value)}; expected text")
    return value


def _truth(value: object, place: Place) -> bool:
    if not isinstance(value, bool):
        raise BadFault(place, f"{place[-1]} is of the wrong kind: found {_shown(value)}; expected true or false")
    return value


def _order(value: object, place: Place) -> int | str:
    return _text(value, place) if isinstance(value, str) else _whole(1)(value, place)


def _direction(value: object, place: Place) -> Direction:
    if value not in ("in", "out"):
        raise BadFault(place, f"direction is not one of the choices: found {_shown(value)}; expected in or out")
    return Direction(value)


def _instrument(value: object, place: Place) -> str:
    if (name := _text(value, place)) not in INSTRUMENTS:
        close = difflib.get_close_matches(name.upper()[:60], list(INSTRUMENTS), n=1)
        hint = f'; did you mean "{close[0]}"?' if close else "; expected a localSymbol such as EUR.USD or AAPL"
        raise BadFault(place, f"{place[-1]} is not traded here: found {_shown(name)}{hint}")
    return name


def _word(*known: str) -> Callable[[object, Place], str]:
    def read(value: object, place: Place) -> str:
        if (word := _text(value, place).upper()) not in known:
            expected = f"expected one of {', '.join(known)}"
            raise BadFault(place, f"{place[-1]} is not one of the choices: found {_shown(value)}; {expected}")
        return word

    return read


def _price(value: object, place: Place) -> Decimal:
    if (number := _number(value, place)) <= 0:
        raise BadFault(place, f"{place[-1]} is not positive: found {_shown(value)}")
    return number


CONDITIONS = ("at", "every", "connection", "client", "order", "frame", "direction", "message", "share", "times")
_FRAMES = frozenset({Trigger.FRAME_IN, Trigger.FRAME_OUT, Trigger.BYTES_IN})
_WAITS = frozenset({"at", "every", "connection", "order", "frame", "message"})
_READERS: Mapping[str, Reader] = {
    "at": _instant, "every": _period, "connection": _whole(1), "client": _whole(0), "order": _order,
    "frame": _whole(1), "direction": _direction, "message": _text, "share": _share, "times": _whole(1),
    "for": _seconds, "byte": _whole(0), "code": _whole(1, 99999), "text": _text, "use_id": _truth,
    "data_lost": _truth, "state_lost": _truth, "ids_back": _whole(0), "rate": _whole(1), "strikes": _whole(1),
    "price": _price, "by": _number, "execution": _text,
    "pair": _instrument, "side": _word("BUY", "SELL"), "quantity": _price, "perm_id": _whole(1),
    "type": _word("MKT", "LMT", "STP"), "tif": _word("DAY", "GTC"),
}  # fmt: skip
_FIELDS = {"for": "seconds"}
PARAMETERS: Mapping[Verb, tuple[str, ...]] = {
    Verb.CUT: ("byte",), Verb.DELAY: ("for",), Verb.DROP: (), Verb.DUPLICATE: (), Verb.REORDER: (),
    Verb.SWALLOW: ("use_id",), Verb.REJECT: ("code", "text"), Verb.FILL_AFTER_CANCEL: ("for",),
    Verb.CONNECTIVITY_LOST: ("for", "data_lost"), Verb.CONNECTIVITY_RESTORED: ("data_lost",),
    Verb.RESET: (), Verb.CLOSE: (), Verb.MUTE: ("for",), Verb.STOP_READING: ("for",), Verb.READ_ONLY: ("for",),
    Verb.PACING: ("rate", "strikes"), Verb.CLIENT_ID_HELD: ("for",),
    Verb.RESTART: ("for", "state_lost", "ids_back"), Verb.DAY_ROLLOVER: (),
    Verb.CORRECT: ("price", "by", "execution"), Verb.CALM: (),
    Verb.HAND_ORDER: ("pair", "side", "quantity", "type", "price", "tif"), Verb.HAND_CANCEL: ("perm_id",),
}  # fmt: skip
_NEEDED = {
    Verb.DELAY: ("for",), Verb.STOP_READING: ("for",), Verb.REJECT: ("code",), Verb.CUT: ("byte",),
    Verb.HAND_ORDER: ("pair", "side", "quantity"),
}  # fmt: skip
