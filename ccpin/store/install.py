"""Installing: what a lock names, downloaded once, verified against that very lock, published by one rename.

The story: hold the entry's lock; look again; make a staging folder beside the target; take what this disk has
already, or fetch, hash and unpack in one pass; compare every digest; run nothing; look up which flags the files name;
write the receipt; make everything read-only and flush it; rename. Whatever breaks before the rename leaves no entry,
and the staging folder goes away.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from filelock import FileLock, Timeout

from ccpin.errors import NoRoom, StoreBusy, StoreMisplaced, StoreUnwritable
from ccpin.files import make_folder
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.releases.source import Source
from ccpin.releases.sources import Sources
from ccpin.store.entry import install_folder
from ccpin.store.fetch import download
from ccpin.store.find import find_install, require_locked
from ccpin.store.nodefile import same_node
from ccpin.store.present import copied, linked
from ccpin.store.progress import Progress
from ccpin.store.publish import STAGING, publish, remove_if_empty, remove_tree, sweep
from ccpin.store.receipt import Install, Receipt

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
    sources: Callable[[], Sources],
    *,
    progress: Progress | None = None,
    force: bool = False,
    check: Callable[[str | None], object] = lambda engines: None,
    elsewhere: Iterable[str] = (),
) -> Install:
    """Makes sure that what `lock` names is in the store; `sources` are asked for only if it is not, and if none of the
    files `elsewhere` on this disk is it.

    `check` gets the range of Node.js that a JavaScript release wants, before the download. Raises PlatformNotLocked,
    RegistryError, ChannelError, StoreError, and whatever `check` raises.
    """
    require_locked(lock)
    if not force and (found := find_install(home, lock)):
        return found
    _require_fit_place(home)
    folder = install_folder(home, lock)
    entry = os.path.dirname(folder)
    progress = progress or Progress()
    with _disk(home), _held(home, os.path.basename(entry), progress):
        if not force and (found := find_install(home, lock)):
            return found
        make_folder(entry)
        sweep(entry)
        staging = tempfile.mkdtemp(prefix=STAGING, dir=entry)
        try:
            receipt = linked(home, lock, staging) or _copied(lock, staging, elsewhere, progress)
            receipt = receipt or _downloaded(home, lock, sources(), staging, progress, check)
            publish(staging, folder, receipt)
        finally:
            remove_tree(staging)
            remove_if_empty(entry)
    return Install(folder, receipt)


def _copied(lock: Lock, staging: str, paths: Iterable[str], progress: Progress) -> Receipt | None:
    found = copied(lock, staging, paths)
    if found is None:
        return None
    receipt, path = found
    progress.noted(f"Claude Code {lock.version} was taken from {path}: it is the locked one, byte for byte")
    return receipt


def _downloaded(
    home: Home,
    lock: Lock,
    sources: Sources,
    staging: str,
    progress: Progress,
    check: Callable[[str | None], object],
) -> Receipt:
    def attempt(source: Source) -> Receipt:
        for name in os.listdir(staging):  # of a source that broke off
            remove_tree(os.path.join(staging, name))
        return download(lock, source, staging, progress, check, partial(same_node, home, lock))

    receipt = sources.first(attempt)
    sources.delivered = True
    for sentence in (f"Claude Code {lock.version} came {sources.origin()}", *sources.notes()):
        progress.noted(sentence)
    return receipt


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
