"""Upstream's native channel as a source: executables as they are, vouched for by a signed manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ccpin import platforms
from ccpin.errors import (
    BadManifest,
    ChannelFailed,
    ChannelRefused,
    Incomplete,
    NotAChannel,
    NotOnChannel,
    NotServed,
    NotVouchedFor,
    PlatformMissing,
    RuntimeMissing,
    Truncated,
)
from ccpin.net import shown
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request
from ccpin.releases.channel import Channel, Packed
from ccpin.releases.keys import Keys
from ccpin.releases.node import Node
from ccpin.releases.release import WITHDRAWN, Release, default_runtime, require_runtime
from ccpin.releases.signatures import Good
from ccpin.releases.source import Offer

_MOST_BACK = 40  # numbers below a pointer that are tried: gaps of three are common
_WHAT = "the native channel"


class Native:
    """One channel, as a source. `keys` gives what its manifests' signatures are checked with: where a lock is written,
    and not before, so that no file of keys stops a locked install."""

    kind = "native"

    def __init__(self, channel: Channel, keys: Callable[[], Keys], notes: tuple[str, ...] = ()) -> None:
        self.channel = channel
        self.notes = notes
        self._keys = keys

    @property
    def name(self) -> str:
        return self.channel.name

    def candidates(self, request: Request) -> Iterator[str]:
        """See `Source`. A channel lists no versions: a range cannot be looked up in it, and what came before a
        pointer is found by counting down. Raises NotServed, ChannelError."""
        if request.kind == "exact":
            yield request.text
            return
        if request.kind != "channel":
            reason = "it lists no versions, only what `latest` and `stable` mean"
            raise NotServed(source=_WHAT, what=f"`{request.text}`", reason=reason)
        version = self.channel.pointer(request.text)
        yield version
        major, minor, patch = version_key(version)
        below = (f"{major}.{minor}.{number}" for number in range(patch - 1, max(-1, patch - 1 - _MOST_BACK), -1))
        yield from (v for v in below if v not in WITHDRAWN)

    def between(self, first: str, last: str) -> dict[str, str]:
        """See `Source`. All the numbers, whether they are there or not: a channel lists no versions. Raises
        NotServed."""
        (*low, start), (*high, end) = version_key(first), version_key(last)
        if low != high:
            reason = "it lists no versions, and these two are not of one series"
            raise NotServed(source=_WHAT, what=f"what is between {first} and {last}", reason=reason)
        numbers = (f"{low[0]}.{low[1]}.{number}" for number in range(start, end + 1))
        return {version: WITHDRAWN.get(version, "") for version in numbers}

    def resolve(self, version: str, platform: str, runtime: str | None = None, *, whole: bool = False) -> Release:
        """See `Source`. A JavaScript-era release is taken from here only as runtime "native", when that was asked
        for. With `whole`, for what a pointer means, one signature at least must be good: nobody signs pointers, so that
        one may lead to a release which is from before the signatures, or says so.

        Raises ChannelError, SignatureError, RuntimeMissing, PlatformMissing."""
        require_runtime(runtime, version)
        if (runtime or default_runtime(version)) != "native":
            raise NotServed(source=_WHAT, what=f"the JavaScript release {version}", reason="it has executables only")
        try:
            signed = self.channel.manifest(version, self._keys())
        except NotOnChannel:
            if default_runtime(version) == "native":
                raise
            raise RuntimeMissing(version=version, runtime="native", other="node") from None
        if whole and not any(isinstance(result, Good) for result in signed.signatures.values()):
            raise NotVouchedFor(channel=self.name, version=version)
        artifacts = signed.manifest.artifacts
        absent = tuple(p for p in platforms.ALL if p not in artifacts)
        if whole and absent:
            raise Incomplete(version=version, absent=", ".join(absent))
        if platform not in artifacts:
            raise PlatformMissing(version=version, platform=platform, present=", ".join(artifacts))
        return Release(version, "native", artifacts, absent=absent, built=signed.manifest.built, notes=signed.notes)

    def node(self, spec: str, engines: str | None, platform: str) -> Node:
        """See `Source`. Raises NotServed."""
        raise NotServed(source=_WHAT, what=f"Node.js {spec}", reason="it has Claude Code only")

    def offer(self, lock: Lock, key: str) -> Offer:
        """See `Source`. No signature is looked at: what comes is compared with the lock, so that no rotation of keys
        stops a locked install. Raises NotServed, ChannelError."""
        artifact = lock.artifacts[key]
        if artifact.sha256 is None:
            reason = "it has executables only, and the lock names npm's tarball"
            raise NotServed(source=_WHAT, what=f"{lock.version} as it is locked", reason=reason)
        packed = self._packed(lock, key)
        address = packed.address if packed else self.channel.executable(lock.version, key)
        stream = partial(self.channel.stream, address, f"Claude Code {lock.version} for {key}")
        name = shown(address)  # a user may have written a password into the channel's
        if packed is None:
            return Offer(name, "executable", stream)
        return Offer(name, "zstd", stream, packed=(packed.size, packed.sha256))

    def _packed(self, lock: Lock, key: str) -> Packed | None:
        """The smaller copy. A list of them that cannot be used is no reason to stop: some mirrors have none, and some
        stores of files answer 403 for what they do not hold."""
        try:
            return self.channel.packed(lock.version, key, lock.artifacts[key])
        except (BadManifest, ChannelFailed, ChannelRefused, NotAChannel, Truncated):
            return None
