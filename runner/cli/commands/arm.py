"""`fxrun arm`: show what plans would send, and allow it for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import advice, asking, examples, files, forecast, marks, options, output, trading
from runner.cli.asking import Address
from runner.cli.examples import Example
from runner.cli.live import account_of, check_settings
from runner.cli.marks import LIVE, REHEARSAL
from runner.cli.plan_words import order_words
from runner.cli.trading import Voice
from runner.core.limits import Limits
from runner.core.money import plain
from runner.core.standing import Arming
from runner.core.ticket import OrderTicket
from runner.core.times import parse_duration, stamp
from runner.errors import Refused, UsageError
from runner.plan.model import Mode, Plan
from runner.schedule import described

if TYPE_CHECKING:
    from runner.cli.forecast import Foreseen
    from runner.journal.control import Ledger
    from runner.settings.model import Settings

LONGEST = timedelta(days=366)
WEEK = timedelta(days=7)
_DIGEST = 12


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            length = parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        if length > LONGEST:
            self.fail(f"{value!r}: expected at most {LONGEST.days}d; arm it again when it ends", param, ctx)
        return length


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What somebody is asked to allow."""

    plans: Sequence[Plan]
    settings: Settings
    journal: Path
    mode: str
    account: str
    at: datetime
    until: datetime
    address: Callable[[], Address]  # where quotes are asked for; raises Refused

    def limits_of(self, plan: Plan) -> Limits:
        """Return what binds a plan: its own limits and those of the settings."""
        return self.settings.limits.stricter(plan.limits)


@click.command(
    epilog="Exit code: 0 if armed, 2 if a plan or setting does not validate, 3 if refused or not confirmed. "
    "Example: fxrun arm eurusd-weekday.yaml --for 30d"
)
@options.plans_argument
@click.option("--for", "lasts", type=_Duration(), default="90d", show_default=True, help="How long it may send.")
@click.option("--yes", "confirmed", metavar="ACCOUNT", help="Confirm with the account instead of typing it.")
@click.option("--live", is_flag=True, help="For live trading; so it is without --rehearsal, too.")
@click.option("--rehearsal", metavar="[HOST:PORT]", help="For a rehearsal on `fxrun gateway` instead of live.")
@files.settings_option
@files.journal_option
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    *,
    lasts: timedelta,
    confirmed: str | None,
    live: bool,
    rehearsal: str | None,
    settings_file: str | None,
    journal_file: str | None,
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """Show exactly what plans would send in the next week, and allow it once the account is typed.

    Live orders (and those of a rehearsal) are sent for armed plans only. An edited plan is not armed any more; arming
    again needs no restart of the runner.
    """
    from runner.plan import load_all

    if live and rehearsal is not None:
        raise UsageError("--live and --rehearsal exclude each other: each has a journal of its own")
    loaded = load_all(plans, options.given(assigned))
    settings = files.settings_for(plans, settings_file)
    now = options.now().replace(microsecond=0)
    mode = LIVE if rehearsal is None else _rehearsal(rehearsal)
    account = account_of(loaded, settings)
    trading.speak_of(mode, account)
    offer = Offer(
        plans=loaded,
        settings=settings,
        journal=files.journal_of(settings, journal_file),
        mode=mode,
        account=check_settings(settings, account),
        at=now,
        until=now + lasts,
        address=lambda: _address(settings, rehearsal, files.journal_of(settings, journal_file)),
    )
    _check(offer)
    voice = Voice(mode=mode, account=offer.account, as_json=as_json)
    _show(offer, voice)
    _confirm(offer, confirmed)
    _store(offer)
    for plan in loaded:
        _tell_armed(offer, plan, voice)


# --- what must fit together


def _rehearsal(address: str) -> str:
    host, _, port = address.rpartition(":")
    if address and not (host and port.isdecimal()):
        raise UsageError(
            f"--rehearsal: {address!r} is no address; expected HOST:PORT, or none for that of the settings"
        )
    return REHEARSAL


