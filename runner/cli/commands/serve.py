"""fxrun serve: carry out all plans of a folder, for years."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from runner.cli import files, onlookers, output
from runner.cli.marks import LIVE, REHEARSAL
from runner.cli.observing import LaneView
from runner.errors import Problem, UsageError

if TYPE_CHECKING:
    from runner.cli.folder import Folder, Look
    from runner.cli.lanes import Lane
    from runner.cli.live import Venture
    from runner.cli.observing import Observer, Record
    from runner.cli.systemd import Notifier
    from runner.plan.model import Plan

SIMULATE = "simulate"
LOOKS = 2.0  # seconds between two looks at the folder
_TEND = 0.25

EXAMPLES = """\b
Examples:
  fxrun serve plans
  fxrun serve plans --rehearsal 127.0.0.1:7497
  fxrun serve plans --live
  fxrun serve plans --live --dashboard --metrics
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The command line of a service."""

    folder: str
    live: bool
    rehearsal: str | None
    settings_file: str | None
    as_json: bool
    dashboard: int | None
    allow_control: bool
    metrics: int | None

    @property
    def mode(self) -> str | None:
        """How live plans are carried out, None if they are not."""
        return LIVE if self.live else None if self.rehearsal is None else REHEARSAL


@click.command(epilog=EXAMPLES)
@click.argument("folder", default=".", metavar="[DIR]")
@click.option("--live", is_flag=True, help="Carry out live plans at a TWS; without it only simulated plans run.")
@click.option("--rehearsal", metavar="[HOST:PORT]", help="Carry live plans out at a separate `fxrun gateway`.")
@onlookers.dashboard_option
@onlookers.control_option
@onlookers.metrics_option
@files.settings_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout, as of a run.")
@click.option("--lane", type=click.Choice((SIMULATE, LIVE)), hidden=True, help="Be one of its processes.")
@click.option("--alive", type=int, hidden=True, help="The descriptor on which it says that it lives.")
def command(*, lane: str | None, alive: int | None, **chosen_options: object) -> int:
    """Carry out all plans of a folder until SIGTERM; what is added, edited or taken away is noticed as it happens.

    A plan that does not validate any more goes on in the version before, and that is said. Live plans keep their
    arming: an edit disarms. Simulated plans run beside them in a process of their own, with a journal of their own.
    SIGHUP looks at the folder at once.
    """
    chosen = Options(**chosen_options)  # type: ignore[arg-type]
    if chosen.live and chosen.rehearsal is not None:
        raise UsageError("--live and --rehearsal exclude each other: choose one")
    onlookers.check(dashboard=chosen.dashboard, allow_control=chosen.allow_control, metrics=chosen.metrics)
    if lane is not None and alive is not None:
        return _lane(lane, alive, chosen)
    return Service(chosen).run()


# --- one of its processes


def _lane(kind: str, alive: int, chosen: Options) -> int:
    from runner.cli.lane import run_live, run_simulated
    from runner.cli.narrator import Style
    from runner.cli.roll import Roll, first_order
    from runner.cli.simulated import settings_beside

    mode = SIMULATE if kind == SIMULATE else chosen.mode or LIVE
    style = Style(kind=mode, as_json=chosen.as_json, wall=True, quotes=None, seed=1, is_service=True)
    found = None if kind == SIMULATE else _venture(chosen)
    roll = Roll(first_order().plans, alive)
    if found is None:
        return run_simulated(
            roll, _simulated_journal(chosen), settings_beside((Path(chosen.folder),), chosen.settings_file), style
        )
    return run_live(found, roll, style)


def _venture(chosen: Options) -> Venture:
    from runner.cli import live

    return live.venture(
        (),
        rehearsal=None if chosen.live else chosen.rehearsal,
        settings_file=chosen.settings_file,
        folder=Path(chosen.folder),
    )


def _simulated_journal(chosen: Options) -> str:
    """Return the journal of the simulated plans: beside that of the live ones, and never the same."""
    settings = files.settings_for([str(Path(chosen.folder) / "plan")], chosen.settings_file)
    return str(settings.journal.with_name(f"{settings.journal.stem}-simulate{settings.journal.suffix}"))


# --- the one that looks after them


class Service:
    """Looks at the folder, tells the lanes, starts them again, and ends them."""

    def __init__(self, chosen: Options) -> None:
        from runner.cli.folder import Folder

        self._chosen = chosen
        self._found = None if chosen.mode is None else _venture(chosen)
        self._folder: Folder = Folder(Path(chosen.folder), self._objection)
        self._lanes: dict[str, Lane] = {}
        self._journals: dict[str, Path] = {}  # by lane
        self._lane_of: dict[str, str] = {}  # by plan
        self._digests: dict[str, str] = {}
        self._asked = threading.Event()  # a signal has come
        self._stop: int | None = None
        self._reload = False
        self._observers: list[Observer] = []

    def run(self) -> int:
        """Serve until a signal, or until a lane ends for good; returns the exit code."""
        from runner.cli.lanes import DRAIN
        from runner.cli.systemd import Notifier

        with ExitStack() as stack:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                stack.callback(signal.signal, number, signal.signal(number, self._take))
            self._make_lanes()
            stack.callback(self._close_observers)
            self._begin_onlookers()
            self._pass_on(self._folder.look())
            said = Notifier()
            self._go_round(said)
            said.stopping()
            deadline = time.monotonic() + DRAIN
            for lane in self._lanes.values():
                lane.stop()
            codes = [lane.wait(deadline) for lane in self._lanes.values()]
        ended = [lane.ended for lane in self._lanes.values() if lane.ended is not None]
        return next((code for code in (*ended, *codes) if code), 130 if self._stop == signal.SIGINT else 0)

    def _close_observers(self) -> None:
        for observer in self._observers:
            observer.close()

    def _happened(self, lane: str, record: Record) -> None:
        for observer in self._observers:
            observer.happened(lane, record)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._stop = self._stop or number
        self._asked.set()

    def _make_lanes(self) -> None:
        from runner.cli.lanes import Lane, command

        chosen = self._chosen
        shared = {"--settings": chosen.settings_file, "--json": chosen.as_json}
        self._journals[SIMULATE] = Path(_simulated_journal(chosen))
        self._lanes[SIMULATE] = Lane(SIMULATE, command(chosen.folder, SIMULATE, shared), self._happened)
        if chosen.mode is not None and self._found is not None:
            self._journals[LIVE] = Path(self._found.journal)
            way = {"--live": True} if chosen.live else {"--rehearsal": chosen.rehearsal}
            self._lanes[LIVE] = Lane(LIVE, command(chosen.folder, LIVE, {**shared, **way}), self._happened)

    def _go_round(self, said: Notifier) -> None:
        looked = time.monotonic()
        while self._stop is None and not any(lane.ended is not None for lane in self._lanes.values()):
            for lane in self._lanes.values():
                lane.tend()
            if all(lane.is_ready for lane in self._lanes.values()):
                said.ready(self._words())
            if not any(lane.is_stuck for lane in self._lanes.values()):
                said.alive()
            self._asked.wait(_TEND)
            self._asked.clear()
            if self._reload or time.monotonic() - looked >= LOOKS:
                at_once, self._reload = self._reload, False
                self._pass_on(self._folder.look(at_once=at_once))
                looked = time.monotonic()

    def _words(self) -> str:
        return ", ".join(f"{len(lane.plans)} {name}" for name, lane in self._lanes.items())

    # --- those who look on

    def _begin_onlookers(self) -> None:
        chosen = self._chosen
        settings = files.settings_for([str(Path(chosen.folder) / "plan")], chosen.settings_file)
        wanted = onlookers.begin(
            self, settings, dashboard=chosen.dashboard, allow_control=chosen.allow_control, metrics=chosen.metrics
        )
        for observer in wanted:
            self._observers.append(observer)

    def lanes(self) -> tuple[LaneView, ...]:
        """Return how the lanes stand."""
        away: dict[str, Any] = {}
        if self._found is not None:
            settings = self._found.settings
            restart = () if settings.restart is None else (settings.restart,)
            away = {"outages": (*settings.resets, *restart), "grace": settings.grace}
        return tuple(
            LaneView(
                name=lane.name,
                mode=SIMULATE if lane.name == SIMULATE else self._chosen.mode or LIVE,
                journal=self._journals[lane.name],
                is_ready=lane.is_ready,
                is_alive=lane.is_alive,
                plans=tuple(lane.plans.values()),
                figures=lane.figures,
                **away,
            )
            for lane in reversed(self._lanes.values())
        )

    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with files of the folder."""
        return self._folder.problems

    # --- plans

    def _objection(self, plan: Plan) -> str | None:
        from runner.cli import live
        from runner.plan.model import Mode

        if plan.mode is not Mode.LIVE:
            return None
        if self._found is None:
            return f"{plan.name} is a live plan, and this service has no --live: it is not carried out"
        return live.misfit(plan, self._found)

    def _pass_on(self, look: Look) -> None:
        from runner.cli.roll import Order

        output.tell_problems(look.problems, as_json=self._chosen.as_json)
        for name in look.kept:
            output.note(f"fxrun: {name} goes on in the version before")
        orders: dict[str, tuple[list[Plan], list[str]]] = {name: ([], []) for name in self._lanes}
        for name in look.gone:
            orders[self._lane_of.pop(name)][1].append(name)
            self._digests.pop(name, None)
            output.note(f"fxrun: {name} is gone from {self._chosen.folder}; what it has at the broker is followed on")
        for plan in look.plans:
            self._sort_in(plan, orders)
        for name, (plans, gone) in orders.items():
            if plans or gone:
                self._lanes[name].tell(Order(plans=tuple(plans), gone=tuple(gone)))

    def _sort_in(self, plan: Plan, orders: dict[str, tuple[list[Plan], list[str]]]) -> None:
        lane = LIVE if plan.mode.value == LIVE else SIMULATE
        before = self._lane_of.get(plan.name, lane)
        if before != lane:
            orders[before][1].append(plan.name)
        elif self._digests.get(plan.name) == plan.digest:
            return  # it was written once more, and says the same
        self._lane_of[plan.name], self._digests[plan.name] = lane, plan.digest
        orders[lane][0].append(plan)
