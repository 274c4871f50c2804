"""X08: nothing in the sources turns data into code, starts a shell, or speaks to the network when it is imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("runner", "strategies", "schemas") for path in (ROOT / top).rglob("*.py"))
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "code", "codeop", "imp", "runpy", "ctypes"}
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.load_all", "yaml.full_load",
    "yaml.unsafe_load", "yaml.safe_load", "subprocess.getoutput", "subprocess.getstatusoutput", "tempfile.mktemp",
    "pickle.loads", "marshal.loads", "jsonpickle.decode",
}  # fmt: skip
CLIENTS = {"requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "ftplib", "smtplib", "telnetlib"}


def dotted(node: ast.expr) -> str:
    """Return a name as it is written, such as yaml.load; empty for anything else."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            inner = dotted(node.value)
            return f"{inner}.{node.attr}" if inner else ""
    return ""


def imported(node: ast.AST) -> Iterator[str]:
    """Yield what a statement imports, with every package above it."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[: n + 1]) for n in range(len(parts)))


def findings(text: str) -> list[tuple[int, str]]:
    """Return the lines of a source that do what none may, each with a word for it."""
    found = []
    for node in ast.walk(ast.parse(text)):
        line = getattr(node, "lineno", 0)
        found += [(line, name) for name in imported(node) if name in MODULES | CLIENTS | CALLS]
        if isinstance(node, ast.Call):
            if (name := dotted(node.func)) in CALLS:
                found.append((line, name))
            shell = [each for each in node.keywords if each.arg == "shell"]
            if shell and not (isinstance(shell[0].value, ast.Constant) and shell[0].value.value is False):
                found.append((line, "shell=True"))
    return found


def test_x08_no_source_makes_code_of_data_or_starts_a_shell() -> None:
    """One place makes code, as dataclasses do: of the tables of the protocol's fields, never of what a peer sends.

    Plans go pickled from a service to its own processes, by a pipe that nobody else has an end of. The one address that
    fxrun itself opens by URL is that of the settings' dead man's switch.
    """
    assert len(SOURCES) > 100
    found = [(str(path.relative_to(ROOT)), *each) for path in SOURCES for each in findings(path.read_text("utf-8"))]
    allowed = {
        ("runner/cli/lanes.py", "pickle"),
        ("runner/cli/roll.py", "pickle"),
        ("runner/notify/ping.py", "http.client"),
        ("runner/notify/ping.py", "urllib.request"),
        ("runner/wire/compiled.py", "eval"),
    }
    assert {(file, what) for file, _, what in found} == allowed


_RECORD = """
from decimal import Decimal
from runner.wire import compiled
sources = []
def recording(source, given):
    sources.append(source)
    return eval(source, given)
compiled.eval = recording
from runner.wire.messages import PlaceOrder, WireContract, WireOrder, OpenOrder, WireOrderState
from runner.wire.session import ClientSession, ServerSession
hostile = "__import__('os').system('x')"
for version in (157, 178, 200, 203):
    client, server = ClientSession(max_version=version), ServerSession(max_version=version)
    list(server.receive(client.greeting()))
    list(client.receive(server.handshake_reply(hostile)))
    order = WireOrder(order_ref=hostile, account=hostile, total_quantity=Decimal(1), action="BUY", order_type="MKT")
    contract = WireContract(symbol=hostile, currency="USD")
    server.receive(client.encode(PlaceOrder(order_id=1, contract=contract, order=order)))
    list(server.receive(client.encode(PlaceOrder(order_id=1, contract=contract, order=order))))
print("\\n".join(sources))
"""


def test_x08_what_is_compiled_holds_field_names_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RECORD], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    sources = done.stdout.splitlines()
    assert sources
    for source in sources:
        assert "__" not in source
        nodes = list(ast.walk(ast.parse(source, mode="eval")))
        called = {dotted(node.func) for node in nodes if isinstance(node, ast.Call)}
        assert called <= {
            "int",
            "str",
            "Decimal",
            "bool",
            *(name for name in called if name.startswith(("read", "write"))),
        }


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from pickle import loads", "import yaml\nyaml.load(x)", "yaml.safe_load(x)", "eval('1')",
        "from yaml import unsafe_load", "import os\nos.system('x')", "subprocess.run(x, shell=True)",
        "subprocess.run(x, shell=y)", "__import__(name)", "from urllib.request import urlopen", "exec(x)",
    ],
)  # fmt: skip
def test_x08_the_scan_finds_what_it_looks_for(text: str) -> None:
    assert findings(text)


def test_x08_modules_are_imported_by_name_from_one_table_only() -> None:
    """What names a module at run time is the table of commands or a word in the source; no plan or broker does."""
    users = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and dotted(node.func).rpartition(".")[2] == "import_module"
        and not isinstance(node.args[0], ast.Constant)
    }
    assert users <= {"runner/cli/main.py"}


_IMPORT_ALL = """
import importlib, socket, sys
def refuse(*args, **kwargs):
    raise SystemExit(f"a socket is used at import: {args}")
socket.socket.connect = socket.socket.bind = socket.create_connection = socket.getaddrinfo = refuse
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv) - 1)
"""


def test_x08_nothing_speaks_to_the_network_when_it_is_imported() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in SOURCES
        if path.name not in ("__init__.py", "__main__.py")
    ]
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, *names], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(names)


def test_x08_the_version_of_every_dependency_has_an_end() -> None:
    """A lower bound says what was tested; an upper one, or the manual of dependencies, what a new release may break."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    told = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    for requirement in project["dependencies"]:
        name = requirement.partition(">=")[0]
        assert ">=" in requirement
        assert name.lower() in told, name
