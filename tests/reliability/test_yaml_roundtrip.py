"""Y07: a sound plan, read, compiled and written by ibapi, is the order that the frame holds; a damaged one is refused.

Nothing is compared with what fxrun itself made of the file: the expectation is drawn first and written as YAML, and the
bytes are read by `runner.wire`, which shares no code with ibapi.

    python -m tests.reliability.test_yaml_roundtrip --examples 10000
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from runner.core.fx import IDEALPRO_PAIRS, Pair
from runner.core.snapshot import Snapshot
from runner.core.times import parse_time
from runner.errors import PlanInvalid
from runner.ib.compile import compile_group
from runner.ib.linked import number
from runner.ib.versions import installed
from runner.plan import load
from runner.plan.model import Plan
from runner.wire.messages import PlaceOrder
from runner.wire.session import ClientSession, ServerSession
from strategies import expand

EXAMPLES = 200
FIRE = "2026-11-25T14:30:00Z"
NOW = parse_time(FIRE, UTC)
VERSIONS = sorted({157, installed().max_server_version})
TYPES = {"market": "MKT", "limit": "LMT", "stop": "STP", "stop_limit": "STP LMT"}
Spec = Mapping[str, Any]


def _cased(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word.upper(), word.capitalize(), word.lower()])


def _grouped(value: Decimal) -> str:
    """Write a decimal with underscores between thousands."""
    return f"{value:,f}".replace(",", "_")


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Draw what a plan asks for, with every price on the pair's grid and the exits on their sides."""
    base, _, quote = draw(st.sampled_from(IDEALPRO_PAIRS)).partition(".")
    tick = Pair(base, quote).tick_size
    count = draw(st.integers(10, 500_000))
    entry, near, far = count * tick, (count + draw(st.integers(1, 9))) * tick, (count - draw(st.integers(1, 9))) * tick
    kind, side = draw(st.sampled_from(sorted(TYPES))), draw(st.sampled_from(["buy", "sell"]))
    exits = draw(st.sampled_from(["", "take_profit", "stop_loss", "both"]))
    above, below = ("take_profit", "stop_loss") if side == "buy" else ("stop_loss", "take_profit")
    bracket = {name: price for name, price in ((above, near), (below, far)) if exits in (name, "both")}
    return {
        "plan": draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)),
        "base": base, "quote": quote, "side": side, "type": kind, "price": entry, "bracket": bracket,
        "stop": entry, "tif": draw(st.sampled_from(["DAY", "GTC", "IOC", "FOK", None])),
        "size": draw(st.decimals("0.01", "999999999", places=2) | st.integers(1, 10**9).map(Decimal)),
        "spelling": draw(st.sampled_from(["{b}.{q}", "{b}/{q}", "{b}{q}", "{{symbol: {b}, currency: {q}}}"])),
        "cased_side": draw(_cased(side)), "cased_type": draw(_cased(kind)), "grouped": draw(st.booleans()),
        "quoted_name": draw(st.booleans()),
    }  # fmt: skip


def text_of(spec: Spec) -> str:
    """Write the plan."""
    name = f'"{spec["plan"]}"'  # an unquoted name of digits would be a number
    size = _grouped(spec["size"]) if spec["grouped"] else format(spec["size"], "f")
    lines = [
        f"plan: {name}",
        f"contract: {spec['spelling'].format(b=spec['base'], q=spec['quote'])}",
        f"side: {spec['cased_side']}",
        f"size: {size}",
        f"order: {{{', '.join(f'{key}: {value}' for key, value in _order(spec).items())}}}",
    ]
    if spec["bracket"]:
        lines.append(f"bracket: {{{', '.join(f'{name}: {price:f}' for name, price in spec['bracket'].items())}}}")
    return "\n".join(lines) + "\n"


def _order(spec: Spec) -> dict[str, str]:
    found = {"type": spec["cased_type"]}
    if "limit" in spec["type"]:
        found["price"] = format(spec["price"], "f")
    if "stop" in spec["type"]:
        found["stop"] = format(spec["stop"], "f")
    if spec["tif"]:
        found["tif"] = spec["tif"]
    return found


class _Recorder:
    """Stands where ibapi keeps its socket and keeps the bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, frame: bytes) -> int:
        self.data += frame
        return len(frame)


def placed(plan: Plan, version: int) -> Iterator[PlaceOrder]:
    """Yield what a server of this version reads of the orders of the plan's only instruction."""
    client, recorder = EClient(EWrapper()), _Recorder()
    client.conn, client.serverVersion_ = recorder, version
    client.setConnState(EClient.CONNECTED)
    client.logRequest = lambda *_: None
    for compiled in number(compile_group(expand(plan.instructions[0], FIRE, Snapshot(now=NOW))), 40, "DU1234567"):
        client.placeOrder(compiled.order.orderId, compiled.contract, compiled.order)
    server = ServerSession(max_version=version)
    assert list(server.receive(ClientSession(max_version=version).greeting())) == []
    for request in server.receive(bytes(recorder.data)):
        assert isinstance(request, PlaceOrder)
        yield request


