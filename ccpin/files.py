"""Replacing a file, so that readers find the old one or the new one, whole; and making folders for ccpin alone."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile


def make_folder(path: str) -> None:
    """Makes a folder, and those above it, that nobody else may write into, whatever the umask. Raises OSError."""
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent):
        make_folder(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o755)


def replace_file(path: str, data: bytes, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
    """Makes `path` hold `data`, with `mode`, else with what the umask leaves of 0664. `owner` is the user and the group
    that it belongs to, where that may be somebody else. Raises OSError.

    A failure, or an interruption, leaves the old file, and no draft.
    """
    folder, name = os.path.split(path)
    descriptor, draft = tempfile.mkstemp(dir=folder or ".", prefix=f".{name.lstrip('.')}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if owner is not None and sys.platform != "win32" and owner[0] != os.geteuid():
            os.chown(draft, *owner)
        os.chmod(draft, _new_mode() if mode is None else mode)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _new_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o664 & ~mask  # under no umask for everybody to write: what it holds steers what this user runs
