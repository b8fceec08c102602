"""Writing a lock: last of all, in one step, and only when it changes."""

from __future__ import annotations

import os

from ccpin.checkpoints import checkpoint
from ccpin.errors import LockNotWritable
from ccpin.files import is_full, make_folder, no_room, replace_file
from ccpin.paths import LOCK_NAME


def project_lock(folder: str) -> str:
    """Where `ccpin use` in `folder` (absolute) writes: the project's own lock, else one in `folder` itself.

    The project is looked for upward to the root of the git checkout, so that a lock above it, in the home folder for
    example, is not changed for the sake of one project.
    """
    here = folder
    while True:
        if os.path.lexists(os.path.join(here, LOCK_NAME)):
            return os.path.join(here, LOCK_NAME)
        parent = os.path.dirname(here)
        if parent == here or os.path.lexists(os.path.join(here, ".git")):
            return os.path.join(folder, LOCK_NAME)
        here = parent


def require_writable(path: str) -> None:
    """Raises LockNotWritable when a lock at `path` could not be written; asked before a long download.

    Nor may it be a link that leads out of the project: a clone would choose which file of the user's is overwritten.
    """
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.islink(path) and not is_below(folder, checkout(os.path.dirname(path)) or os.path.dirname(path)):
        raise LockNotWritable(where=path, reason="it is a link that leads out of the project")
    existing = folder
    while not os.path.isdir(existing) and existing != os.path.dirname(existing):
        existing = os.path.dirname(existing)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise LockNotWritable(where=path, reason="permission denied")


def checkout(folder: str) -> str | None:
    """The root of the git checkout that `folder` (absolute) is in, or None."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)
    return folder


def is_below(path: str, root: str) -> bool:
    """Whether `path` is `root`, or in it, once links are followed. There need be nothing yet."""
    real, root = os.path.realpath(path), os.path.realpath(root)
    return os.path.commonpath((real, root)) == root


def write_lock(path: str, text: str, old: str | None) -> bool:
    """Replaces the lock at `path` by `text` unless it is that already; whether it was written.

    Readers see the old lock or the new one, whole. A lock that is a link stays one. Raises LockNotWritable, NoRoom.
    """
    if text == old:
        return False
    target, data = os.path.realpath(path), text.encode()
    checkpoint("lock: rendered")
    try:
        make_folder(os.path.dirname(target))
        replace_file(target, data, _mode(target))
    except OSError as error:
        if is_full(error):
            raise no_room(target, error, len(data)) from None
        raise LockNotWritable(where=path, reason=(error.strerror or "unknown").lower()) from None
    checkpoint("lock: written")
    return True


def _mode(path: str) -> int | None:
    """The mode of the file that is replaced; None for a new one."""
    try:
        return os.stat(path).st_mode & 0o777
    except OSError:
        return None
