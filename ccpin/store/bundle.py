"""Writing a bundle: the artifacts of some locks in one folder or tar, for machines without a network.

The story: choose the lines of the locks; fetch the tarballs, whose sizes no lock tells; write the list, and behind it
one file after the other, each compared with its lock; read it back; rename. Until then all of it lies in a staging
folder beside the target, which goes away, whatever breaks. The same locks and platforms give the same bytes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, Protocol

from ccpin import platforms
from ccpin.archives.flat import END, header, padding
from ccpin.checkpoints import checkpoint
from ccpin.errors import BundleUnwritable, NotLockedFor
from ccpin.files import is_full, make_folder, no_room
from ccpin.paths import Home
from ccpin.pinning.artifacts import NODE_KEYS, is_node_key
from ccpin.pinning.lock import Lock
from ccpin.releases.bundle import open_bundle
from ccpin.releases.contents import INDEX, MAX_BYTES, MAX_RELEASES, Contents, Held, contents
from ccpin.releases.sources import Sources
from ccpin.store.fetch import require_room
from ccpin.store.holding import StillHeldError, held
from ccpin.store.leftovers import lock_of
from ccpin.store.part import Gathering, Part
from ccpin.store.progress import Progress
from ccpin.store.publish import remove_tree
from ccpin.store.target import is_tar, require_target

_OLD = "-old"  # behind the name of a staging folder: what was moved away for it

EVERY = "all"
"""The word for all platforms that a lock has."""


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written: where, its size in bytes, and what it holds."""

    path: str
    size: int
    contents: Contents


def bundle(
    path: str,
    locks: Mapping[str, Lock],
    wanted: Sequence[str],
    home: Home,
    sources: Callable[[], Sources],
    progress: Progress,
) -> Bundled:
    """Writes to `path` what the `locks` (where one stands -> Lock) name for the platforms `wanted`, or for EVERY one.

    `sources` are asked for only if the store does not hold all of it. Raises BadBundleName, NotLockedFor,
    BundleUnwritable, NoRoom, RegistryError, ChannelError, ReleaseError, StoreError; then `path` is as it was.
    """
    parts = {part.file: part for where, lock in locks.items() for part in _parts(where, lock, wanted)}
    target = require_target(path)
    releases = _held(path, locks.values())
    with _disk(path, _known(parts)), _alone(home, path, target), _staging(target) as staging:
        _require_room(target, parts)
        gathering = Gathering(staging, home, sources, progress)
        found = contents(releases, _sizes(parts, gathering))
        place = _Tar(staging) if is_tar(target) else _Folder(staging)
        place.begin(_list(path, found))
        checkpoint("bundle: listed")
        for name in found.sizes:
            if parts[name].artifact.npm is None:  # else it is there already
                gathering.get(parts[name])
                checkpoint("bundle: fetched")
            place.add(name)
            checkpoint("bundle: added")
        written = place.finish()
        open_bundle(written)
        checkpoint("bundle: finished")
        size = _size(written)
        _move(written, target)
        checkpoint("bundle: moved")
    for origin in gathering.origins:
        progress.noted(f"what the store does not hold came {origin}")
    return Bundled(path, size, found)


def _sizes(parts: Mapping[str, Part], gathering: Gathering) -> dict[str, int]:
    """File -> bytes; of a tarball once it is there."""
    for part in parts.values():
        if part.artifact.size is None:
            gathering.get(part)
            checkpoint("bundle: fetched")
    where = gathering.folder
    return {name: part.artifact.size or os.path.getsize(os.path.join(where, name)) for name, part in parts.items()}


def _parts(where: str, lock: Lock, wanted: Sequence[str]) -> Iterator[Part]:
    """The lines of a lock that serve the platforms. Raises NotLockedFor."""
    if EVERY in wanted:
        yield from (Part(lock, key) for key in sorted(lock.artifacts))
        return
    for platform in wanted:
        keys = _keys(lock, platform)
        if not keys <= lock.artifacts.keys():
            served = [key.removeprefix(NODE_KEYS) for key in lock.artifacts if lock.node is None or is_node_key(key)]
            raise NotLockedFor(where=where, version=lock.version, locked=", ".join(served), platform=platform)
        yield from (Part(lock, key) for key in sorted(keys))


def _keys(lock: Lock, platform: str) -> set[str]:
    if lock.runtime == "native":
        return {platform}
    if lock.node is not None:
        return {platforms.ANY, NODE_KEYS + platform}
    return {platforms.ANY if platform in platforms.ALL else platform}


def _held(path: str, locks: Iterable[Lock]) -> tuple[Held, ...]:
    held = contents((Held(lock.version, lock.runtime, lock.node, lock.artifacts) for lock in locks), {}).releases
    if len(held) > MAX_RELEASES:
        raise BundleUnwritable(path=path, reason=f"{len(held):,} releases are too many for one bundle")
    return held


