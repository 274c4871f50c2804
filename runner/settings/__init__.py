"""fxrun.yaml and FXRUN_...: each value, and where it came from."""

from runner.settings.environment import near_misses
from runner.settings.load import find, load
from runner.settings.model import ExternalOrders, Outage, Settings
from runner.settings.remote import remote_reason

__all__ = ["ExternalOrders", "Outage", "Settings", "find", "load", "near_misses", "remote_reason"]
