"""The range of Node.js that a JavaScript release wants, and whether a version is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

DEFAULT = ">=18.0.0"
"""What all of them want that say something."""


def fits(version: Sequence[int], engines: str) -> bool:
    """`engines` as all JavaScript releases say it, `>=N[.N[.N]]`; any other range is not guessed at."""
    wanted = re.fullmatch(r">=\s*(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?", engines.strip())
    return wanted is not None and tuple(version) >= tuple(int(n or 0) for n in wanted.groups())
