"""From sound drafts to frozen values: the last place where data of a file is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from runner.core.size import units
from runner.core.ticket import Side
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.header import KEYS, read_header
from runner.plan.model import Instruction, Mark, Mode, Plan
from runner.plan.rules_schedule import spec_of
from runner.plan.source import Source
from runner.schedule.spec import ScheduleSpec

ON_HALT = ("flatten", "halt")  # the one strategy that sends during a halt, and what it says below on:
_Value = TypeVar("_Value")
_TOP = tuple((key,) for key in KEYS)


def build(source: Source, drafts: Sequence[Draft]) -> Plan:
    """Return the plan that a source without problems describes."""
    data = source.data
    if not isinstance(data, dict):
        raise TypeError("build wants a source that was validated")
    header = read_header(data, Findings(source))
    return Plan(
        name=data["plan"],
        mode=Mode(data.get("mode", "simulate").lower()),
        file=source.file,
        digest=source.digest,
        instructions=tuple(_instruction(source, data["plan"], draft) for draft in drafts),
        account=header.account,
        limits=header.limits,
        resend=header.resend,
    )


def _instruction(source: Source, plan: str, draft: Draft) -> Instruction:
    return Instruction(
        plan=plan,
        order=_sound(draft.order_id),
        contract=_sound(draft.contract),
        side=draft.side or Side.BUY,
        size=draft.size or units(Decimal(0)),
        order_type=_sound(draft.order.order_type),
        limit_price=draft.order.limit_price,
        stop_price=draft.order.stop_price,
        time_in_force=_sound(draft.order.time_in_force),
        terms=draft.order.terms,
        strategy=draft.strategy.name,
        parameters=draft.strategy.parameters,
        unfilled=draft.unfilled,
        when=draft.when,
        schedule=_schedule(plan, draft),
        policy=draft.policy,
        marks=_marks(source, draft),
    )


def _schedule(plan: str, draft: Draft) -> ScheduleSpec | None:
    spec = None if draft.schedule is None else spec_of(draft.schedule, f"{plan}/{draft.order_id}")
    if (draft.strategy.name, draft.strategy.parameters.get("on")) != ON_HALT:
        return spec
    return replace(spec or ScheduleSpec(zone=ZoneInfo("UTC")), on_halt=True)


def _sound(value: _Value | None) -> _Value:
    if value is None:
        raise TypeError("build wants drafts that were validated")
    return value


def _marks(source: Source, draft: Draft) -> Mapping[str, Mark]:
    """Return where each value stands, by its key in the plan; what is left to its default has no mark."""
    top = {".".join(map(str, where)): mark for where, mark in source.values.items() if where[:1] in _TOP}
    return top | {name: source.value_mark(where) for name, where in draft.places.items()}
