"""Taking a pin back: to what ccpin itself replaced here, else to what git has of it.

Only the release comes back; the flags stay as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ccpin.errors import LockError, NoPrevious
from ccpin.launching.repin import Standing, require_lock, stand, write
from ccpin.launching.sync import sync
from ccpin.paths import Home
from ccpin.pinning.find import Pin
from ccpin.pinning.history import committed
from ccpin.pinning.lock import Lock, parse, render
from ccpin.pinning.profile import proof_notes, without_stale_proof
from ccpin.releases.sources import Sources
from ccpin.store.effect import Ignored, ignored
from ccpin.store.previous import Previous, keep, previous, push, release_id
from ccpin.store.progress import Progress


@dataclass(frozen=True)
class RolledBack:
    """What came back. `before` is the version that was pinned until now, `commit` the full id of the commit that the
    pin was taken from, None where ccpin had noted it; `ignored` are the lock's flags that the release does not read;
    `remarks` are sentences for the one who asked.
    """

    version: str
    request: str
    runtime: str
    node: str | None
    lock: str
    before: str
    commit: str | None
    executable: str
    ignored: tuple[Ignored, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A previous pin; `below` is how many entries of the record are older than it."""

    lock: Lock
    commit: str | None
    below: int | None


def rollback(
    path: str,
    home: Home,
    env: dict[str, str],
    *,
    sources: Callable[[], Sources] | None = None,
    progress: Callable[[], Progress] = Progress,
) -> RolledBack:
    """Pins again, in the lock at `path`, what it pinned before.

    That is what `use`, `upgrade` or this replaced last, if the lock still names what they put there; going back once
    more goes further back. Else it is the newest committed lock with another release in it. It is installed first, as
    `sync` would.

    Raises NothingPinned, NoPrevious, LockError, and what `sync` raises.
    """
    standing = stand(path, home)
    current = require_lock(standing, home)
    found = _recorded(home, standing, current) or _committed(standing, current, env)
    lock = without_stale_proof(replace(found.lock, env=current.env, clean=current.clean), found.lock)
    where = f"the lock of commit {found.commit[:12]}" if found.commit else "the previous pin"
    pin = Pin(lock.head(), where, "asked", render(lock).encode())
    installed = sync(pin, home, env, progress=progress, sources=sources)
    write(home, standing, lock, lambda: sync(pin, home, env, progress=progress, sources=sources))
    if found.below is not None:
        keep(home, path, previous(home, path)[: found.below])
    elif standing.text is not None:
        push(home, path, standing.text, lock)
    return RolledBack(
        version=lock.version,
        request=lock.request,
        runtime=lock.runtime,
        node=lock.node,
        lock=path,
        before=current.version,
        commit=found.commit,
        executable=installed.executable,
        ignored=tuple(ignored(lock.env, installed.receipt)),
        remarks=proof_notes(lock, current),
    )


def _recorded(home: Home, standing: Standing, current: Lock) -> _Found | None:
    """The newest usable text that ccpin replaced here, if what is there now is what took its place."""
    entries = previous(home, standing.path)
    while entries and entries[-1].sha256 != release_id(current) and _says(entries[-1], standing, current):
        entries.pop()  # noted, but then the lock was not written; or taken back, but then that was not noted
    if not entries or entries[-1].sha256 != release_id(current):
        return None
    for below in reversed(range(len(entries))):
        if lock := _other(entries[below].text.encode("utf-8", "replace"), standing, current):
            return _Found(lock, None, below)
    return None


def _committed(standing: Standing, current: Lock, env: Mapping[str, str]) -> _Found:
    """The newest committed lock with another release. Raises NoPrevious."""
    for one in committed(standing.path, env):
        if lock := _other(one.data, standing, current):
            return _Found(lock, one.commit, None)
    raise NoPrevious(reason="ccpin has not changed it here, and no commit holds it with another release")


def _says(entry: Previous, standing: Standing, current: Lock) -> bool:
    """Whether an old text names the release that is pinned now."""
    try:
        old = parse(entry.text.encode("utf-8", "replace"), standing.path, standing.allowed)
    except LockError:
        return False
    return release_id(old) == release_id(current)


def _other(data: bytes, standing: Standing, current: Lock) -> Lock | None:
    """The lock in an old text, if it names another release; one that cannot be used is passed over."""
    try:
        lock = parse(data, standing.path, standing.allowed)
    except LockError:
        return None
    return lock if release_id(lock) != release_id(current) else None
