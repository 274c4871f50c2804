"""A run on a TWS, or on a simulated gateway in its place: what must fit together before anything is sent.

Whatever does not fit raises Refused (exit 3), before a connection is opened where that can be known, else at the login.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import files, marks, trading
from runner.cli.checks import NEWER
from runner.cli.checks_session import FX_DATA_SERVER
from runner.cli.marks import LIVE, REHEARSAL
from runner.core.limits import NO_LIMITS
from runner.core.times import stamp
from runner.errors import Refused, UsageError
from runner.plan.model import Mark, Mode, Plan
from runner.settings.load import NAME

if TYPE_CHECKING:
    from runner.core.facts import LoggedIn
    from runner.core.standing import Arming
    from runner.engine.desk import Rules
    from runner.journal.store import Journal
    from runner.settings.model import Settings

WORST_OFFSET = timedelta(seconds=60)
NOTED_OFFSET = timedelta(seconds=2)
NEEDED = ("max_quantity", "max_daily_quantity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Venture:
    """A run that is not simulated in this process: where it goes, for whom, and by which settings.

    `is_bare` is a rehearsal without settings: it wants no arming and has no limits. `account` is None until a login
    has told it, which only a bare one waits for.
    """

    mode: str  # live or rehearsal
    plans: Sequence[Plan]
    settings: Settings
    host: str
    port: int
    journal: str
    account: str | None
    is_service: bool = False  # plans come and go; whoever looks after them knows of edits

    @property
    def is_bare(self) -> bool:
        """True for a rehearsal without settings."""
        return self.mode == REHEARSAL and self.settings.file is None and not self.is_service


def venture(
    plans: Sequence[Plan],
    *,
    rehearsal: str | None,
    settings_file: str | None,
    journal_file: str | None = None,
    folder: Path | None = None,
) -> Venture:
    """Put together where a run goes; raises Refused for what does not fit, UsageError for an address that is none.

    With a folder it is a service for the plans that come and go there, which needs settings in any case.
    """
    settings = files.settings_for(
        [plan.file for plan in plans] if folder is None else [str(folder / NAME)], settings_file
    )
    mode = LIVE if rehearsal is None else REHEARSAL
    host, port = _address(rehearsal) if rehearsal else (settings.host, settings.port)
    is_bare = mode == REHEARSAL and settings.file is None and folder is None
    journal = journal_file or (":memory:" if is_bare else str(settings.journal))
    found = Venture(
        mode=mode,
        plans=plans,
        settings=settings,
        host=host,
        port=port,
        journal=journal,
        account=account_of(plans, settings),
        is_service=folder is not None,
    )
    trading.speak_of(mode, found.account)
    if mode == LIVE:
        _check_modes(plans)
    if not is_bare:
        _check(found)
    return found


def misfit(plan: Plan, found: Venture) -> str | None:
    """Return why a plan is not to be carried out with those settings, None if it is."""
    if plan.account is not None and plan.account != found.account:
        theirs, ours = marks.mask(plan.account), marks.mask(found.account or "")
        return f"{plan.name} is for account {theirs}, and the settings for {ours}; give it a folder with its own"
    try:
        files.refuse_unsafe(plan.file)
    except Refused as refused:
        return str(refused)
    return None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--rehearsal: {text!r} is not an address; expected HOST:PORT, such as 127.0.0.1:7497")
    return host.strip("[]"), int(port)


def account_of(plans: Sequence[Plan], settings: Settings) -> str | None:
    """Return the one account that settings or every plan name; raises Refused for more than one."""
    pinned = [settings.account or plan.account for plan in plans]
    named = {name for name in (settings.account, *(plan.account for plan in plans)) if name is not None}
    if len(named) > 1:
        raise Refused(
            f"plans and settings name different accounts: {', '.join(map(marks.mask, sorted(named)))}; "
            "one journal is for one account, so give each its own settings"
        )
    return None if None in pinned else next(iter(named), None)


def _check_modes(plans: Sequence[Plan]) -> None:
    from runner.errors import Problem

    wrong = []
    for plan in plans:
        if plan.mode is not Mode.LIVE:
            mark = plan.instructions[0].marks.get("mode", Mark(1, 1))
            text = f"{plan.name} is no live plan; write mode: live into it, or leave out --live"
            wrong.append(Problem(plan.file, mark.line, mark.column, text))
    if wrong:
        raise Refused("\n".join(map(str, wrong)), wrong)


def check_settings(settings: Settings, account: str | None) -> str:
    """Return the account; raises Refused if there is none, or if a size limit that live must have is missing."""
    where = settings.file or settings.folder / "fxrun.yaml"
    if account is None:
        raise Refused(
            f"no account is pinned; write the one that the orders are for into {where}, such as\naccount: U1234567"
        )
    if missing := [name for name in NEEDED if getattr(settings.limits, name) is None]:
        raise Refused(
            f"no {' and no '.join(f'limits.{name}' for name in missing)}; a runner without them could send any amount. "
            f"Write them into {where}, such as\nlimits:\n  max_quantity: 100_000\n  max_daily_quantity: 300_000"
        )
    return account


def _check(found: Venture) -> None:
    settings = found.settings
    check_settings(settings, found.account)
    if found.journal == files.MEMORY:
        raise Refused(f"a {found.mode} run needs a journal on the disk, or a restart would send everything twice")
    for file in (*(plan.file for plan in found.plans), *([settings.file] if settings.file is not None else [])):
        files.refuse_unsafe(file)
    _check_host(found)


def _check_host(found: Venture) -> None:
    from runner.settings.remote import remote_reason

    if (reason := remote_reason(replace(found.settings, host=found.host))) is not None:
        raise Refused(reason)


# --- arming


def check_armed(found: Venture, journal: Journal, now: datetime) -> None:
    """Raise Refused unless every plan is armed as it stands."""
    for reason in unarmed(found, journal, now):
        raise Refused(reason)


def unarmed(found: Venture, journal: Journal, now: datetime) -> Iterator[str]:
    """Yield of each plan that is not armed as it stands why, and what to do."""
    if found.is_bare:
        return
    for plan in found.plans:
        if (reason := _unarmed(plan, journal.arming(plan.name), found, now)) is not None:
            yield f"{plan.file}: {reason}"


def _unarmed(plan: Plan, arming: Arming | None, found: Venture, now: datetime) -> str | None:
    way = f"fxrun arm {plan.file}" + (" --rehearsal" if found.mode == REHEARSAL else "")
    if arming is None:
        return f"{plan.name} is not armed in {found.journal}; see what it would send, and allow it, with: {way}"
    if arming.digest != plan.digest:
        return f"{plan.name} was edited since it was armed, which disarmed it; arm it again with: {way}"
    if arming.until <= now:
        return f"{plan.name} was armed until {stamp(arming.until)}; arm it again with: {way}"
    if arming.account != found.account:
        return f"{plan.name} is armed for another account ({marks.mask(arming.account)}); arm it again with: {way}"
    return None


def rules(found: Venture) -> Rules:
    """Return what holds the orders of each plan back."""
    from runner.engine.desk import Rules
    from runner.risk.checks import ArmingWanted
    from runner.settings.model import ExternalOrders

    if found.is_bare or found.account is None:
        return Rules(
            limits={plan.name: plan.limits for plan in found.plans if plan.limits != NO_LIMITS},
            resend=frozenset(plan.name for plan in found.plans if plan.resend),
        )
    return Rules(
        limits={plan.name: found.settings.limits.stricter(plan.limits) for plan in found.plans},
        arming={plan.name: ArmingWanted(plan.digest, found.account) for plan in found.plans},
        resend=frozenset(plan.name for plan in found.plans if plan.resend),
        counts_foreign=found.settings.external_orders is ExternalOrders.COUNT,
        edited=(lambda _plan: None) if found.is_service else _edited({plan.name: plan for plan in found.plans}),
    )


def _edited(plans: dict[str, Plan]) -> Callable[[str], str | None]:
    def look(name: str) -> str | None:
        plan = plans[name]
        try:
            is_same = hashlib.sha256(Path(plan.file).read_bytes()).hexdigest() == plan.digest
        except OSError as error:
            return f"{plan.file} cannot be read any more ({error.strerror}), which disarms it"
        return None if is_same else f"{plan.file} was edited since this run began, which disarms it; arm it and restart"

    return look


# --- the login


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a session is the one that was meant; `note` is told what is no reason to refuse it."""

    found: Venture
    note: Callable[[str], None]
    noted: list[str] = field(default_factory=list)  # of the clock, once a run

    def login(self, fact: LoggedIn) -> None:
        """Raise Refused at a session that is not the one that was meant."""
        found, where = self.found, f"{self.found.host}:{self.found.port}"
        if found.mode == LIVE and fact.simulated:
            raise Refused(
                f"{where} is a simulated gateway, and a live run sends to none; rehearse with --rehearsal {where}"
            )
        if found.mode == REHEARSAL and not fact.simulated:
            raise Refused(
                f"{where} is not a simulated gateway of fxrun (its handshake says {fact.server_time!r}); "
                "--rehearsal sends orders to nothing else. Start one with: fxrun gateway --port PORT"
            )
        if found.account not in fact.accounts:
            theirs = ", ".join(map(marks.mask, fact.accounts)) or "no account"
            raise Refused(
                f"{where} is logged in to {theirs}, and the orders are for {marks.mask(found.account or '')}; "
                "log in to the right one, or correct account: in fxrun.yaml"
            )
        if fact.server_version < FX_DATA_SERVER:
            self._old(fact.server_version)

    def _old(self, version: int) -> None:
        text = (
            f"server version {version}: a TWS refuses market data of currency pairs to this ibapi, so orders that need "
            f"a quote are denied; a newer one: {NEWER}"
        )
        if self.found.mode == LIVE and not self.found.settings.allow_old_api:
            raise Refused(f"{text}; or write allow_old_api: true under connection:, for orders that need no quote")
        self.note(text)

    def clock(self, theirs: datetime, ours: datetime) -> None:
        """Raise Refused if the clocks of TWS and machine are far apart; a simulated gateway may have any time."""
        offset = abs(theirs + timedelta(seconds=0.5) - ours)
        if self.found.mode == LIVE and offset > WORST_OFFSET:
            raise Refused(
                f"this machine's clock is {offset.total_seconds():.0f} s off the TWS's; set it by NTP: fires follow it"
            )
        if self.found.mode == LIVE and offset > NOTED_OFFSET:
            text = f"this machine's clock is {offset.total_seconds():.1f} s off the TWS's; set it by NTP"
            if not self.noted:  # the clock is asked for every few seconds
                self.noted.append(text)
                self.note(text)


def stops_at_foreign(found: Venture) -> bool:
    """Tell whether an order of somebody else halts all sending."""
    from runner.settings.model import ExternalOrders

    return found.settings.external_orders is ExternalOrders.STOP
