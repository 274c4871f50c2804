"""The gateway as a process of its own: wall clock, signals, what it prints."""

from __future__ import annotations

import signal
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from runner.core.clock import Clock
from runner.errors import FxrunError
from runner.gateway.fills import PLAIN, FillModel
from runner.gateway.framelog import FrameLog
from runner.gateway.market import CREDIT, Market, QuotesMarket, SyntheticMarket
from runner.gateway.overlay import Overlay
from runner.gateway.scenario import Scenario
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.snapshot import Snapshot, snapshot
from runner.gateway.state import Store
from runner.gateway.truth import TruthFile

if TYPE_CHECKING:
    from runner.gateway.state_file import StateFile

STDERR = Path("-")
_LAST_NOTES = 5


class WallTime:
    """The wall's time."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)


class FastTime:
    """A time that runs a whole number of times as fast as the wall's, and starts there, or later."""

    def __init__(self, speed: int, start: datetime | None = None) -> None:
        self._speed = speed
        self._start = start or datetime.now(UTC)
        self._began = monotonic()

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return self._start + timedelta(seconds=(monotonic() - self._began) * self._speed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """What a gateway reads and writes beside its socket; None: nothing."""

    quotes: Path | None = None
    truth: Path | None = None
    state: Path | None = None
    opening: Mapping[str, Decimal] | None = None  # the cash that was asked for, which a state must have begun with
    faults: Path | None = None  # where the faults of the settings stand
    scenario: Scenario | None = None
    frames: Path | None = None  # where messages are logged; "-": to stderr
    table: bool = False  # on stderr, which must be a terminal
    start: datetime | None = None  # where its time begins; None: at the wall's
    control: int | None = None  # the port of the control socket, 0: any


def serve(port: int, settings: GatewaySettings, files: Files) -> int:
    """Run a gateway until SIGTERM (returns 0) or SIGINT (returns 130); raises FxrunError if it cannot go on."""
    market = _market(settings.seed, files)
    truth = None if files.truth is None else TruthFile(files.truth)
    store = _store(files, settings)
    if truth is not None and store is not None:
        truth.mend(store.truth)
    clock = _clock(settings.speed, files.start, 0 if store is None else store.at)
    if files.scenario is not None:
        more = (*settings.faults.faults, *files.scenario.faults(clock.now()))
        settings = replace(settings, faults=replace(settings.faults, faults=more))
    log = None if files.frames is None else FrameLog(clock.now, None if files.frames == STDERR else files.frames)
    notes = _Notes(log, is_shown=files.table)
    gateway = Gateway(market, clock, settings, truth=truth, store=store, log=log, notes=notes.put)
    stopped = _Stop(gateway.ended)
    try:
        bound = gateway.start(port, files.control)
    except FxrunError:
        _close(truth, store, log)
        raise
    _introduce(settings, files, gateway, clock)
    sys.stdout.write(f"listening on 127.0.0.1:{bound}\n")
    sys.stdout.flush()
    if files.table:
        _show(gateway, clock, stopped, notes)
    code = stopped.wait()
    gateway.stop()
    _close(log)
    if gateway.failure is not None:
        raise gateway.failure
    return code


def _store(files: Files, settings: GatewaySettings) -> StateFile | None:
    if files.state is None:
        return None
    from runner.gateway.state_file import StateFile

    return StateFile(files.state, settings, opening=files.opening)


def _close(*kept: TruthFile | Store | FrameLog | None) -> None:
    for one in kept:
        if isinstance(one, Store):
            one.close(0)
        elif one is not None:
            one.close()


def _show(gateway: Gateway, clock: Clock, stopped: _Stop, notes: _Notes) -> None:
    from runner.gateway.table import show

    def look() -> Snapshot:
        at = int(clock.now().timestamp())
        return gateway.call(lambda venue: snapshot(venue, gateway.sessions, at, notes.last))

    with suppress(FxrunError):  # it has ended between two looks, and says why afterwards
        show(look, stopped.is_over)


def _clock(speed: int, start: datetime | None, last: int) -> Clock:
    """Return the time to serve in; it goes on behind the last instant of an earlier gateway, if that was ahead."""
    begin = start or datetime.now(UTC)
    if last > begin.timestamp():
        return FastTime(speed, datetime.fromtimestamp(last, UTC))
    return WallTime() if speed == 1 and start is None else FastTime(speed, begin)


def _introduce(settings: GatewaySettings, files: Files, gateway: Gateway, clock: Clock) -> None:
    cash, open_orders = gateway.call(lambda venue: (dict(venue.account.cash), len([*venue.book.live()])))
    held = ", ".join(
        f"{currency} {amount:,f}" for currency, amount in cash.items() if amount or currency in settings.cash
    )
    told = [
        f"simulated TWS, account {settings.account}, {held}{_pace(settings, clock)}; Ctrl-C stops it",
        f"synthetic intraday path; {CREDIT}" if files.quotes is None else f"prices from {files.quotes}",
    ]
    if settings.fill_model != PLAIN:
        told.append(f"fills: {_changed(settings.fill_model)}")
    if gateway.control_port is not None:
        told.append(f"control on 127.0.0.1:{gateway.control_port}")
    if files.faults is not None:
        told.append(f"faults of {files.faults}")
    if (over := files.scenario) is not None:
        told.append(f"scenario {over.name} ({over.source}) from {datetime.fromtimestamp(over.start, UTC):%FT%TZ} on")
    if files.frames is not None:
        told.append(f"messages are logged {'here' if files.frames == STDERR else f'in {files.frames}'}")
    if files.state is not None:
        told.append(f"state in {files.state}: {open_orders} open order{'' if open_orders == 1 else 's'}")
    sys.stderr.write("".join(f"{line}\n" for line in told))
    sys.stderr.flush()


def _changed(model: FillModel) -> str:
    values = {field.name: getattr(model, field.name) for field in fields(model)}
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != getattr(PLAIN, name))


def _pace(settings: GatewaySettings, clock: Clock) -> str:
    now = clock.now()
    is_apart = abs((now - datetime.now(UTC)).total_seconds()) > 60
    begun = f", from {now:%Y-%m-%dT%H:%M:%SZ} on" if is_apart else ""
    return begun + ("" if settings.speed == 1 else f", {settings.speed} seconds a second")


def _market(seed: int, files: Files) -> Market:
    base = SyntheticMarket(seed) if files.quotes is None else QuotesMarket(files.quotes)
    return base if files.scenario is None or files.scenario.pair is None else Overlay(base, files.scenario)


class _Notes:
    """Where a line on each fault goes: to the log or stderr, and into the table."""

    def __init__(self, log: FrameLog | None, *, is_shown: bool) -> None:
        self._log = log
        self._is_shown = is_shown
        self.last: deque[str] = deque(maxlen=_LAST_NOTES)

    def put(self, line: str) -> None:
        self.last.append(line)
        if self._log is not None:
            self._log.note(line)
        elif not self._is_shown:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


class _Stop:
    """Waits for a signal, or the gateway's own end, and knows which exit code it means."""

    def __init__(self, came: threading.Event) -> None:
        self._came = came
        self._code = 1
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._code = 130 if number == signal.SIGINT else 0
        self._came.set()

    def is_over(self, seconds: float) -> bool:
        """Wait that long for the end; tell whether it has come."""
        return self._came.wait(seconds)

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        while not self._came.wait(0.5 if sys.platform == "win32" else None):
            pass  # Windows delivers Ctrl-C only between waits
        return self._code
