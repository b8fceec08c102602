"""Locks for tests: valid ones, with bytes that nobody has."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from ccpin.pinning.lock import Artifact, Lock
from ccpin.platforms import ALL, ANY

NODE_PLATFORMS = tuple(platform for platform in ALL if not platform.endswith("-musl"))
"""Those for which npm has a Node.js."""


def native(version: str = "2.1.330", request: str | None = None) -> Lock:
    artifacts = {p: Artifact(sha256=hashlib.sha256(p.encode()).hexdigest(), size=1000 + len(p)) for p in ALL}
    return Lock(version, request or version, "native", artifacts)


def node(version: str = "2.0.14", request: str | None = None) -> Lock:
    return Lock(version, request or version, "node", {ANY: Artifact(npm=integrity(version))})


def own_node(version: str = "2.0.14", node: str = "22.23.2", platforms: Iterable[str] = NODE_PLATFORMS) -> Lock:
    """A JavaScript release with a Node.js of the lock's own."""
    lines = {f"node-{platform}": Artifact(npm=integrity(f"{node} {platform}")) for platform in sorted(platforms)}
    return Lock(version, version, "node", {ANY: Artifact(npm=integrity(version)), **lines}, node=node)


def integrity(seed: str) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(seed.encode()).digest()).decode()
