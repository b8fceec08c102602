"""The release manifest: sha256 and size of every platform's executable.

Upstream publishes it on its native channel, and inside the npm package of the agent SDK, whose number runs along:
SDK 0.3.N (earlier 0.2.N) carries the manifest of Claude Code 2.1.N. So all eight platforms are locked from a
package of 1.5 MB. Checked against 0.2.112, 0.2.113, 0.3.200 and 0.3.330. Lenient in what a manifest may add, strict
in what it must hold.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ccpin.archives.inflate import GzipBody
from ccpin.archives.unpack import unpack
from ccpin.errors import BadMetadata, NotFound
from ccpin.pinning.head import is_digest, version_key
from ccpin.pinning.lock import Artifact, is_platform
from ccpin.platforms import executable_name
from ccpin.releases.registry import SDK, Registry, Tarball

_MAX_MANIFEST = 1 << 20  # bytes, upstream's own limit
_WANTED = ("package.json", "manifest.json")
_MAX_PACKAGE = 128 << 20  # bytes, unpacked
_MAX_PLATFORMS = 64
_SDK_SERIES = ("0.3", "0.2")


def find_manifest(registry: Registry, version: str) -> dict[str, Artifact] | None:
    """Platform -> Artifact for a release, or None where the registry has no manifest of it.

    Raises RegistryError, IntegrityMismatch, and BadMetadata for a manifest that is there but not right.
    """
    major, minor, patch = version_key(version)
    if (major, minor) != (2, 1):
        return None
    for series in _SDK_SERIES:
        number = f"{series}.{patch}"
        try:
            document = registry.version(SDK, number)
        except NotFound:
            continue
        files = _read_package(registry, registry.tarball(SDK, document))
        if _claude_version(files) == version and "manifest.json" in files:
            return parse_manifest(files["manifest.json"], version)
    return None


def parse_manifest(data: bytes, version: str) -> dict[str, Artifact]:
    """Platform -> Artifact. Raises BadMetadata, naming what does not fit."""
    what = f"the manifest of {version}"
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise BadMetadata(what=what, reason="it is not JSON") from None
    platforms = manifest.get("platforms") if isinstance(manifest, dict) else None
    if not isinstance(platforms, dict) or not platforms:
        raise BadMetadata(what=what, reason="it lists no platforms")
    if manifest.get("version") != version:
        raise BadMetadata(what=what, reason=f"it is of {str(manifest.get('version'))[:20]}")
    if len(platforms) > _MAX_PLATFORMS:
        raise BadMetadata(what=what, reason=f"it lists {len(platforms)} platforms")
    return {platform: _artifact(what, platform, entry) for platform, entry in sorted(platforms.items())}


def _artifact(what: str, platform: str, entry: Any) -> Artifact:
    if not is_platform(platform):  # it becomes a line of the lock
        raise BadMetadata(what=what, reason="it names a platform that can be none")
    if not isinstance(entry, Mapping):
        raise BadMetadata(what=what, reason=f"`{platform[:40]}` is not a table")
    checksum, size = entry.get("checksum"), entry.get("size")
    if not isinstance(checksum, str) or not is_digest(f"sha256:{checksum}"):
        raise BadMetadata(what=what, reason=f"`{platform[:40]}` has no sha256")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < 1 << 32:
        raise BadMetadata(what=what, reason=f"`{platform[:40]}` has no size")
    if entry.get("binary", executable_name(platform)) != executable_name(platform):
        raise BadMetadata(what=what, reason=f"`{platform[:40]}` names another executable")
    return Artifact(sha256=checksum, size=size)


def _claude_version(files: Mapping[str, bytes]) -> object:
    try:
        package = json.loads(files.get("package.json", b"{}"))
    except (ValueError, RecursionError):
        return None
    return package.get("claudeCodeVersion") if isinstance(package, dict) else None


def _read_package(registry: Registry, tarball: Tarball) -> dict[str, bytes]:
    """The two small files of the SDK package, read once all of it has been checked."""
    with (
        tempfile.TemporaryDirectory(prefix="ccpin-") as folder,
        registry.http.stream(tarball.address) as response,
        GzipBody(response.chunks, tarball.name, _MAX_PACKAGE) as body,
    ):
        written = unpack(body, tarball.name, folder, {f"package/{name}": name for name in _WANTED}.get)
        body.finish(response.length, tarball.integrity)
        return {name: Path(folder, name).read_bytes() for name, file in written.items() if file.size <= _MAX_MANIFEST}
