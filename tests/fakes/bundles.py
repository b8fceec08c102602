"""Bundles made by hand, whole ones and others."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ccpin.archives.flat import END, header, padding
from ccpin.pinning.lock import Artifact
from ccpin.releases.contents import INDEX, Held, contents, file_name

Files = list[tuple[str, bytes]]
"""The files of a bundle in their order, the list of them first."""


def executable(data: bytes) -> Artifact:
    return Artifact(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def tarball(data: bytes) -> Artifact:
    return Artifact(npm="sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode())


def native(version: str, **executables: bytes) -> Held:
    """`native("2.1.330", linux_x64=b"…")`"""
    return Held(version, "native", None, {p.replace("_", "-"): executable(d) for p, d in sorted(executables.items())})


def javascript(version: str, data: bytes, node: str | None = None, **nodes: bytes) -> Held:
    """`javascript("2.0.14", b"…", "22.23.2", linux_x64=b"…")`"""
    own = {f"node-{p.replace('_', '-')}": tarball(d) for p, d in sorted(nodes.items())}
    return Held(version, "node", node, {"any": tarball(data), **own})


def files(releases: Iterable[Held], *held: bytes) -> Files:
    """What a bundle of these releases has, when the bytes of these artifacts are there."""
    releases = list(releases)
    known = {file_name(artifact) for release in releases for artifact in release.artifacts.values()}
    data = {file_name(make(d)): d for d in held for make in (executable, tarball) if file_name(make(d)) in known}
    found = contents(releases, {name: len(d) for name, d in data.items()})
    return [(INDEX, found.to_bytes()), *sorted(data.items())]


def write_tar(path: Path, content: Files) -> Path:
    path.write_bytes(b"".join(header(name, len(d)) + d + padding(len(d)) for name, d in content) + END)
    return path


def write_folder(path: Path, content: Files) -> Path:
    path.mkdir()
    for name, data in content:
        (path / name).write_bytes(data)
    return path


def with_list(content: Files, value: Mapping[str, Any] | bytes) -> Files:
    """The same files behind another list."""
    data = value if isinstance(value, bytes) else canonical(value)
    return [(INDEX, data), *content[1:]]


def canonical(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
