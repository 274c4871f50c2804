"""A file of faults: read into values, or everything wrong with it, each with its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import schemas
from runner.cli.faults import load_faults, with_faults
from runner.errors import PlanInvalid
from runner.gateway.anomalies import Anomalies
from runner.gateway.faults import Direction, Fault, Faults, Trigger, Verb, When
from runner.gateway.faults_rules import Event, Rules
from runner.gateway.settings import GatewaySettings


def _file(folder: Path, text: str) -> Path:
    path = folder / "faults.yaml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    text = """
    seed: 7
    shares: {duplicate_status: 20}
    faults:
      - {do: mute, for: 5, when: {client: 3, at: 2025-03-05T15:31:00+01:00}}
      - {do: cut, byte: 7, when: {frame: 4, direction: in, share: 12.5, times: 2}}
      - {do: correct, by: 0.0001, when: {every: 60}}
      - {do: stop_reading, for: 1, when: {client: 5}}
    """
    found = load_faults(_file(tmp_path, text))
    at = datetime(2025, 3, 5, 14, 31, tzinfo=UTC)
    assert found == Faults(
        seed=7,
        shares=Anomalies(duplicate_status=20),
        faults=(
            Fault(do=Verb.MUTE, seconds=5.0, when=When(client=3, at=at)),
            Fault(do=Verb.CUT, byte=7, when=When(frame=4, direction=Direction.IN, share=Decimal("12.5"), times=2)),
            Fault(do=Verb.CORRECT, by=Decimal("0.0001"), when=When(every=60.0)),
            Fault(
                do=Verb.STOP_READING,
                seconds=1.0,
                when=When(client=5, message="StartApi", direction=Direction.IN),
            ),
        ),
    )
    triggers = [Trigger.TIME, Trigger.BYTES_IN, Trigger.TIME, Trigger.FRAME_IN]
    assert [fault.trigger for fault in found.faults] == triggers
    assert with_faults(GatewaySettings(), tmp_path / "faults.yaml").anomalies == Anomalies(duplicate_status=20)


def test_all_that_is_wrong_with_its_place(tmp_path: Path) -> None:
    text = """faults:
  - do: mute
    byte: 5
  - do: drop
    when: {message: OpenOrderEnd, times: 1}
  - do: delay
"""
    path = _file(tmp_path, text)
    with pytest.raises(PlanInvalid) as failed:
        load_faults(path)
    places = [(one.line, one.column) for one in failed.value.problems]
    texts = [one.message for one in failed.value.problems]
    assert places == [(3, 5), (5, 21), (6, 5)]
    assert 'an unknown key in mute: found "byte"' in texts[0]
    assert 'did you mean "OpenOrdersEnd"?' in texts[1]
    assert 'found no "for" in delay' in texts[2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("[1]", "the file is of the wrong kind"),
        ("seed: -1", "seed is too small"),
        ("sharez: {}", 'did you mean "shares"?'),
        ("shares: {unanswerd: 5}", 'did you mean "unanswered"?'),
        ("shares: {unanswered: 101}", "too large"),
        ("faults: [{when: {at: 5}}]", 'found no "do"'),
        ("faults: [{do: mutter}]", 'did you mean "mute"?'),
        ("faults: [{do: mute, when: {at: noon}}]", "at is no instant"),
        ("faults: [{do: mute, when: {clientt: 5}}]", 'did you mean "client"?'),
        ("faults: [{do: mute, when: {order: 2, at: 3}}]", "waits for several things"),
        ("faults: [{do: mute, do: drop}]", "a duplicate key"),
        ("faults: [{do: mute, when: {connection: 1, client: 3}}]", "no client id when it is made"),
    ],
)
def test_one_thing_wrong(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=r"faults\.yaml:\d+:\d+: ") as failed:
        load_faults(_file(tmp_path, text))
    assert problem in str(failed.value)


def test_the_schema_explains_itself_and_its_examples_hold(tmp_path: Path) -> None:
    schema = json.loads(schemas.text("faults"))
    fault = schema["$defs"]["fault"]
    parts = [*fault["properties"].values(), *fault["properties"]["when"]["properties"].values()]
    parts += [*schema["properties"].values(), *schema["properties"]["shares"]["properties"].values()]
    for part in parts:
        assert part["title"]
        assert len(part["description"]) > 10
        for example in part["examples"]:
            Draft202012Validator({**part, "$defs": schema["$defs"]}).validate(example)
    for number, example in enumerate(schema["examples"]):
        load_faults(_file(tmp_path, json.dumps(example)))
        assert number < 5


def test_rules_count_orders_of_a_client_and_frames_of_a_connection() -> None:
    second = Fault(do=Verb.SWALLOW, when=When(order=2, client=1))
    rules = Rules([second], 1)
    clients = [1, 2, 2, 1, 1]
    assert [len(rules.meet(Event(Trigger.ORDER, 5, client))) for client in clients] == [0, 0, 0, 1, 0]
    third = Fault(do=Verb.DROP, when=When(frame=3, client=1))
    rules = Rules([third], 1)
    events = [Event(Trigger.FRAME_OUT, 9, client) for client in (None, None, 1, 1)]
    assert [len(rules.meet(event)) for event in events] == [0, 0, 1, 0]
