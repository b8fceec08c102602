"""All releases that the registry offers, with what each of them lacks: for `ccpin list --remote`."""

from __future__ import annotations

from dataclasses import dataclass

from ccpin import platforms
from ccpin.errors import NotFound
from ccpin.pinning.head import version_key
from ccpin.releases.registry import CLAUDE, Package, Registry, platform_package
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

    @property
    def fault(self) -> str:
        """Why no channel and no range means it; empty where one may."""
        if self.withdrawn:
            return self.withdrawn
        if self.missing:
            return f"it lacks {', '.join(self.missing)}"
        return f"it {self.era}" if self.era.startswith("needs") else ""


def offered(registry: Registry) -> list[Offered]:
    """All versions, oldest first by number. Raises RegistryError."""
    names = (CLAUDE, *map(platform_package, platforms.ALL))
    package, *natives = ask_all(lambda name: _package(registry, name), names)
    held = {platform: frozenset(native.versions) for platform, native in zip(platforms.ALL, natives, strict=True)}
    tags: dict[str, list[str]] = {}
    for tag, version in sorted(package.tags.items()):
        tags.setdefault(version, []).append(tag)
    return [
        Offered(version, era(version), tuple(tags.get(version, ())), _missing(version, held), WITHDRAWN.get(version))
        for version in package.versions
    ]


def _package(registry: Registry, name: str) -> Package:
    """A mirror may lack a platform altogether."""
    try:
        return registry.package(name)
    except NotFound:
        if name == CLAUDE:
            raise
        return Package((), {})


def _missing(version: str, held: dict[str, frozenset[str]]) -> tuple[str, ...]:
    if version_key(version) < version_key(FIRST_NATIVE):
        return ()
    return tuple(platform for platform, versions in held.items() if version not in versions)
