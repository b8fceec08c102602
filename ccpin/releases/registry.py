"""The npm registry as ccpin sees it: which versions a package has, and what one version's tarball must be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccpin.errors import BadMetadata, NotFound, Offline
from ccpin.metadata import Metadata
from ccpin.net import Http, shown
from ccpin.paths import Home
from ccpin.pinning.head import is_version, version_key
from ccpin.pinning.lock import is_npm_integrity
from ccpin.pinning.settings import is_offline
from ccpin.releases.access import Access
from ccpin.releases.npmrc import SCOPE, read_config, registry_address
from ccpin.releases.project import passed_over
from ccpin.releases.tarball import at_registry
from ccpin.releases.transport import network, strict_note

CLAUDE = f"{SCOPE}/claude-code"
SDK = f"{SCOPE}/claude-agent-sdk"


@dataclass(frozen=True)
class Tarball:
    """A package's archive: where it is, and its sha512 as npm writes it."""

    address: str
    integrity: str

    @property
    def name(self) -> str:
        return shown(self.address)


@dataclass(frozen=True)
class Package:
    """All of a package: its versions in the order of their numbers, and its tags."""

    versions: tuple[str, ...]
    tags: Mapping[str, str]


class Registry:
    """One registry. `address` ends in a slash; `source` tells where it was configured, `notes` what its user should
    know of that configuration; `replace` is npm's `replace-registry-host`."""

    def __init__(
        self, address: str, source: str, http: Http, *, replace: str = "never", notes: tuple[str, ...] = ()
    ) -> None:
        self.address = address
        self.source = source
        self.http = http
        self.notes = notes
        self._replace = replace

    @classmethod
    def configured(
        cls,
        env: Mapping[str, str],
        override: str | None = None,
        folder: str | None = None,
        *,
        home: Home | None = None,
        offline: bool = False,
    ) -> Registry:
        """The registry that npm's configuration names. With `folder`, the current one, the notes tell of a project's
        .npmrc that would have named another. With `home`, what it says is kept there; where `offline` or CCPIN_OFFLINE
        forbids to ask it, that is all that it says.

        Raises NoRegistry, BadRegistryAddress, BadCertificate.
        """
        config = read_config(env)
        address, source = registry_address(config, env, override)
        asked_by_hand = override or folder is None
        notes = (
            strict_note(config, address),
            None if asked_by_hand else passed_over(str(folder), config, env, address),
        )
        cache = Metadata(home.metadata) if home else None
        http = Http(Access(config, address), network(config, address, env), cache, is_offline(env, offline))
        replace = config.get("replace-registry-host") or ""
        return cls(address, source, http, replace=replace, notes=tuple(filter(None, notes)))

    @property
    def name(self) -> str:
        return shown(self.address)

    @property
    def offline_note(self) -> str | None:
        """How old its answers are, where they come from what was kept; None where it was asked, or not needed."""
        as_of = self.http.as_of
        return None if as_of is None else f"note: offline: this is what {self.name} said {ago(time.time() - as_of)}"

    def package(self, name: str) -> Package:
        """All versions of a package. Raises RegistryError, BadMetadata."""
        return self._package(name, self.http.document(self._address(name)))

    def version(self, name: str, version: str) -> dict[str, Any]:
        """One version's document. Raises NotFound, RegistryError, BadMetadata.

        Not every mirror serves single versions, so a 404 is looked up in the whole document before it counts; and so
        is, without a network, one that was never asked for.
        """
        try:
            document = self.http.document(f"{self._address(name)}/{version}")
        except (NotFound, Offline) as error:
            versions = self.http.document(self._address(name)).get("versions")
            found = versions.get(version) if isinstance(versions, dict) else None
            if not isinstance(found, dict):
                raise error from None
            document = found
        if document.get("version") != version:
            raise BadMetadata(what=f"{name} {version}", reason="the document is of another version")
        return document

    def tarball(self, name: str, document: Mapping[str, Any]) -> Tarball:
        """Where a version's tarball is, and what it must be. Raises BadMetadata."""
        what = f"{name} {document.get('version')}"
        dist = document.get("dist")
        if not isinstance(dist, dict) or not isinstance(dist.get("tarball"), str):
            raise BadMetadata(what=what, reason="it names no tarball")
        found = str(dist.get("integrity") or "").split()
        integrity = next((part for part in found if is_npm_integrity(part)), None)
        if integrity is None:
            raise BadMetadata(what=what, reason="it has no sha512 integrity")
        return Tarball(at_registry(dist["tarball"], self.address, self._replace), integrity)

    def _address(self, name: str) -> str:
        return self.address + name.replace("/", "%2f")

    def _package(self, name: str, document: dict[str, Any]) -> Package:
        versions, tags = document.get("versions"), document.get("dist-tags")
        if not isinstance(versions, dict):
            raise BadMetadata(what=name, reason="it lists no versions")
        numbers = sorted(filter(is_version, versions), key=version_key)
        known = {
            str(tag): version
            for tag, version in (tags if isinstance(tags, dict) else {}).items()
            if isinstance(version, str) and is_version(version) and str(tag).isprintable()  # it is shown, on a line
        }
        return Package(tuple(numbers), known)


def ago(seconds: float) -> str:
    """A time that has passed, in the largest unit that it fills: `3 days ago`."""
    for size, unit in ((24 * 3600, "day"), (3600, "hour"), (60, "minute")):
        if count := int(seconds // size) if seconds > 0 else 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def platform_package(platform: str) -> str:
    return f"{CLAUDE}-{platform}"
