"""The real ibapi as an oracle, run as a program in the environment of one generation; imports nothing of ours.

Reads a list of JSON jobs a line and answers each: {"version", "call": [method, args]} with {"sent": hex}, what EClient
put on the wire; {"version", "hear": hex} with {"heard": [[callback, args]...]}, what its decoder made of the frame,
which ibapi's own reader got whole, with a tail, and, if "bytewise" is set, byte by byte.
Objects travel as {"~": class, attribute: value}; decimals as {"~": "Decimal", "value": text}.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import sys
from decimal import Decimal
from functools import cache
from typing import Any

from ibapi import comm, order_condition
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

RAW_IDS_SINCE = 201
PROTOBUF_OFFSET = 200
MODULES = ("contract", "order", "execution", "tag_value", "softdollartier", "order_cancel", "scanner", "common")
CLASSES: dict[str, type] = {"Decimal": Decimal}
for name in MODULES:
    try:
        module = importlib.import_module(f"ibapi.{name}")
    except ModuleNotFoundError:
        continue
    CLASSES.update({n: c for n, c in vars(module).items() if inspect.isclass(c)})
CLASSES.update({n: c for n, c in vars(order_condition).items() if n.endswith("Condition")})


class Recorder(EWrapper):
    """Notes every callback."""

    def __init__(self) -> None:
        EWrapper.__init__(self)
        self.heard: list[Any] = []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name in ("heard", "logAnswer") or not hasattr(EWrapper, name):
            return object.__getattribute__(self, name)
        if name.endswith("ProtoBuf"):
            return lambda *_: None  # told beside the callback that tells the same in ibapi's own classes
        return lambda *args: object.__getattribute__(self, "heard").append([name, [dump(arg) for arg in args]])


class Wire:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, data: bytes) -> int:
        self.sent += data
        return len(data)


def load(value: Any) -> Any:
    """Turn JSON into ibapi's objects."""
    if isinstance(value, list):
        return [load(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value["~"] == "Decimal":
        return Decimal(value["value"])
    thing = CLASSES[value["~"]]()
    for name, item in value.items():
        if name != "~":
            setattr(thing, name, load(item))
    return thing


def dump(value: Any) -> Any:
    """Turn ibapi's objects into JSON."""
    if isinstance(value, Decimal):
        return {"~": "Decimal", "value": str(value)}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return (
        {"~": type(value).__name__, **{n: dump(v) for n, v in vars(value).items()}}
        if hasattr(value, "__dict__")
        else str(value)
    )


@cache
def speaker(version: int) -> tuple[Recorder, Any]:
    """Return an EClient that believes it is connected."""
    wrapper = Recorder()
    client = EClient(wrapper)
    client.connState, client.serverVersion_ = EClient.CONNECTED, version
    client.clientId, client.optCapab = 7, ""
    client.extraAuth = True  # 9.81.1 asks for it before some requests, and later ones too
    return wrapper, client


@cache
def listener(version: int) -> tuple[Recorder, Any, bool]:
    """Return a decoder, and whether it takes the id apart from the fields."""
    wrapper = Recorder()
    decoder = Decoder(wrapper, version)
    return wrapper, decoder, "msgId" in inspect.signature(decoder.interpret).parameters


def send(version: int, method: str, args: Any) -> dict[str, Any]:
    """Call a method of EClient."""
    wrapper, client = speaker(version)
    wrapper.heard, client.conn = [], Wire()
    getattr(client, method)(*load(args))
    return {"sent": client.conn.sent.hex(), "heard": wrapper.heard}


TAIL = b"\0\0\0\x09half"


def hear(version: int, data: bytes, bytewise: bool) -> dict[str, Any]:
    """Let the decoder read one frame, cut by ibapi itself, as EClient.run does."""
    wrapper, decoder, takes_id = listener(version)
    wrapper.heard = []
    size, text, rest = comm.read_msg(data)
    assert size == len(text) > 0
    assert rest == b""
    assert comm.read_msg(data + TAIL) == (size, text, TAIL)
    for at in range(len(data)) if bytewise else ():
        assert not comm.read_msg(data[:at])[1]
    if version >= RAW_IDS_SINCE:
        interpret_raw(decoder, text)
        return {"heard": wrapper.heard}
    fields = comm.read_fields(text)
    if takes_id:
        decoder.interpret(fields[1:], int(fields[0]))
    else:
        decoder.interpret(fields)
    return {"heard": wrapper.heard}


def interpret_raw(decoder: Any, text: bytes) -> None:
    """Let the decoder read one frame whose id is a number."""
    message_id = int.from_bytes(text[:4], "big")
    if message_id > PROTOBUF_OFFSET:
        decoder.processProtoBuf(text[4:], message_id - PROTOBUF_OFFSET)
    else:
        decoder.interpret(comm.read_fields(text[4:]), message_id)


def main() -> None:
    """Answer jobs until the input ends."""
    for line in sys.stdin:
        print(json.dumps([answer(job) for job in json.loads(line)]), flush=True)


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job."""
    try:
        if "call" in job:
            return send(job["version"], *job["call"])
        return hear(job["version"], bytes.fromhex(job["hear"]), job["bytewise"])
    except Exception as error:  # an oracle that dies tells nothing; the test shows what it said
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
