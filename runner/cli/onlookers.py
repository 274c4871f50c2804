"""Who looks on at a service, as its command line has it: a dashboard, metrics, and notifications by its settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from runner.cli import options, output
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.cli.observing import Observer, Serving
    from runner.settings.model import Settings

DASHBOARD, METRICS, HIGHEST_PORT = 8497, 9497, 65_535
_MADE_WITH = {"dashboard": ("jinja2", "starlette", "uvicorn"), "metrics": ("prometheus_client",)}


class PortType(click.ParamType[int]):
    """A port of this machine, 0 for one that the system picks."""

    name = "port"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the port; a usage error says what is wrong with it."""
        if not str(value).isdecimal() or int(value) > HIGHEST_PORT:
            option = "" if param is None else f"{param.opts[0]}={getattr(param, 'flag_value', '')}"
            self.fail(f"{value!r} is not a port; write DIR before it, or {option}", param, ctx)
        return int(value)


def _port_option(name: str, flag_value: int, text: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    return click.option(
        f"--{name}",
        type=PortType(),
        is_flag=False,
        flag_value=flag_value,
        metavar="[PORT]",
        help=f"{text}; needs fxrun[{name}]. [{flag_value}]",
    )


dashboard_option = _port_option("dashboard", DASHBOARD, "Show a page of it to this machine's browsers")
control_option = click.option("--allow-control", is_flag=True, help="Let that page halt and resume, too.")
metrics_option = _port_option("metrics", METRICS, "Tell a Prometheus of this machine how it does")


def check(*, dashboard: int | None, allow_control: bool, metrics: int | None) -> None:
    """Raise UsageError if what one of them is made with is not installed, or if control is wanted of no dashboard."""
    if dashboard is None and allow_control:
        raise UsageError("--allow-control is about the dashboard; add --dashboard")
    for extra, port in (("dashboard", dashboard), ("metrics", metrics)):
        missing = [] if port is None else [name for name in _MADE_WITH[extra] if find_spec(name) is None]
        if missing:
            raise UsageError(f"--{extra} needs {' and '.join(missing)}; install it with: pip install 'fxrun[{extra}]'")


def begin(
    serving: Serving, settings: Settings, *, dashboard: int | None, allow_control: bool, metrics: int | None
) -> Iterator[Observer]:
    """Yield those that are wanted, each as it begins; raises ConnectionFailed for a port in use, UsageError."""
    deliveries = _nobody_is_told
    if dashboard is not None:
        yield _dashboard(serving, dashboard, allow_control=allow_control)
    if settings.notify.to or settings.notify.ping is not None:
        from runner.notify.observer import Notifications

        notifications = Notifications(serving, settings, os.environ, now=options.now, note=output.note)
        deliveries = notifications.deliveries
        yield notifications
    if metrics is not None:
        from runner.metrics.server import Metrics

        endpoint = Metrics(serving, metrics, now=options.now, deliveries=deliveries)
        output.note(f"metrics: {endpoint.address}")
        yield endpoint


def _nobody_is_told() -> Mapping[str, int] | None:
    return None


def _dashboard(serving: Serving, port: int, *, allow_control: bool) -> Observer:
    from runner.dashboard.server import Dashboard

    dashboard = Dashboard(serving, port, allow_control=allow_control, now=options.now)
    if output.is_terminal(sys.stderr):
        output.note(f"dashboard: {dashboard.address}")
    else:  # a log is no place for a token
        output.note(f"dashboard: http://127.0.0.1:{dashboard.port}; its address with the token: {dashboard.file}")
    return dashboard
