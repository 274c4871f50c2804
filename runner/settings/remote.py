"""Another name of `runner.settings.network`."""

from runner.settings.network import remote_reason

__all__ = ["remote_reason"]
