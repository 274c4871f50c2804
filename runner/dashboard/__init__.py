"""The dashboard of a service: one page on loopback that reads the journals, and hears what happens as it does."""
