"""Tells people what a service does: an observer that passes events on to one outbox for each receiver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from runner.cli.marks import mark_of
from runner.cli.observing import LEFT_OUT, LaneView, Record, Serving
from runner.notify import delivery, secrets
from runner.notify.digest import Calendar, digest_of, read
from runner.notify.outbox import Outbox
from runner.notify.ping import Ping
from runner.notify.words import event_of
from runner.settings.model import Settings
from runner.settings.notify import Receiver

CLOSING = 2.0  # seconds
_LOOK = 5.0


class Notifications:
    """Takes what happens and returns at once; everything that may take time has threads of its own."""

    def __init__(
        self,
        serving: Serving,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        now: Callable[[], datetime],
        note: Callable[[str], None],
    ) -> None:
        """Read the addresses; raises UsageError if one is not there or apprise is missing."""
        notify = settings.notify
        if notify.to:
            delivery.check_installed()
        self._serving, self._settings, self._now = serving, settings, now
        addresses = [secrets.resolve(one.url, settings.folder, environ) for one in notify.to]
        url = None if notify.ping is None else secrets.resolve(notify.ping, settings.folder, environ)
        self._ping = None if url is None else Ping(url, self._is_well, lambda text: note(f"fxrun: {text}"))
        self._outboxes = [
            (one, Outbox(partial(delivery.deliver, address), notify.at_most, _noting(one, note)))
            for one, address in zip(notify.to, addresses, strict=True)
        ]
        self._known: dict[str, tuple[str, str]] = {}  # the mark and the journal of a lane
        self._end = threading.Event()
        if notify.digest is not None and notify.to:
            threading.Thread(target=self._digests, name="digest", daemon=True).start()

    def happened(self, lane: str, record: Record) -> None:
        """Pass on what is news to somebody."""
        if record.get("type") == LEFT_OUT:
            for _, outbox in self._outboxes:
                outbox.leave_out(int(str(record["count"])))
        event = event_of(record, *self._about(lane))
        if event is None:
            return
        for receiver, outbox in self._outboxes:
            if event.kind in receiver.on and (not event.plan or receiver.plans is None or event.plan in receiver.plans):
                outbox.put(event)

    def deliveries(self) -> Mapping[str, int]:
        """Return how many attempts were taken, and how many have failed."""
        boxes = [outbox for _, outbox in self._outboxes]
        return {"taken": sum(box.taken for box in boxes), "failed": sum(box.failed for box in boxes)}

    def close(self) -> None:
        """Send what waits, for two seconds at most."""
        self._end.set()
        if self._ping is not None:
            self._ping.close()
        deadline = time.monotonic() + CLOSING
        for _, outbox in self._outboxes:
            outbox.close(deadline)

    def _about(self, lane: str) -> tuple[str, str]:
        if lane not in self._known:
            views = {view.name: view for view in self._serving.lanes()}
            self._known[lane] = (self._mark(views[lane]), str(views[lane].journal))
        return self._known[lane]

    def _mark(self, view: LaneView) -> str:
        named = next((plan.account for plan in view.plans if plan.account is not None), None)
        return mark_of(view.mode, self._settings.account or named)

    def _is_well(self) -> bool:
        lanes = self._serving.lanes()
        return bool(lanes) and all(lane.is_alive and lane.is_ready for lane in lanes)

    def _digests(self) -> None:
        notify, first = self._settings.notify, self._serving.lanes()[0].journal
        assert notify.digest is not None
        calendar = Calendar(notify.digest, notify.zone, Path(f"{first}-digest"))
        while not self._end.wait(_LOOK):
            if self._is_well() and calendar.take(self._now()):
                now = self._now()
                journals = [read(self._mark(lane), lane.name, lane.journal, now) for lane in self._serving.lanes()]
                for receiver, outbox in self._outboxes:
                    outbox.post(digest_of(journals, receiver.plans, now))


def _noting(receiver: Receiver, note: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: note(f"fxrun: notify {receiver.url} {text}")
