"""Writing a lock: last of all, in one step, and only when it changes."""

from __future__ import annotations

import os
import tempfile

from ccpin.errors import LockNotWritable
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
    """Raises LockNotWritable when a lock at `path` could not be written; asked before a long download."""
    folder = os.path.dirname(os.path.realpath(path))
    existing = folder
    while not os.path.isdir(existing) and existing != os.path.dirname(existing):
        existing = os.path.dirname(existing)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise LockNotWritable(where=path, reason="permission denied")


def write_lock(path: str, text: str, old: str | None) -> bool:
    """Replaces the lock at `path` by `text` unless it is that already; whether it was written.

    Readers see the old lock or the new one, whole. A lock that is a link stays one. Raises LockNotWritable.
    """
    if text == old:
        return False
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    draft = None
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=f"{LOCK_NAME}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        os.chmod(draft, _mode(target))
        os.replace(draft, target)
    except OSError as error:
        if draft is not None and os.path.exists(draft):
            os.unlink(draft)
        raise LockNotWritable(where=path, reason=(error.strerror or "unknown").lower()) from None
    return True


def _mode(path: str) -> int:
    """The mode of the file that is replaced; for a new one what the umask leaves of 0666."""
    try:
        return os.stat(path).st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