def _address(settings: Settings, rehearsal: str | None, journal: Path) -> Address:
    host, _, port = (rehearsal or "").rpartition(":")
    return asking.address_of(settings, host.strip("[]") or None, int(port) if port else None, journal=journal)


def _check(offer: Offer) -> None:
    """Raise Refused for what does not fit together."""
    for plan in offer.plans:
        files.refuse_unsafe(plan.file)
        if offer.mode == LIVE and plan.mode is not Mode.LIVE:
            raise Refused(
                f"{plan.file}: its mode is {plan.mode.value}; write mode: live to trade with it, "
                "or arm it for a rehearsal with --rehearsal"
            )
    if offer.settings.file is not None:
        files.refuse_unsafe(offer.settings.file)
    if _is_made(offer.journal):
        with trading.open_ledger(offer.journal) as ledger:
            _check_binding(ledger, offer)


def _check_binding(ledger: Ledger, offer: Offer) -> None:
    bound = ledger.mode_and_account()
    if bound is None or bound == (offer.mode, offer.account):
        return
    mode, account = bound
    raise Refused(
        f"{offer.journal}: belongs to {mode} on {marks.mask(account)}, this is {offer.mode} on "
        f"{marks.mask(offer.account)}; name a journal of its own with --journal, or with journal: in the settings"
    )


# --- what is shown


def _show(offer: Offer, voice: Voice) -> None:
    kind = marks.kind_of(offer.account, simulated=offer.mode == REHEARSAL)
    about = {"account": offer.account, "account_kind": kind, "journal": str(offer.journal)}
    if not voice.as_json:
        voice.tell(f"account {offer.account} ({kind}), journal {offer.journal}", {})
    shown = _examples(offer)
    for plan in offer.plans:
        limits = offer.limits_of(plan)
        fields: dict[str, object] = {
            "plan": plan.name,
            "file": plan.file,
            "digest": plan.digest,
            "until": stamp(offer.until),
            **about,
        }
        fields["examples"] = [_example_fields(one) for (name, _), one in shown.items() if name == plan.name]
        fields["limits"] = forecast.limits_fields(limits)
        voice.tell(_plan_words(offer, plan, shown), {"type": "offer", **fields})
        output.tell_warnings(advice.of_year(plan, offer.at), as_json=False)
    _show_week(offer, voice)


def _examples(offer: Offer) -> Mapping[tuple[str, str], Example]:
    found = examples.of(
        [each for plan in offer.plans for each in plan.instructions],
        offer.address,
        offer.at,
        simulated=offer.mode == REHEARSAL,
    )
    trading.speak_of(offer.mode, offer.account)  # whoever answered
    return found


def _example_fields(example: Example) -> dict[str, object]:
    quote = None if example.quote is None else {"bid": plain(example.quote.bid), "ask": plain(example.quote.ask)}
    tickets = [_ticket_fields(ticket) for ticket in example.tickets]
    return {"order": example.order, "quote": quote, "source": example.source, "why": example.why, "tickets": tickets}


def _plan_words(offer: Offer, plan: Plan, shown: Mapping[tuple[str, str], Example]) -> list[str]:
    lines = [
        f"{plan.name}: {plan.file} (sha256 {plan.digest[:_DIGEST]}), to be armed until {stamp(offer.until)}",
        f"  limits: {forecast.limits_words(offer.limits_of(plan))}",
    ]
    for instruction in plan.instructions:
        lines.append(f"  {instruction.order}: {described(instruction.schedule)}")
        tickets, unknown = forecast.expected(instruction, offer.at)
        if unknown is not None:
            lines.append(f"    worked out at each fire: {order_words(instruction)}")
            if (example := shown.get((plan.name, instruction.order))) is not None:
                lines += [f"    {line}" for line in example.words()]
        lines += [f"    {ticket.role.value}: {trading.ticket_words(ticket)}" for ticket in tickets]
    return lines


