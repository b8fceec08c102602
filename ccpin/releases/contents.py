"""What a bundle says of itself: `ccpin-bundle.json`, the first of its files.

    {
     "files": {
      "sha256-f390…": {"of": ["2.1.330 linux-x64"], "size": 381121040}
     },
     "format": 1,
     "releases": [
      {"artifacts": {"darwin-arm64": {"sha256": "f7c5…", "size": 363855808}, …},
       "node": null, "runtime": "native", "version": "2.1.330"}
     ]
    }

`releases` has all the lines of each lock, so that a lock can be written anew; `files` are the artifacts that are really
there. A file's name is its digest, as the lock writes it: nothing here says which bytes are the right ones. `of` is for
people. There is one text for the same contents, and no other is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from ccpin.errors import BadBundle
from ccpin.pinning.artifacts import Artifact, artifact_lines, is_platform, misfit, read_artifact
from ccpin.pinning.head import RUNTIMES, is_version, version_key
from ccpin.platforms import ANY

INDEX = "ccpin-bundle.json"
MAX_BYTES = 4 << 20
MAX_RELEASES = 1000
MAX_TARBALL = 1 << 30  # bytes; the largest so far has 100 MB

_FORMAT = 1
_MAX_PLATFORMS = 64
_KEYS = {"version", "runtime", "node", "artifacts"}


@dataclass(frozen=True)
class Held:
    """A release as its lock has it: all of its artifacts, whether their bytes are in the bundle or not."""

    version: str
    runtime: str
    node: str | None
    artifacts: Mapping[str, Artifact]

    @property
    def order(self) -> tuple[tuple[int, ...], str, tuple[int, ...], str]:
        """What releases are sorted by; equal for the same release."""
        node: tuple[int, ...] = version_key(self.node) if self.node else ()
        return version_key(self.version), self.runtime, node, artifact_lines(self.artifacts)


@dataclass(frozen=True)
class Contents:
    """The releases of a bundle in their order, and the size in bytes of each of its files, by name."""

    releases: tuple[Held, ...]
    sizes: Mapping[str, int]

    def keys(self, held: Held) -> tuple[str, ...]:
        """The lines of a release whose bytes are here."""
        return tuple(key for key, artifact in sorted(held.artifacts.items()) if file_name(artifact) in self.sizes)

    def of(self) -> dict[str, list[str]]:
        """File -> what it is: `2.1.330 linux-x64`."""
        found: dict[str, list[str]] = {name: [] for name in sorted(self.sizes)}
        for held in self.releases:
            for key in self.keys(held):
                found[file_name(held.artifacts[key])].append(f"{held.version} {key}")
        return found

    def to_bytes(self) -> bytes:
        releases = [
            asdict(held) | {"artifacts": {key: _fields(artifact) for key, artifact in held.artifacts.items()}}
            for held in self.releases
        ]
        files = {name: {"of": of, "size": self.sizes[name]} for name, of in self.of().items()}
        value = {"format": _FORMAT, "releases": releases, "files": files}
        return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("ascii")


def contents(releases: Iterable[Held], sizes: Mapping[str, int]) -> Contents:
    """The same value for the same releases, in whatever order they come, and however often."""
    found = {held.order: held for held in releases}
    return Contents(tuple(found[order] for order in sorted(found)), dict(sorted(sizes.items())))


def file_name(artifact: Artifact) -> str:
    """What an artifact is called in a bundle: `sha256-` and hex digits, or npm's integrity (in base64 of the kind that
    names can have) and `.tgz`."""
    if artifact.npm is not None:
        return artifact.npm.translate(_URL_SAFE) + ".tgz"
    return f"sha256-{artifact.sha256}"


_URL_SAFE = str.maketrans("+/", "-_", "=")


def is_file_name(name: str) -> bool:
    """Whether it looks like the name of an artifact, or is that of the list."""
    digest, suffix = (name[7:-4], name[-4:]) if name.endswith(".tgz") else (name[7:], "")
    kind = {("sha256-", ""): 64, ("sha512-", ".tgz"): 86}.get((name[:7], suffix))
    plain = digest.isascii() and digest.replace("-", "").replace("_", "").isalnum()
    return name == INDEX or (len(digest) == kind and plain)


def read_contents(data: bytes, where: str) -> Contents:
    """The contents in the bytes of a list; `where` is the bundle. Raises BadBundle."""
    return _Reader(where).contents(data)


class _Reader:
    """One reading of a list, which anybody may have written."""

    def __init__(self, where: str) -> None:
        self._where = where

    def contents(self, data: bytes) -> Contents:
        value = self._parsed(data)
        form, releases, files = value.get("format"), value.get("releases"), value.get("files")
        if type(form) is int and form > _FORMAT:
            self._refuse(f"it is of format {form}, and this ccpin reads format {_FORMAT}: a newer one does")
        if form != _FORMAT or not isinstance(releases, list) or not isinstance(files, dict):
            self._refuse("it is no list of releases and files")
        if not 0 < len(releases) <= MAX_RELEASES:
            self._refuse(f"it names {len(releases):,} releases, and may name {MAX_RELEASES:,}")
        found = contents(map(self._release, releases), {name: self._size(name, files[name]) for name in files})
        self._require_sizes(found)
        if found.to_bytes() != data:
            self._refuse("it is not as `ccpin bundle` writes it")
        return found

    def _parsed(self, data: bytes) -> dict[str, Any]:
        try:
            value = json.loads(data.decode("ascii"), parse_int=_number, parse_float=_no, parse_constant=_no)
        except (ValueError, RecursionError):
            self._refuse("it is not JSON")
        return value if isinstance(value, dict) else {}

    def _release(self, value: Any) -> Held:
        if not isinstance(value, dict) or value.keys() != _KEYS:
            self._refuse("a release is not version, runtime, node and artifacts")
        version, runtime, node, lines = (value[key] for key in ("version", "runtime", "node", "artifacts"))
        if not isinstance(version, str) or not is_version(version):
            self._refuse("the version of a release is not N.N.N")
        if runtime not in RUNTIMES or not (node is None or (isinstance(node, str) and is_version(node))):
            self._refuse(f"the runtime of {version} is none")
        if not isinstance(lines, dict) or len(lines) > _MAX_PLATFORMS:
            self._refuse(f"the artifacts of {version} are none")
        artifacts = {key: self._artifact(version, key, line) for key, line in sorted(lines.items())}
        fault = misfit(runtime, node, artifacts)
        if fault or (runtime == "native" and node is not None):
            self._refuse(f"of {version}: {fault[1] if fault else 'a native release needs no Node.js'}")
        return Held(version, runtime, node, artifacts)

    def _artifact(self, version: str, key: str, line: Any) -> Artifact:
        artifact = read_artifact(line)
        if artifact is None or not (key == ANY or is_platform(key)):
            self._refuse(f"an artifact of {version} is neither {{ size, sha256 }} nor {{ npm }} of a platform")
        return artifact

    def _size(self, name: str, value: Any) -> int:
        size = value.get("size") if isinstance(value, dict) else None
        if type(size) is not int or size <= 0:
            self._refuse(f"a file has no size: {name[:80]!r}")
        return size

    def _require_sizes(self, found: Contents) -> None:
        """Only files that some release has, and executables of the size that its lock says."""
        known = {file_name(artifact): artifact for held in found.releases for artifact in held.artifacts.values()}
        for name, size in found.sizes.items():
            if name not in known:
                self._refuse(f"a file belongs to no release: {name[:80]!r}")
            if size > MAX_TARBALL if known[name].size is None else size != known[name].size:
                self._refuse(f"`{name}` cannot have {size:,} bytes")

    def _refuse(self, reason: str) -> NoReturn:
        raise BadBundle(path=self._where, reason=f"`{INDEX}`: {reason}")


def _fields(artifact: Artifact) -> dict[str, object]:
    return {key: value for key, value in asdict(artifact).items() if value is not None}


def _number(text: str) -> int:
    """Python of old takes minutes for one of a million digits."""
    return int(text) if len(text) < 20 else _no(text)


def _no(text: str) -> NoReturn:
    raise ValueError(text[:20])
