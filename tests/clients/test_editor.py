"""What an editor gets from the plan's schema: yaml-language-server, as editors run it, on three examples."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from tests.environments import node_environment

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SERVER = "yaml-language-server@2.0.0"
PATIENCE = 30.0
Message = dict[str, Any]


class Editor:
    """Speaks the Language Server Protocol 3.17 over the server's standard streams."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._told: Queue[Message] = Queue()
        self._count = 0
        self._opened = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("initialize", {"processId": os.getpid(), "rootUri": ROOT.as_uri(), "capabilities": {}})
        self._say({"method": "initialized", "params": {}})

    def _say(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self) -> None:
        out = self._process.stdout
        assert out is not None
        while header := out.readline():
            length = int(header.split(b":")[1])
            while out.readline().strip():
                pass
            message = json.loads(out.read(length))
            if "id" in message and "method" in message:  # the server asks: for its settings, or to register something
                answer: object = None
                if message["method"] == "workspace/configuration":
                    answer = [{"validate": True, "completion": True}, *[None] * (len(message["params"]["items"]) - 1)]
                self._say({"id": message["id"], "result": answer})
            else:
                self._told.put(message)

    def ask(self, method: str, params: Message) -> Any:
        """Return the answer to a request."""
        self._count += 1
        self._say({"id": self._count, "method": method, "params": params})
        while True:
            message = self._next(method)
            if message.get("id") == self._count:
                assert "error" not in message, message["error"]
                return message["result"]

    def _next(self, awaited: str) -> Message:
        try:
            return self._told.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"no answer about {awaited} within {PATIENCE} s") from None

    def open(self, path: Path, text: str) -> tuple[str, list[Message]]:
        """Open a file beside path with that text, before it is saved; returns its name and what the server flags."""
        self._opened += 1
        uri = path.with_stem(f"{path.stem}-{self._opened}").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._say({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while True:
            message = self._next(f"what is wrong in {path.name}")
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                diagnostics: list[Message] = message["params"]["diagnostics"]
                return uri, diagnostics

    def complete(self, uri: str, text: str, after: str) -> set[str]:
        """Return what is offered behind the first place where `after` stands."""
        before = text[: text.index(after) + len(after)]
        line, character = before.count("\n"), len(before) - before.rfind("\n") - 1
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        found = self.ask("textDocument/completion", where)
        items = found["items"] if isinstance(found, dict) else found
        return {item["label"] for item in items}


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    binary = node_environment(SERVER) / ".bin" / "yaml-language-server"
    with subprocess.Popen([str(binary), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Editor(process)
        finally:
            process.kill()


def read(name: str) -> tuple[Path, str]:
    path = EXAMPLES / name
    return path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_nothing_is_flagged_in_an_example(editor: Editor, path: Path) -> None:
    assert editor.open(path, path.read_text(encoding="utf-8"))[1] == []


VARIABLES = """\
# yaml-language-server: $schema=../schemas/plan.schema.json
plan: variables
vars: {n: 3, text: {type: text}}
resend: ${text}
limits: {max_quantity: "${n}", max_open_orders: "${n}"}
contract: {sec_type: "${text}", symbol: AAPL, currency: USD, strike: "${n}", multiplier: "${n}", con_id: "${n}"}
side: ${text}
size: 25_000
order: {type: "${text}", tif: "${text}", outside_rth: "${text}", all_or_none: "${text}", min_quantity: "${n}"}
unfilled: {after: "${text}", then: "${text}"}
when: {position: "${text}", spread: "${n} pips"}
orders:
  - id: ladder
    ladder: {count: "${n}", from: "${text}", to: "${text}", sizes: "${text}", ratio: "${n}", tif: "${text}"}
  - {id: slices, slices: {count: "${n}", over: "${text}", vary: "${n}", seed: "${n}", rest: "${text}"}}
  - {id: convert, convert: {from: "${text}", to: "${text}", keep: "${n}", at_least: "${n}", venue: "${text}"}}
  - {id: target, target: {percent: "${n}"}, max_fires: "${n}"}
  - {id: flatten, flatten: {open_orders: "${text}", on: "${text}"}}
"""


def test_variables_are_not_flagged_wherever_fxrun_takes_them(editor: Editor) -> None:
    assert editor.open(EXAMPLES / "variables.yaml", VARIABLES)[1] == []
    _, found = editor.open(EXAMPLES / "variables.yaml", VARIABLES.replace('percent: "${n}"', 'percent: "much"'))
    assert found, "but what is no number, and none of a variable, is"


@pytest.mark.parametrize(
    ("name", "old", "new", "flagged"),
    [
        ("eurusd-weekday.yaml", "side: ", "sied: ", "sied"),
        ("eurusd-weekday.yaml", "side: buy", "side: by", "by"),
        ("bracket-daily.yaml", "take_profit: ", "take_porfit: ", "take_porfit"),
        ("bracket-daily.yaml", "size: ", "size: -", "-"),
        ("monthly-saver.yaml", "timezone: Europe/London}", "timezon: Europe/London}", "timezon"),
    ],
)
def test_what_is_wrong_is_flagged_where_it_stands(editor: Editor, name: str, old: str, new: str, flagged: str) -> None:
    path, text = read(name)
    assert old in text
    changed = text.replace(old, new, 1)
    lines = changed.splitlines()
    _, found = editor.open(path, changed)
    assert found
    assert any(flagged in lines[one["range"]["start"]["line"]] for one in found), found


@pytest.mark.parametrize(
    ("name", "old", "new", "offered"),
    [
        ("eurusd-weekday.yaml", "\nmode: simulate", "\nmode: ", {"simulate", "live"}),
        ("eurusd-weekday.yaml", "\nside: buy", "\nside: ", {"buy", "sell"}),
        ("eurusd-weekday.yaml", "\nside: buy", "\ns", {"side", "slices"}),
        ("bracket-daily.yaml", "  stop_loss: 1.0350", "  t", {"trailing_stop"}),
        ("monthly-saver.yaml", "\norder: {type: market}", "\norder:\n  type: ", {"market", "limit", "trailing_stop"}),
    ],
)  # fmt: skip
def test_what_may_stand_there_is_offered(editor: Editor, name: str, old: str, new: str, offered: set[str]) -> None:
    path, text = read(name)
    assert old in text
    changed = text.replace(old, new, 1)
    uri, _ = editor.open(path, changed)
    assert offered <= editor.complete(uri, changed, new)
