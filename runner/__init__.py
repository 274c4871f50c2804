"""fxrun: runs trade plans written in YAML against Interactive Brokers, or a simulated gateway."""
