"""Holds an order against the limits before it is claimed: pure, and closed where something is not known."""
