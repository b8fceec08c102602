"""Another try from the beginning, where a download broke off and could not go on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ccpin.errors import Truncated

WAITS = (0.2, 1.0)
"""Seconds before the second and the third try."""

T = TypeVar("T")


def again(attempt: Callable[[], T], waits: Sequence[float] | None = None) -> T:
    """What `attempt` gives, which begins with an empty place each time. Raises what the last one raised, and what is
    no broken connection at once; so too where going on was tried and did not help (`Truncated.final`)."""
    for wait in WAITS if waits is None else waits:
        try:
            return attempt()
        except Truncated as error:
            if error.final:
                raise
        time.sleep(wait)
    return attempt()
