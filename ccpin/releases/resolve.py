"""From a version request to one version, and from that to the Release with all its platforms.

Asked once per `ccpin use`, never at launch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ccpin import platforms
from ccpin.errors import (
    BadMetadata,
    BadRuntime,
    NeedsNativeModule,
    NoSuchChannel,
    NotFound,
    NothingSatisfies,
    PlatformMissing,
    RuntimeMissing,
    UnknownRelease,
)
from ccpin.pinning.head import RUNTIMES, version_key
from ccpin.pinning.lock import Artifact, Lock, is_platform
from ccpin.pinning.request import Request
from ccpin.releases.manifest import find_manifest
from ccpin.releases.registry import CLAUDE, Registry, platform_package

_MAX_PLATFORMS = 64
FIRST_NATIVE = "2.1.110"
"""From here on there are platform packages; 2.1.110 to 2.1.112 have both runtimes, and JavaScript is the default."""
FIRST_STARTING = "1.0.24"
"""Older releases print "needs an update" and end, as soon as they have asked the server for its floor."""


@dataclass(frozen=True)
class Release:
    """One release as upstream offers it.

    `artifacts` is platform -> Artifact. `absent` names the platforms that the registry does not hold although the
    release has them; `engines` is the range of Node.js that a JavaScript release wants (`>=18.0.0`).
    """

    version: str
    runtime: str
    artifacts: Mapping[str, Artifact]
    absent: tuple[str, ...] = ()
    engines: str | None = None

    def to_lock(self, request: Request, old: Lock | None = None) -> Lock:
        """What a project says that takes this release; flags that it has stay."""
        lock = Lock(self.version, request.text, self.runtime, self.artifacts)
        return lock if old is None else replace(lock, env=old.env, clean=old.clean)


def resolve(registry: Registry, version: str, platform: str, runtime: str | None = None) -> Release:
    """The release `version`, for a project on this `platform` and all others; `runtime` chooses where it has both.

    Raises ReleaseError (unknown, not for this platform, needs a compiled module), RegistryError, BadRuntime.
    """
    if runtime is not None and runtime not in RUNTIMES:
        raise BadRuntime(runtime=runtime, version=version)
    try:
        document = registry.version(CLAUDE, version)
    except NotFound:
        raise _unknown(registry, version) from None
    runtime = runtime or _default_runtime(document)
    if runtime == "node":
        return _javascript(registry, version, document)
    return _native(registry, version, document, platform)


def pick(registry: Registry, request: Request) -> str:
    """The version that a request means today. Raises NothingSatisfies, NoSuchChannel, RegistryError."""
    if request.kind == "exact":
        return request.text
    package = registry.package(CLAUDE)
    newest = package.versions[-1] if package.versions else "none at all"
    if request.kind == "channel":
        if request.text not in package.tags:
            tags = ", ".join(f"`{tag}`" for tag in sorted(package.tags)) or "no tags"
            raise NoSuchChannel(registry=registry.name, channel=request.text, tags=tags, newest=newest)
        return package.tags[request.text]
    version = request.newest(package.versions)
    if version is None:
        raise NothingSatisfies(registry=registry.name, request=request.text, newest=newest)
    return version


def engines_of(document: Mapping[str, Any], version: str) -> str | None:
    """The range of Node.js that a JavaScript release wants (`>=18.0.0`). Raises NeedsNativeModule."""
    modules = document.get("dependencies")
    if isinstance(modules, dict) and modules:
        raise NeedsNativeModule(version=version, modules=", ".join(sorted(map(str, modules)))[:100])
    engines = document.get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    return str(wanted) if wanted else None


def nearest(version: str, versions: Sequence[str]) -> tuple[str, ...]:
    """The neighbours of a version that does not exist, at most two. `versions` is in order."""
    key = version_key(version)
    below = [v for v in versions if version_key(v) < key][-1:]
    above = [v for v in versions if version_key(v) > key][:1]
    return tuple(below + above)


def era(version: str) -> str:
    """What kind of release a version is: `javascript`, `native`, `both`, or `needs a compiled module`."""
    key = version_key(version)
    if (0, 2, 90) <= key < (0, 2, 114):
        return "needs a compiled module"
    if key < version_key(FIRST_NATIVE):
        return "javascript"
    return "both" if key <= (2, 1, 112) else "native"


def _unknown(registry: Registry, version: str) -> UnknownRelease:
    around = nearest(version, registry.package(CLAUDE).versions)
    said = f"; the nearest: {' and '.join(around)}" if around else ""
    return UnknownRelease(version=version, registry=registry.name, nearest=said)


def _default_runtime(document: Mapping[str, Any]) -> str:
    """From the package's own entry point: a script for Node, or the native executable's place."""
    binary = document.get("bin")
    entry = binary.get("claude") if isinstance(binary, dict) else binary
    return "node" if isinstance(entry, str) and re.search(r"\.[cm]?js$", entry) else "native"


def _javascript(registry: Registry, version: str, document: Mapping[str, Any]) -> Release:
    if _default_runtime(document) != "node":
        raise RuntimeMissing(version=version, runtime="node", other="native")
    artifact = Artifact(npm=registry.tarball(CLAUDE, document).integrity)
    return Release(version, "node", {platforms.ANY: artifact}, engines=engines_of(document, version))


def _native(registry: Registry, version: str, document: Mapping[str, Any], platform: str) -> Release:
    if version_key(version) < version_key(FIRST_NATIVE):
        raise RuntimeMissing(version=version, runtime="native", other="node")
    named = _named_platforms(document)
    manifest = find_manifest(registry, version)
    wanted = sorted(named | (manifest or {}).keys())
    with ThreadPoolExecutor(8) as pool:
        tarballs = dict(zip(wanted, pool.map(lambda p: _integrity(registry, p, version), wanted), strict=True))
    present = {p: integrity for p, integrity in tarballs.items() if integrity}
    if not present and version_key(version) <= (2, 1, 112):
        raise RuntimeMissing(version=version, runtime="native", other="node")
    if platform not in present:
        raise PlatformMissing(version=version, platform=platform, present=", ".join(present) or "no platform at all")
    artifacts = manifest or {p: Artifact(npm=integrity) for p, integrity in present.items()}
    if platform not in artifacts:
        raise BadMetadata(what=f"the manifest of {version}", reason=f"it does not name {platform}")
    return Release(version, "native", artifacts, absent=tuple(p for p in wanted if p not in present))


def _named_platforms(document: Mapping[str, Any]) -> set[str]:
    """The platforms that the wrapper package asks for; all that are known where it is a JavaScript release."""
    optional = document.get("optionalDependencies")
    prefix = platform_package("")
    named = {
        name.removeprefix(prefix)
        for name in (optional if isinstance(optional, dict) else ())
        if name.startswith(prefix) and is_platform(name.removeprefix(prefix))
    }
    return set(sorted(named)[:_MAX_PLATFORMS]) or set(platforms.ALL)


def _integrity(registry: Registry, platform: str, version: str) -> str | None:
    package = platform_package(platform)
    try:
        return registry.tarball(package, registry.version(package, version)).integrity
    except NotFound:
        return None
