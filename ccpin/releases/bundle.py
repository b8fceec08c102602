"""A bundle as a source: what `ccpin bundle` wrote, for machines without a network.

It may have come from anywhere. What it says of itself is checked before it is used (`ccpin.releases.contents`), its
files are read where they must stand (`ccpin.archives.flat`), and what comes is compared with the lock, as it is from
every source.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ccpin import platforms
from ccpin.archives.flat import Shelf, shelf
from ccpin.errors import Incomplete, NotInBundle, NotServed, RuntimeMissing
from ccpin.net import Body
from ccpin.pinning.artifacts import NODE_KEYS, is_node_key
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request
from ccpin.releases.contents import INDEX, MAX_BYTES, Contents, Held, file_name, read_contents
from ccpin.releases.engines import DEFAULT, fits
from ccpin.releases.node import CARRIERS, Node, node_request
from ccpin.releases.release import WITHDRAWN, Release, default_runtime, require_runtime
from ccpin.releases.source import Offer

_MOST_NAMED = 12  # releases, in a message


def open_bundle(path: str) -> Bundle:
    """The bundle at `path`, a folder or a tar. Raises BadBundle."""
    place = shelf(path)
    contents = read_contents(place.first(INDEX, MAX_BYTES), path)
    place.require(contents.sizes)
    return Bundle(place, contents)


class Bundle:
    """One bundle, as a source."""

    kind = "bundle"
    notes: tuple[str, ...] = ()

    def __init__(self, place: Shelf, contents: Contents) -> None:
        self._place = place
        self.contents = contents

    @property
    def name(self) -> str:
        return self._place.path

    def candidates(self, request: Request) -> Iterator[str]:
        """See `Source`. Raises NotServed, NotInBundle."""
        if request.kind == "exact":
            yield request.text
            return
        if request.kind == "channel":
            reason = "it does not know which release that is today; name a version"
            raise NotServed(source="a bundle", what=f"`{request.text}`", reason=reason)
        versions = {held.version for held in self.contents.releases if request.admits(held.version)}
        if not versions:
            raise self._lacks(f"Claude Code that satisfies `{request.text}`", platforms.current())
        yield from sorted(versions - WITHDRAWN.keys(), key=version_key, reverse=True)

    def between(self, first: str, last: str) -> dict[str, str]:
        """See `Source`."""
        low, high = version_key(first), version_key(last)
        held = {one.version for one in self.contents.releases if low <= version_key(one.version) <= high}
        return {version: WITHDRAWN.get(version, "") for version in sorted(held, key=version_key)}

    def resolve(self, version: str, platform: str, runtime: str | None = None, *, whole: bool = False) -> Release:
        """See `Source`. A release is as whole as the lock that it was taken from; with `whole`, Incomplete is raised
        for one whose bytes for this `platform` are not here. Raises NotInBundle, RuntimeMissing, BadRuntime."""
        require_runtime(runtime, version)
        there = [held for held in self.contents.releases if held.version == version]
        if not there:
            raise self._lacks(f"Claude Code {version}", platform)
        wanted = runtime or default_runtime(version)
        fitting = [held for held in there if held.runtime == wanted]
        if not fitting:
            raise RuntimeMissing(version=version, runtime=wanted, other=there[0].runtime)
        found = max(fitting, key=lambda held: (self._serves(held, platform), held.order))
        if not self._serves(found, platform):
            if whole:
                raise Incomplete(version=version, absent=platform)
            raise self._lacks(f"Claude Code {version} for {platform}", platform)
        absent = () if wanted == "node" else tuple(p for p in platforms.ALL if p not in found.artifacts)
        return Release(version, found.runtime, found.artifacts, absent=absent, node=found.node)

    def node(self, spec: str, engines: str | None, platform: str) -> Node:
        """See `Source`. One of those that the releases here have. Raises NotInBundle, BadNodeRequest."""
        request = node_request(spec)
        known = {held.node: held for held in self.contents.releases if held.node and self._serves(held, platform)}
        fitting = [v for v in known if v and request.admits(v) and fits(version_key(v), engines or DEFAULT)]
        if not fitting:
            raise self._lacks(f"Node.js {spec} for {platform}", platform)
        version = max(fitting, key=version_key)
        artifacts = {key: artifact for key, artifact in known[version].artifacts.items() if is_node_key(key)}
        return Node(version, artifacts, tuple(p for p in CARRIERS if NODE_KEYS + p not in artifacts))

    def offer(self, lock: Lock, key: str) -> Offer:
        """See `Source`. Raises NotInBundle."""
        artifact = lock.artifacts[key]
        name = file_name(artifact)
        if name not in self.contents.sizes or not any(_is_of(held, lock, key) for held in self.contents.releases):
            raise self._lacks(f"Claude Code {lock.version} as it is locked, `{key}`", key.removeprefix(NODE_KEYS))
        shown = f"{self.name}: {name}"
        opened = partial(self._opened, name)
        if artifact.npm is None:
            return Offer(shown, "executable", opened)
        return Offer(shown, "tarball", opened, integrity=artifact.npm)

    @contextmanager
    def _opened(self, name: str) -> Iterator[Body]:
        with self._place.opened(name) as chunks:
            yield Body(self.contents.sizes[name], chunks)

    def _serves(self, held: Held, platform: str) -> bool:
        """Whether the bytes for a platform are here."""
        wanted = {platform}
        if held.runtime == "node":
            wanted = {platforms.ANY} if held.node is None else {platforms.ANY, NODE_KEYS + platform}
        return wanted.issubset(self.contents.keys(held))

    def _lacks(self, what: str, platform: str) -> NotInBundle:
        holds = [f"{held.version} for {', '.join(self.contents.keys(held))}" for held in self.contents.releases]
        more = f"; and {len(holds) - _MOST_NAMED} more" if len(holds) > _MOST_NAMED else ""
        chosen = f" --platform {platform}" if platform != platforms.ANY else ""
        return NotInBundle(path=self.name, what=what, held="; ".join(holds[:_MOST_NAMED]) + more, chosen=chosen)


def _is_of(held: Held, lock: Lock, key: str) -> bool:
    """Whether that line of a lock is one of this very release, or of its Node.js: a lock may hold the digest of another
    release than it names, and bytes that say nothing of themselves would count as what it names."""
    own = held.node == lock.node if is_node_key(key) else held.version == lock.version
    return own and held.artifacts.get(key) == lock.artifacts[key]
