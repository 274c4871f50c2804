"""fxrun.yaml and FXRUN_...: each value, and where it came from."""
