"""A report as one HTML file that opens anywhere, offline: styles, script and data are in it, and nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from runner.report import calendar_page, overview, plots
from runner.report.blotter import money, price_of
from runner.report.csv_files import exact
from runner.report.files import MARK
from runner.report.lines import Outcome, Report
from runner.report.sheets import Cell, Column, Sheet, commissions, fills, fires, orders, plans

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ROWS = 1000  # of a table on the page; the files have all
SHOWN_YEARS = 2  # of a plan's calendars, the last ones; those before are folded
_RIGHT = (Decimal, int)


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The heading of a column of the page."""

    title: str
    right: bool
    is_prose: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PageTable:
    """A table as the page shows it: cells are text."""

    title: str
    count: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int


def html(report: Report) -> str:
    """Return the page; the same report gives the same bytes."""
    data = plots.data(report)
    undone = replace(report, fires=tuple(line for line in report.fires if line.outcome is not Outcome.DONE))
    has_plots = any(data[name] for name in ("equity", "prices", "exposure"))
    return _template().render(
        mark=MARK,
        report=report,
        period=overview.words(report.period),
        figures=[(name, _commas(text)) for name, text in overview.figures(report)],
        verdict=[(sentence.level, _commas(sentence.text)) for sentence in report.verdict],
        calendars=calendar_page.calendars(report.days),
        shown_years=SHOWN_YEARS,
        outcomes=calendar_page.keys(),
        undone=shown(replace(fires(undone), title="Fires not done")),
        exposure_sheet=shown(_held(report)),
        told=f"{report.prices_told[:1].upper()}{report.prices_told[1:]}.",
        no_equity=_why_no_equity(report),
        sheets=[shown(sheet) for sheet in _tables(report) if sheet.rows],
        data=data,
        data_json=_embedded(data),
        has_plots=has_plots,
        charts=_charts() if has_plots else "",
        css=_own("report.css"),
        js=_own("report.js"),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    made.filters["own"] = Markup  # text of this package, never one that others wrote
    return made.from_string((files("runner.report") / "web" / "report.html.j2").read_text(encoding="utf-8"))


def _own(name: str) -> str:
    return (files("runner.report") / "web" / name).read_text(encoding="utf-8")


@cache
def _charts() -> str:
    """Return TradingView's Lightweight Charts, as litecharts ships it."""
    from litecharts import getLwcScript

    script: str = getLwcScript()
    return script.removeprefix("<script>").removesuffix("</script>")


def _tables(report: Report) -> Sequence[Sheet]:
    return [make(report) for make in (plans, commissions, fills, orders, fires)]


def _commas(text: str) -> str:
    """Write thousands as a page has them."""
    return re.sub(r"(?<=\d)_(?=\d)", ",", text)


def _embedded(data: dict[str, object]) -> str:
    """Write data so that no text in it can end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _why_no_equity(report: Report) -> str:
    if report.currency is None:
        return f"the currency of the account is {report.currency_told}"
    return f"no rate of {', '.join(report.unrated) or 'a currency'} was known"


def _held(report: Report) -> Sheet:
    columns = (Column("currency"), Column("exposure at the end", is_money=True))
    return Sheet(name="", title="Exposure at the end", columns=columns, rows=tuple(report.totals.held.items()))


# --- tables


def shown(sheet: Sheet) -> PageTable:
    """Return a table as the page has it: the last of its rows, as text."""
    places = [place for place in range(len(sheet.columns)) if _is_in_page(sheet, place)]
    rows = sheet.rows[-MOST_ROWS:]
    heads = tuple(_head(sheet, place) for place in places)
    return PageTable(
        title=sheet.title,
        count=f"{len(sheet.rows):,}",
        heads=heads,
        rows=tuple(_cells(sheet, row, places) for row in rows),
        left_out=len(sheet.rows) - len(rows),
    )


def _is_in_page(sheet: Sheet, place: int) -> bool:
    column = sheet.columns[place]
    return column.in_page and not (column.is_rare and all(row[place] is None for row in sheet.rows))


def _head(sheet: Sheet, place: int) -> Head:
    column = sheet.columns[place]
    return Head(title=column.title, right=_is_right(sheet.rows, place), is_prose=column.is_prose)


def _is_right(rows: Sequence[tuple[Cell, ...]], place: int) -> bool:
    """Tell whether a column is of numbers."""
    found = next((row[place] for row in rows if row[place] is not None), None)
    return isinstance(found, _RIGHT)


def _cells(sheet: Sheet, row: Sequence[Cell], places: Sequence[int]) -> tuple[str, ...]:
    contract = next((cell for cell, column in zip(row, sheet.columns, strict=True) if column.title == "contract"), "")
    return tuple(_text(row[place], sheet.columns[place], str(contract)) for place in places)


def _text(cell: Cell, column: Column, contract: str) -> str:
    match cell:
        case None:
            return ""
        case Decimal() if column.is_price:
            return _grouped(price_of(contract, cell))
        case Decimal() if column.is_money:
            return money(cell).replace("_", ",")
        case Decimal():
            return _grouped(exact(cell))
        case datetime():
            return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case date() | int():
            return str(cell)
        case _:
            return cell


def _grouped(number: str) -> str:
    """Write the thousands of a number apart."""
    whole, point, part = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or '0'):,}{point}{part}"
