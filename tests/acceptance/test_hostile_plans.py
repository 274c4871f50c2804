"""Broken and hostile plans: the right place for each problem, no traceback, quick, and in little memory.

`hostile/NAME.yaml` (or `.json`) is a plan, `hostile/NAME.expect` has one line a problem: line:column and a word
that its message must hold. What cannot be stored (pipes, devices, huge files) is made here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.errors import PlanInvalid
from runner.plan import excerpt, load

CORPUS = Path(__file__).parent / "hostile"
PLANS = sorted(path for path in CORPUS.iterdir() if path.suffix in (".yaml", ".json"))
RUN = (sys.executable, "-c", "import sys; from runner.cli.main import main; sys.exit(main())")
GOOD = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 1\n"


def problems_of(path: Path | str) -> PlanInvalid:
    start = time.perf_counter()
    with pytest.raises(PlanInvalid) as caught:
        load(str(path))
    assert time.perf_counter() - start < 1
    assert caught.value.exit_code == 2
    return caught.value


def test_the_corpus_is_large_enough() -> None:
    assert len(PLANS) >= 160
    assert {path.stem for path in PLANS} == {path.stem for path in CORPUS.glob("*.expect")}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_problem_stands_where_it_should(path: Path) -> None:
    expected = [line.split(" ", 1) for line in path.with_suffix(".expect").read_text("utf-8").splitlines()]
    found = problems_of(path).problems
    assert [f"{p.line}:{p.column}" for p in found] == [place for place, _word in expected], [p.message for p in found]
    for problem, (_place, word) in zip(found, expected, strict=True):
        assert word in problem.message
        assert problem.message.isprintable()
        assert len(problem.message) < 500


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_command_says_the_same_to_people_and_to_programs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = [line.split(" ", 1)[0] for line in path.with_suffix(".expect").read_text("utf-8").splitlines()]
    assert main(["validate", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.removeprefix(f"{path}:").split(": ")[0] for line in err.splitlines()] == places
    assert main(["validate", "--json", str(path)]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    said = [json.loads(line) for line in out.splitlines()]
    assert [(p["type"], p["file"], f"{p['line']}:{p['column']}") for p in said] == [
        ("problem", str(path), place) for place in places
    ]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_excerpts_can_be_printed(path: Path) -> None:
    for problem in problems_of(path).problems:
        shown = excerpt(problem)
        assert shown is None or all(c.isprintable() or c == "\n" for c in shown)


def huge_comment(path: Path) -> None:
    path.write_text(GOOD + "#" * (256 * 1024), encoding="utf-8")


def one_byte_too_many(path: Path) -> None:
    path.write_text(GOOD + "#" * (256 * 1024 + 1 - len(GOOD)), encoding="utf-8")


def sparse_gigabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


def brackets(path: Path) -> None:
    path.write_text("[" * 100_000, encoding="utf-8")


def folder(path: Path) -> None:
    path.mkdir()


def missing(path: Path) -> None:
    assert not path.exists()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def link_loop(path: Path) -> None:
    path.symlink_to(path)


def endless_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unreadable(path: Path) -> None:
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


Make = Callable[[Path], None]
EVERYWHERE: dict[Make, str] = {
    huge_comment: "256 KiB",
    one_byte_too_many: "256 KiB",
    sparse_gigabytes: "256 KiB",
    folder: "file",
    missing: "does not exist",
}
POSIX: dict[Make, str] = {
    pipe: "a pipe",
    broken_link: "does not exist",
    link_loop: "cannot be read",
    endless_device: "a device",
    unreadable: "permission denied",
}
SPECIAL = EVERYWHERE | (POSIX if os.name == "posix" else {})


@pytest.mark.parametrize("make", SPECIAL, ids=lambda make: make.__name__)
def test_what_is_not_a_plan_at_all(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    make(path)
    (problem,) = problems_of(path).problems
    assert (problem.line, problem.column) == (1, 1)
    assert SPECIAL[make] in problem.message


def test_a_plan_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD + "#" * (256 * 1024 - len(GOOD)), encoding="utf-8")
    assert load(str(path)).name == "demo"


def test_brackets_without_end_stop_at_the_33rd(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    brackets(path)
    (problem,) = problems_of(path).problems
    assert (problem.line, problem.column) == (1, 33)


@pytest.mark.skipif(os.name != "posix", reason="memory is measured with the resource module")
@pytest.mark.parametrize("make", [sparse_gigabytes, brackets, endless_device, pipe, folder, missing])
def test_the_command_itself(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    make(path)
    done, memory = run_measured("validate", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{path}:1:")
    assert "Traceback" not in done.stderr
    assert memory < 100 << 20


@pytest.mark.skipif(os.name != "posix", reason="memory is measured with the resource module")
@pytest.mark.parametrize("name", ["alias-bomb", "many-at-once", "number-5000-digits", "control-escape"])
def test_the_command_on_a_stored_plan(name: str) -> None:
    path = CORPUS / f"{name}.yaml"
    done, memory = run_measured("validate", str(path))
    places = [line.split(" ", 1)[0] for line in path.with_suffix(".expect").read_text("utf-8").splitlines()]
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [f"{path}:{place}:" in done.stderr for place in places] == [True] * len(places)
    assert memory < 100 << 20


_MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, timeout=20)
sys.stderr.buffer.write(done.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def run_measured(*arguments: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run fxrun below a process of its own, which tells the most memory it held, in bytes."""
    done = subprocess.run(
        (sys.executable, "-c", _MEASURE, *RUN, *arguments),
        capture_output=True, encoding="utf-8", timeout=30, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024
    return done, int(done.stdout) * unit