def check(spec: Spec, plan: Plan, version: int) -> None:
    """Hold the frames against what was drawn."""
    messages = list(placed(plan, version))
    assert [m.order_id for m in messages] == list(range(40, 41 + len(spec["bracket"])))
    for m in messages:
        contract = (m.contract.symbol, m.contract.currency, m.contract.security_type, m.contract.exchange)
        assert contract == (spec["base"], spec["quote"], "CASH", "IDEALPRO")
        assert (m.order.account, m.order.total_quantity) == ("DU1234567", spec["size"])
        assert m.order.what_if is m.order.e_trade_only is m.order.firm_quote_only is False
        assert m.order.transmit is (m is messages[-1])
        assert m.order.parent_id == (0 if m is messages[0] else 40)
        assert len(m.order.order_ref) <= 40
    assert len({m.order.order_ref for m in messages}) == len(messages)
    _check_entry(spec, messages[0])
    exits = {m.order.order_type: m for m in messages[1:]}
    wanted = {"LMT": spec["bracket"].get("take_profit"), "STP": spec["bracket"].get("stop_loss")}
    for kind, price in wanted.items():
        assert (kind in exits) is (price is not None)
        if price is not None:
            assert exits[kind].order.action == ("SELL" if spec["side"] == "buy" else "BUY")
            assert (exits[kind].order.limit_price if kind == "LMT" else exits[kind].order.aux_price) == price
            assert exits[kind].order.time_in_force == "GTC"


def _check_entry(spec: Spec, entry: PlaceOrder) -> None:
    order = entry.order
    assert (order.action, order.order_type) == (spec["side"].upper(), TYPES[spec["type"]])
    assert order.time_in_force == (spec["tif"] or "DAY")
    assert (order.limit_price or None) == (spec["price"] if "limit" in spec["type"] else None)
    assert (order.aux_price or None) == (spec["stop"] if "stop" in spec["type"] else None)


def read(text: str) -> Plan | None:
    """Return the plan, None if it is refused; anything but PlanInvalid escapes."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            return load(file.name)
        except PlanInvalid:
            return None


def check_sound(spec: Spec) -> None:
    """A sound plan is read, and its frames say what it says at every version."""
    plan = read(text_of(spec))
    assert plan is not None
    assert plan.name == spec["plan"]
    for version in VERSIONS:
        check(spec, plan, version)


def check_damaged(spec: Spec, where: float, piece: str) -> None:
    """A plan with a piece of text in place of some of its own is refused, or means what it says to a plain reader."""
    text = text_of(spec)
    at = int(where * len(text))
    damaged = text[:at] + piece + text[at + len(piece) :]
    plan = read(damaged)
    if plan is None:
        return
    first = plan.instructions[0]
    plain = {line.partition(":")[0]: line.partition(":")[2].strip() for line in damaged.split("\n") if line.strip()}
    assert format(first.size.amount, "f") == plain["size"].partition(" #")[0].strip().replace("_", "").lstrip("+")
    assert first.side.value == plain["side"].partition(" #")[0].strip().strip("'\"").upper()
    assert plan.name == plain["plan"].partition(" #")[0].strip().strip("'\"")
    assert len(list(placed(plan, VERSIONS[0]))) == 1 + len(_bracket_of(plan))


def _bracket_of(plan: Plan) -> list[object]:
    return list(plan.instructions[0].parameters.values())


PIECES = st.sampled_from(["0", "9", "-", ".", "x", " ", "\n", "#", '"', "sell", "buy", "_", ",", "1e5", "{", "}", ": "])
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=EXAMPLES, **RELAXED)
@given(specs())
def test_y07_what_the_frame_says_is_what_the_plan_says(spec: Spec) -> None:
    check_sound(spec)


@settings(max_examples=EXAMPLES, **RELAXED)
@given(specs(), st.floats(0, 1, exclude_max=True), PIECES)
def test_y07_a_change_is_refused_or_means_what_it_says(spec: Spec, where: float, piece: str) -> None:
    check_damaged(spec, where, piece)


def _many(examples: int, drawn: int) -> None:
    relaxed = settings(max_examples=examples, database=None, **RELAXED)
    seed(drawn)(relaxed(given(specs())(check_sound)))()
    pieces = (specs(), st.floats(0, 1, exclude_max=True), PIECES)
    seed(drawn)(relaxed(given(*pieces)(check_damaged)))()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Read, compile, write and decode plans drawn at random.")
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    chosen = parser.parse_args()
    print("seed", chosen.seed, "versions", VERSIONS, "ibapi", Path(EClient.__module__).name)
    _many(chosen.examples, chosen.seed)
    print(f"{chosen.examples} sound and {chosen.examples} damaged plans: every frame is its plan")
