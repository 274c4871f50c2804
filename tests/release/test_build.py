"""What is released: a wheel and an sdist, the same bytes each time, that work where they are installed."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.release.copies import ROOT, copied, run


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Path]]:
    """Wheel and sdist, built twice from copies of their own."""
    pytest.importorskip("hatchling", reason="builds the wheel; pip install -e '.[test]' brings it")
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("what belongs to the project is asked of git, and this is no clone")
    made = []
    for number in (1, 2):
        folder = tmp_path_factory.mktemp(f"build{number}")
        out = folder / "out"
        source = copied(folder / "source")
        run([sys.executable, "-m", "hatchling", "build", "-d", str(out)], source)
        made.append({"wheel": next(out.glob("*.whl")), "sdist": next(out.glob("*.tar.gz"))})
    return made


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_same_bytes_twice(kind: str, builds: list[dict[str, Path]]) -> None:
    digests = {hashlib.sha256(build[kind].read_bytes()).hexdigest() for build in builds}
    assert len(digests) == 1


def test_a_wheel_has_what_runs_and_no_more(builds: list[dict[str, Path]]) -> None:
    with zipfile.ZipFile(builds[0]["wheel"]) as wheel:
        names = set(wheel.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"runner", "strategies", "schemas"}
    there = run(["git", "ls-files", "runner", "strategies", "schemas"], ROOT).stdout.split()
    wanted = {name for name in there if (ROOT / name).is_file() and not name.endswith(".md")}
    assert wanted - names == set()


def test_an_sdist_has_what_tests_it(builds: list[dict[str, Path]]) -> None:
    with tarfile.open(builds[0]["sdist"]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "tests/release/test_build.py"):
        assert name in names


def test_an_installed_wheel_runs_a_plan(builds: list[dict[str, Path]], tmp_path: Path) -> None:
    site = tmp_path / "site"
    wheel = str(builds[0]["wheel"])
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(site)]
    run([*install, wheel], tmp_path)
    (tmp_path / "plan.yaml").write_text("plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\n")
    fxrun = [sys.executable, "-c", "import sys, runner; assert 'site' in runner.__file__, runner.__file__; "
             "from runner.cli.main import main; sys.exit(main())"]  # fmt: skip
    told = run([*fxrun, "plan.yaml", "--simulate", "--from", "2025-01-08T12:00"], tmp_path, PYTHONPATH=str(site))
    assert "1 filled" in told.stdout
    assert '"$schema"' in run([*fxrun, "schema", "plan"], tmp_path, PYTHONPATH=str(site)).stdout