def _show_week(offer: Offer, voice: Voice) -> None:
    end = min(offer.at + WEEK, offer.until)
    limits = {plan.name: offer.limits_of(plan) for plan in offer.plans}
    week = forecast.of(offer.plans, limits, offer.at, end)
    if not voice.as_json:
        voice.tell(f"{trading.counted(week.fires, 'fire')} until {stamp(end)}:" if week.fires else _NO_FIRE, {})
    for foreseen in week.shown:
        voice.tell(_fire_words(foreseen), _fire_fields(foreseen))
    for (plan, order), count in week.left_out.items():
        left = {"type": "more", "plan": plan, "order": order, "fires": count, "until": stamp(end)}
        voice.tell(f"and {trading.counted(count, 'fire')} more of {plan}/{order} until {stamp(end)}", left)


_NO_FIRE = "no fire lies in the next week"


def _fire_words(foreseen: Foreseen) -> list[str]:
    orders = ", ".join(trading.ticket_words(ticket) for ticket in foreseen.tickets) or "worked out then"
    line = f"  {foreseen.when} {foreseen.plan}/{foreseen.order}: {orders}"
    return [line] if foreseen.denied is None else [line, f"    would be denied: {foreseen.denied}"]


def _fire_fields(foreseen: Foreseen) -> dict[str, object]:
    about = {"plan": foreseen.plan, "order": foreseen.order, "time": stamp(foreseen.time), "denied": foreseen.denied}
    about["unknown"] = foreseen.unknown
    return {"type": "fire", **about, "tickets": [_ticket_fields(ticket) for ticket in foreseen.tickets]}


def _ticket_fields(ticket: OrderTicket) -> dict[str, object]:
    prices = {"limit_price": ticket.limit_price, "stop_price": ticket.stop_price}
    return {
        "order_ref": ticket.order_ref,
        "role": ticket.role.value,
        "contract": ticket.contract.name,
        "side": ticket.side.value,
        "quantity": plain(ticket.quantity),
        "order_type": ticket.order_type.value,
        **{name: None if price is None else plain(price) for name, price in prices.items()},
        "time_in_force": ticket.time_in_force.value,
    }


# --- the answer


def _confirm(offer: Offer, confirmed: str | None) -> None:
    """Raise Refused unless the account is named once more."""
    answer = confirmed
    if answer is None:
        answer = trading.asked("type the account to let them send orders (anything else refuses): ")
    if answer is None:
        raise Refused("not armed: nobody typed the account; a script confirms with --yes ACCOUNT")
    if answer != offer.account:
        raise Refused(
            f"not armed: that is not the account {marks.mask(offer.account)} that is pinned; type that one, "
            "or pin the other in fxrun.yaml"
        )


def _store(offer: Offer) -> None:
    if not _is_bound(offer.journal):
        _make(offer)
    with trading.open_ledger(offer.journal) as ledger:
        _check_binding(ledger, offer)
        for plan in offer.plans:
            about = {"plan": plan.name, "digest": plan.digest, "account": offer.account}
            ledger.arm(Arming(**about, at=offer.at, until=offer.until))


def _is_made(journal: Path) -> bool:
    return journal.exists() and journal.stat().st_size > 0


def _is_bound(journal: Path) -> bool:
    if not _is_made(journal):
        return False
    with trading.open_ledger(journal) as ledger:
        return ledger.mode_and_account() is not None


def _make(offer: Offer) -> None:
    """Create the journal and bind it, as a runner would."""
    from runner.journal.store import Journal

    journal = Journal(str(offer.journal), private=True)
    try:
        journal.bind(offer.mode, offer.account)
    finally:
        journal.close()


def _tell_armed(offer: Offer, plan: Plan, voice: Voice) -> None:
    way = "--live" if offer.mode == LIVE else "--rehearsal"
    fields = {
        "type": "armed", "plan": plan.name, "file": plan.file, "digest": plan.digest, "account": offer.account,
        "time": stamp(offer.at), "until": stamp(offer.until),
    }  # fmt: skip
    voice.tell(f"armed: {plan.name} until {stamp(offer.until)}; run it with fxrun {plan.file} {way}", fields)
