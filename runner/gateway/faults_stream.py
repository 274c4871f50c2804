"""The frames of one connection on their way in and out, and what faults make of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from datetime import datetime

from runner.gateway.faults import Fault, Trigger, Verb
from runner.gateway.faults_read import GREETING
from runner.gateway.faults_rules import Event
from runner.gateway.faults_trouble import Trouble
from runner.wire.messages import Request

_LENGTH = struct.Struct("!I")
_PREFIX = 4  # API\0, before the length of the greeting
_LONGEST = 4 * 1024 * 1024  # bytes of a frame from a client; what is longer is no request


class Outlet:
    """What a session says, until it is taken to be sent; only what can be taken is ever counted as sent."""

    def __init__(self, trouble: Trouble, connection: int) -> None:
        self._trouble = trouble
        self._connection = connection
        self._out = bytearray()
        self._swapped: bytes | None = None  # waits for the frame behind it
        self._held: bytearray | None = None  # waits for its time
        self._until: datetime | None = None
        self._mute_until: datetime | None = None
        self._is_mute = False
        self.is_cut = False

    @property
    def is_plain(self) -> bool:
        """True if nothing can happen to what is said."""
        return not (
            self._is_mute
            or self.is_cut
            or self._held is not None
            or self._swapped is not None
            or self._trouble.waits(Trigger.FRAME_OUT)
        )

    @property
    def is_done(self) -> bool:
        """True if the last that is said was cut, and has been taken."""
        return self.is_cut and self._held is None and not self._out

    def __len__(self) -> int:
        return len(self._out)

    def take(self) -> bytearray:
        """Return what may be sent, once."""
        taken, self._out = self._out, bytearray()
        return taken

    def add(self, data: bytes | bytearray) -> None:
        """Say something to which nothing can happen."""
        self._out += data
        self._trouble.stirred.add(self._connection)

    def send(self, name: str, data: bytes, client: int | None) -> None:
        """Say one frame, or what becomes of it."""
        copies = 1
        if self._trouble.waits(Trigger.FRAME_OUT):
            event = Event(Trigger.FRAME_OUT, self._connection, client, name)
            for fault in self._trouble.happen(event):
                self._trouble.note(fault.do, client, name)
                if fault.do is Verb.REORDER and self._swapped is None:
                    self._swapped, copies = data, 0
                else:
                    copies = self._meet(fault, data, copies)
        self._pass(data * copies)

    def _meet(self, fault: Fault, data: bytes, copies: int) -> int:
        """Let a fault happen to a frame; returns how often it is sent."""
        if fault.do is Verb.DUPLICATE:
            return copies * 2
        if fault.do is Verb.DELAY:
            self._hold(self._trouble.later(fault.seconds or 0))
        elif fault.do is Verb.CUT:
            self._pass(data[: fault.byte])
            self.is_cut = True
            self._trouble.stirred.add(self._connection)
            return 0
        return 0 if fault.do is Verb.DROP else copies

    def _pass(self, data: bytes) -> None:
        if not data or self.is_cut or self.is_mute():
            return
        behind, self._swapped = self._swapped or b"", None
        if self._held is None:
            self.add(data + behind)
        else:
            self._held += data + behind

    def _hold(self, until: datetime) -> None:
        self._until = max(until, self._until or until)
        self._held = bytearray() if self._held is None else self._held
        self._trouble.agenda.plan(until, self._release)

    def _release(self) -> None:
        if self._held is not None and self._until is not None and self._until <= self._trouble.now():
            self.add(self._held)
            self._held = self._until = None

    def mute(self, until: datetime | None) -> None:
        """Lose everything that is said from now on, for good or for a while."""
        self._is_mute, self._mute_until = True, until

    def is_mute(self) -> bool:
        """Tell whether what is said is lost."""
        if self._is_mute and self._mute_until is not None and self._mute_until <= self._trouble.now():
            self._is_mute = False
        return self._is_mute

    def calm(self) -> None:
        """Say everything that waits, and from now on everything."""
        self._is_mute = False
        self.add((self._held or b"") + (self._swapped or b""))
        self._held = self._until = self._swapped = None


class Inlet:
    """What a client asks, on its way to those who answer."""

    def __init__(self, trouble: Trouble, connection: int, perform: Callable[[Request], None]) -> None:
        self._trouble = trouble
        self._connection = connection
        self._perform = perform
        self._swapped: Request | None = None
        self._held: list[Request] | None = None
        self._until: datetime | None = None

    def greeted(self) -> None:
        """Count the greeting, which is the first frame."""
        if self._trouble.waits(Trigger.FRAME_IN):
            self._trouble.happen(Event(Trigger.FRAME_IN, self._connection, None, GREETING))

    def take(self, request: Request, client: int | None) -> Fault | None:
        """Let a request be performed, or what becomes of it; returns the fault that refuses it."""
        if not self._trouble.waits(Trigger.FRAME_IN) and self._held is None and self._swapped is None:
            self._perform(request)
            return None
        copies, refusal = 1, None
        event = Event(Trigger.FRAME_IN, self._connection, client, type(request).__name__)
        for fault in self._trouble.happen(event):
            self._trouble.note(fault.do, client, event.message)
            if fault.do is Verb.REJECT:
                refusal, copies = fault, 0
            elif fault.do is Verb.REORDER and self._swapped is None:
                self._swapped, copies = request, 0
            else:
                copies = self._meet(fault, copies)
        self._pass(request, copies)
        return refusal

    def _meet(self, fault: Fault, copies: int) -> int:
        if fault.do is Verb.DELAY:
            self._until = self._trouble.later(fault.seconds or 0)
            self._held = [] if self._held is None else self._held
            self._trouble.agenda.plan(self._until, self.release)
        return copies * {Verb.DUPLICATE: 2, Verb.DROP: 0}.get(fault.do, 1)

    def _pass(self, request: Request, copies: int) -> None:
        if not copies:
            return
        requests = [request] * copies
        if self._swapped is not None:
            requests.append(self._swapped)
            self._swapped = None
        if self._held is not None:
            self._held += requests
            return
        for each in requests:
            self._perform(each)

    def release(self) -> None:
        """Perform what has waited long enough."""
        if self._held is None or self._until is None or self._until > self._trouble.now():
            return
        held, self._held, self._until = self._held, None, None
        for request in held:
            self._perform(request)

    def calm(self) -> None:
        """Perform everything that waits."""
        waiting = [*(self._held or ()), *([] if self._swapped is None else [self._swapped])]
        self._held = self._until = self._swapped = None
        for request in waiting:
            self._perform(request)


class Gauge:
    """Counts the frames in the bytes of a client, and ends them within the one that is to be cut."""

    def __init__(self, trouble: Trouble, connection: int) -> None:
        self._trouble = trouble
        self._connection = connection
        self._head = b""
        self._left = 0  # bytes of the frame's body that have not come
        self._offset = 0  # bytes of the frame that have come
        self._cut: int | None = None
        self._prefix = _PREFIX  # before the first length
        self.problem = ""

    def admit(self, data: bytes, client: int | None) -> tuple[bytes, bool]:
        """Return the bytes that come through, and whether nothing more does."""
        place = 0
        while place < len(data):
            if self._offset == 0:
                self._cut = self._cut_of(client)
            if self._cut is not None and self._cut <= self._offset:
                return data[:place], True
            piece = data[place : place + self._wanted()]
            place += len(piece)
            self._take(piece)
            if self._left > _LONGEST:
                self.problem = f"a frame of {self._left:,} bytes, at most {_LONGEST:,} are taken"
                return data[:place], True
        return data, self._cut is not None and self._cut <= self._offset > 0

    def _cut_of(self, client: int | None) -> int | None:
        if not self._trouble.waits(Trigger.BYTES_IN):
            return None
        for fault in self._trouble.happen(Event(Trigger.BYTES_IN, self._connection, client)):
            self._trouble.note(fault.do, client, f"byte {fault.byte} of a frame from it")
            return fault.byte
        return None

    def _wanted(self) -> int:
        wanted = self._left or self._prefix + _LENGTH.size - len(self._head)
        return wanted if self._cut is None else min(wanted, self._cut - self._offset)

    def _take(self, piece: bytes) -> None:
        self._offset += len(piece)
        if self._left:
            self._left -= len(piece)
        else:
            self._head += piece
            if len(self._head) < self._prefix + _LENGTH.size:
                return
            (self._left,) = _LENGTH.unpack(self._head[self._prefix :])
            self._head, self._prefix = b"", 0
        if not self._left:
            self._offset = 0  # the next byte begins another frame


def frames(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the frames of one answer, each with its name; bars are followed by an end of their own from 196 on."""
    place = 0
    while place < len(data):
        end = place + _LENGTH.size + _LENGTH.unpack_from(data, place)[0]
        yield (f"{name}End" if place else name), data[place:end]
        place = end
