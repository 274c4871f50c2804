"""What the terminal of whoever runs the tests wants is no matter of what is tested."""

from __future__ import annotations

import os

for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
