"""What docs/gateway.md shows of faults is what happens."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from runner.cli.faults import load_faults
from runner.gateway.anomalies import Anomalies
from runner.gateway.faults import Verb
from runner.gateway.faults_read import CONDITIONS, PARAMETERS, BadFault, read_command
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import RequestOpenOrders
from tests.integration.gateway_peer import Client, kinds, order, staged, statuses

DOCUMENT = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text(encoding="utf-8")
SECTION = DOCUMENT.split("## Faults on demand", 1)[1].split("\n## ", 1)[0]


def _example(folder: Path) -> GatewaySettings:
    path = folder / "faults.yaml"
    path.write_text(SECTION.split("```yaml\n", 1)[1].split("```", 1)[0])
    return GatewaySettings(faults=load_faults(path))


def test_the_example_does_what_it_says(tmp_path: Path) -> None:
    chosen = _example(tmp_path)
    assert chosen.faults.shares == Anomalies(duplicate_status=20)
    with staged(settings=chosen) as stage:
        one, two = stage.client(1), stage.client(2)
        assert {number for number, _ in statuses(one.ask(order(1), order(2), order(3)))} == {1, 3}
        ends = [kinds(two.ask(RequestOpenOrders())) for _ in range(40)]
        assert 20 <= sum(end == ["OpenOrdersEnd"] for end in ends) < 40
        two.send(two.wire.encode(order(1, order_ref="eurusd-1")))
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            two.read()
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            stage.client(3)


def test_the_lines_are_answered_as_shown() -> None:
    lines = [json.loads(line) for line in re.findall(r"^(\{.*\})$", SECTION, re.MULTILINE)]
    with staged() as stage:
        gateway = Gateway(SyntheticMarket(1), stage.time, GatewaySettings())
        client = Client(gateway.start(control=0), 3)
        assert gateway.control_port is not None
        with socket.create_connection(("127.0.0.1", gateway.control_port), timeout=5) as sock:
            answers = sock.makefile("r")
            for asked, shown in zip(lines[::2], lines[1::2], strict=True):
                sock.sendall(json.dumps(asked).encode() + b"\n")
                told = json.loads(answers.readline())
                assert told.keys() == shown.keys()
                assert told["ok"] == shown["ok"]
                assert told.get("done") == shown.get("done")
                assert told.get("clients") == shown.get("clients")
            answers.close()
        client.close()
        gateway.stop()


def test_the_tables_name_every_verb_parameter_and_condition() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| .* \| ?(.*?) ?\|$", SECTION.split("| `when` |")[0], re.MULTILINE)
    told = {verb: set(re.findall(r"`(\w+)`", given)) for names, given in rows for verb in re.findall(r"`(\w+)`", names)}
    told.pop("do")
    assert told == {verb.value: set(PARAMETERS[verb]) for verb in Verb}
    first = re.findall(r"^\| (`.*?) \|", SECTION.split("| `when` |")[1], re.MULTILINE)
    assert {word for names in first for word in re.findall(r"`(\w+)`", names)} == set(CONDITIONS)


def test_a_command_that_is_refused_says_what_was_meant() -> None:
    with pytest.raises(BadFault, match='did you mean "mute"'):
        read_command({"do": "mutter"})
