"""A folder of plans, looked at over and over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.cli.folder import Folder, Look
from runner.errors import UsageError
from runner.plan.model import Plan

PLAN = "plan: {name}\ncontract: EUR.USD\nside: buy\nsize: {size}\n"


def write(path: Path, name: str, size: int = 25_000) -> None:
    path.write_text(PLAN.format(name=name, size=size))


def names(look: Look) -> list[str]:
    return [plan.name for plan in look.plans]


def folder(path: Path) -> Folder:
    return Folder(path, lambda _plan: None)


def test_the_first_look_finds_what_is_there_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "b.yaml", "b")
    write(tmp_path / "a.yml", "a")
    (tmp_path / "c.json").write_text('{"plan": "c", "contract": "EUR.USD", "side": "buy", "size": 1000}')
    write(tmp_path / ".hidden.yaml", "hidden")
    (tmp_path / "fxrun.yaml").write_text("account: DU1234567\n")
    (tmp_path / "notes.txt").write_text("no plan")
    (tmp_path / "d.yaml").mkdir()
    looked = folder(tmp_path)
    found = looked.look()
    assert (names(found), found.gone, found.problems) == (["a", "b", "c"], (), ())
    assert not looked.look()


def test_what_has_changed_is_read_once_it_stays_as_it_is(tmp_path: Path) -> None:
    looked = folder(tmp_path)
    write(tmp_path / "z.yaml", "z")
    looked.look()
    write(tmp_path / "a.yaml", "a")
    assert not looked.look(), "it may be written on"
    write(tmp_path / "a.yaml", "a", 30_000)
    os.utime(tmp_path / "a.yaml", (1, 1))
    assert not looked.look()
    (plan,) = looked.look().plans
    assert isinstance(plan, Plan)
    assert plan.instructions[0].size.amount == 30_000
    write(tmp_path / "a.yaml", "a", 35_000)
    assert names(looked.look(at_once=True)) == ["a"]


def test_a_broken_edit_keeps_the_version_before_and_is_told_once(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "a")
    looked = folder(tmp_path)
    looked.look()
    (tmp_path / "a.yaml").write_text("plan: a\nside: bye\n")
    found = looked.look(at_once=True)
    assert (names(found), found.gone, found.kept) == ([], (), ("a",))
    assert any("side" in problem.message and problem.line == 2 for problem in found.problems)
    os.utime(tmp_path / "a.yaml", (1, 1))
    assert not looked.look(at_once=True), "the same is not told again"
    write(tmp_path / "a.yaml", "a", 40_000)
    assert names(looked.look(at_once=True)) == ["a"]


def test_a_file_that_is_gone_takes_its_plan_with_it_and_one_that_is_renamed_does_not(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "a")
    write(tmp_path / "b.yaml", "b")
    looked = folder(tmp_path)
    looked.look()
    (tmp_path / "b.yaml").unlink()
    (tmp_path / "a.yaml").rename(tmp_path / "c.yaml")
    found = looked.look(at_once=True)
    assert (names(found), found.gone) == (["a"], ("b",))


def test_another_name_in_the_file_is_another_plan(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "a")
    looked = folder(tmp_path)
    looked.look()
    write(tmp_path / "a.yaml", "z")
    found = looked.look(at_once=True)
    assert (names(found), found.gone) == (["z"], ("a",))


def test_a_name_that_two_files_have_is_carried_out_once_until_one_of_them_is_gone(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "twin")
    write(tmp_path / "b.yaml", "twin", 30_000)
    looked = folder(tmp_path)
    found = looked.look()
    assert names(found) == ["twin"]
    assert "also the plan in" in found.problems[0].message
    assert "a.yaml" in found.problems[0].message
    assert not looked.look(at_once=True)
    (tmp_path / "a.yaml").unlink()
    found = looked.look(at_once=True)
    assert [plan.instructions[0].size.amount for plan in found.plans] == [30_000]
    assert found.gone == ()


def test_what_is_not_wanted_here_says_why(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "a")
    (problem,) = Folder(tmp_path, lambda plan: f"{plan.name} is not for here").look().problems
    assert (problem.file, problem.message) == (str(tmp_path / "a.yaml"), "a is not for here")


def test_a_folder_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "plans"
    inner.mkdir()
    write(inner / "a.yaml", "a")
    looked = folder(inner)
    looked.look()
    inner.rename(tmp_path / "elsewhere")
    found = looked.look()
    assert (found.gone, "as they are" in found.problems[0].message) == ((), True)
    assert not looked.look()
    (tmp_path / "elsewhere").rename(inner)
    assert not looked.look(at_once=True)
    assert looked.problems == ()
    inner.rename(tmp_path / "elsewhere")
    assert looked.look().problems, "the next time is told, too"


@pytest.mark.parametrize("name", ["file", "nothing"])
def test_no_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="expected a folder"):
        folder(tmp_path / name)
