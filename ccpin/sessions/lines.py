"""The lines of a file of any size, in bounded memory, even where one of them has hundreds of megabytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

MOST = 4 << 20
"""Bytes of a line that is given whole."""

END = 64 << 10
"""Bytes that are given of each end of a longer one."""

CUT = b'"\0"\0'
"""Stands between these. No chain of members goes on behind it: whether or not the front ends in a string, and whether
or not a backslash is its last byte, a NUL comes next where a comma or a brace would have to."""

_BUFFER = 1 << 20


def open_plain(path: str) -> BinaryIO:
    """A file to read; links are not followed. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb", buffering=_BUFFER)


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Each line with its line end; the last one without, where it has none. A longer one than MOST is its two ends and
    CUT between them."""
    while line := file.readline(MOST):
        yield line if len(line) < MOST or line[-1] == 10 else _ends(line, file)


def _ends(line: bytes, file: BinaryIO) -> bytes:
    front, back = line[:END], line[END:][-END:]
    while line[-1] != 10 and (line := file.readline(MOST)):
        back = (back + line)[-END:]
    return front + CUT + back
