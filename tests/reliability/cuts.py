"""Cut the connection within the frame of an order, and within each answer to it, at every byte.

    python -m tests.reliability.cuts [--step 1] [--worlds 4] --seed 1

A runner trades all the while. Orders are cut by a relay in front of the gateway, answers by the gateway itself; a cut
meets the next frame of its name. In between the runner has up to eight seconds, so that some questions are settled in
peace, and some are not.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from runner.wire.messages import PlaceOrder
from runner.wire.session import ClientSession, ServerSession
from tests.acceptance.conftest import Relay
from tests.reliability.person import Outcome, Person
from tests.reliability.processes import GatewayProcess
from tests.reliability.relay import CuttingRelay
from tests.reliability.workload import DEEP, bracket, market
from tests.reliability.world import Plan, World, in_seconds, world

CUT = "fault cut"  # as the gateway says it
LENGTH = struct.Struct("!I")
ANSWERS = ("OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionReport")
REST = (1.5, 8.0)  # seconds between two cuts


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a frame ends: `byte` bytes of it come through."""

    message: str
    byte: int

    @property
    def direction(self) -> str:
        """The way the frame goes."""
        return "in" if self.message == "PlaceOrder" else "out"


def plans() -> list[Plan]:
    """Return what is traded: a few orders each second, on many plans, so that a question holds up few of them."""
    pairs = ("EUR.USD", "GBP.USD", "AUD.USD", "USD.CHF", "USD.CAD")
    made = [
        market(f"market-{n}", pairs[n % 5], "buy" if n % 2 else "sell", (3, 4), resend=n % 2 == 0) for n in range(8)
    ]
    return [*made, bracket("bracket", 5)]


def lengths(seed: int) -> dict[str, int]:
    """Measure the frames: let a runner trade through a relay that writes down what passes."""
    with world(plans(), *DEEP, "--seed", str(seed)) as here:
        wire = Relay(here.gateway.port)
        runner = here.run(in_seconds(600), address=f"127.0.0.1:{wire.port}")
        deadline = time.monotonic() + 60
        found: dict[str, int] = {}
        while time.monotonic() < deadline and not all(found.get(name) for name in ("PlaceOrder", *ANSWERS)):
            time.sleep(1)
            found = _longest(bytes(wire.requests), bytes(wire.answers))
        runner.terminate()
        runner.wait(30)
        wire.close()
    assert all(found.values()), f"not every frame was seen: {found}; {here.errors()}"
    return found


def _longest(requests: bytes, answers: bytes) -> dict[str, int]:
    found = dict.fromkeys(("PlaceOrder", *ANSWERS), 0)
    for message, length in (*_requests(requests), *_answers(answers)):
        if message in found:
            found[message] = max(found[message], length)
    return found


def _requests(data: bytes) -> Iterator[tuple[str, int]]:
    server = ServerSession()
    for frame in _frames(data, skip=4):  # the greeting has a sign before its length
        for message in server.receive(frame):
            yield type(message).__name__, len(frame) if isinstance(message, PlaceOrder) else 0


def _answers(data: bytes) -> Iterator[tuple[str, int]]:
    client = ClientSession()
    client.greeting()
    for frame in _frames(data):
        for message in client.receive(frame):
            yield type(message).__name__, len(frame)


def _frames(data: bytes, skip: int = 0) -> Iterator[bytes]:
    at = 0
    while at + skip + LENGTH.size <= len(data):
        end = at + skip + LENGTH.size + LENGTH.unpack_from(data, at + skip)[0]
        yield data[at:end]
        at, skip = end, 0


def all_cuts(sizes: dict[str, int], step: int) -> list[Cut]:
    """Return a cut at every step-th byte of every frame, its end included."""
    return [Cut(message, byte) for message, size in sizes.items() for byte in range(0, size + 1, step)]


class Cutter:
    """Cuts the connection of the runner of one world."""

    def __init__(self, here: World, draw: random.Random) -> None:
        self._world = here
        self._relay = CuttingRelay(here.gateway.port)
        self._draw = draw
        self.outcome = Outcome()
        self._person = Person(here, self.outcome)

    def go(self, cuts: Sequence[Cut]) -> Outcome:
        """Cut, settle and judge."""
        address = f"127.0.0.1:{self._relay.port}"
        runner = self._world.run(in_seconds(86_400), address=address)
        for number, cut in enumerate(cuts):
            if not self._happened(cut):
                self.outcome.faults.append(f"{cut}: no such frame came within 60 s; {self._world.errors()[-300:]}")
            time.sleep(self._draw.uniform(*REST))
            if runner.poll() is not None:
                self.outcome.faults.append(f"{cut}: the runner ended, exit {runner.poll()}: {self._world.errors()}")
                runner = self._world.run(in_seconds(86_400), address=address)
            if number % 10 == 9:
                self._person.look()
        runner.terminate()
        self.outcome.exits[runner.wait(30)] += 1
        self._relay.close()
        self.outcome.exits[self._person.settle()] += 1
        return self.outcome

    def _happened(self, cut: Cut) -> bool:
        """Have a frame cut, and wait until it was."""
        gateway = self._world.gateway
        before = gateway.log.read_text().count(CUT)
        if cut.direction == "in":
            self._relay.cut_next_order(cut.byte)
            was_cut = self._relay.done.is_set
        else:
            gateway.control(do="cut", byte=cut.byte, message=cut.message)
            was_cut = partial(_says, gateway, before)
        deadline = time.monotonic() + 60
        while not was_cut() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.outcome.injected[f"{cut.message} {cut.direction}"] += was_cut()
        return was_cut()


def _says(gateway: GatewayProcess, before: int) -> bool:
    """Tell whether a gateway has cut since."""
    return gateway.log.read_text().count(CUT) > before


def campaign(cuts: Sequence[Cut], seed: int) -> Outcome:
    """Run one world."""
    with world(plans(), *DEEP, "--seed", str(seed)) as here:
        return Cutter(here, random.Random(seed)).go(cuts)


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1, help="cut at every n-th byte")
    parser.add_argument("--worlds", type=int, default=4, help="how many run at a time")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    sizes = lengths(given.seed)
    print("frames: " + ", ".join(f"{name} {size} bytes" for name, size in sizes.items()))
    cuts = all_cuts(sizes, given.step)
    random.Random(given.seed).shuffle(cuts)
    total = Outcome()
    with ThreadPoolExecutor(given.worlds) as pool:
        shares = [cuts[world_ :: given.worlds] for world_ in range(given.worlds)]
        seeds = range(given.seed * 1000, given.seed * 1000 + given.worlds)
        for one in pool.map(campaign, shares, seeds):
            total.merge(one)
    print(total.report(given.seed, time.monotonic() - began))
    return int(bool(total.all_faults()))


if __name__ == "__main__":
    sys.exit(main())
