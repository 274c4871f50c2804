"""The loop that decides what happens next."""
