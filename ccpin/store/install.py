"""Installing: what a lock names, downloaded once, verified against that very lock, published by one rename.

The story: hold the entry's lock; look again; make a staging folder beside the target; take what this disk has
already, or fetch, hash and unpack in one pass; compare every digest; run nothing; look up which flags the files name;
write the receipt; make everything read-only and flush it; rename. Whatever breaks before the rename leaves no entry,
and the staging folder goes away.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from ccpin.checkpoints import checkpoint
from ccpin.errors import InUse, StoreBusy, StoreMarkedBusy, StoreMisplaced, StoreNoexec, StoreUnwritable
from ccpin.files import is_full, make_folder, no_room, standing
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.releases.again import again
from ccpin.releases.source import Source
from ccpin.releases.sources import Sources
from ccpin.store.entry import NODE_LINKS, artifact_key, install_folder
from ccpin.store.fetch import download
from ccpin.store.find import find_install, require_locked
from ccpin.store.holding import MARKER, Holder, StillHeldError, held, is_held
from ccpin.store.leftovers import STAGING, clear_leftovers, lock_of
from ccpin.store.nodefile import same_node
from ccpin.store.present import copied, linked
from ccpin.store.progress import Progress, Signalled
from ccpin.store.publish import publish, remove_if_empty, remove_tree, sweep, take_aside
from ccpin.store.receipt import Install, Receipt, version_of
from ccpin.store.weigh import Scales

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
"""How long one waits for another process that comes no further."""


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
        clear_leftovers(home, lock)
        return found
    _require_fit_place(home)
    if lock.runtime == "native" or lock.node is not None:
        _require_programs(home)
    folder = install_folder(home, lock)
    entry = os.path.dirname(folder)
    alone = _held(home, os.path.basename(entry), progress or Progress())
    with _disk(home, lock.artifacts[artifact_key(lock)].size), alone as progress:
        checkpoint("install: locked")
        if not force and (found := find_install(home, lock)):
            return found
        with _staging(entry) as staging:
            receipt = linked(home, lock, staging) or _copied(lock, staging, elsewhere, progress)
            receipt = receipt or _downloaded(home, lock, sources(), staging, progress, check)
            with _disk(home, Install(folder, receipt).size):
                publish(staging, folder, receipt)
        checkpoint("install: cleaned up")
    return Install(folder, receipt)


@contextmanager
def _staging(entry: str) -> Iterator[str]:
    """An empty folder in an entry, both of which go away unless something is made of them."""
    staging = None
    try:
        make_folder(entry)
        checkpoint("install: entry made")
        sweep(entry)
        staging = tempfile.mkdtemp(prefix=STAGING, dir=entry)
        checkpoint("install: staged")
        yield staging
    finally:
        if staging is not None:
            remove_tree(staging)
        remove_if_empty(entry)


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

    receipt = sources.first(lambda source: again(lambda: attempt(source)))
    sources.delivered = True
    for sentence in (f"Claude Code {lock.version} came {sources.origin()}", *sources.notes()):
        progress.noted(sentence)
    return receipt


def uninstall(
    home: Home,
    folder: str,
    progress: Progress | None = None,
    needed: Callable[[str], list[str]] = lambda folder: [],
) -> int:
    """Takes the install in a platform folder out of the store; the bytes that the disk got back: a file that another
    install holds too is not free yet. Raises StoreUnwritable, StoreBusy, InUse, and what `needed` raises.

    First it is renamed, so that nobody finds half of it; what runs from it keeps its open files. Then `needed` tells
    who needs what stands in a folder, or stood there: waiting for the entry's lock may have taken long.
    """

    def users(aside: str) -> list[str]:
        checkpoint("uninstall: moved away")
        return list(dict.fromkeys([*needed(folder), *needed(aside)]))

    entry = os.path.dirname(folder)
    with _disk(home), _held(home, os.path.basename(entry), progress or Progress()):
        sweep(entry)
        freed = Scales().freed(folder)
        _, found = take_aside(folder, users)
        if found:
            raise InUse(version=version_of(folder), users="; ".join(found))
        sweep(entry)
        checkpoint("uninstall: removed")
        if os.path.lexists(link := os.path.join(entry, "node")):
            os.unlink(link)
        remove_if_empty(entry)
    return freed


def finish_uninstall(home: Home, version: str) -> bool:
    """Takes away what an uninstall of `version` left that was killed; whether there was anything. Raises StoreError."""
    found = False
    for name in os.listdir(home.releases) if os.path.isdir(home.releases) else []:
        entry = os.path.join(home.releases, name)
        if name.partition("-")[0] != version or os.path.islink(entry) or not os.path.isdir(entry):
            continue
        if is_held(lock_of(home, name)):
            continue
        with _disk(home), _held(home, name, Progress()):
            sweep(entry)
            if set(os.listdir(entry)) <= NODE_LINKS:
                remove_tree(entry)
                found = True
    return found


def _require_fit_place(home: Home) -> None:
    path = os.path.realpath(home.releases).replace(os.sep, "/") + "/"
    for mark in _UPDATER_MARKS:
        if mark in path.lower():
            raise StoreMisplaced(path=home.root, part=mark)


def _require_programs(home: Home) -> None:
    """Raises StoreNoexec where the store is, or would be made, on a disk that starts none."""
    forbids = getattr(os, "ST_NOEXEC", 0)  # only Linux tells
    with suppress(OSError):
        if forbids and os.statvfs(standing(home.releases)).f_flag & forbids:
            raise StoreNoexec(path=home.root)


@contextmanager
def _held(home: Home, entry: str, progress: Progress) -> Iterator[Progress]:
    """Holds the lock of an entry. Those who wait for it see the progress that this gives."""
    make_folder(home.locks)
    name = f"Claude Code {entry.partition('-')[0]}"
    try:
        lock = held(lock_of(home, entry), _BUSY_MINUTES * 60, lambda holder: progress.waiting(name, str(holder)))
        with lock as come_further:
            yield Signalled(progress, come_further)
    except StillHeldError as error:
        raise _busy(error.holder) from None


def _busy(holder: Holder) -> StoreBusy | StoreMarkedBusy:
    """Only a file that stands for a lock is removed to free it: beside a kernel's lock it would let another one in."""
    if holder.path.endswith(MARKER):
        return StoreMarkedBusy(holder=holder, path=holder.path, minutes=_BUSY_MINUTES)
    command = f"kill {holder.pid}" if holder.pid else f"fuser -k {shlex.quote(holder.path)}"
    return StoreBusy(holder=holder, command=command, minutes=_BUSY_MINUTES)


@contextmanager
def _disk(home: Home, needed: int | None = None) -> Iterator[None]:
    """Turns what a disk can say into ccpin's words; `needed` are bytes, where that is known."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise no_room(home.root, error, needed) from None
        reason = (error.strerror or str(error)).lower()
        raise StoreUnwritable(path=error.filename or home.root, reason=reason) from None
