"""Upstream's native channel: the executables as they are, and a signed manifest of what they must be.

    <base>/latest  <base>/stable                        one version, as plain text
    <base>/<v>/manifest.json                            sha256 and size of every platform's executable
    <base>/<v>/manifest.json.raw-sig.json  …json.sig    its two signatures (ccpin.releases.signatures)
    <base>/<v>/<platform>/claude[.exe]                  the executable
    <base>/<v>/manifest.zst.json                        sha256 and size of the packed copies
    <base>/<v>/<platform>/claude[.exe].zst              one of them, about a third of the size

Checked against both manifests of 2.1.330, as the agent SDK's package carries them. npm's credentials never go here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ccpin.errors import (
    BadChannelAddress,
    BadManifest,
    BadMetadata,
    BadRegistryAddress,
    ChannelFailed,
    ChannelRefused,
    ChannelUnreachable,
    NotAChannel,
    NotARegistry,
    NotFound,
    NotOnChannel,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
)
from ccpin.net import Body, Http, shown
from ccpin.paths import Home
from ccpin.pinning.head import is_digest, is_version
from ccpin.pinning.lock import Artifact
from ccpin.pinning.settings import UPSTREAM_CHANNEL, address_problem, is_offline, read
from ccpin.platforms import executable_name
from ccpin.releases.keys import Keys
from ccpin.releases.manifest import Manifest, parse_manifest
from ccpin.releases.signatures import MAX_SIGNATURE, SCHEMES, Result, judge

_MAX_POINTER = 4096  # bytes; a version has at most 20, and a page's beginning tells what it is
_MAX_MANIFEST = 1 << 20  # bytes, upstream's own limit; that of 2.1.330 has 2.3 KB


@dataclass(frozen=True)
class Signed:
    """A manifest whose signatures were looked at. `signatures` is scheme -> Result, and `notes` are the sentences for
    those that are not good and yet no reason to stop."""

    manifest: Manifest
    signatures: Mapping[str, Result]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Packed:
    """The zstd copy of an executable: its address, and its own size in bytes and sha256 (64 hex digits).

    These are good for finding a broken download early. Not the signed manifest's, they are no proof: what it unpacks
    to is compared with the lock.
    """

    address: str
    size: int
    sha256: str


class Channel:
    """One native channel. `base` does not end in a slash; `source` tells where it was configured."""

    def __init__(self, base: str, source: str, http: Http) -> None:
        self.base = base
        self.source = source
        self.http = http

    @classmethod
    def configured(
        cls,
        env: Mapping[str, str],
        override: str | None = None,
        http: Http | None = None,
        *,
        home: Home | None = None,
        offline: bool = False,
    ) -> Channel:
        """The channel that the caller names, else this user's settings (`pinning.settings`; `home` holds their file),
        else upstream's. Raises BadChannelAddress, BadVariable, BrokenSetting.

        `http` must hold no credentials of npm's; without it servers are reached as this process's environment says,
        and not at all where `offline` or CCPIN_OFFLINE forbids it.
        """
        if override:
            if reason := address_problem(override):
                raise BadChannelAddress(where="as told", reason=reason)
            address, source = override, "as told"
        else:
            said = read("channel", env, home)
            address, source = said.value or UPSTREAM_CHANNEL, said.source
        return cls(address.rstrip("/"), source, http or Http(offline=is_offline(env, offline)))

    @property
    def name(self) -> str:
        return shown(self.base)

    def pointer(self, name: str) -> str:
        """The version that `latest` or `stable` (request.CHANNELS) means today. Raises ChannelError, Truncated."""
        address = f"{self.base}/{name}"
        data = self._read(address, f"`{name}`", _MAX_POINTER)
        version = data.decode("ascii", "replace").strip()
        if not is_version(version):
            raise NotAChannel(address=shown(address), found=_kind(data))
        return version

    def manifest(self, version: str, keys: Keys) -> Signed:
        """What upstream says of a release, once its signatures have been judged.

        Raises ChannelError (NotOnChannel: there is no such release), SignatureError, Truncated.
        """
        address = f"{self.base}/{version}/manifest.json"
        data = self._read(address, f"Claude Code {version}", _MAX_MANIFEST)
        if not data.lstrip().startswith(b"{"):  # before anything is said about signatures that a login page lacks
            raise NotAChannel(address=shown(address), found=_kind(data))
        results = {s.name: s.check(data, self._read_signature(address + s.suffix), keys) for s in SCHEMES}
        notes = [judge(scheme, version, results[scheme.name], keys) for scheme in SCHEMES]
        return Signed(_parsed(data, version), results, tuple(filter(None, notes)))

    def executable(self, version: str, platform: str) -> str:
        """The address of a platform's executable, as it is."""
        return f"{self.base}/{version}/{platform}/{executable_name(platform)}"

    def packed(self, version: str, platform: str, artifact: Artifact) -> Packed | None:
        """The packed copy of `artifact`; None where there is none that is smaller.

        Raises ChannelError, BadManifest for a list of copies that is there but not right, Truncated.
        """
        address = f"{self.base}/{version}/manifest.zst.json"
        try:
            data = self._read(address, f"packed Claude Code {version}", _MAX_MANIFEST)
        except NotOnChannel:
            return None
        copy = _packed_line(data, version, platform)
        if copy is None or artifact.size is None or copy[0] >= artifact.size:
            return None
        size, sha256 = copy
        return Packed(f"{self.executable(version, platform)}.zst", size, sha256)

    @contextmanager
    def stream(self, address: str, what: str) -> Iterator[Body]:
        """The body at an address of this channel as its bytes come; `what` is named where it is not there.

        Raises ChannelError; Truncated while it is read.
        """
        with _as_channel(address, what), self.http.stream(address) as body:
            yield body

    def _read_signature(self, address: str) -> bytes | None:
        try:
            return self._read(address, "signature", MAX_SIGNATURE)
        except NotOnChannel:
            return None

    def _read(self, address: str, what: str, limit: int) -> bytes:
        data = bytearray()
        with self.stream(address, what) as body:
            for chunk in body.chunks:
                data += chunk
                if len(data) > limit:
                    kind = _kind(data)
                    found = kind if kind == "a web page" else f"more than {limit:,} bytes"
                    raise NotAChannel(address=shown(address), found=found)
        return bytes(data)


