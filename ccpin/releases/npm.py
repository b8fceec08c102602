"""npm as a source: the wrapper package, one package for each platform, and the agent SDK's, which has the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ccpin import platforms
from ccpin.errors import (
    BadMetadata,
    Incomplete,
    IntegrityMismatch,
    NoSuchChannel,
    NotFound,
    NothingSatisfies,
    PlatformMissing,
    RuntimeMissing,
    UnknownRelease,
)
from ccpin.pinning.artifacts import NODE_KEYS, is_node_key
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Artifact, Lock, is_platform
from ccpin.pinning.request import Request
from ccpin.releases.manifest import Manifest, find_manifest
from ccpin.releases.node import Node, carrier, resolve_node
from ccpin.releases.registry import CLAUDE, Registry, Tarball, platform_package
from ccpin.releases.release import (
    FIRST_NATIVE,
    LAST_JAVASCRIPT,
    WITHDRAWN,
    Release,
    engines_of,
    entry_of,
    nearest,
    require_runtime,
)
from ccpin.releases.source import Offer
from ccpin.releases.together import ask_all

_MAX_PLATFORMS = 64


class Npm:
    """One registry, as a source of Claude Code."""

    kind = "npm"

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._listed = False

    @property
    def name(self) -> str:
        return self.registry.name

    @property
    def notes(self) -> tuple[str, ...]:
        old = self.registry.offline_note if self._listed else None  # an exact version is today what it was
        return (*self.registry.notes, *filter(None, [old]))

    def candidates(self, request: Request) -> Iterator[str]:
        """See `Source`. Raises NothingSatisfies, NoSuchChannel, RegistryError."""
        if request.kind == "exact":
            yield request.text
            return
        self._listed = True
        package = self.registry.package(CLAUDE)
        newest = package.versions[-1] if package.versions else "none at all"
        if request.kind == "channel":
            if request.text not in package.tags:
                tags = ", ".join(f"`{tag}`" for tag in sorted(package.tags)) or "no tags"
                raise NoSuchChannel(registry=self.name, channel=request.text, tags=tags, newest=newest)
            tagged = package.tags[request.text]
            yield tagged
            meant = [v for v in package.versions if version_key(v) < version_key(tagged)]
        else:
            meant = [v for v in package.versions if request.admits(v)]
            if not meant:
                raise NothingSatisfies(registry=self.name, request=request.text, newest=newest)
        yield from (v for v in reversed(meant) if v not in WITHDRAWN)

    def between(self, first: str, last: str) -> dict[str, str]:
        """See `Source`. Raises RegistryError."""
        from ccpin.releases.catalog import offered  # nine documents: for those who want all there is

        self._listed = True
        low, high = version_key(first), version_key(last)
        return {one.version: one.fault for one in offered(self.registry) if low <= version_key(one.version) <= high}

    def resolve(self, version: str, platform: str, runtime: str | None = None, *, whole: bool = False) -> Release:
        """See `Source`. Raises ReleaseError (unknown, not for this platform, needs a compiled module), RegistryError,
        BadRuntime."""
        require_runtime(runtime, version)
        try:
            document = self.registry.version(CLAUDE, version)
        except NotFound:
            raise self._unknown(version) from None
        runtime = runtime or _default_runtime(document)
        if runtime == "node":
            return self._javascript(version, document)
        return self._native(version, document, platform, whole=whole)

    def node(self, spec: str, engines: str | None, platform: str) -> Node:
        """See `Source`."""
        return resolve_node(self.registry, spec, engines, platform)

    def offer(self, lock: Lock, key: str) -> Offer:
        """See `Source`. Raises PlatformMissing, RegistryError, BadMetadata, IntegrityMismatch where the registry has
        another tarball than the lock."""
        if is_node_key(key):
            package, version = carrier(key).package, str(lock.node)
            tarball = self.registry.tarball(package, self.registry.version(package, version))
            return self._tarball_offer(tarball, lock.artifacts[key], None)
        package = CLAUDE if key == platforms.ANY else platform_package(key)
        try:
            document = self.registry.version(package, lock.version)
        except NotFound:
            if key == platforms.ANY:
                raise self._unknown(lock.version) from None
            raise PlatformMissing(version=lock.version, platform=key, present="other platforms at most") from None
        engines = engines_of(document, lock.version) if lock.runtime == "node" else None
        return self._tarball_offer(self.registry.tarball(package, document), lock.artifacts[key], engines)

    def _tarball_offer(self, tarball: Tarball, artifact: Artifact, engines: str | None) -> Offer:
        if artifact.npm is not None and artifact.npm != tarball.integrity:
            raise IntegrityMismatch(what=tarball.name, kind="sha512", expected=artifact.npm, found=tarball.integrity)
        stream = partial(self.registry.http.stream, tarball.address)
        return Offer(tarball.name, "tarball", stream, integrity=tarball.integrity, engines=engines)

    def _unknown(self, version: str) -> UnknownRelease:
        around = nearest(version, self.registry.package(CLAUDE).versions)
        said = f"; the nearest: {' and '.join(around)}" if around else ""
        return UnknownRelease(version=version, registry=self.name, nearest=said)

    def _javascript(self, version: str, document: Mapping[str, Any]) -> Release:
        if _default_runtime(document) != "node":
            raise RuntimeMissing(version=version, runtime="node", other="native")
        artifact = Artifact(npm=self.registry.tarball(CLAUDE, document).integrity)
        return Release(version, "node", {platforms.ANY: artifact}, engines=engines_of(document, version))

    def _native(self, version: str, document: Mapping[str, Any], platform: str, *, whole: bool) -> Release:
        if version_key(version) < version_key(FIRST_NATIVE):
            raise RuntimeMissing(version=version, runtime="native", other="node")
        named = _named_platforms(document)
        if whole:
            self._require_whole(version, named)
        manifest = find_manifest(self.registry, version)
        wanted = sorted(named | (manifest.artifacts if manifest else {}).keys())
        present = self._integrities(version, wanted)
        if not present and version_key(version) <= version_key(LAST_JAVASCRIPT):
            raise RuntimeMissing(version=version, runtime="native", other="node")
        absent = tuple(p for p in wanted if p not in present)
        if platform not in present:
            held = ", ".join(present) or "no platform at all"
            raise PlatformMissing(version=version, platform=platform, present=held)
        artifacts = _artifacts(manifest, present, platform, version)
        return Release(version, "native", artifacts, absent=absent, built=manifest.built if manifest else None)

    def _require_whole(self, version: str, named: set[str]) -> None:
        present = self._integrities(version, sorted(named))
        if absent := sorted(named - present.keys()):
            raise Incomplete(version=version, absent=", ".join(absent))

    def _integrities(self, version: str, wanted: list[str]) -> dict[str, str]:
        """Platform -> npm's integrity of its tarball, for those that are there."""
        found = dict(zip(wanted, ask_all(lambda p: self._integrity(p, version), wanted), strict=True))
        return {platform: integrity for platform, integrity in found.items() if integrity}

    def _integrity(self, platform: str, version: str) -> str | None:
        package = platform_package(platform)
        try:
            return self.registry.tarball(package, self.registry.version(package, version)).integrity
        except NotFound:
            return None


def _artifacts(
    manifest: Manifest | None, present: Mapping[str, str], platform: str, version: str
) -> Mapping[str, Artifact]:
    if manifest is None:
        return {p: Artifact(npm=integrity) for p, integrity in present.items()}
    if platform not in manifest.artifacts:
        raise BadMetadata(what=f"the manifest of {version}", reason=f"it does not name {platform}")
    return manifest.artifacts


def _default_runtime(document: Mapping[str, Any]) -> str:
    """From the package's own entry point: a script for Node, or the native executable's place."""
    return "node" if re.search(r"\.[cm]?js$", entry_of(document) or "") else "native"


def _named_platforms(document: Mapping[str, Any]) -> set[str]:
    """The platforms that the wrapper package asks for; all that are known where it is a JavaScript release."""
    optional = document.get("optionalDependencies")
    prefix = platform_package("")
    asked = (name for name in (optional if isinstance(optional, dict) else ()) if name.startswith(prefix))
    found = (name.removeprefix(prefix) for name in asked)
    named = {platform for platform in found if is_platform(platform) and not platform.startswith(NODE_KEYS)}
    return set(sorted(named)[:_MAX_PLATFORMS]) or set(platforms.ALL)
