"""How slow a server may be. One that sends a byte now and then is never silent for long enough to time out, and would
hold a command for days. Some proxies do just that, for minutes, so that nobody hangs up: until they have all of a
download, and have looked for viruses in it."""

from __future__ import annotations

import io
import time
from typing import Any

LEAST = 1000
"""Bytes in a second, or a connection counts as stalled."""

SPAN = 300.0
"""Seconds of waiting for a body after which that is asked, again and again."""

DOCUMENT_SPAN = 60.0
"""The same for a document, which nobody looks at for long."""


class Paced(io.RawIOBase):
    """What a socket says, at no less than this pace in each `span` of seconds. Only time in which it is waited for
    counts: whoever reads may take his. Nor does the time before the first byte: then a server thinks, and another
    limit holds.

    Reading raises TimeoutError.
    """

    def __init__(self, raw: io.RawIOBase, span: float) -> None:
        self._raw = raw
        self._span = span
        self._began = False
        self._waited = 0.0
        self._came = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        before = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        if self._began:
            self._waited += time.monotonic() - before
            self._came += count or 0
        self._began = True
        if self._waited >= self._span:
            if count and self._came < LEAST * self._span:
                raise TimeoutError(f"only {self._came} bytes in {self._waited:.0f} seconds")
            self._waited, self._came = 0.0, 0
        return count

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()
