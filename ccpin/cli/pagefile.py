"""Pages that are written for the user alone."""

from __future__ import annotations

import os

from ccpin.errors import PageNotWritable
from ccpin.files import replace_file
from ccpin.pages import DOCTYPE


def written(path: str, page: str) -> None:
    """Writes a page that is for this user alone. Raises PageNotWritable."""
    if path == "-":
        raise PageNotWritable(path=path, reason="a page is not for a terminal")
    target = os.path.realpath(path)  # a link stays one, `/dev/stdout` too
    if os.path.exists(target) and not os.path.isfile(target):
        raise PageNotWritable(path=path, reason="it is there, and not a file")
    if not _is_replaceable(target):
        raise PageNotWritable(path=path, reason="it is there, and not a page")
    try:
        replace_file(target, page.encode(errors="replace"), 0o600)  # half a character is not one
    except OSError as error:
        raise PageNotWritable(path=path, reason=(error.strerror or "unknown reason").lower()) from None


def _is_replaceable(path: str) -> bool:
    """Whether it is not there, empty, or a page: somebody who mistypes a name loses nothing else."""
    try:
        with open(path, "rb") as file:
            begins = file.read(len(DOCTYPE))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not begins or begins.lower() == DOCTYPE.lower().encode()
