"""The simulated TWS."""
