"""Executables that are on this disk already: in another entry of the store, or where Claude Code's own installer put
them. Bytes are taken for what they are, and never for where they lie: the digest of the lock decides."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ccpin.archives.receive import receive
from ccpin.archives.unpack import Unpacked
from ccpin.errors import BadArchive
from ccpin.net import CHUNK
from ccpin.paths import Home
from ccpin.pinning.flags import TABLE
from ccpin.pinning.lock import Artifact, Lock
from ccpin.store.entry import artifact_key, command_name, install_folder, ready
from ccpin.store.fetch import require_room, seal
from ccpin.store.receipt import Receipt, changes, installs, sha256_of
from ccpin.store.scan import scan


def linked(home: Home, lock: Lock, staging: str) -> Receipt | None:
    """Takes an equal executable that another entry holds, as a hard link: a lock of the same release with other
    platforms in it needs an entry of its own, but not 380 MB more."""
    if lock.runtime != "native":
        return None
    wanted = lock.artifacts[artifact_key(lock)]
    own = install_folder(home, lock)  # is being replaced, and for a reason
    for other in installs(home):
        same = other.receipt.artifact == wanted and other.receipt.platform == artifact_key(lock)
        if not same or other.receipt.version != lock.version:
            continue
        if other.folder == own or not ready(home, other.receipt):
            continue
        if changes(other) or sha256_of(other.executable) != wanted.sha256:
            continue
        try:
            os.link(other.executable, os.path.join(staging, command_name(lock.runtime)))
        except OSError:  # another file system, or one without hard links
            return None
        return _up_to_date(replace(other.receipt, digest=lock.digest), staging)
    return None


def copied(lock: Lock, staging: str, paths: Iterable[str]) -> tuple[Receipt, str] | None:
    """Takes a copy of the first file among `paths` that is the locked executable; its receipt, and where it was.

    Not a link: these files are somebody else's, to write to as they like. Raises NoRoom, OSError for the copy.
    """
    name = command_name(lock.runtime)
    found = equal_copy(lock.artifacts[artifact_key(lock)], os.path.join(staging, name), paths)
    if found is None:
        return None
    written, path = found
    return seal(lock, staging, {name: written}, name), path


def equal_copy(artifact: Artifact, target: str, paths: Iterable[str]) -> tuple[Unpacked, str] | None:
    """Writes to `target`, a new file, a copy of the first file among `paths` that is the executable which `artifact`
    names; what was written, and where it was. Raises NoRoom, OSError for the copy."""
    if artifact.sha256 is None:
        return None
    for path in paths:
        with _Readable(path, artifact) as file:
            if file.size != artifact.size:
                continue
            require_room(os.path.dirname(target), file.size)
            try:
                found = receive(file.chunks(), None, path, target, file.size)
            except BadArchive:  # it grew
                found = None
        if found is not None and (found.size, found.sha256) == (artifact.size, artifact.sha256):
            return found, path
        os.unlink(target)
    return None


class _Readable:
    """A file to look at: its size, 0 for what is no plain file that can be read, and its bytes."""

    def __init__(self, path: str, artifact: Artifact) -> None:
        self.size = 0
        self._descriptor = -1
        try:
            # A fifo would hang; what it is is asked of the opened file, as names can be given to others.
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            status = os.fstat(self._descriptor)
        except (OSError, ValueError):
            return
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else 0

    def __enter__(self) -> _Readable:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def chunks(self) -> Iterator[bytes]:
        while chunk := self._read():
            yield chunk

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, CHUNK)
        except OSError:  # not this store's trouble: what is short is not taken
            return b""


def _up_to_date(receipt: Receipt, staging: str) -> Receipt:
    """A receipt that covers this very table of flags: another ccpin's, with another table, may have written it."""
    if receipt.reads.keys() == TABLE.keys():
        return receipt
    found = scan(staging, receipt.executable)
    return replace(receipt, reads=found.flags, takes_settings=found.settings)
