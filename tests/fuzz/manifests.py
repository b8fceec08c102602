"""What the native channel says: manifests, their signatures, lists of packed copies, pointers."""

from __future__ import annotations

import contextlib
import functools
import json
from pathlib import Path

from ccpin.errors import BadMetadata, CcpinError
from ccpin.pinning.head import is_digest, is_version
from ccpin.pinning.lock import Artifact, Lock, parse, render
from ccpin.releases.channel import Channel
from ccpin.releases.keys import Keys
from ccpin.releases.manifest import parse_manifest
from ccpin.releases.signatures import Bad, Good, Missing, NotChecked, check_openpgp, check_raw
from tests.fakes.channel import openpgp_key, raw_key
from tests.fuzz.mutate import Mutator, deep, tree
from tests.fuzz.saying import Saying, behind, sdk_files
from tests.fuzz.target import Target, refused

_VERSION = "2.1.330"
_BASE = "http://channel.invalid/releases"
_KINDS = (b"manifest", b"raw", b"openpgp", b"packed", b"pointer")
_WORDS = (
    b'"platforms"', b'"version"', b'"checksum"', b'"size"', b'"binary"', b'"linux-x64"', b'"buildDate"', b'"schema"',
    b"1", b'"algorithm"', b'"signature"', b'"publicKeySha256"', b"RSASSA-PKCS1-v1_5-SHA512", b"{", b"}", b"[", b"]",
    b":", b",", b'"', b"null", b"true", b"NaN", b"1e999", b"\\ud800", b"\\u0000", b"\xff", b"9" * 5000,
    b"-----BEGIN PGP SIGNATURE-----", b"\n", b"\r\n", b"=", b"2.1.330", b"0001-01-01T00:00:00+24:00",
    b"9999-12-31T23:59:59-23:59", b"-----END PGP",
)  # fmt: skip


@functools.cache
def _openpgp() -> bool:
    with contextlib.suppress(ImportError):
        import pysequoia  # noqa: F401

        return True
    return False


@functools.cache
def _keys() -> Keys:
    raw = {raw_key().id: raw_key().der}
    openpgp: dict[str, bytes | None] = {openpgp_key().fingerprint: openpgp_key().asc} if _openpgp() else {}
    return Keys(raw, openpgp, "/no/such/folder")


@functools.cache
def _signature() -> bytes:
    """No two are the same, so there is one."""
    return openpgp_key().signature(_manifest())


def _manifest() -> bytes:
    return str(sdk_files()["manifest.json"]).encode()


def _corpus() -> list[bytes]:
    line = {"binary": "claude.zst", "checksum": "ab" * 32, "size": 1000}
    packed = json.dumps({"version": _VERSION, "platforms": {"linux-x64": line}}).encode()
    found = {
        b"manifest": _manifest(),
        b"raw": raw_key().sidecar(_manifest()),
        b"packed": packed,
        b"pointer": b"2.1.330\n",
    }
    if _openpgp():
        found[b"openpgp"] = _signature()
    return [kind + b"\n" + body for kind, body in found.items()]


def check(_folder: Path, data: bytes) -> str:
    """One file is another one: what comes of it fits a lock; a signature counts only where it is the right one."""
    kind, _, body = data.partition(b"\n")
    channel = Channel(_BASE, "a test", Saying({f"/releases{path}": body for path in _paths(kind)}))
    if kind == b"raw":
        result = check_raw(_manifest(), body, _keys())
        return _signed(result, json.loads(raw_key().sidecar(_manifest())), body)
    if kind == b"openpgp":
        found = check_openpgp(_manifest(), body, _keys())
        assert isinstance(found, (Good, Bad, Missing, NotChecked))
        assert not isinstance(found, Good) or b"PGP SIGNATURE" in body or body[:1] >= b"\x80"
        return type(found).__name__
    try:
        if kind == b"packed":
            copy = channel.packed(_VERSION, "linux-x64", Artifact(sha256="cd" * 32, size=10_000))
            assert copy is None or (0 < copy.size < 10_000 and is_digest(f"sha256:{copy.sha256}"))
            return "packed" if copy else "none packed"
        if kind == b"pointer":
            assert is_version(channel.pointer("latest"))
            return "a version"
        with contextlib.suppress(CcpinError):
            assert channel.manifest(_VERSION, _keys()) is None, "it has no signatures"
    except CcpinError as error:
        return refused(error, "bad-manifest", "not-a-channel", "not-on-channel")
    return _parsed(body)


def _parsed(body: bytes) -> str:
    try:
        found = parse_manifest(body, _VERSION)
    except BadMetadata as error:
        return refused(error, "bad-metadata")
    made = Lock(_VERSION, _VERSION, "native", found.artifacts)
    assert parse(render(made).encode(), "L") == made
    assert found.built is None or found.built.tzinfo is not None
    return f"a manifest of {min(len(found.artifacts), 3)}, {'dated' if found.built else 'not dated'}"


def _signed(result: object, good: dict[str, object], body: bytes) -> str:
    """Good only where the sidecar says what the good one says."""
    if isinstance(result, Good):
        said = json.loads(body)
        assert {key: said[key] for key in good} == good, body
    assert isinstance(result, (Good, Bad))
    return type(result).__name__


def _paths(kind: bytes) -> tuple[str, ...]:
    if kind == b"pointer":
        return ("/latest",)
    return (f"/{_VERSION}/manifest.zst.json",) if kind == b"packed" else (f"/{_VERSION}/manifest.json",)


_MUTATIONS = (behind(_KINDS, tree), behind(_KINDS, tree), behind(_KINDS, deep))
MANIFEST = Target("manifest", _corpus, Mutator((*_WORDS, *_KINDS), _MUTATIONS), check)
