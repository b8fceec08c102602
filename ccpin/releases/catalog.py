"""All releases that the registry offers, with what each of them lacks: for `ccpin list --remote`."""

from __future__ import annotations

from dataclasses import dataclass

from ccpin import platforms
from ccpin.errors import NotFound
from ccpin.pinning.head import version_key
from ccpin.releases.registry import CLAUDE, Registry, platform_package
from ccpin.releases.release import FIRST_NATIVE, WITHDRAWN, era
from ccpin.releases.together import ask_all


@dataclass(frozen=True)
class Offered:
    """One version: its era (see `release.era`), the tags on it, the platforms it is missing for, and why upstream
    withdrew it, if it did: the registry may hold it all the same."""

    version: str
    era: str
    tags: tuple[str, ...]
    missing: tuple[str, ...]
    withdrawn: str | None = None


def offered(registry: Registry) -> list[Offered]:
    """All versions, oldest first by number. Raises RegistryError."""
    package = registry.package(CLAUDE)
    held = dict(zip(platforms.ALL, ask_all(lambda p: _versions(registry, p), platforms.ALL), strict=True))
    tags: dict[str, list[str]] = {}
    for tag, version in sorted(package.tags.items()):
        tags.setdefault(version, []).append(tag)
    return [
        Offered(version, era(version), tuple(tags.get(version, ())), _missing(version, held), WITHDRAWN.get(version))
        for version in package.versions
    ]


def _versions(registry: Registry, platform: str) -> frozenset[str]:
    try:
        return frozenset(registry.package(platform_package(platform)).versions)
    except NotFound:
        return frozenset()


def _missing(version: str, held: dict[str, frozenset[str]]) -> tuple[str, ...]:
    if version_key(version) < version_key(FIRST_NATIVE):
        return ()
    return tuple(platform for platform, versions in held.items() if version not in versions)
