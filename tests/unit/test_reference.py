"""docs/plan.md says of every key what the schema says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import schemas
from schemas import reference

PAGE = Path(__file__).parents[2] / "docs" / "plan.md"


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == reference.renewed(page), "renew it with: python -m schemas.reference docs/plan.md"


def test_every_key_of_the_plan_is_there() -> None:
    text = reference.reference("plan")
    for key, schema in json.loads(schemas.text("plan"))["properties"].items():
        assert f"| `{key}` |" in text
        assert schema.get("title", key) in text


def test_a_page_without_such_a_part_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no part to renew"):
        reference.renewed("# A page")
