"""Pages that are written for the user alone."""

from __future__ import annotations

import os

from ccpin.errors import PageNotWritable
from ccpin.files import replace_file


def written(path: str, page: str) -> None:
    """Writes a page that is for this user alone. Raises PageNotWritable."""
    if path == "-":
        raise PageNotWritable(path=path, reason="a page is not for a terminal")
    target = os.path.realpath(path)  # a link stays one, `/dev/stdout` too
    if os.path.exists(target) and not os.path.isfile(target):
        raise PageNotWritable(path=path, reason="it is there, and not a file")
    try:
        replace_file(target, page.encode(errors="replace"), 0o600)  # half a character is not one
    except OSError as error:
        raise PageNotWritable(path=path, reason=(error.strerror or "unknown reason").lower()) from None
