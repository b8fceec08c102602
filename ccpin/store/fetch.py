"""From a source to verified files in a staging folder: one pass over the bytes, every digest compared."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ccpin import platforms
from ccpin.archives.inflate import GzipBody
from ccpin.archives.receive import Packing, receive
from ccpin.archives.unpack import Unpacked, unpack
from ccpin.checkpoints import checkpoint
from ccpin.errors import BadArchive, IntegrityMismatch, NoRoom, Truncated, WrongVersionInside
from ccpin.files import is_full, no_room
from ccpin.net import Body
from ccpin.pinning.lock import Artifact, Lock
from ccpin.releases.release import engines_of, entry_of
from ccpin.releases.source import Offer, Source
from ccpin.store.entry import COMMAND, NODE, artifact_key, command_name, node_key, on_own_node, platform_key
from ccpin.store.machine import require_machine
from ccpin.store.nodefile import node_artifact, unpack_node
from ccpin.store.progress import Progress
from ccpin.store.receipt import Kept, Receipt
from ccpin.store.scan import scan

LONG_AGO_NS = 499_162_500 * 10**9
"""The mtime that npm gives files. Any time in the past serves: the receipt must be newer than the executable, and
one second is the finest that some shells see."""

_PACKAGE = "package.json"
_SLACK = 64 << 20  # bytes that an archive may unpack to beside the executable
_MAX_SCRIPTS = 1 << 30  # bytes of a JavaScript release; the largest so far has 170 MB


def download(
    lock: Lock,
    source: Source,
    staging: str,
    progress: Progress,
    check: Callable[[str | None], object],
    take_node: Callable[[str], Unpacked | None] = lambda staging: None,
) -> Receipt:
    """Fills `staging` with what `lock` names for this machine; `take_node` puts a Node.js of the lock's own there that
    is at hand, or says that there is none. `check` gets the range of Node.js, before the download
    where the source knows it.

    Raises RegistryError, ChannelError, StoreError, ReleaseError; what it leaves in `staging` is then worth nothing.
    """
    offer = source.offer(lock, artifact_key(lock))
    check(offer.engines)
    if offer.form == "tarball":
        written, executable, engines = _unpacked(lock, offer, staging, progress)
        if engines != offer.engines:
            check(engines)
    else:
        executable, engines = command_name(lock.runtime), None
        path, artifact = os.path.join(staging, executable), lock.artifacts[artifact_key(lock)]
        written = {executable: received(f"Claude Code {lock.version}", offer, artifact, path, progress)}
    require_artifact(offer.name, lock.artifacts[artifact_key(lock)], written[executable])
    if lock.runtime == "native" and lock.artifacts[artifact_key(lock)].sha256 is None:
        require_machine(offer.name, os.path.join(staging, executable), platform_key(lock))
    checkpoint("install: compared")
    if key := node_key(lock):
        written[NODE] = take_node(staging) or _node(lock, source.offer(lock, key), staging, progress)
        checkpoint("install: node taken")
    return seal(lock, staging, written, executable, offer.integrity or None, engines)


def seal(
    lock: Lock,
    staging: str,
    written: Mapping[str, Unpacked],
    executable: str,
    integrity: str | None = None,
    engines: str | None = None,
) -> Receipt:
    """Makes what was `written` and compared read-only and old, and says so in the receipt."""
    if lock.runtime == "node":
        _link_command(staging, executable)
    files = {**written, executable: replace(written[executable], executable=True)}
    if lock.node is not None:
        files[on_own_node(lock)] = _starter(os.path.join(staging, on_own_node(lock)), lock)
    kept = {path: Kept(u.size, u.sha256, _seal(staging, path, u)) for path, u in files.items()}
    checkpoint("install: sealed")
    found = scan(staging, executable)  # behind every comparison: only what was verified is worth reading
    return Receipt(
        version=lock.version,
        runtime=lock.runtime,
        platform=platform_key(lock),
        digest=lock.digest,
        artifact=lock.artifacts[artifact_key(lock)],
        integrity=integrity,
        executable=executable,
        files=kept,
        reads=found.flags,
        takes_settings=found.settings,
        engines=engines,
        node=lock.node,
        node_artifact=node_artifact(lock),
    )


def require_artifact(what: str, artifact: Artifact, executable: Unpacked) -> None:
    """Raises IntegrityMismatch for an executable that is not the locked one."""
    if artifact.sha256 is None:
        return
    if executable.size != artifact.size:
        raise IntegrityMismatch(
            what=what,
            kind="size",
            expected=f"{artifact.size:,} bytes",
            found=f"{executable.size:,} bytes",
        )
    if executable.sha256 != artifact.sha256:
        raise IntegrityMismatch(what=what, kind="sha256", expected=artifact.sha256, found=executable.sha256)


def require_room(folder: str, size: int) -> None:
    """Raises NoRoom where `size` bytes, and some, would not fit."""
    free = shutil.disk_usage(folder).free
    if free < size + _SLACK:
        raise NoRoom(path=folder, reason=f"{size + _SLACK:,} bytes are needed, {free:,} are free")


@contextmanager
def _room(folder: str, size: int | None) -> Iterator[None]:
    """Raises NoRoom where `size` bytes, a packed body's at least, do not fit into `folder`, now or in the end."""
    if size:
        require_room(folder, size)
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise no_room(folder, error, size) from None
        raise


def _node(lock: Lock, offer: Offer, staging: str, progress: Progress) -> Unpacked:
    with opened(f"Node.js {lock.node}", offer, progress) as body, _room(staging, body.length):
        return unpack_node(body, offer.name, lock, staging, progress.advanced)


