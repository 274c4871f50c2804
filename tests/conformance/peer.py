"""Talking to a real ibapi, and saying the same thing in its words and in ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.wire import messages as m
from runner.wire.bodies import PROTO_ANSWERS, PROTO_REQUESTS
from runner.wire.frames import FrameBuffer
from runner.wire.proto_pool import parse
from tests.conformance import table

SCRIPT = Path(__file__).with_name("ibapi_oracle.py")
UNSET = {1.7976931348623157e308, 2147483647, 9223372036854775807}


class Oracle:
    """A process in which one generation of ibapi lives; the same suite runs over each."""

    def __init__(self, name: str, python: Path, versions: tuple[int, ...]) -> None:
        self.name = name
        self.versions = versions
        self._process = subprocess.Popen(
            [str(python), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        assert "error" not in reply, reply
        return reply

    def send(self, version: int, method: str, *args: Any) -> bytes:
        """Return the bytes that EClient's method writes."""
        reply = self._ask({"version": version, "call": [method, list(args)]})
        assert reply["heard"] == [], reply["heard"]
        wire = bytes.fromhex(reply["sent"])
        table.note("asks", version, wire)
        return wire

    def hear(self, version: int, data: bytes) -> list[tuple[str, list[Any]]]:
        """Return the callbacks that ibapi's decoder makes of data."""
        reply = self._ask({"version": version, "hear": data.hex()})
        assert reply["rest"] == 0
        table.note("is told", version, data)
        return [(name, args) for name, args in reply["heard"]]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    @property
    def is_old(self) -> bool:
        """True for the generation before 10."""
        return self.name.startswith("9.")

    @property
    def has_external_user(self) -> bool:
        """True for the one generation that names users of its own, and cancels all without more words."""
        return self.name.startswith("10.30")


PYTHON = Path(sys.executable)


def body_of(wire: bytes) -> bytes:
    """Cut one frame whole, byte by byte and with a tail, and return the body that all three agree on."""
    whole, dribble, tailed = FrameBuffer(), FrameBuffer(), FrameBuffer()
    whole.feed(wire)
    body = whole.next_body()
    assert body is not None
    assert whole.next_body() is None
    found = []
    for at in range(len(wire)):
        dribble.feed(wire[at : at + 1])
        found.append(dribble.next_body())
    assert found == [None] * (len(wire) - 1) + [body]
    tailed.feed(wire + b"\0\0")
    assert (tailed.next_body(), tailed.next_body()) == (body, None)
    return body


def is_protobuf(wire: bytes, version: int) -> bool:
    """Tell whether a frame holds protobuf."""
    return version >= 201 and int.from_bytes(wire[4:8], "big") > 200


def same_bytes(ours: bytes, theirs: bytes, version: int, *, of_server: bool = False) -> bool:
    """Tell whether two frames are one, but in protobuf for the order of a map and for what is zero or empty."""
    if not is_protobuf(theirs, version):
        return ours == theirs
    if ours[4:8] != theirs[4:8]:
        return False
    message_id = int.from_bytes(theirs[4:8], "big") - 200
    table = PROTO_ANSWERS if of_server else PROTO_REQUESTS
    if message_id not in table:
        return ours == theirs
    name = table[message_id].name
    return bool(_said(parse(name, ours[8:])) == _said(parse(name, theirs[8:])))


def _said(message: Any) -> dict[str, Any]:
    found = {}
    for descriptor, value in message.ListFields():
        item = _said(value) if hasattr(value, "ListFields") else value
        if item:
            found[descriptor.name] = item
    return found


MARGINS = {"init_margin": "initMargin", "maint_margin": "maintMargin", "equity_with_loan": "equityWithLoan"}
WHENS = ("before", "change", "after")
NAMES = {
    "contract_id": "conId",
    "security_type": "secType",
    "last_trade_date": "lastTradeDateOrContractMonth",
    "security_id_type": "secIdType",
    "security_id": "secId",
    "combo_legs_description": "comboLegsDescrip",
    "delta_neutral": "deltaNeutralContract",
    "limit_price": "lmtPrice",
    "time_in_force": "tif",
    "discretionary_amount": "discretionaryAmt",
    "rule_80a": "rule80A",
    "min_quantity": "minQty",
    "delta_neutral_contract_id": "deltaNeutralConId",
    "scale_init_fill_quantity": "scaleInitFillQty",
    "reference_exchange": "referenceExchangeId",
    "limit_price_offset": "lmtPriceOffset",
    "cash_quantity": "cashQty",
    "min_trade_quantity": "minTradeQty",
    "reference_futures_contract_id": "refFuturesConId",
    "cumulative_quantity": "cumQty",
    "average_price": "avgPrice",
    "execution_id": "execId",
    "allocations": "orderAllocations",
    "desired_quantity": "desiredAllocQty",
    "allowed_quantity": "allowedAllocQty",
    **{
        f"{what}_{when}_outside_rth": f"{theirs}{when.title()}OutsideRTH"
        for what, theirs in MARGINS.items()
        for when in WHENS
    },
}
ORDER_NAMES = {**NAMES, "contract_id": "conId"}
CONDITIONS = {
    1: "PriceCondition",
    3: "TimeCondition",
    4: "MarginCondition",
    5: "ExecutionCondition",
    6: "VolumeCondition",
    7: "PercentChangeCondition",
}
CONDITION_FIELDS = {
    1: "is_more price contract_id exchange trigger_method",
    3: "is_more time",
    4: "is_more percent",
    5: "security_type exchange symbol",
    6: "is_more volume contract_id exchange",
    7: "is_more percent contract_id exchange",
}
CLASSES = {
    m.WireContract: "Contract",
    m.WireOrder: "Order",
    m.ComboLeg: "ComboLeg",
    m.OrderComboLeg: "OrderComboLeg",
    m.TagValue: "TagValue",
    m.DeltaNeutralContract: "DeltaNeutralContract",
}
READ_AS_ZERO = {"volatility_type", "reference_price_type"}  # ibapi knows no unset for them in an answer
WHOLE_DECIMALS = {"total_quantity"}


