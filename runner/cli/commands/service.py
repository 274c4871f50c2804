"""`fxrun service`: hand `fxrun serve` over to systemd, which starts it with the machine and again if it dies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli import files, onlookers, options, output
from runner.errors import Refused, UsageError

MARK = "# written by fxrun service install"
NAME = "fxrun"
_PROPERTIES = ("LoadState", "ActiveState", "SubState", "StatusText", "NRestarts", "ExecMainStatus")

_UNIT = """\
{mark}
[Unit]
Description=fxrun: the trade plans of {folder}
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory={directory}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 3
TimeoutStartSec=300
TimeoutStopSec=20
WatchdogSec=60
KillMode=mixed
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
"""

name_option = click.option("--name", default=NAME, show_default=True, metavar="NAME", help="The name of the unit.")


@click.group(epilog="Example: fxrun service install plans --live")
def command() -> None:
    """Let systemd run `fxrun serve`: at the start of the machine, and again if it dies."""


@command.command(epilog="Example: fxrun service install plans --live --print")
@click.argument("folder", default=".", metavar="[DIR]")
@click.option("--live", is_flag=True, help="As of fxrun serve.")
@click.option("--rehearsal", metavar="[HOST:PORT]", help="As of fxrun serve.")
@onlookers.dashboard_option
@onlookers.control_option
@onlookers.metrics_option
@files.settings_option
@name_option
@click.option("--print", "only_print", is_flag=True, help="Print the unit and change nothing.")
def install(
    folder: str,
    *,
    live: bool,
    rehearsal: str | None,
    dashboard: int | None,
    allow_control: bool,
    metrics: int | None,
    settings_file: str | None,
    name: str,
    only_print: bool,
) -> None:
    """Write a unit for the folder, start it, and let it start with the machine.

    It is a unit of the user who calls this, so that the journal stays theirs; it is printed with --print for those who
    place it elsewhere.
    """
    if only_print:
        output.speak_to_programs()
    place = Path(folder).absolute()
    if not place.is_dir():
        raise UsageError(f"{folder}: expected a folder of plans; found {'a file' if place.exists() else 'nothing'}")
    if live and rehearsal is not None:
        raise UsageError("--live and --rehearsal exclude each other: choose one")
    onlookers.check(dashboard=dashboard, allow_control=allow_control, metrics=metrics)
    if live or rehearsal is not None:
        from runner.cli import live as venturing

        venturing.venture((), rehearsal=None if live else rehearsal, settings_file=settings_file, folder=place)
    words = [sys.executable, "-m", "runner", "serve", str(place), *(["--live"] if live else [])]
    words += [] if rehearsal is None else [f"--rehearsal={rehearsal}"]
    words += [] if dashboard is None else [f"--dashboard={dashboard}", *(["--allow-control"] if allow_control else [])]
    words += [] if metrics is None else [f"--metrics={metrics}"]
    words += [] if settings_file is None else ["--settings", str(Path(settings_file).absolute())]
    text = unit(words, place)
    if only_print:
        output.say(text.rstrip())
        return
    file = _file(name)
    _refuse_foreign(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    _systemctl("daemon-reload")
    _systemctl("enable", f"{name}.service")
    _systemctl("restart", f"{name}.service")  # one that runs already is to do what the unit says now
    output.say(f"{name}: runs, and starts with the next login; see it with: fxrun service status")
    output.say("to have it run without anybody logged in: loginctl enable-linger")
    output.say(f"the unit is {file}")


@command.command(epilog="Example: fxrun service uninstall")
@name_option
def uninstall(*, name: str) -> None:
    """Stop the service and take its unit away; plans, settings and journals stay."""
    file = _file(name)
    if not file.exists():
        raise UsageError(f"{file}: there is no such unit; fxrun service install writes it")
    _refuse_foreign(file)
    _systemctl("disable", "--now", f"{name}.service")
    file.unlink()
    _systemctl("daemon-reload")
    output.say(f"{name}: stopped, and its unit is gone; plans, settings and journals are where they were")


@command.command(epilog="Exit code: 0 if it runs, 3 if not. Example: fxrun service status")
@name_option
@options.json_option
@click.pass_context
def status(context: click.Context, *, name: str, as_json: bool) -> None:
    """Show whether systemd runs the service, how often it was started again, and what it says of itself."""
    shown = _systemctl("show", f"{name}.service", f"--property={','.join(_PROPERTIES)}")
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    runs = found.get("ActiveState") == "active"
    if as_json:
        output.say_json({"type": "service", "name": name, "runs": runs, **found})
    elif found.get("LoadState") == "not-found":
        output.say(f"{name}: there is no such service; fxrun service install makes it")
    else:
        said = found.get("StatusText") or "nothing"
        state = f"{found.get('ActiveState', 'unknown')} ({found.get('SubState', '')})"
        again = f"started again {found.get('NRestarts', '0')} times, last exit {found.get('ExecMainStatus', '0')}"
        output.say(output.clean(f"{name}: {state}, {again}; it says: {said}"))
    context.exit(0 if runs else Refused.exit_code)


# --- the unit


def unit(words: Sequence[str], folder: Path) -> str:
    """Return the unit file that runs a command for a folder."""
    command_line = " ".join(map(_quoted, words))
    return _UNIT.format(mark=MARK, folder=_plain(str(folder)), command=command_line, directory=_plain(str(folder)))


def _quoted(word: str) -> str:
    """Quote a word as systemd.service(5) reads a command line: C escapes in double quotes, $ and % doubled."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_plain(escaped)}"'


def _plain(text: str) -> str:
    """Write a text so that systemd sees no specifier in it; a unit has one line for each setting."""
    if any(not char.isprintable() for char in text):
        raise UsageError(f"{text!r}: systemd takes no such character in a unit; give the folder another name")
    return text.replace("%", "%%")


def _file(name: str) -> Path:
    if not name or not all(char.isascii() and (char.isalnum() or char in "-_.") for char in name):
        raise UsageError(f"--name {name!r}: expected letters, digits, hyphens, dots and underscores, such as fxrun")
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "systemd" / "user" / f"{name}.service"


def _refuse_foreign(file: Path) -> None:
    if file.exists() and not file.read_text(errors="replace").startswith(MARK):
        raise Refused(f"{file}: was not written by fxrun, and is left alone; choose another --name")


def _systemctl(*words: str) -> str:
    program = shutil.which("systemctl")
    if program is None:
        raise Refused(
            "there is no systemctl here: this machine has no systemd. Let whatever starts its services run: "
            "fxrun serve DIR"
        )
    done = subprocess.run([program, "--user", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = output.clean(" ".join(done.stderr.split())) or f"exit {done.returncode}"
        hint = "; log in as the user whose service it is: sudo alone opens no session of systemd" * ("bus" in said)
        raise Refused(f"systemctl --user {words[0]}: {said}{hint}")
    return done.stdout
