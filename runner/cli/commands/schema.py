"""`fxrun schema`: the JSON Schemas as they are shipped."""

from __future__ import annotations

import sys

import click

import schemas


@click.command(epilog="Example: fxrun schema plan > plan.schema.json")
@click.argument("name", type=click.Choice(schemas.NAMES), default="plan")
def command(name: str) -> None:
    """Print a JSON Schema (draft 2020-12): of plans, settings, events or reports of --json, faults, scenarios."""
    sys.stdout.write(schemas.text(name))
