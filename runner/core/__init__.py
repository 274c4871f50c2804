"""The vocabulary every room shares: pure values, no input or output."""
