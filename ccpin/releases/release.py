"""A release as upstream offers it, wherever it comes from, and what is known of releases by their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ccpin.errors import BadRuntime, NeedsNativeModule, printable
from ccpin.pinning.head import RUNTIMES, version_key
from ccpin.pinning.lock import Artifact, Lock
from ccpin.pinning.request import Request

FIRST_NATIVE = "2.1.110"
"""From here on npm has platform packages; 2.1.110 to 2.1.112 have both runtimes, and JavaScript is the default."""
LAST_JAVASCRIPT = "2.1.112"
FIRST_STARTING = "1.0.24"
"""Older releases print "needs an update" and end, as soon as they have asked the server for its floor."""
WITHDRAWN = {"2.1.88": "upstream withdrew it within a day (2026-03-31), from npm and from its native channel"}
"""Version -> why no channel and no range means it any more. Mirrors may still hold it."""


@dataclass(frozen=True)
class Release:
    """One release as upstream offers it.

    `artifacts` is platform -> Artifact; of a JavaScript release with a Node.js of its own (`node`, a version) also
    `node-<platform>` -> Artifact. `absent` names the platforms that the source does not hold although the
    release has them; `engines` is the range of Node.js that a JavaScript release wants (`>=18.0.0`). `built` is the
    time of the build, with its zone, where a manifest tells it; `notes` are sentences about how it was vouched for.
    """

    version: str
    runtime: str
    artifacts: Mapping[str, Artifact]
    absent: tuple[str, ...] = ()
    engines: str | None = None
    built: datetime | None = None
    notes: tuple[str, ...] = ()
    node: str | None = None

    def to_lock(self, request: Request, old: Lock | None = None) -> Lock:
        """What a project says that takes this release; flags that it has stay."""
        lock = Lock(self.version, request.text, self.runtime, self.artifacts, node=self.node)
        return lock if old is None else replace(lock, env=old.env, clean=old.clean)


def default_runtime(version: str) -> str:
    """The runtime that a version means where nobody chose one: the same from every source."""
    return "node" if version_key(version) <= version_key(LAST_JAVASCRIPT) else "native"


def require_runtime(runtime: str | None, version: str) -> None:
    """Raises BadRuntime for a word that is none."""
    if runtime is not None and runtime not in RUNTIMES:
        raise BadRuntime(runtime=runtime, version=version)


def engines_of(package: Mapping[str, object], version: str) -> str | None:
    """The range of Node.js that a JavaScript release wants (`>=18.0.0`), from its package.json, or from npm's copy of
    it. Raises NeedsNativeModule."""
    modules = package.get("dependencies")
    if isinstance(modules, dict) and modules:
        named = printable(", ".join(sorted(map(str, modules)))[:100])  # in notes as well, where line ends may stand
        raise NeedsNativeModule(version=version, modules=named)
    engines = package.get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    return str(wanted) if wanted else None


def entry_of(package: Mapping[str, object]) -> str | None:
    """What a package.json, or npm's copy of it, starts as `claude`: a path below the package's folder."""
    binary = package.get("bin")
    entry = binary.get("claude") if isinstance(binary, dict) else binary
    return entry if isinstance(entry, str) else None


def nearest(version: str, versions: Sequence[str]) -> tuple[str, ...]:
    """The neighbours of a version that does not exist, at most two. `versions` is in order."""
    key = version_key(version)
    below = [v for v in versions if version_key(v) < key][-1:]
    above = [v for v in versions if version_key(v) > key][:1]
    return tuple(below + above)


def era(version: str) -> str:
    """What kind of release a version is: `javascript`, `native`, `both`, or `needs a compiled module`."""
    key = version_key(version)
    if (0, 2, 90) <= key < (0, 2, 114):
        return "needs a compiled module"
    if key < version_key(FIRST_NATIVE):
        return "javascript"
    return "both" if key <= version_key(LAST_JAVASCRIPT) else "native"
