"""Which Node.js a JavaScript release gets that is pinned: one of the lock's own, or the one on PATH."""

from __future__ import annotations

from dataclasses import replace

from ccpin import platforms
from ccpin.errors import NodeTooOld
from ccpin.launching.node import find_executable
from ccpin.pinning.artifacts import is_node_key
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock
from ccpin.releases.engines import DEFAULT, fits
from ccpin.releases.node import DEFAULT_NODE, node_request
from ccpin.releases.release import Release
from ccpin.releases.sources import Sources

NO_NODE = "none"
"""What is asked for by whoever wants the one on PATH."""


def with_node(release: Release, sources: Sources, old: Lock | None, spec: str | None, env: dict[str, str]) -> Release:
    """A JavaScript release with the Node.js of its own that `spec` asks for; else with that of the `old` lock or of the
    bundle that it came from; else, on a machine that has none, with DEFAULT_NODE. A native one stays as it is, with a
    note where a Node.js was asked for.

    Raises BadNodeRequest, NodeTooOld, NoSuchNode, NodeNotPublished, RegistryError.
    """
    if spec is not None and spec != NO_NODE:
        node_request(spec)
        if release.runtime == "native":
            note = f"{release.version} is an executable, which needs no Node.js: `--node` has no effect"
            return replace(release, notes=(*release.notes, note))
    if release.runtime == "native":
        return release
    engines = release.engines or DEFAULT
    if spec == NO_NODE:
        own = {key: artifact for key, artifact in release.artifacts.items() if not is_node_key(key)}
        return replace(release, node=None, artifacts=own)
    if spec is None and release.node is not None:
        return release
    if spec is None and old is not None and old.node is not None:
        kept = {key: artifact for key, artifact in old.artifacts.items() if is_node_key(key)}
        if not fits(version_key(old.node), engines):
            raise NodeTooOld(spec=old.node, version=old.node, engines=engines)
        return replace(release, node=old.node, artifacts={**release.artifacts, **kept})
    if spec is None and find_executable("node", env.get("PATH", "")) is not None:
        return release
    node = sources.first(lambda source: source.node(spec or DEFAULT_NODE, engines, platforms.current()))
    missing = f"Node.js {node.version} is not there for {', '.join(node.absent)}" if node.absent else None
    return replace(
        release,
        node=node.version,
        artifacts={**release.artifacts, **node.artifacts},
        notes=(*release.notes, *filter(None, (missing,))),
    )
