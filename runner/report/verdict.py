"""Whether all is well, in words: what needs somebody first, then what is worth knowing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from runner.core.order_state import OrderState
from runner.report.lines import Outcome, Sentence, Totals
from runner.report.summary import COUNTED_AS

_FIND_OUT = "find out at the broker, then fxrun resolve"
_NOBODY_KNOWS = "nobody can tell any more, since the simulated gateway ended with its run"
_SEE_EACH = "the broker's reason stands beside each"
_NOT_SENT = "nothing was sent for them; the reason stands beside each"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 fire, 2 fires."""
    return f"{number:_} {noun}" if number == 1 else f"{number:_} {noun}s"


def verdict(totals: Totals, *, is_simulated: bool, unrated: Iterable[str]) -> tuple[Sentence, ...]:
    """Return the sentences, the first of which sums up."""
    bad, notes = list(_bad(totals, is_simulated=is_simulated)), list(_notes(totals, unrated))
    fires = sum(totals.outcomes.values())
    if not fires and not totals.fills:
        first = Sentence(level="note", text="Nothing happened: no fire was due and nothing was filled.")
    elif bad:
        first = Sentence(level="bad", text="Something needs your attention.")
    else:
        done = counted(totals.outcomes[Outcome.DONE], "fire")
        was = f"{done} of {fires:_} done, none missed, no order of unknown outcome"
        first = Sentence(level="good", text=f"All is well: {was}, {counted(totals.fills, 'fill')}.")
    return (first, *(Sentence(level="bad", text=text) for text in bad), *notes)


def _bad(totals: Totals, *, is_simulated: bool) -> Iterator[str]:
    words = _words(totals.orders)
    if words["unknown"]:
        advice = _NOBODY_KNOWS if is_simulated else _FIND_OUT
        yield f"{counted(words['unknown'], 'order')} of unknown outcome: {advice}."
    if words["rejected"]:
        yield f"{counted(words['rejected'], 'order')} rejected by the broker: {_SEE_EACH}."
    if totals.outcomes[Outcome.MISSED]:
        yield f"{counted(totals.outcomes[Outcome.MISSED], 'fire')} missed: {_NOT_SENT}."
    if totals.outcomes[Outcome.UNKNOWN] and not words["unknown"]:
        yield f"{counted(totals.outcomes[Outcome.UNKNOWN], 'fire')} claimed and never told of: see fxrun status."
    if totals.unlisted:
        yield (
            f"{counted(totals.unlisted, 'execution')} here {'is' if totals.unlisted == 1 else 'are'} not listed by the "
            "broker any more: a trade may have been taken back; see fxrun status."
        )


def _words(orders: Mapping[OrderState, int]) -> Counter[str]:
    """Count orders as the summary of a run does."""
    found: Counter[str] = Counter()
    for state, number in orders.items():
        found[COUNTED_AS[state]] += number
    return found


def _notes(totals: Totals, unrated: Iterable[str]) -> Iterator[Sentence]:
    told = (
        (totals.outcomes[Outcome.DENIED], "fire", "denied by fxrun's own limits"),
        (totals.outcomes[Outcome.SKIPPED], "fire", "skipped, as the plan wants it"),
        (totals.orders.get(OrderState.EXPIRED, 0), "order", "expired before a full fill"),
        (totals.orders.get(OrderState.CANCELLED, 0), "order", "cancelled"),
        (totals.unmeasured, "fill", "without a quote at the fire: no slippage is said of them"),
        (totals.without_commission, "fill", "whose commission was not told (yet)"),
    )
    for number, noun, text in told:
        if number:
            yield Sentence(level="note", text=f"{counted(number, noun)} {text}.")
    for currency in sorted(unrated):
        text = f"No rate of {currency} was known where one was needed: amounts stay in {currency}, equity has gaps."
        yield Sentence(level="note", text=text)