def _list(path: str, found: Contents) -> bytes:
    data = found.to_bytes()
    if len(data) > MAX_BYTES:
        raise BundleUnwritable(path=path, reason="it would name too many releases and platforms for one bundle")
    return data


def _known(parts: Mapping[str, Part]) -> int:
    """The bytes that the locks tell."""
    return sum(part.artifact.size or 0 for part in parts.values())


def _require_room(target: str, parts: Mapping[str, Part]) -> None:
    """Beside a tar that grows lies the file that goes into it next."""
    largest = max((part.artifact.size or 0 for part in parts.values()), default=0)
    require_room(os.path.dirname(target), _known(parts) + (largest if is_tar(target) else 0))


class _Place(Protocol):
    """A bundle in the making: the list, then the files in their order, which already lie in the staging folder."""

    def begin(self, data: bytes) -> None: ...

    def add(self, name: str) -> None: ...

    def finish(self) -> str:
        """The path of what is ready to be moved."""


class _Folder:
    def __init__(self, staging: str) -> None:
        self._staging = staging

    def begin(self, data: bytes) -> None:
        with open(os.path.join(self._staging, INDEX), "xb") as file:
            file.write(data)
        self.add(INDEX)

    def add(self, name: str) -> None:
        path = os.path.join(self._staging, name)
        os.chmod(path, 0o644)
        os.utime(path, (0, 0))
        with open(path, "rb+") as file:
            os.fsync(file.fileno())

    def finish(self) -> str:
        os.chmod(self._staging, 0o755)
        os.utime(self._staging, (0, 0))
        return self._staging


class _Tar:
    """One file that grows: what went into it is removed, so that no bundle takes twice its room."""

    def __init__(self, staging: str) -> None:
        self._staging = staging
        self._path = os.path.join(staging, "tar")

    def begin(self, data: bytes) -> None:
        with open(self._path, "xb") as tar:
            tar.write(header(INDEX, len(data)) + data + padding(len(data)))

    def add(self, name: str) -> None:
        path = os.path.join(self._staging, name)
        with open(self._path, "ab") as tar, open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            tar.write(header(name, size))
            _copy(file, tar)
            tar.write(padding(size))
        os.unlink(path)

    def finish(self) -> str:
        with open(self._path, "ab") as tar:
            tar.write(END)
            tar.flush()
            os.fsync(tar.fileno())
        os.chmod(self._path, 0o644)
        return self._path


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(source, target, 1 << 20)


def _size(path: str) -> int:
    if os.path.isdir(path):
        return sum(entry.stat().st_size for entry in os.scandir(path))
    return os.path.getsize(path)


def _move(written: str, target: str) -> None:
    """Puts what is ready in its place; a folder that stands there is moved away whole, as no folder can be replaced."""
    if not os.path.isdir(written):
        os.replace(written, target)
        return
    old = f"{written}{_OLD}"
    try:
        if os.path.lexists(target):
            os.rename(target, old)
            checkpoint("bundle: old one moved")
        os.rename(written, target)
    except BaseException:
        with suppress(OSError):
            os.rename(old, target)
        raise
    remove_tree(old)


@contextmanager
def _staging(target: str) -> Iterator[str]:
    """A folder beside the target, without those that killed commands have left there: of a bundle that one of them had
    moved away, to put another in its place, that is the only copy, so it comes back."""
    parent, name = os.path.split(target)
    prefix = f".{name}.ccpin-"
    for other in os.listdir(parent):
        if not other.startswith(prefix) or not _is_ours(os.path.join(parent, other)):
            continue
        if other.endswith(_OLD) and not os.path.lexists(target):
            os.rename(os.path.join(parent, other), target)
        else:
            remove_tree(os.path.join(parent, other))
    staging = tempfile.mkdtemp(prefix=prefix, dir=parent)
    try:
        checkpoint("bundle: staged")
        yield staging
    finally:
        remove_tree(staging)


def _is_ours(path: str) -> bool:
    """Whether it belongs to this user: in a folder of everybody's, somebody may have given his own this name."""
    return sys.platform == "win32" or os.lstat(path).st_uid == os.geteuid()


@contextmanager
def _alone(home: Home, path: str, target: str) -> Iterator[None]:
    """One command at a time writes to a target. Raises BundleUnwritable."""
    make_folder(home.locks)
    name = f"bundle-{sha256(os.fsencode(target)).hexdigest()[:32]}"
    try:
        with held(lock_of(home, name), 0.5):
            checkpoint("bundle: locked")
            yield
    except StillHeldError as error:
        raise BundleUnwritable(path=path, reason=f"another ccpin is writing it, {error.holder}") from None


@contextmanager
def _disk(path: str, needed: int) -> Iterator[None]:
    """Turns what a disk can say into ccpin's words; `needed` are bytes, what no lock tells not among them."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise no_room(path, error, needed or None) from None
        about = f" ({os.fsdecode(error.filename)})" if error.filename else ""
        raise BundleUnwritable(path=path, reason=(error.strerror or str(error)).lower() + about) from None
