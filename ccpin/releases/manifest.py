"""The release manifest: sha256 and size of every platform's executable.

Upstream publishes it on its native channel, and inside the npm package of the agent SDK, whose number runs along:
SDK 0.3.N (earlier 0.2.N) carries the manifest of Claude Code 2.1.N. So all eight platforms are locked from a
package of 1.5 MB. Checked against 0.2.112, 0.2.113, 0.3.200 and 0.3.330. Lenient in what a manifest may add, strict
in what it must hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ccpin.archives.inflate import GzipBody
from ccpin.archives.unpack import read_members
from ccpin.errors import BadMetadata, NotFound
from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.head import is_digest, version_key
from ccpin.pinning.lock import Artifact, is_platform
from ccpin.platforms import executable_name
from ccpin.releases.again import again
from ccpin.releases.registry import SDK, Registry, Tarball

_MAX_MANIFEST = 1 << 20  # bytes, upstream's own limit
_WANTED = ("package/package.json", "package/manifest.json")
_MAX_PACKAGE = 128 << 20  # bytes, unpacked
_MAX_PLATFORMS = 64
SDK_SERIES = ("0.3", "0.2")


@dataclass(frozen=True)
class Manifest:
    """What upstream says of one release.

    `artifacts` is platform -> Artifact, platforms that this ccpin does not know included. `built` is the time of the
    build, with its zone, where the manifest tells it.
    """

    version: str
    artifacts: Mapping[str, Artifact]
    built: datetime | None


def find_manifest(registry: Registry, version: str) -> Manifest | None:
    """The manifest of a release, or None where the registry has none of it.

    Raises RegistryError, IntegrityMismatch, and BadMetadata for a manifest that is there but not right.
    """
    major, minor, patch = version_key(version)
    if (major, minor) != (2, 1):
        return None
    for series in SDK_SERIES:
        number = f"{series}.{patch}"
        try:
            document = registry.version(SDK, number)
        except NotFound:
            continue
        tarball = registry.tarball(SDK, document)
        read = partial(again, partial(_read_package, registry, tarball))
        files = registry.http.remembered(tarball.integrity, read)
        if _claude_version(files) == version and "manifest.json" in files:
            return parse_manifest(str(files["manifest.json"]).encode(), version)
    return None


def parse_manifest(data: bytes, version: str) -> Manifest:
    """The manifest in `data`, which must be of `version`. Raises BadMetadata, naming what does not fit."""
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
    artifacts = {platform: _artifact(what, platform, entry) for platform, entry in sorted(platforms.items())}
    return Manifest(version, artifacts, _build_date(manifest))


def _build_date(manifest: Mapping[str, Any]) -> datetime | None:
    """None for what is no date, or one without a zone: nobody should compute an age from it."""
    said = manifest.get("buildDate")
    try:
        built = datetime.fromisoformat(said.replace("Z", "+00:00")) if isinstance(said, str) else None
    except ValueError:
        return None
    return built if built is not None and built.tzinfo is not None else None


def _artifact(what: str, platform: str, entry: Any) -> Artifact:
    if not is_platform(platform) or platform.startswith(NODE_KEYS):  # it becomes a line of the lock
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


def _claude_version(files: Mapping[str, Any]) -> object:
    try:
        package = json.loads(str(files.get("package.json", "{}")))
    except (ValueError, RecursionError):
        return None
    return package.get("claudeCodeVersion") if isinstance(package, dict) else None


def _read_package(registry: Registry, tarball: Tarball) -> dict[str, Any]:
    """Name -> text of the two small files of the SDK package, read once all of it has been checked."""
    with (
        registry.http.stream(tarball.address) as response,
        GzipBody(response.chunks, tarball.name, _MAX_PACKAGE, hang_up=response.hang_up) as body,
    ):
        found = read_members(body, tarball.name, _WANTED, _MAX_MANIFEST)
        body.finish(response.length, tarball.integrity)
        return {name.removeprefix("package/"): data.decode("utf-8", "replace") for name, data in found.items()}
