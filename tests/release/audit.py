"""pip-audit over everything that fxrun installs, its extras and its test tools: known holes, by the database of PyPI.

    python -m tests.release.audit

Exit 1 if there is one. Where the database cannot be reached nothing is audited, and that is said: it is asked first for
a release with holes that everybody knows, since a mirror may answer without having them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.environments import environment

DATABASE = "https://pypi.org/pypi"
HOLED = "jinja2/2.4.1"
_PATIENCE = 3.0  # seconds


def why_not(database: str = DATABASE) -> str | None:
    """Return why the database is of no use from here, None if it is."""
    address = f"{database}/{HOLED}/json"
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
            found = json.load(answer)
    except (OSError, ValueError) as error:
        return f"{address}: {error}"
    return None if found.get("vulnerabilities") else f"{address}: answered, and knows no hole of it"


def audit() -> int:
    """Audit what is installed beside this Python."""
    own = environment("pip-audit==2.10.1")
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze", "--exclude-editable", "--exclude", "fxrun"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "installed.txt"
        file.write_text(listed.stdout, encoding="utf-8")
        words = ["--strict", "--progress-spinner", "off", "--no-deps", "--disable-pip", "--requirement", str(file)]
        return subprocess.run([str(own), "-m", "pip_audit", *words], check=False).returncode


def main() -> int:
    """Audit, or say why not; returns the exit code."""
    if (reason := why_not()) is not None:
        print(f"pip-audit: not run: unreachable ({reason})")
        return 0
    return audit()


if __name__ == "__main__":
    sys.exit(main())
