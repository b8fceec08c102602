"""Which release a file says it is: told by its text, never by running it."""

from __future__ import annotations

import os
import re

from ccpin.pinning.find import read_plain
from ccpin.pinning.head import is_version

_COMMENT = re.compile(rb"// Version: ([0-9.]{5,20})\r?\n")
"""In the head of JavaScript releases (0.2.9 to 2.1.112), and in native ones in each text of their second half (2.1.112,
2.1.113, 2.1.200, 2.1.330), always with the release's own version."""

_HEAD = 4096  # bytes
_PIECE = 1 << 20
_OVERLAP = 40  # bytes, more than a comment has


def version_inside(path: str) -> str | None:
    """The version that stands in a script's head or in a native executable's text, or None. Raises OSError."""
    if found := _COMMENT.search(read_plain(path, _HEAD)):
        return _said(found)
    return _in_part(path, 0.5) or _in_part(path, 0)


def _in_part(path: str, share: float) -> str | None:
    """What a file says behind the first `share` of it; read in pieces: it may have hundreds of megabytes."""
    with open(path, "rb", buffering=0) as file:
        file.seek(int(os.fstat(file.fileno()).st_size * share))
        piece = b""
        while chunk := file.read(_PIECE):
            piece = piece[-_OVERLAP:] + chunk
            if found := _COMMENT.search(piece):
                return _said(found)
    return None


def _said(found: re.Match[bytes]) -> str | None:
    version = found[1].decode()
    return version if is_version(version) else None