def their_name(name: str) -> str:
    """Return ibapi's word for our word."""
    return NAMES.get(name) or re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def to_ibapi(value: Any) -> Any:
    """Return one of our values as the oracle takes it; None is left out, for ibapi's default is its unset."""
    if isinstance(value, m.OrderCondition):
        return _condition(value)
    if isinstance(value, tuple):
        return [to_ibapi(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if not is_dataclass(value):
        return value
    given = {"~": CLASSES[type(value)]}
    for field in fields(value):
        item = getattr(value, field.name)
        if item is not None:
            given[their_name(field.name)] = _exact(item) if field.name in WHOLE_DECIMALS else to_ibapi(item)
    return _order(value, given) if isinstance(value, m.WireOrder) else given


def _exact(value: Decimal) -> dict[str, str]:
    return {"~": "Decimal", "value": str(value)}


def _order(order: m.WireOrder, given: dict[str, Any]) -> dict[str, Any]:
    given["softDollarTier"] = {"~": "SoftDollarTier", "name": order.soft_dollar_name, "val": order.soft_dollar_value}
    tag, _, value = order.misc_options.rstrip(";").partition("=")
    given["orderMiscOptions"] = [{"~": "TagValue", "tag": tag, "value": value}] if order.misc_options else []
    return {name: item for name, item in given.items() if not name.startswith("softDollar") or name == "softDollarTier"}


def _condition(value: m.OrderCondition) -> dict[str, Any]:
    given: dict[str, Any] = {"~": CONDITIONS[value.kind], "isConjunctionConnection": value.conjunction == "a"}
    for name in CONDITION_FIELDS[value.kind].split():
        theirs = "changePercent" if name == "percent" and value.kind == 7 else their_name(name)
        item = getattr(value, name)
        # protobuf has whole percents of margin only, and ibapi does not make them whole
        is_whole = name == "percent" and value.kind == 4 and item is not None and item.as_tuple().exponent == 0
        given[theirs] = int(item) if is_whole else to_ibapi(item)
    return given


def agrees(ours: Any, theirs: Any) -> bool:
    """Tell whether a value of ours and one of ibapi's mean the same."""
    if isinstance(theirs, dict) and theirs.get("~") == "Decimal":
        theirs = Decimal(theirs["value"])
        return theirs == 2**127 - 1 if ours is None else theirs == ours
    if isinstance(theirs, dict) and ours is None:  # 10.37 makes a message that is missing one of which nothing is said
        return not any(item for name, item in theirs.items() if name != "~")
    if ours is None:
        return theirs in UNSET or theirs in (None, "", "1.7976931348623157E308")
    if isinstance(ours, Decimal):
        return float(ours) == float(theirs)  # 10.37 writes out the double that protobuf had
    if isinstance(ours, tuple):
        return _same_items(ours, theirs)
    if is_dataclass(ours):
        return not differences(ours, theirs)
    return type(ours) in (type(theirs), bool) and bool(ours == theirs)  # protobuf has some flags as numbers


def _same_items(ours: tuple[Any, ...], theirs: Any) -> bool:
    theirs = theirs or []
    return len(ours) == len(theirs) and all(map(agrees, ours, theirs))


def differences(ours: Any, theirs: dict[str, Any], skip: frozenset[str] = frozenset()) -> list[str]:
    """Return where an object of ours and one of ibapi's differ, field by field of ours."""
    if isinstance(ours, m.OrderCondition):
        expected = _condition(ours)
        return [f"{n}: {v!r} != {theirs.get(n)!r}" for n, v in expected.items() if (theirs.get(n) or type(v)()) != v]
    found = []
    for field in fields(ours):
        theirs_name = their_name(field.name)
        if field.name in skip or theirs_name not in theirs:
            continue
        mine, other = getattr(ours, field.name), theirs[theirs_name]
        if mine is None and field.name in READ_AS_ZERO and other == 0:
            continue
        if not agrees(mine, other):
            found.append(f"{field.name}: {mine!r} != {other!r}")
    return found


def defaulted(value: Any, names: set[str]) -> Any:
    """Return value with these fields as they are when nothing was said of them."""
    defaults = {field.name: field.default for field in fields(value)}
    return replace(value, **{name: defaults[name] for name in names})
