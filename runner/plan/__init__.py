"""From the text of a plan to frozen values, with a line and column for everything wrong."""
