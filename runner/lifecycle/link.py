"""Keeps one session alive: connects, listens for its pulse, and says whether an order may be sent over it now.

Driven by the engine's thread: `tick` as time passes, `take` with each fact. Times are seconds of transport time, which
is the machine's monotonic clock, or virtual time in a run on virtual time.

Sources: IBKR's message codes (1100, 1101, 1102, 1300, 2110, 326, 502 to 509, 100); the protocol has no heartbeat, so
the clock of the TWS is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from random import Random

from runner.core.facts import ConnectionLost, CurrentTimeSeen, Fact, Handled, LoggedIn, LoginFailed, NoticeSeen
from runner.errors import ConnectionFailed, FxrunError, JournalBusy
from runner.ib.connection import Connection
from runner.ib.notices import Disposition, classify

PULSE = 7.0  # seconds of silence after which the TWS is asked for its clock, and again until it counts as gone
FRESH = 5.0  # seconds within which something must have been heard before an order is sent
PATIENCE = 0.5  # seconds that an order waits for its answer before the clock is asked for behind it
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
ID_PATIENCE = 120.0  # seconds that a client id may be in use at first: a TWS frees that of a dead session by then
_ID_IN_USE = 326


class LinkState(Enum):
    """Where the session stands."""

    DOWN = "down"
    CONNECTING = "connecting"
    CHECKING = "checking"  # logged in; what the broker knows is being asked for
    READY = "ready"
    BROKER_DOWN = "broker_down"  # the TWS is there, its line to IB is not


class Link:
    """The session of a run. Without supervision it is ready from the start.

    One that is not persistent is not opened again: its loss is the end. One without a pulse is not asked for signs of
    life: on virtual time the gateway of this process cannot fall silent, and asking it would be most of the run.
    """

    def __init__(
        self,
        connection: Connection,
        seconds: Callable[[], float],
        on_change: Callable[[LinkState, str], None] = lambda _state, _detail: None,
        *,
        supervised: bool = True,
        persistent: bool = True,
        pulse: bool = True,
        seed: int = 0,
        begin: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self._on_change = on_change
        self._random = Random(seed)
        self._begin = begin or connection.begin
        self.supervised = supervised
        self._persistent = persistent
        self._has_pulse = pulse
        self.state = LinkState.DOWN if supervised else LinkState.READY
        self.detail = "not connected yet"
        self.fatal: FxrunError | None = None  # trying again would not help, or nobody tries again
        self.login: LoggedIn | None = None
        self.down_since: float | None = seconds() if supervised else None
        self._since = seconds()
        self._pause = FIRST_PAUSE
        self._retry_at = seconds()
        self._heard = seconds()
        self._asked: float | None = None  # when the clock was asked for, None once something was heard
        self._questions = self._answers = 0  # of this session
        self._sent: float | None = None  # when the last order left, None once it was answered
        self._behind: int | None = None  # the question that was asked behind it

    # --- what it says

    def hold(self) -> str | None:
        """Return why no order may be sent now, None if one may; asks for a sign of life where that is the reason."""
        if not self.supervised:
            return None
        if self.state is not LinkState.READY:
            return self.words()
        now = self._seconds()
        if self._sent is not None:
            return "an order before it has not been answered yet"
        if self._has_pulse and now - self._heard > FRESH:
            if self._asked is None:
                self._ask()
            return "the TWS is asked whether it is still there"
        return None

    @property
    def is_usable(self) -> bool:
        """True if requests can be sent, orders or not."""
        return self.state in (LinkState.CHECKING, LinkState.READY, LinkState.BROKER_DOWN)

    def is_opening(self) -> bool:
        """Tell whether a login is awaited, and nothing has come of it yet."""
        return self.state is LinkState.CONNECTING

    def words(self) -> str:
        """Say where the session stands."""
        match self.state:
            case LinkState.READY:
                return "connected"
            case LinkState.CHECKING:
                return "what the broker knows is still being asked for"
            case LinkState.BROKER_DOWN:
                return f"the TWS has no connection to IB ({self.detail})"
            case _:
                return f"no connection: {self.detail}"

    def due(self) -> float | None:
        """Return when `tick` has something to do next, None for never."""
        match self.state:
            case LinkState.DOWN:
                return self._retry_at
            case LinkState.CONNECTING:
                return None
            case _:
                waits = [(self._heard if self._asked is None else self._asked) + PULSE] if self._has_pulse else []
                if self._sent is not None and self._behind is None:
                    waits.append(self._sent + PATIENCE)
                return min(waits, default=None)

    # --- what happens

    def tick(self) -> None:
        """Do what is due: connect, ask for a sign of life, or give the session up."""
        if not self.supervised or self.fatal is not None:
            return
        now = self._seconds()
        if self.state is LinkState.DOWN:
            if now >= self._retry_at:
                self._become(LinkState.CONNECTING, "")
                self._begin()
        elif self.state is not LinkState.CONNECTING:
            self._feel_pulse(now)

    def begun(self) -> None:
        """Note that a session is being opened already."""
        self._become(LinkState.CONNECTING, "")

    def _feel_pulse(self, now: float) -> None:
        if self._has_pulse and self._asked is not None and now - self._asked >= PULSE:
            self._connection.drop(f"the TWS said nothing for {now - self._heard:.0f} s")
        elif self._sent is not None and self._behind is None and now - self._sent >= PATIENCE:
            self._ask()
            self._behind = self._questions
        elif self._has_pulse and self._asked is None and now - self._heard >= PULSE:
            self._ask()

    def _ask(self) -> None:
        self._asked = self._asked or self._seconds()
        self._questions += 1
        try:
            self._connection.request_current_time()
        except ConnectionFailed as failed:
            self._connection.drop(str(failed))

    def sent(self) -> None:
        """Note that an order left; the next one waits until it was answered, or a question asked behind it was."""
        if self.supervised:
            self._sent, self._behind = self._seconds(), None

    def answered(self) -> None:
        """Note that the orders sent last were answered."""
        self._sent = self._behind = None

    def recheck(self, why: str) -> None:
        """Send nothing until what the broker knows has been asked for again."""
        if self.is_usable:
            self._become(LinkState.CHECKING, why)

    def checked(self) -> None:
        """Note that what the broker knows has been taken in."""
        if self.state is LinkState.CHECKING:
            self._become(LinkState.READY, "")

    def take(self, fact: Fact) -> None:
        """Take in a fact about the session; every other one is a sign of life."""
        match fact:
            case Handled():
                return
            case LoggedIn():
                self._log_in(fact)
            case LoginFailed():
                self._fail(fact)
            case ConnectionLost():
                self._lose(fact.reason)
            case NoticeSeen():
                self._heed(fact)
        self._heard, self._asked = self._seconds(), None
        if isinstance(fact, CurrentTimeSeen):
            self._answers += 1
            if self._behind is not None and self._answers >= self._behind:
                self._sent = self._behind = None

    def _log_in(self, fact: LoggedIn) -> None:
        self.login = fact
        self._pause = FIRST_PAUSE
        self._sent = self._behind = None
        self._questions = self._answers = 0
        self._become(LinkState.CHECKING, "")

    def _fail(self, fact: LoginFailed) -> None:
        text = f"{fact.what}: {fact.advice}"
        if self.login is None and fact.is_final:  # it never worked, so waiting will not help
            self.fatal = ConnectionFailed(text)
        elif self.login is None and fact.code == _ID_IN_USE and self._seconds() - self._since >= ID_PATIENCE:
            self.fatal = JournalBusy(f"{text}; it has been in use for {ID_PATIENCE:.0f} s, so another runner has it")
        self._lose(text)

    def _lose(self, reason: str) -> None:
        if not (self.supervised and self._persistent):
            self.fatal = self.fatal or ConnectionFailed(reason)
        if not self.supervised:
            return
        self._sent = self._behind = None
        self._retry_at = self._seconds() + self._pause * self._random.uniform(0.5, 1.0)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._become(LinkState.DOWN, reason)

    def _heed(self, seen: NoticeSeen) -> None:
        if not self.supervised or self.state in (LinkState.DOWN, LinkState.CONNECTING):
            return
        text = f"{seen.code} {seen.text}"
        match classify(seen.code, about_order=False):
            case Disposition.PACING:  # the TWS is about to hang up, and may have left out what came last
                self._connection.drop(text)
            case Disposition.CONNECTION_LOST:
                self._become(LinkState.BROKER_DOWN, text)
            case Disposition.CONNECTION_BACK:
                self._become(LinkState.CHECKING, text)

    def _become(self, state: LinkState, detail: str) -> None:
        if state is self.state and state is not LinkState.CHECKING:
            self.detail = detail or self.detail
            return
        self.state, self.detail = state, detail or self.detail
        if state is LinkState.READY:
            self.down_since = None
        elif self.down_since is None:
            self.down_since = self._seconds()
        self._on_change(state, detail)
