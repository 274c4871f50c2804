"""What runners of a campaign have to do: market orders, brackets, limits that fill, lapse, or rest until cancelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.reliability.world import Plan, in_seconds

PAIRS = ("EUR.USD", "GBP.USD", "AUD.USD", "USD.CAD", "USD.CHF", "USD.JPY", "NZD.USD", "EUR.GBP")
DEEP = ("--fill", "depth=1000000", "--cash", "USD=1000000000")  # a gateway that fills whatever comes


def plan(name: str, pair: str, body: str, orders: Mapping[str, int | None], *, resend: bool = True) -> Plan:
    """Return a plan; `body` is what stands at its top level beside name, pair and resend."""
    lines = [
        f"plan: {name}",
        "mode: live",
        f"contract: {pair}",
        f"resend: {'proven_absent' if resend else 'never'}",
        "overlap: allow",  # every fire is an order, whatever became of the one before
        body,
    ]
    return Plan(name=name, text="\n".join([*lines, ""]), pair=pair, orders=orders)


def each(seconds: int) -> str:
    """Return a schedule that ends long after any campaign: arming a plan walks through a week of its fires."""
    return f'{{every: {seconds}s, until: "{in_seconds(6 * 3600)}"}}'


def several(seconds: Sequence[int]) -> tuple[str, dict[str, int | None]]:
    """Return the `orders:` of a plan, one for each of the given intervals, and what they are."""
    names: dict[str, int | None] = {f"o{number}": every for number, every in enumerate(seconds)}
    lines = [f"  - {{id: {name}, schedule: {each(every)}}}" for name, every in zip(names, seconds, strict=True)]
    return "\n".join(["orders:", *lines]), names


def market(name: str, pair: str, side: str, seconds: Sequence[int], *, resend: bool = True) -> Plan:
    """Return a plan of market orders."""
    orders, names = several(seconds)
    return plan(name, pair, f"side: {side}\nsize: 25_000\n{orders}", names, resend=resend)


def bracket(name: str, every: int, *, resend: bool = True) -> Plan:
    """Return a plan whose entry fills at once, then its take-profit, and with it the stop-loss is cancelled."""
    body = f"side: buy\nsize: 25_000\nbracket: {{take_profit: 0.50005, stop_loss: 0.40}}\nschedule: {each(every)}"
    return plan(name, "EUR.USD", body, {"main": every}, resend=resend)


def limit(name: str, pair: str, price: str, tif: str, every: int) -> Plan:
    """Return a plan of buy limits: far above the market they fill, far below they lapse with IOC."""
    body = f"side: buy\nsize: 25_000\norder: {{type: limit, price: {price}, tif: {tif}}}\nschedule: {each(every)}"
    return plan(name, pair, body, {"main": every})


def resting(name: str, seconds: Sequence[int], pair: str = "EUR.GBP") -> Plan:
    """Return a plan of limits that rest until somebody cancels them."""
    orders, names = several(seconds)
    body = f"side: buy\nsize: 25_000\norder: {{type: limit, price: 0.50, tif: GTC}}\n{orders}"
    return plan(name, pair, body, names)


def burst(name: str, count: int, at: str) -> Plan:
    """Return a plan of many market orders that are all due at one instant."""
    names: dict[str, int | None] = {f"o{number}": None for number in range(count)}
    orders = "\n".join(["orders:", *(f"  - {{id: {one}}}" for one in names)])
    return plan(name, "EUR.USD", f'side: buy\nsize: 25_000\nschedule: {{at: "{at}"}}\n{orders}', names)


def mixed(plans: int = 16, *, all_resend: bool = False) -> list[Plan]:
    """Return the usual mixture: most of it market orders, each second a few; half of the plans send again, or all."""

    def kinds() -> Iterator[Plan]:
        yield bracket("bracket-a", 3)
        yield bracket("bracket-b", 5, resend=all_resend)
        yield limit("fills", "EUR.USD", "2.0", "DAY", 2)
        yield limit("lapses", "GBP.USD", "0.50", "IOC", 2)
        yield resting("rests", (10, 15))
        for number in range(max(0, plans - 5)):
            pair, side = PAIRS[number % len(PAIRS)], ("buy", "sell")[number % 2]
            yield market(f"market-{number}", pair, side, (1, 2), resend=all_resend or number % 2 == 0)

    return list(kinds())
