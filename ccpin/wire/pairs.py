"""Captures two at a time, in a way that can be broken off: with Ctrl-C and SIGTERM what runs is killed, and not waited
for until it ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from ccpin.errors import Stopped

Q = TypeVar("Q")
A = TypeVar("A")


def two_at_a_time(capture: Callable[[Q], A], of: Iterable[Q], over: Event) -> list[A]:
    """What `capture` gives for each, in their order; raises what the first of them raises that fails. `over` is what
    the captures look at: it is set when this one is broken off."""
    with ThreadPoolExecutor(2) as pool:
        try:
            return list(pool.map(capture, of))
        except (KeyboardInterrupt, Stopped):  # they come to the main thread alone
            over.set()
            raise
