"""One order from its ticket to its end."""
