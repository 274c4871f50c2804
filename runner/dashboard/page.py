"""Pages from templates: everything in them is escaped, and no text of a plan or a broker can hide or turn a letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runner.cli import marks
from runner.cli.output import clean
from runner.cli.standing import fire_state
from runner.cli.trading import counted, ticket_words
from runner.core.times import stamp
from runner.report import blotter

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """Return a page, or a part of one."""
    return _ENVIRONMENT.get_template(template).render(values)


def _shown(value: object) -> object:
    """Write a value of a template; what a reader would not see, or see elsewhere, becomes an escape."""
    return clean(value) if type(value) is str else value


def _masked(value: object) -> str:
    """Write a text of others, whatever looks like an account with its middle left out."""
    return clean(marks.mask_all(str(value)))


def _moment(at: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(stamp(at), f"{at:%b} {at.day} {at:%H:%M:%S}")


def _amount(value: Decimal) -> str:
    """Write money with its sign, so that a gain can be told without its colour."""
    text = blotter.money(value).replace("_", ",")
    return text.replace("-", "−") if value <= 0 else f"+{text}"


def _costs(by_currency: Mapping[str, Decimal]) -> str:
    return blotter.amounts(by_currency).replace("_", ",")


def _quantity(value: Decimal) -> str:
    return blotter.units(value).replace("_", ",").replace("-", "−")


def _price(value: Decimal | None, contract: str) -> str:
    return "–" if value is None else blotter.price_of(contract, value)


def _sign(value: Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else "even"


def _part(text: str) -> str:
    """Write a name as one part of an address."""
    return quote(text, safe="")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"amount": _amount, "costs": _costs, "quantity": _quantity, "price": _price, "sign": _sign}
    words = {"counted": counted, "fire_state": fire_state, "ticket": ticket_words, "masked": _masked}
    made.filters.update({**filters, **words, "moment": _moment, "part": _part})
    return made


_ENVIRONMENT = _environment()
