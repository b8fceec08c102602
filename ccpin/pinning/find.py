"""Which pin counts for a folder, and why.

The order: CCPIN_VERSION (exact; with the flags of the nearest lock), the nearest `.ccpin.lock` upward, the
user's default lock. The walk goes by `..`, not by $PWD: a shell accepts any $PWD that names the same folder, so
a `cd` through a link would change the answer for one and the same place.

On the launch path: only `os`, and the head reader.
"""

from __future__ import annotations

import errno
import os
import stat

from ccpin.errors import BelowMinimum, BrokenSetting, LockUnreadable, NoLock
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
        """Where the version stands: `file:line`, or the name of what asked for it."""
        return self.path if self.why == "asked" else f"{self.path}:{self.head.line}"


def find_pin(home: Home) -> Pin:
    """The pin of the current folder. Raises NoLock, and LockError where there is one that cannot be used."""
    path = nearest_lock()
    if path is not None:
        return read_pin(home, path, "lock")
    if os.path.lexists(home.default_lock):
        return read_pin(home, home.default_lock, "default")
    raise NoLock()


def read_pin(home: Home, path: str, why: str) -> Pin:
    """The pin that one lock names: its head as the shim reads it, or, where that is not canonical, as TOML."""
    data = read_bytes(path)
    head = read_head(data)
    if head is None:
        from ccpin.pinning import lock
        from ccpin.pinning.own import allowed_flags

        head = lock.parse(data, path, allowed_flags(home)).head()
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
            raise LockUnreadable(where=_named(candidate), path=candidate, reason=error.strerror) from None
        else:
            return _named(candidate)
        parent = os.path.join(folder, "..")
        if _same_folder(folder, parent):
            return None
        folder = parent


def read_bytes(path: str) -> bytes:
    """A lock's bytes. Raises LockUnreadable: a folder, a device, a link that leads nowhere, too large."""
    try:
        data = read_plain(path, MAX_BYTES + 1)
    except OSError as error:
        raise LockUnreadable(where=path, path=path, reason=_said(error)) from None
    if len(data) > MAX_BYTES:
        size = f"{os.stat(path).st_size:,} bytes"
        raise LockUnreadable(where=path, path=path, reason=f"it has {size}; a lock has about 2,000")
    return data


def minimum_version(home: Home) -> str | None:
    """The user's own floor, or None. Raises BrokenSetting: a floor that cannot be read is not taken for none."""
    path = home.minimum_version
    try:
        text = read_plain(path, 64).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BrokenSetting(where=path, name="minimum-version", reason=_said(error), example="2.0.14") from None
    floor = text.removesuffix("\n")
    if not is_version(floor):
        raise BrokenSetting(where=path, name="minimum-version", reason=f"`{floor}` is not N.N.N", example="2.0.14")
    return floor


def require_minimum(home: Home, version: str, where: str | None = None) -> None:
    """Raises BelowMinimum when `version` is older than the user's own floor."""
    floor = minimum_version(home)
    if floor is not None and version_key(version) < version_key(floor):
        raise BelowMinimum(where=where, version=version, minimum=floor, file=home.minimum_version)


def read_plain(path: str, most: int) -> bytes:
    """The first bytes of a plain file. Raises OSError for whatever else stands there; waits for nobody."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, f"it is {'a folder' if stat.S_ISDIR(mode) else 'not a plain file'}")
        parts = []
        while most > 0 and (part := os.read(descriptor, most)):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _said(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()


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
