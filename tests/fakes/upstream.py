"""What upstream has published, as data that a registry serves.

    upstream = Upstream()
    upstream.add_js("2.0.14")
    upstream.add_native("2.1.330", platforms=("linux-x64",), manifest=False)
    upstream.tags = {"latest": "2.1.330"}

`usual()` is the set that the `upstream` fixture hands out.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ccpin.pinning.head import version_key
from ccpin.platforms import ALL, ANY, executable_name
from tests.fakes import claude
from tests.fakes.packages import (
    NODES,
    SDK,
    WRAPPER,
    Entry,
    Package,
    js_package,
    node_package,
    package_json,
    platform_package,
    sdk_package,
    wrapper_package,
)

_OLD = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
_NEW = (
    *_OLD,
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
    "CLAUDE_CODE_DISABLE_FEATURE_FLAGS",
    "DISABLE_GROWTHBOOK",
    "DISABLE_INSTALLATION_CHECKS",
    "DISABLE_UPDATES",
)
SETTINGS = "--settings <file-or-json>"
"""What a release that knows the option says of it (1.0.100 and later)."""

_BUILD = {"commit": "0" * 40, "buildDate": "2026-11-20T17:55:16Z"}


class Upstream:
    """The releases that are published. Everything is plain data: tests may change it at any time."""

    def __init__(self) -> None:
        self.packages: dict[str, dict[str, Package]] = {}
        self.tags: dict[str, str] = {}
        self.signed = False  # whether documents carry `signatures` and `unpackedSize`; mirrors' often do not

    def copy(self) -> Upstream:
        twin = Upstream()
        twin.packages = {name: dict(versions) for name, versions in self.packages.items()}
        twin.tags, twin.signed = dict(self.tags), self.signed
        return twin

    def add(self, package: Package) -> Package:
        self.packages.setdefault(package.name, {})[package.version] = package
        return package

    def change(self, package: Package, **changes: Any) -> Package:
        """Put a changed copy in its place: `change(package, raw=b"…")`, `change(package, fields={…})`."""
        return self.add(dataclasses.replace(package, **changes))

    def get(self, version: str, platform: str | None = None) -> Package:
        """The wrapper package of a release, or its package for a platform."""
        name = WRAPPER if platform in (None, ANY) else f"{WRAPPER}-{platform}"
        return self.packages[name][version]

    def sdk(self, version: str) -> Package:
        """The package that carries the manifest of Claude Code `version`."""
        return next(p for p in self.packages[SDK].values() if p.fields.get("claudeCodeVersion") == version)

    def executable(self, version: str, platform: str) -> bytes:
        return self.get(version, platform).file(f"package/{executable_name(platform)}")

    def sha256(self, version: str, platform: str) -> str:
        return hashlib.sha256(self.executable(version, platform)).hexdigest()

    def withdraw(self, version: str, *names: str) -> None:
        """Take a release off the registry, or only the packages named (`claude-code-linux-x64`)."""
        for name, versions in self.packages.items():
            if name != SDK and (not names or name.rpartition("/")[2] in names):
                versions.pop(version, None)
        self.tags = {tag: named for tag, named in self.tags.items() if names or named != version}

    def add_js(
        self,
        version: str,
        *,
        bin_name: str = "cli.js",
        dependencies: Mapping[str, str] | None = None,
        engines: str | None = ">=18.0.0",
        inside: str | None = None,
        reads: tuple[str, ...] | None = None,
        pad: int = 0,
        hard: bool = False,
        extra: Iterable[Entry] = (),
        **fields: Any,
    ) -> Package:
        """A JavaScript release. `inside` is the version its files claim, `reads` what they name (None: the usual);
        `fields` go into package.json.
        """
        said = inside or version
        about = package_json(WRAPPER, said, engines) | {
            "bin": {"claude": bin_name},
            "dependencies": dict(dependencies or {}),
            "optionalDependencies": {"@img/sharp-linux-x64": "^0.33.5"},
        }
        in_head = not version.startswith("0.2.")  # they have no version comment
        usual = (*_OLD, SETTINGS) if version_key(version) >= (1, 0, 100) else _OLD
        script = claude.javascript(said, said=in_head, pad=pad, hard=hard, reads=usual if reads is None else reads)
        return self.add(js_package(version, about | fields, script, extra))

    def add_native(
        self,
        version: str,
        *,
        platforms: Iterable[str] = ALL,
        wrapper: bool = True,
        manifest: bool = True,
        checksums: Mapping[str, str] | None = None,
        sizes: Mapping[str, int] | None = None,
        sdk_version: str | None = None,
        engines: str | None = None,
        inside: str | None = None,
        built: str | None = _BUILD["buildDate"],
        reads: tuple[str, ...] | None = None,
        pad: int = 0,
        hard: bool = False,
        extra: Iterable[Entry] = (),
    ) -> Package | None:
        """A native release: its wrapper, the packages of `platforms`, and the manifest of all of them.

        `wrapper=False` adds the platform packages and the manifest only, `manifest=False` leaves the SDK
        away; `checksums` and `sizes` make the manifest lie, `built` is its `buildDate` (None: it has none);
        `extra` goes into every platform's archive.
        """
        said = inside or version
        extra = tuple(extra)
        texts = (*_NEW, SETTINGS) if reads is None else reads
        executables = {p: claude.native(said, p, pad=pad, hard=hard, reads=texts) for p in ALL}
        for platform in platforms:
            self.add(platform_package(version, platform, said, executables[platform], extra))
        if manifest:
            lines = {
                p: {
                    "binary": executable_name(p),
                    "checksum": (checksums or {}).get(p) or hashlib.sha256(data).hexdigest(),
                    "size": (sizes or {}).get(p, len(data)),
                }
                for p, data in executables.items()
            }
            dated = {"commit": _BUILD["commit"]} | ({} if built is None else {"buildDate": built})
            self.add(sdk_package(version, {"version": said, **dated, "platforms": lines}, sdk_version))
        patch = int(version.rpartition(".")[2])
        engines = engines or (">=18.0.0" if patch < 198 else ">=22.0.0")
        return self.add(wrapper_package(version, said, engines)) if wrapper else None

    def add_node(
        self,
        version: str,
        *,
        platforms: Iterable[str] = tuple(NODES),
        inside: str | None = None,
        extra: Iterable[Entry] = (),
    ) -> None:
        """A Node.js, in the packages of `platforms`. `inside` is the version that their package.json claims."""
        program, extra = claude.node(version), tuple(extra)
        for platform in platforms:
            self.add(node_package(version, platform, inside or version, program, extra))

    def node(self, version: str, platform: str) -> Package:
        """The package of a Node.js."""
        return self.packages[NODES[platform]][version]

    def packument(self, name: str, base: str) -> dict[str, Any] | None:
        """What a registry at `base` says about a package; None where it has no such package."""
        versions = self.packages.get(name)
        if not versions:
            return None
        tags = self.tags if name == WRAPPER else {"latest": next(reversed(versions))}
        # As on mirrors: the times are when the mirror took a release over, which is in no order.
        times = {v: f"2026-0{9 - at % 9}-11T08:00:00.000Z" for at, v in enumerate(versions)}
        documents = {v: self._signed(package, package.document(base)) for v, package in versions.items()}
        return {"_id": name, "name": name, "dist-tags": dict(tags), "versions": documents, "time": times}

    def _signed(self, package: Package, document: dict[str, Any]) -> dict[str, Any]:
        if self.signed:
            document["dist"] |= {
                "signatures": [{"keyid": "SHA256:fake", "sig": "MEUCIQ=="}],
                "unpackedSize": sum(len(data) for _, data in package.entries),
                "fileCount": len(package.entries) + 1,
            }
        return document


@functools.cache
def _usual() -> Upstream:
    upstream = Upstream()
    for platform in ALL:
        name = f"{WRAPPER}-{platform}"
        upstream.add(Package(name, "0.0.0", package_json(name, "0.0.0")))  # a placeholder of upstream's
    upstream.add_js("0.2.9", bin_name="cli.mjs")
    upstream.add_js("0.2.90", dependencies={"better-sqlite3": "^11.9.1"})
    for version in ("1.0.20", "2.0.14", "2.0.15"):
        upstream.add_js(version)
    for version in ("2.1.110", "2.1.112"):  # published both ways
        upstream.add_js(version, reads=(*_NEW, SETTINGS))
        upstream.add_native(version, wrapper=False)
    for version in ("2.1.113", "2.1.200", "2.1.330"):
        upstream.add_native(version)
    upstream.add_native("2.1.166", manifest=False)
    upstream.add_native("2.1.206", platforms=[p for p in ALL if p != "linux-arm64-musl"])
    upstream.tags = {"latest": "2.1.330", "stable": "2.1.200"}
    upstream.add_node("16.20.2", platforms=("linux-x64", "linux-arm64", "darwin-x64", "win32-x64"))
    upstream.add_node("18.19.1", inside="v18.19.1", platforms=[p for p in NODES if p != "win32-arm64"])
    for version in ("22.23.2", "26.10.0"):
        upstream.add_node(version)
    upstream.add_node("22.23.3", platforms=("linux-x64", "linux-arm64", "darwin-x64", "win32-x64"))
    return upstream


def usual() -> Upstream:
    """A small upstream with one of each kind:

    JavaScript 1.0.20, 2.0.14, 2.0.15; 0.2.9 (`cli.mjs`); 0.2.90 (needs a compiled module); 2.1.110 and
    2.1.112 (native packages too); native 2.1.113, 2.1.200 (`stable`), 2.1.330 (`latest`); 2.1.206 without
    linux-arm64-musl; 2.1.166 without a manifest. Every other number is a gap.

    Node.js 22.23.2 and 26.10.0 for all platforms (but musl); 22.23.3 and 16.20.2 not for darwin-arm64 and
    win32-arm64, 18.19.1 not for win32-arm64.
    """
    return _usual().copy()
