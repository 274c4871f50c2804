"""Who may import whom: read from the sources, held against the table of runner/ARCHITECTURE.md."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
STDLIB = set(sys.stdlib_module_names)
OURS = {"runner", "strategies", "schemas"}

MAY = {
    "runner.errors": set(),
    "runner.core": {"runner.errors"},
    "runner.wire": {"runner.errors", "google.protobuf"},
    "runner.schedule": {"runner.core", "runner.errors", "cronsim", "holidays"},
    "runner.plan": {
        "runner.core", "runner.errors", "runner.schedule", "schemas", "yaml", "jsonschema", "referencing", "parsy",
    },
    "runner.plan.ib_fields": {"runner.plan", "runner.core", "ibapi"},
    "strategies": {"runner.core", "runner.errors", "runner.plan.model"},
    "schemas": set(),
    "runner.settings": {"runner.core", "runner.errors", "runner.plan", "schemas"},
    "runner.risk": {"runner.core", "runner.errors"},
    "runner.ib": {"runner.core", "runner.errors", "ibapi"},
    "runner.journal": {"runner.core", "runner.errors"},
    "runner.lifecycle": {"runner.core", "runner.errors", "runner.ib", "runner.journal", "strategies"},
    "runner.engine": {
        "runner.core", "runner.errors", "runner.plan", "runner.schedule", "strategies", "runner.journal",
        "runner.lifecycle", "runner.risk", "apscheduler",
    },
    "runner.gateway": {"runner.errors", "runner.core.money", "runner.core.clock", "runner.wire", "currency_converter"},
    "runner.gateway.plugin": {"runner.errors", "runner.gateway", "runner.cli.faults", "pytest"},
    "runner.gateway.state_codec": {"runner.gateway", "cattrs"},
    "runner.gateway.table": {"runner.gateway", "runner.core.money", "rich"},
    "runner.report": {"runner.core", "runner.errors", "runner.journal", "rich"},
    "runner.dashboard": {
        "runner.core", "runner.errors", "runner.journal", "runner.plan", "runner.report", "runner.schedule",
        "runner.cli.foretold", "runner.cli.loopback", "runner.cli.marks", "runner.cli.observing", "runner.cli.options",
        "runner.cli.output", "runner.cli.standing", "runner.cli.trading", "jinja2", "markupsafe", "starlette",
        "uvicorn",
    },
    "runner.report.page": {"runner.report", "runner.core", "jinja2", "markupsafe", "litecharts"},
    "runner.notify": {
        "runner.core", "runner.errors", "runner.journal", "runner.report", "runner.settings", "runner.cli.marks",
        "runner.cli.observing", "runner.cli.standing", "apprise",
    },
    "runner.metrics": {
        "runner.core", "runner.errors", "runner.journal", "runner.cli.loopback", "runner.cli.observing",
        "prometheus_client",
    },
    "runner.cli": {
        "runner", "schemas", "strategies", "click", "rich", "tzlocal",
    },
}  # fmt: skip


def _room(module: str) -> str | None:
    """Return the longest row of the table that module belongs to."""
    rows = [row for row in MAY if module == row or module.startswith(row + ".")]
    return max(rows, key=len) if rows else None


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            found |= {f"{base}.{alias.name}" if _is_module(f"{base}.{alias.name}") else base for alias in node.names}
    return found


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


SOURCES = sorted(p for top in ("runner", "strategies", "schemas") for p in (ROOT / top).rglob("*.py"))


def _allowed(module: str, imported: str) -> bool:
    room = _room(module)
    if room is None or imported.split(".")[0] in STDLIB | {"__future__"}:
        return True
    if imported == room or imported.startswith(room + "."):
        return True
    return any(imported == name or imported.startswith(name + ".") for name in MAY[room])


def test_every_import_points_down_the_table() -> None:
    wrong = [
        f"{_module(path)} imports {name}"
        for path in SOURCES
        for name in sorted(_imports(path))
        if not _allowed(_module(path), name)
    ]
    assert wrong == []


def test_no_import_cycles() -> None:
    graph = {
        _module(path): {m for m in _imports(path) if m.split(".")[0] in {"runner", "strategies", "schemas"}}
        for path in SOURCES
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module not in done:
            for below in graph.get(module, ()):
                visit(below, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def _calls(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {n.func.attr for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}


def test_only_submit_calls_place() -> None:
    """One function in the tree reaches placeOrder, so nothing can be sent that was not written down first."""
    callers = {
        _module(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"placeOrder", "place"}
    }
    assert callers <= {"runner.lifecycle.submit", "runner.ib.connection"}


def test_main_path_imports_nothing_posix_only() -> None:
    posix = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "posix", "syslog", "readline", "curses"}
    wrong = [
        f"{_module(path)} imports {name}" for path in SOURCES for name in _imports(path) if name.split(".")[0] in posix
    ]
    assert wrong == []
