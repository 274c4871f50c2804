"""What a run tells: JSON lines while it goes, a blotter and a P&L table at its end; no clock, no socket."""
