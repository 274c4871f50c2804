"""Whether all is well, in words: what needs somebody first, then what is worth knowing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from runner.core.order_state import OrderState
from runner.journal.rows import PastOrder
from runner.report.lines import FillLine, FireLine, Outcome, Sentence
from runner.report.summary import COUNTED_AS

_ADVICE = {
    "unknown": "find out at the broker, then fxrun resolve",
    "rejected": "the broker's reason stands beside each",
    "missed": "nothing was sent for them; the reason stands beside each",
}


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 fire, 2 fires."""
    return f"{number:_} {noun}" if number == 1 else f"{number:_} {noun}s"


def verdict(
    fires: Sequence[FireLine],
    orders: Sequence[PastOrder],
    fills: Sequence[FillLine],
    *,
    unlisted: int,
    unrated: Iterable[str],
) -> tuple[Sentence, ...]:
    """Return the sentences, the first of which sums up."""
    bad, notes = list(_bad(fires, orders, unlisted)), list(_notes(fires, orders, fills, unrated))
    done = Counter(fire.outcome for fire in fires)[Outcome.DONE]
    if not fires and not fills:
        first = Sentence(level="note", text="Nothing happened: no fire was due and nothing was filled.")
    elif bad:
        first = Sentence(level="bad", text="Something needs your attention.")
    else:
        was = f"{counted(done, 'fire')} of {len(fires):_} done, none missed, no order of unknown outcome"
        first = Sentence(level="good", text=f"All is well: {was}, {counted(len(fills), 'fill')}.")
    return (first, *(Sentence(level="bad", text=text) for text in bad), *notes)


def _bad(fires: Iterable[FireLine], orders: Iterable[PastOrder], unlisted: int) -> Iterator[str]:
    states = Counter(COUNTED_AS[order.state] for order in orders)
    for word in ("unknown", "rejected"):
        if states[word]:
            what = "of unknown outcome" if word == "unknown" else "rejected by the broker"
            yield f"{counted(states[word], 'order')} {what}: {_ADVICE[word]}."
    outcomes = Counter(fire.outcome for fire in fires)
    if outcomes[Outcome.MISSED]:
        yield f"{counted(outcomes[Outcome.MISSED], 'fire')} missed: {_ADVICE['missed']}."
    if outcomes[Outcome.UNKNOWN] and not states["unknown"]:
        yield f"{counted(outcomes[Outcome.UNKNOWN], 'fire')} claimed and never told of: see fxrun status."
    if unlisted:
        yield (
            f"{counted(unlisted, 'execution')} here {'is' if unlisted == 1 else 'are'} not listed by the broker any "
            "more: a trade may have been taken back; see fxrun status."
        )


def _notes(
    fires: Iterable[FireLine], orders: Iterable[PastOrder], fills: Sequence[FillLine], unrated: Iterable[str]
) -> Iterator[Sentence]:
    outcomes = Counter(fire.outcome for fire in fires)
    states = Counter(order.state for order in orders)
    without = sum(fill.commission is None for fill in fills)
    told = (
        (outcomes[Outcome.DENIED], "fire", "denied by fxrun's own limits"),
        (outcomes[Outcome.SKIPPED], "fire", "skipped, as the plan wants it"),
        (states[OrderState.EXPIRED], "order", "expired before a full fill"),
        (states[OrderState.CANCELLED], "order", "cancelled"),
        (sum(fill.quote is None for fill in fills), "fill", "without a quote at the fire: no slippage is said of them"),
        (without, "fill", "whose commission was not told (yet)"),
    )
    for number, noun, text in told:
        if number:
            yield Sentence(level="note", text=f"{counted(number, noun)} {text}.")
    for currency in sorted(unrated):
        text = f"No rate of {currency} was known where one was needed: amounts stay in {currency}, equity has gaps."
        yield Sentence(level="note", text=text)
