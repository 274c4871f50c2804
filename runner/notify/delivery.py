"""Delivery by apprise: mail, Telegram, Slack, ntfy, webhooks and a hundred more; imported at the first message."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from runner.errors import UsageError
from runner.notify.words import Message

INSTALL = "pip install 'fxrun[notify]'"


def check_installed() -> None:
    """Raise UsageError if apprise is missing."""
    if find_spec("apprise") is None:
        raise UsageError(f"notify: in fxrun.yaml needs apprise; install it with: {INSTALL}")


@cache
def _apprise() -> ModuleType:
    apprise = import_module("apprise")

    for name in ("apprise", "requests", "urllib3"):  # they tell addresses, and an address is a secret
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return apprise


def deliver(address: str, message: Message) -> bool:
    """Send a message to an address; False if it was not taken, or the address is none. Waits for the answer."""
    library = _apprise()
    receiver = library.Apprise()
    text = {"title": message.title, "body": message.body, "body_format": library.NotifyFormat.TEXT}
    try:  # what notify returns is a bool, or from version 2 on something that has one
        return bool(receiver.add(address)) and bool(receiver.notify(**text))
    except Exception:  # a plug-in of apprise may raise anything, and its text may hold the address
        return False
