"""When an instruction is due: pure functions from rules to UTC instants."""
