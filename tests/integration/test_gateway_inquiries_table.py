"""The tables of every message in docs/gateway.md, held against the wire and against what the gateway does."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from runner.gateway.inquiries_refused import EMPTY
from runner.wire.layout_answers import ANSWERS
from runner.wire.layout_requests import REQUESTS
from runner.wire.messages import Answer, ErrorMessage, Request, RequestMarketData, StartApi, Unsupported, WireContract
from runner.wire.unoffered import UNOFFERED
from tests.integration.gateway_peer import EURUSD, Client, errors, only, staged

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"\| (\d+) \| `(\w+)` \| (\w+) (?=\|)")
ABOUT = 77


def table(begin: str, end: str) -> dict[int, str]:
    """Return what a part of the document says of each message."""
    text = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
    rows = CELL.findall(text[text.index(begin) : text.index(end)])
    assert len({number for number, _, _ in rows}) == len({name for _, name, _ in rows}) == len(rows), "each once"
    return {int(number): said for number, _, said in rows}


SENT = table("What a program may send", "What it says.")
SAID = table("What it says.", "## Versions of the protocol")


def test_every_request_is_there_once() -> None:
    assert set(SENT) == set(REQUESTS) | set(UNOFFERED)
    assert {number for number, said in SENT.items() if said == "yes"} == set(REQUESTS)


def test_every_answer_is_there_once() -> None:
    empty = {answer for answer, _ in EMPTY.values()}
    assert set(SAID) >= set(ANSWERS) | empty
    assert {number for number, said in SAID.items() if said == "empty"} == empty
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "runner" / "gateway").glob("*.py"))
    sent = {number for number, layout in ANSWERS.items() if layout.message.__name__ in sources}
    apart = {108}  # made by the wire from historicalData
    assert {number for number, said in SAID.items() if said == "yes"} == sent | apart


def _filled(kind: type) -> Request:
    """Return a request of a kind with an id, and nothing where it needs nothing."""
    values: dict[str, object] = {"request_id": ABOUT, "contract": EURUSD, "subscribe": True, "account": ""}
    needed = {one.name: one for one in fields(kind) if one.default is MISSING or one.name in values}
    found = {name: values.get(name, 1) for name in needed}
    return kind(**{**found, **({"pattern": "EUR"} if "pattern" in found else {})})  # type: ignore[no-any-return]


OFFERED = [
    layout.message
    for number, layout in REQUESTS.items()
    if layout.message is not StartApi and layout.message.__name__ not in ("PlaceOrder", "CancelOrder")
]


@pytest.mark.parametrize("version", [200, 226])
@pytest.mark.parametrize("kind", OFFERED)
def test_what_is_offered_is_not_refused(kind: type, version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        told = client.ask(_filled(kind))
        texts = [one.text for one in only(ErrorMessage, told)]
        assert not [text for text in texts if "Not supported" in text]


def _asked(client: Client, number: int, version: int) -> list[Answer]:
    """Send what is not on offer as a client of a version does, and return the answers."""
    if version > 201:
        data = b"\x08" + bytes([ABOUT])  # field 1, a number
        return client.ask(Unsupported(message_id=number, protobuf=data))
    place = UNOFFERED[number].place
    texts = ("1",) * (place or 0) + (str(ABOUT),)
    return client.ask(Unsupported(message_id=number, fields=(*texts, "0", "", "")))


@pytest.mark.parametrize("version", [157, 178, 200, 213, 226])
def test_what_is_not_offered_is_answered_as_the_table_says(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        for number in sorted(UNOFFERED):
            told = _asked(client, number, version)
            about = -1 if UNOFFERED[number].place is None else ABOUT
            if SENT[number] == "silent":
                assert told == [], number
            elif SENT[number] == "empty":
                (answer,) = told
                assert isinstance(answer, Unsupported)
                assert answer.message_id == EMPTY[number][0]
                assert about == -1 or str(ABOUT) in answer.fields
            else:
                assert errors(told) == [(about, int(SENT[number]))], number


def test_a_message_of_another_world() -> None:
    with staged() as stage:
        client = stage.client()
        assert errors(client.ask(Unsupported(message_id=4711, fields=("5", "x")))) == [(-1, 321)]
        wanted = RequestMarketData(request_id=1, contract=WireContract(contract_id=12087792))
        assert errors(client.ask(wanted)) == [], "and it goes on"