def received(name: str, offer: Offer, artifact: Artifact, path: str, progress: Progress) -> Unpacked:
    """Writes a native executable, offered as it is or packed by itself, to `path`; `name` is shown. It is not yet
    compared. Raises NoRoom, BadArchive, Truncated, IntegrityMismatch, and what the source raises."""
    size = artifact.size or 0
    require_room(os.path.dirname(path), size)  # before anything is asked for
    packing = Packing(*offer.packed) if offer.packed else None
    with opened(name, offer, progress) as body, _room(os.path.dirname(path), size):
        written = receive(
            body.chunks,
            body.length,
            offer.name,
            path,
            size,
            packing=packing,
            progress=progress.advanced,
            hang_up=body.hang_up,
        )
    if body.length is None and written.size < size:  # a server that tells no length may break off unnoticed
        raise Truncated(what=offer.name, reason=f"{written.size:,} of {size:,} bytes came")
    return written


def _unpacked(
    lock: Lock, offer: Offer, staging: str, progress: Progress
) -> tuple[dict[str, Unpacked], str, str | None]:
    """What an npm tarball holds: the files that are kept, the path of what is started, the range of Node.js."""
    size = lock.artifacts[artifact_key(lock)].size
    written = unpacked(f"Claude Code {lock.version}", offer, size, staging, _targets(lock.runtime), progress)
    return _executable(lock, written, staging, offer.name)


def unpacked(
    name: str,
    offer: Offer,
    size: int | None,
    folder: str,
    targets: Callable[[str], str | None],
    progress: Progress,
) -> dict[str, Unpacked]:
    """Writes members of an npm tarball into `folder`, as `unpack` does, once its integrity is the offered one; `size`
    is that of the executable in it, where it is known. Raises NoRoom, BadArchive, Truncated, IntegrityMismatch, and
    what the source raises."""
    if size:
        require_room(folder, size)
    with opened(name, offer, progress) as body, _room(folder, size or body.length):
        limit = (size or _MAX_SCRIPTS) + _SLACK
        with GzipBody(body.chunks, offer.name, limit, progress.advanced, hang_up=body.hang_up) as archive:
            written = unpack(archive, offer.name, folder, targets)
            archive.finish(body.length, offer.integrity)
    return written


@contextmanager
def opened(name: str, offer: Offer, progress: Progress) -> Iterator[Body]:
    """The body of an offer, with its progress; whatever breaks, the connection is not waited for."""
    with offer.open() as body:
        progress.started(name, body.length)
        try:
            yield body
        except BaseException:
            body.hang_up()
            raise
        finally:
            progress.finished()


def _targets(runtime: str) -> Callable[[str], str | None]:
    """Which members of the archive are kept, and where: all of a JavaScript release; of a native one the executable
    and, for its version, package.json."""
    if runtime == "node":
        return lambda name: name
    binary = platforms.executable_name(platforms.current())
    kept = {f"package/{binary}": command_name(runtime), "package/package.json": _PACKAGE}
    return kept.get


def _executable(
    lock: Lock, written: dict[str, Unpacked], staging: str, what: str
) -> tuple[dict[str, Unpacked], str, str | None]:
    """The files to keep, the one that is started, and the range of Node.js, once package.json has confirmed the
    version. Nothing is run."""
    manifest = f"package/{_PACKAGE}" if lock.runtime == "node" else _PACKAGE
    if manifest not in written or written[manifest].size > 1 << 20:
        raise BadArchive(what=what, reason="it holds no package.json")
    package = _package(os.path.join(staging, *manifest.split("/")), what)
    if package.get("version") != lock.version:
        raise WrongVersionInside(what=what, found=str(package.get("version"))[:20], version=lock.version)
    if lock.runtime == "native":
        os.unlink(os.path.join(staging, manifest))
        written = {path: file for path, file in written.items() if path != manifest}
        path, engines = command_name(lock.runtime), None
    else:
        path = "package/" + os.path.normpath(entry_of(package) or "").replace(os.sep, "/")
        engines = engines_of(package, lock.version)
    if path not in written or written[path].size == 0:
        raise BadArchive(what=what, reason="it holds no executable")
    return written, path, engines


def _package(path: str, what: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        try:
            package = json.loads(file.read())
        except (ValueError, RecursionError):
            package = None
    if not isinstance(package, dict):
        raise BadArchive(what=what, reason="its package.json is not JSON")
    return package


def _seal(folder: str, path: str, file: Unpacked) -> int:
    """Makes a file read-only and old; the mtime in nanoseconds."""
    full = os.path.join(folder, *path.split("/"))
    os.utime(full, ns=(LONG_AGO_NS, LONG_AGO_NS))
    os.chmod(full, 0o555 if file.executable else 0o444)
    return LONG_AGO_NS


def _starter(path: str, lock: Lock) -> Unpacked:
    """Writes what starts the release on the Node.js beside it. No flag is set there: that is the shim's part."""
    text = (
        "#!/bin/sh\n"
        f"# Claude Code {lock.version} on Node.js {lock.node}, as the lock says; `claude` sets the lock's flags too.\n"
        f'exec "${{0%/*}}/{NODE}" "${{0%/*}}/{COMMAND}" "$@"\n'
    ).encode()
    with open(path, "xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Unpacked(hashlib.sha256(text).hexdigest(), len(text), executable=True)


def _link_command(staging: str, executable: str) -> None:
    """The fixed name. Windows has no links without privilege; there the receipt tells."""
    if sys.platform != "win32":
        os.symlink(executable, os.path.join(staging, COMMAND))