@contextmanager
def _as_channel(address: str, what: str) -> Iterator[None]:
    """Says of the channel what `net` says of a registry: their remedies differ."""
    place = shown(address)
    try:
        yield
    except NotFound:
        raise NotOnChannel(what=what, address=place) from None
    except RegistryUnreachable as error:
        raise ChannelUnreachable(address=place, reason=error.facts["reason"]) from None
    except RegistryDenied as error:
        raise ChannelRefused(address=place, status=error.facts["status"]) from None
    except RegistryFailed as error:
        raise ChannelFailed(address=place, status=error.facts["status"]) from None
    except NotARegistry as error:
        raise NotAChannel(address=place, found=error.facts["found"]) from None
    except BadRegistryAddress as error:
        raise NotAChannel(address=place, found=f"a redirect: {error.facts['reason']}") from None


def _kind(data: bytes | bytearray) -> str:
    """What a body seems to be, in words."""
    start = data[:40].lstrip()
    if not start:
        return "nothing"
    return "a web page" if start.startswith(b"<") else f"`{start.decode('ascii', 'replace')}`"


def _parsed(data: bytes, version: str) -> Manifest:
    try:
        return parse_manifest(data, version)
    except BadMetadata as error:
        raise BadManifest(what=error.facts["what"], reason=error.facts["reason"]) from None


def _packed_line(data: bytes, version: str, platform: str) -> tuple[int, str] | None:
    """Size and sha256 of a platform's copy. Raises BadManifest."""
    what = f"the packed copies of {version}"
    try:
        listed: Any = json.loads(data)
    except (ValueError, RecursionError):
        listed = None
    platforms = listed.get("platforms") if isinstance(listed, dict) else None
    if not isinstance(platforms, dict) or listed.get("version") != version:
        raise BadManifest(what=what, reason="it is not a list of them")
    entry = platforms.get(platform)
    if entry is None:
        return None
    size, sha256 = (entry.get("size"), entry.get("checksum")) if isinstance(entry, dict) else (None, None)
    if type(size) is not int or size <= 0 or not isinstance(sha256, str) or not is_digest(f"sha256:{sha256}"):
        raise BadManifest(what=what, reason=f"`{platform}` has no size or no sha256")
    if entry.get("binary") != f"{executable_name(platform)}.zst":
        raise BadManifest(what=what, reason=f"`{platform}` names another file")
    return size, sha256
