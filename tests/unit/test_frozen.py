"""A quick frozen dataclass is what it was: the same fields, defaults, refusals and copies."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from runner.frozen import quick


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """One to inherit from."""

    first: int
    second: str = "two"


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Made(Base):
    """Every kind of field."""

    third: list[int] = field(default_factory=list)
    derived: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "derived", self.first + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain(Base):
    """The same as dataclass makes it."""

    third: list[int] = field(default_factory=list)


def test_values_and_defaults_come_out_as_they_went_in() -> None:
    one = Made(first=1)
    assert (one.first, one.second, one.third, one.derived) == (1, "two", [], 2)
    assert one.third is not Made(first=1).third
    assert Made(first=3, second="s", third=[4]) == replace(one, first=3, second="s", third=[4])
    assert repr(one) == "Made(first=1, second='two', third=[], derived=2)"
    assert repr(Plain(first=1)) == "Plain(first=1, second='two', third=[])"


def test_it_is_frozen_and_refuses_what_it_does_not_know() -> None:
    one = Base(first=1)
    with pytest.raises(FrozenInstanceError):
        one.first = 2  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"Base.__init__\(\) missing 1 required keyword-only argument: 'first'"):
        Base()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'third'"):
        Base(first=1, third=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Base(1)  # type: ignore[misc]
    assert hash(one) == hash(Base(first=1))


def test_a_class_that_takes_values_by_their_place_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Placed:
        first: int

    with pytest.raises(TypeError, match=r"Placed\.first may be given without its name"):
        quick(Placed)
