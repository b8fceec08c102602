"""Which pin counts for a folder, and why.

The order: CCPIN_VERSION (exact; with the flags of the nearest lock), the nearest `.ccpin.lock` upward, the
user's default lock. The walk goes by `..`, not by $PWD: a shell accepts any $PWD that names the same folder, so
a `cd` through a link would change the answer for one and the same place.

On the launch path: only `os`, and the head reader.
"""

from __future__ import annotations

import os
import stat

from ccpin.errors import BadSetting, BelowMinimum, LockUnreadable, NoLock
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.head import MAX_BYTES, Head, is_version, read_head, version_key


class Pin:
    """A pinned release: what the head says, and where that was read.

    `path` is the lock's file, absolute where the folder has a name; `data` its bytes; `why` is "lock" or "default".
    """

    __slots__ = ("data", "head", "path", "why")

    def __init__(self, head: Head, path: str, why: str, data: bytes) -> None:
        self.head = head
        self.path = path
        self.why = why
        self.data = data

    @property
    def source(self) -> str:
        """Where the version stands: `file:line`."""
        return f"{self.path}:{self.head.line}"


def find_pin(home: Home) -> Pin:
    """The pin of the current folder. Raises NoLock, and LockError where there is one that cannot be used."""
    path = nearest_lock()
    if path is not None:
        return read_pin(path, "lock")
    if os.path.lexists(home.default_lock):
        return read_pin(home.default_lock, "default")
    raise NoLock()


def read_pin(path: str, why: str) -> Pin:
    """The pin that one lock names: its head as the shim reads it, or, where that is not canonical, as TOML."""
    data = read_bytes(path)
    head = read_head(data)
    if head is None:
        from ccpin.pinning import lock

        head = lock.parse(data, path).head()
    return Pin(head, path, why, data)


def nearest_lock(folder: str = ".") -> str | None:
    """The nearest `.ccpin.lock` from `folder` upward, of whatever type it is. Raises LockUnreadable."""
    while True:
        candidate = os.path.join(folder, LOCK_NAME)
        try:
            os.lstat(candidate)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:  # not allowed to look: there may be a lock, so no other one is taken
            raise LockUnreadable(where=_named(candidate), reason=error.strerror) from None
        else:
            return _named(candidate)
        parent = os.path.join(folder, "..")
        if _same_folder(folder, parent):
            return None
        folder = parent


def read_bytes(path: str) -> bytes:
    """A lock's bytes. Raises LockUnreadable: a folder, a device, a link that leads nowhere, too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise LockUnreadable(where=path, reason=(error.strerror or "cannot be opened").lower()) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise LockUnreadable(where=path, reason=f"it is {kind}")
        if status.st_size > MAX_BYTES:
            raise LockUnreadable(where=path, reason=f"it has {status.st_size:,} bytes; a lock has about 2,000")
        return file.read(MAX_BYTES + 1)


def minimum_version(home: Home) -> str | None:
    """The user's own floor, or None. Raises BadSetting: a floor that cannot be read is not taken for none."""
    try:
        with open(home.minimum_version, encoding="utf-8", errors="replace") as file:
            text = file.read(64)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadSetting(where=home.minimum_version, name="minimum-version", value="", reason=error.strerror) from None
    floor = text.removesuffix("\n")
    if not is_version(floor):
        raise BadSetting(where=home.minimum_version, name="minimum-version", value=floor, reason="it is not N.N.N")
    return floor


def require_minimum(home: Home, version: str, where: str | None = None) -> None:
    """Raises BelowMinimum when `version` is older than the user's own floor."""
    floor = minimum_version(home)
    if floor is not None and version_key(version) < version_key(floor):
        raise BelowMinimum(where=where, version=version, minimum=floor, file=home.minimum_version)


def _same_folder(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # a deleted folder has no parent to go on with
        return True


def _named(path: str) -> str:
    """`path` from the root, or as it is where the current folder has no name any more."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path
