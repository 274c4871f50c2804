"""Everything that names ibapi."""
