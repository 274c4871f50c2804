"""Fuzzed frames against a gateway in a process of its own, on real sockets.

    python -m tests.fuzz.frames --frames 1000000 --seed 1

Half of the frames are valid ones with one to three fields changed, half are random, cut short, too long or otherwise
odd. They come in bursts, each on a connection of its own after a proper handshake at one version after the other; some
come before the handshake. After each thousand frames (a block) a healthy client's market order must fill within a
second. What may not happen: the gateway ends, is late, takes 200 MB, or says anything on stderr; then the last frames
are printed as hex with the command that repeats the block, exit 1. With --files FOLDER the gateway also writes its
truth, its state and its log of messages.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from runner.wire.messages import OrderStatus
from runner.wire.session import ClientSession
from tests.bench.own_gateway import OwnGateway
from tests.fuzz.corpus import VERSIONS, start
from tests.fuzz.mutate import Fuzzer, Made, greeting
from tests.integration.gateway_peer import Client, order

BLOCK = 1000
BURST = 120  # frames on one connection, at most
RAW_SHARE = 0.06  # of the bursts that do not greet as a client does
SHOWN = 5
PATIENCE = 20.0
HEALTHY_ID = 31


class Failed(Exception):
    """What must not happen has happened."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the gateway may take."""

    memory: float = 200.0  # MB
    wait: float = 1.0  # seconds


USUAL = Limits()


@dataclass(slots=True)
class Report:
    """What was sent and how the gateway bore it."""

    seed: int
    frames: int = 0
    seconds: float = 0.0
    worst: float = 0.0  # seconds until the healthy client's order was filled
    peak: float | None = None  # MB
    processor: float = 0.0  # seconds of the gateway's
    by_message: Counter[str] = field(default_factory=Counter)
    by_version: Counter[int] = field(default_factory=Counter)
    raw: int = 0
    last: list[Made] = field(default_factory=list)


class Run:
    """One gateway, one healthy client, and bursts from the others."""

    def __init__(self, gateway: OwnGateway, seed: int, limits: Limits) -> None:
        self._gateway = gateway
        self._limits = limits
        self._seed = seed
        self._bursts = 0
        self._order_id = 0
        self._healthy = Client(gateway.port, HEALTHY_ID)
        self._orders = 0
        self.report = Report(seed)

    def block(self, number: int, frames: int) -> None:
        """Send the frames of one block; raises Failed."""
        random = Random(f"{self._seed}:{number}")
        self._bursts, self._order_id = number * 7, number * BLOCK
        left = frames
        while left:
            count = min(left, random.randrange(1, BURST))
            self._burst(random, count)
            left -= count
        self._check()

    def close(self) -> None:
        """Hang up."""
        self._healthy.close()

    def _burst(self, random: Random, count: int) -> None:
        version = VERSIONS[self._bursts % len(VERSIONS)]
        self._bursts += 1
        made = _made(Fuzzer(random, version, self._order_id), count)
        self._order_id += count
        is_raw = random.random() < RAW_SHARE
        opening = greeting(random) if is_raw else _opening(random, version)
        self._note(version, made, is_raw=is_raw)
        data = opening + b"".join(one.data for one in made)
        try:
            exchange(self._gateway.port, data, hangs_up=random.random() < 0.1)
        except OSError as error:
            self._gateway.close()  # so that all it says is there
            raise Failed(f"the gateway takes nobody up: {error}; {self._gateway.said()[-4000:]}") from None

    def _note(self, version: int, made: list[Made], *, is_raw: bool) -> None:
        report = self.report
        report.frames += len(made)
        report.by_message.update(f"{one.name}: {one.how}" for one in made)
        report.by_version[version] += len(made)
        report.raw += len(made) if is_raw else 0
        report.last = made

    def _check(self) -> None:
        """Have the healthy client's order filled and look at the process; raises Failed."""
        took = self._fill()
        self.report.worst = max(self.report.worst, took)
        if took > self._limits.wait:
            raise Failed(f"a market order took {took:.2f} s to fill")
        usage = self._gateway.usage()
        self.report.peak, self.report.processor = usage.peak, usage.cpu
        if usage.peak is not None and usage.peak > self._limits.memory:
            raise Failed(f"the gateway takes {usage.peak:.0f} MB")
        if said := self._gateway.said():
            raise Failed(f"the gateway said on stderr:\n{said[-4000:]}")

    def _fill(self) -> float:
        self._orders += 1
        client, begun = self._healthy, time.perf_counter()
        try:
            client.send(client.wire.encode(order(self._orders, "BUY" if self._orders % 2 else "SELL")))
            while not any(self._is_fill(answer) for answer in client.read()):
                pass
        except OSError as error:
            raise Failed(f"the healthy client got no answer: {error!r}; {self._gateway.said()[-4000:]}") from None
        return time.perf_counter() - begun

    def _is_fill(self, answer: object) -> bool:
        return isinstance(answer, OrderStatus) and (answer.order_id, answer.status) == (self._orders, "Filled")


