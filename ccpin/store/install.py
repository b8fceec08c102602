"""Installing: what a lock names, downloaded once, verified against that very lock, published by one rename.

The story: hold the entry's lock; look again; make a staging folder beside the target; fetch, hash and unpack in one
pass; compare every digest; run nothing; look up which flags the files name; write the receipt; make everything
read-only and flush it; rename. Whatever breaks before the rename leaves no entry, and the staging folder goes away.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from ccpin import platforms
from ccpin.errors import NoRoom, PlatformNotLocked, StoreBusy, StoreMisplaced, StoreUnwritable
from ccpin.files import make_folder
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.releases.registry import Registry
from ccpin.store.entry import install_folder, platform_key
from ccpin.store.fetch import Progress, download, same_executable
from ccpin.store.find import find_install
from ccpin.store.publish import STAGING, publish, remove_if_empty, remove_tree, sweep
from ccpin.store.receipt import Install

_UPDATER_MARKS = (
    "/node_modules/@anthropic-ai/",
    "/local/node_modules/",
    "/claude/versions/",
    "/caskroom/",
    "/mise/installs/",
    "/asdf/installs/",
    "/.asdf/installs/",
    "/microsoft/winget/packages/",
    "/microsoft/winget/links/",
)
"""Parts of a path, in small letters, by which Claude Code's updater knows installations (read in 2.1.113, 2.1.200 and
2.1.330, which look at some of them in either case)."""

_BUSY_MINUTES = 30


def install(
    home: Home,
    lock: Lock,
    registry: Callable[[], Registry],
    *,
    progress: Progress | None = None,
    force: bool = False,
    check: Callable[[str | None], object] = lambda engines: None,
) -> Install:
    """Makes sure that what `lock` names is in the store; `registry` is asked for only if it is not.

    `check` gets the range of Node.js that a JavaScript release wants, before the download. Raises PlatformNotLocked,
    RegistryError, StoreError, and whatever `check` raises.
    """
    _require_locked(lock)
    if not force and (found := find_install(home, lock)):
        return found
    _require_fit_place(home)
    folder = install_folder(home, lock.version, lock.digest, lock.runtime)
    entry = os.path.dirname(folder)
    progress = progress or Progress()
    with _disk(home), _held(home, os.path.basename(entry), progress):
        if not force and (found := find_install(home, lock)):
            return found
        make_folder(entry)
        sweep(entry)
        staging = tempfile.mkdtemp(prefix=STAGING, dir=entry)
        try:
            receipt = same_executable(home, lock, staging) or download(lock, registry(), staging, progress, check)
            publish(staging, folder, receipt)
        finally:
            remove_tree(staging)
            remove_if_empty(entry)
    return Install(folder, receipt)


def uninstall(home: Home, installed: Install) -> int:
    """Takes an install out of the store; the bytes that it held. Raises StoreUnwritable, StoreBusy.

    First it is renamed, so that nobody finds half of it; what runs from it keeps its open files.
    """
    entry = installed.entry
    with _disk(home), _held(home, os.path.basename(entry), Progress()):
        sweep(entry)
        os.rename(installed.folder, os.path.join(entry, f"{STAGING}removed"))
        sweep(entry)
        if os.path.lexists(link := os.path.join(entry, "node")):
            os.unlink(link)
        remove_if_empty(entry)
    return installed.size


def _require_locked(lock: Lock) -> None:
    if platform_key(lock.runtime) not in lock.artifacts:
        raise PlatformNotLocked(version=lock.version, locked=", ".join(lock.artifacts), platform=platforms.current())


def _require_fit_place(home: Home) -> None:
    path = os.path.realpath(home.releases).replace(os.sep, "/") + "/"
    for mark in _UPDATER_MARKS:
        if mark in path.lower():
            raise StoreMisplaced(path=home.root, part=mark)


@contextmanager
def _held(home: Home, entry: str, progress: Progress) -> Iterator[None]:
    make_folder(home.locks)
    lock = FileLock(os.path.join(home.locks, f"{entry}.lock"))
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        progress.waiting(entry)
        try:
            lock.acquire(timeout=_BUSY_MINUTES * 60)
        except Timeout:
            raise StoreBusy(minutes=_BUSY_MINUTES) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _disk(home: Home) -> Iterator[None]:
    """Turns what a disk can say into ccpin's words."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NoRoom(path=home.root, reason=reason) from None
        raise StoreUnwritable(path=error.filename or home.root, reason=reason) from None
