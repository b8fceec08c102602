"""Replacing a file, so that readers find the old one or the new one, whole; and making folders for ccpin alone.

What a killed process left beside a file goes away when the file is replaced again: a draft is locked as long as its
maker lives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import time

from ccpin.checkpoints import checkpoint
from ccpin.errors import NoRoom

DRAFT = ".ccpin-draft"
"""How the name of a file ends that is not yet the one which it is going to replace."""

_RANDOM = 8  # characters that mkstemp makes up
_HOURS = 3600  # seconds after which a draft is nobody's, even where files cannot be locked

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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
    sweep_drafts(path)
    descriptor, draft = _drafted(*_beside(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            checkpoint("file: drafted")
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            checkpoint("file: flushed")
            if owner is not None and sys.platform != "win32" and owner[0] != os.geteuid():
                os.chown(draft, *owner)
            os.chmod(draft, _new_mode() if mode is None else mode)
            if sys.platform != "win32":  # as long as it is locked
                os.replace(draft, path)
        if sys.platform == "win32":  # which renames no open file
            os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    checkpoint("file: replaced")


def sweep_drafts(path: str) -> None:
    """Removes what killed processes left that were about to replace `path`. Not being able to is no reason to fail."""
    folder, prefix = _beside(path)
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(prefix) and len(name) == len(prefix) + _RANDOM + len(DRAFT) and name.endswith(DRAFT):
                _remove_orphan(os.path.join(folder, name))


def standing(path: str) -> str:
    """The nearest folder, from `path` upward, that is there."""
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def is_full(error: OSError) -> bool:
    """Whether it says that a disk, a quota or a limit on files is used up."""
    return error.errno in _FULL


def no_room(path: str, error: OSError, needed: int | None) -> NoRoom:
    """What to say of such an error, at `path` or where the error says; `needed` are bytes, None where nobody knows."""
    path = os.fsdecode(error.filename or path)
    reason = (error.strerror or "no space left").lower()
    if needed is not None:
        reason += f"; {needed:,} bytes are needed{_free(path)}"
    return NoRoom(path=path, reason=reason)


def _free(path: str) -> str:
    import shutil

    try:
        return f", {shutil.disk_usage(standing(path)).free:,} are free"
    except OSError:
        return ""


def _beside(path: str) -> tuple[str, str]:
    """The folder of the drafts of a file, and how their names begin."""
    folder, name = os.path.split(path)
    return folder or ".", f".{name.lstrip('.')}."


def _drafted(folder: str, prefix: str) -> tuple[int, str]:
    """A new file of a name that nobody has, and that nobody takes for a leftover."""
    while True:
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=DRAFT)
        _lock(descriptor)
        if os.path.lexists(draft):  # not swept in between
            return descriptor, draft
        os.close(descriptor)


def _remove_orphan(draft: str) -> None:
    with contextlib.suppress(OSError):
        if os.lstat(draft).st_mtime < time.time() - _HOURS:
            os.unlink(draft)
        elif sys.platform != "win32":
            descriptor = os.open(draft, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if _lock(descriptor):
                    os.unlink(draft)
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether this process holds the file now."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _new_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o664 & ~mask  # under no umask for everybody to write: what it holds steers what this user runs