def _made(fuzzer: Fuzzer, count: int) -> list[Made]:
    """Make so many frames; one that nothing can be read behind is put at the end."""
    made = [fuzzer.frame() for _ in range(count)]
    return sorted(made, key=lambda one: one.is_last)


def _opening(random: Random, version: int) -> bytes:
    """Return the greeting and startApi of a client; sometimes the latter is missing."""
    greeted = ClientSession(max_version=version).greeting()
    return greeted + (start(version, random.randrange(30)) if random.random() < 0.95 else b"")


def exchange(port: int, data: bytes, *, hangs_up: bool) -> None:
    """Send bytes and take in what comes until the server has closed; hangs_up: leave it with its answers instead."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.setblocking(False)
        view, deadline = memoryview(data), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            readable, writable, _ = select.select([sock], [sock] if view else [], [], PATIENCE)
            try:
                if readable and not sock.recv(1 << 18):
                    return
                if writable:
                    view = view[sock.send(view) :]
                    if not view and hangs_up:
                        return
                    if not view:
                        sock.shutdown(socket.SHUT_WR)
            except OSError:  # it has closed already
                return
    raise Failed(f"the gateway did not close a connection within {PATIENCE:.0f} s of its end")


def fuzz(frames: int, seed: int, first: int = 0, *, limits: Limits = USUAL, folder: Path | None = None) -> Report:
    """Send so many frames from a block on; raises Failed with the report as its second argument.

    folder: where the gateway writes its files, if it is to write any.
    """
    begun = time.perf_counter()
    with OwnGateway(*(("--files", str(folder)) if folder else ())) as gateway:
        run = Run(gateway, seed, limits)
        try:
            for number in range(first, first + -(-frames // BLOCK)):
                run.block(number, min(BLOCK, frames - (number - first) * BLOCK))
                if number % 100 == 99:
                    print(_progress(run.report, time.perf_counter() - begun), file=sys.stderr, flush=True)
        except (Failed, RuntimeError) as error:
            raise Failed(f"block {number}: {error}", run.report) from None
        finally:
            run.report.seconds = time.perf_counter() - begun
            run.close()
        if (code := gateway.close()) != 0:
            raise Failed(f"the gateway ended with exit {code}: {gateway.said()[-4000:]}", run.report)
    return run.report


def _progress(report: Report, seconds: float) -> str:
    return f"{report.frames:,} frames, {seconds:.0f} s, {report.peak or 0:.0f} MB, worst {report.worst * 1000:.0f} ms"


def show(report: Report) -> None:
    """Print what was sent."""
    rate = report.frames / report.seconds
    memory = "unknown" if report.peak is None else f"{report.peak:.0f} MB"
    print(f"seed {report.seed}: {report.frames:,} frames in {report.seconds:.1f} s, {rate:,.0f} frames/s")
    print(f"gateway: at most {memory}, {report.processor:.1f} s of the processor")
    print(f"healthy client: at most {report.worst * 1000:.0f} ms from order to Filled")
    print(f"before the handshake: {report.raw:,}")
    print("by version: " + ", ".join(f"{version}: {count:,}" for version, count in sorted(report.by_version.items())))
    for name, count in sorted(report.by_message.items()):
        print(f"  {count:9,}  {name}")


def main() -> int:
    """Fuzz as asked; 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.frames", description="Fuzz the simulated gateway.")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--block", type=int, default=0, help="the first block of a thousand frames")
    parser.add_argument("--files", type=Path, help="an empty folder for the gateway's truth, state and log")
    asked = parser.parse_args()
    try:
        show(fuzz(asked.frames, asked.seed, asked.block, folder=asked.files))
    except Failed as failed:
        problem, report = failed.args
        show(report)
        print(f"FAILED: {problem}\nthe last frames:")
        for made in report.last[-SHOWN:]:
            print(f"  {made.name}, {made.how}: {made.data[:2000].hex()}")
        block = problem.partition(":")[0].removeprefix("block ")
        print(f"repeat the block: python -m tests.fuzz.frames --seed {asked.seed} --block {block} --frames {BLOCK}")
        print(f"repeat all of it: python -m tests.fuzz.frames --seed {asked.seed} --frames {report.frames}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
