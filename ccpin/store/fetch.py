"""From the registry to verified files in a staging folder: one pass over the bytes, every digest compared."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ccpin import platforms
from ccpin.archives.inflate import GzipBody
from ccpin.archives.unpack import Unpacked, unpack
from ccpin.errors import (
    BadArchive,
    IntegrityMismatch,
    NoRoom,
    NotFound,
    PlatformMissing,
    WrongVersionInside,
)
from ccpin.paths import Home
from ccpin.pinning.flags import TABLE
from ccpin.pinning.lock import Artifact, Lock
from ccpin.releases.registry import CLAUDE, Registry, Tarball, platform_package
from ccpin.releases.resolve import engines_of
from ccpin.store.entry import COMMAND, command_name, install_folder, platform_key, ready
from ccpin.store.receipt import Kept, Receipt, changes, installs, sha256_of
from ccpin.store.scan import scan

LONG_AGO_NS = 499_162_500 * 10**9
"""The mtime that npm gives files. Any time in the past serves: the receipt must be newer than the executable, and
one second is the finest that some shells see."""

_PACKAGE = "package.json"
_SLACK = 64 << 20  # bytes that an archive may unpack to beside the executable
_MAX_SCRIPTS = 1 << 30  # bytes of a JavaScript release; the largest so far has 170 MB


class Progress:
    """What an install tells its caller; does nothing by itself."""

    def waiting(self, name: str) -> None:
        """Another process is installing `name`."""

    def started(self, name: str, size: int | None) -> None:
        """A download of `size` bytes begins."""

    def advanced(self, received: int) -> None:
        """So many bytes have come. Called from another thread."""

    def finished(self) -> None:
        """The download is over, well or not."""


def download(
    lock: Lock,
    registry: Registry,
    staging: str,
    progress: Progress,
    check: Callable[[str | None], object],
) -> Receipt:
    """Fills `staging` with what `lock` names for this machine. `check` gets the range of Node.js before the download.

    Raises RegistryError, StoreError, ReleaseError; what it leaves in `staging` is then worth nothing.
    """
    platform = platform_key(lock.runtime)
    artifact = lock.artifacts[platform]
    package = CLAUDE if lock.runtime == "node" else platform_package(platform)
    document = _document(registry, package, lock.version, platform)
    tarball = registry.tarball(package, document)
    if artifact.npm is not None and artifact.npm != tarball.integrity:
        raise IntegrityMismatch(what=tarball.name, kind="sha512", expected=artifact.npm, found=tarball.integrity)
    engines = engines_of(document, lock.version) if lock.runtime == "node" else None
    check(engines)
    written = _fetch(lock, registry, tarball, staging, progress)
    executable = _executable(lock, written, staging, tarball.name)
    _require_artifact(tarball.name, artifact, written[executable])
    if lock.runtime == "node":
        _link_command(staging, executable)
    written[executable] = replace(written[executable], executable=True)
    files = {path: Kept(u.size, u.sha256, _seal(staging, path, u)) for path, u in written.items() if path != _PACKAGE}
    found = scan(staging, executable)  # behind every comparison: only what was verified is worth reading
    return Receipt(
        lock.version,
        lock.runtime,
        platform,
        lock.digest,
        artifact,
        tarball.integrity,
        executable,
        files,
        found.flags,
        found.settings,
        engines,
    )


def _document(registry: Registry, package: str, version: str, platform: str) -> dict[str, Any]:
    try:
        return registry.version(package, version)
    except NotFound:
        if platform == platforms.ANY:
            raise
        raise PlatformMissing(version=version, platform=platform, present="other platforms at most") from None


def _fetch(lock: Lock, registry: Registry, tarball: Tarball, staging: str, progress: Progress) -> dict[str, Unpacked]:
    artifact = lock.artifacts[platform_key(lock.runtime)]
    limit = (artifact.size or _MAX_SCRIPTS) + _SLACK
    if artifact.size:
        _require_room(staging, artifact.size)
    with registry.http.stream(tarball.address) as response:
        progress.started(f"Claude Code {lock.version}", response.length)
        try:
            with GzipBody(response.chunks, tarball.name, limit, progress.advanced) as body:
                try:
                    written = unpack(body, tarball.name, staging, _targets(lock.runtime))
                    body.finish(response.length, tarball.integrity)
                except BaseException:
                    response.hang_up()
                    raise
        finally:
            progress.finished()
    return written


def _targets(runtime: str) -> Callable[[str], str | None]:
    """Which members of the archive are kept, and where: all of a JavaScript release; of a native one the executable
    and, for its version, package.json."""
    if runtime == "node":
        return lambda name: name
    binary = platforms.executable_name(platforms.current())
    kept = {f"package/{binary}": command_name(runtime), "package/package.json": _PACKAGE}
    return kept.get


def _executable(lock: Lock, written: dict[str, Unpacked], staging: str, what: str) -> str:
    """The path of what is started, once package.json has confirmed the version. Nothing is run."""
    manifest = f"package/{_PACKAGE}" if lock.runtime == "node" else _PACKAGE
    if manifest not in written or written[manifest].size > 1 << 20:
        raise BadArchive(what=what, reason="it holds no package.json")
    with open(os.path.join(staging, *manifest.split("/")), "rb") as file:
        try:
            package = json.loads(file.read())
        except (ValueError, RecursionError):
            package = None
    if not isinstance(package, dict):
        raise BadArchive(what=what, reason="its package.json is not JSON")
    if package.get("version") != lock.version:
        raise WrongVersionInside(what=what, found=str(package.get("version"))[:20], version=lock.version)
    if lock.runtime == "native":
        os.unlink(os.path.join(staging, manifest))
        path = command_name(lock.runtime)
    else:
        entry = package.get("bin")
        entry = entry.get("claude") if isinstance(entry, dict) else entry
        path = "package/" + os.path.normpath(str(entry)).replace(os.sep, "/")
    if path not in written or written[path].size == 0:
        raise BadArchive(what=what, reason="it holds no executable")
    return path


def _require_artifact(what: str, artifact: Artifact, executable: Unpacked) -> None:
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


def same_executable(home: Home, lock: Lock, staging: str) -> Receipt | None:
    """Takes an equal executable that another entry holds, as a hard link: a lock of the same release with other
    platforms in it needs an entry of its own, but not 380 MB more."""
    if lock.runtime != "native":
        return None
    platform = platform_key(lock.runtime)
    wanted = lock.artifacts[platform]
    own = install_folder(home, lock.version, lock.digest, lock.runtime)  # is being replaced, and for a reason
    for other in installs(home):
        same = other.receipt.artifact == wanted and other.receipt.platform == platform
        if not same or other.receipt.version != lock.version:
            continue
        if other.folder == own or not ready(home, lock.version, other.receipt.digest, lock.runtime):
            continue
        if changes(other) or sha256_of(other.executable) != wanted.sha256:
            continue
        try:
            os.link(other.executable, os.path.join(staging, command_name(lock.runtime)))
        except OSError:  # another file system, or one without hard links
            return None
        return _up_to_date(replace(other.receipt, digest=lock.digest), staging)
    return None


def _up_to_date(receipt: Receipt, staging: str) -> Receipt:
    """A receipt that covers this very table of flags: another ccpin's, with another table, may have written it."""
    if receipt.reads.keys() == TABLE.keys():
        return receipt
    found = scan(staging, receipt.executable)
    return replace(receipt, reads=found.flags, takes_settings=found.settings)


def _seal(folder: str, path: str, file: Unpacked) -> int:
    """Makes a file read-only and old; the mtime in nanoseconds."""
    full = os.path.join(folder, *path.split("/"))
    os.utime(full, ns=(LONG_AGO_NS, LONG_AGO_NS))
    os.chmod(full, 0o555 if file.executable else 0o444)
    return LONG_AGO_NS


def _link_command(staging: str, executable: str) -> None:
    """The fixed name. Windows has no links without privilege; there the receipt tells."""
    if sys.platform != "win32":
        os.symlink(executable, os.path.join(staging, COMMAND))


def _require_room(folder: str, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SLACK:
        raise NoRoom(path=folder, reason=f"{size + _SLACK:,} bytes are needed, {free:,} are free")
