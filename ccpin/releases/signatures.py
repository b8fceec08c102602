"""The two signatures of a release manifest, and what follows from each.

    raw       `manifest.json.raw-sig.json`, which Claude Code itself checks:
              {schema: 1, algorithm: "RSASSA-PKCS1-v1_5-SHA512", signature: base64, publicKeySha256: 64 hex digits},
              over b"claude-code-manifest-v1", a NUL and the manifest's bytes
    OpenPGP   `manifest.json.sig`, a detached signature in ASCII armour over the manifest's bytes

A check says Good, Missing, Bad or NotChecked and raises nothing but BadKeyFile; `judge` decides. Bad is always fatal.
Missing is, from the release on from which upstream signs: for older ones it is named. NotChecked is named, and never
called good. Neither check was ever run on a signature of upstream's, only on ones that the tests made.

`cryptography` (25 ms to import) and `pysequoia` (2 ms) are imported where they are used: nothing else needs them.
pysequoia is optional, as no wheel of it fits some machines (Python 3.10 on macOS, 3.10 and 3.11 on Windows on ARM).
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ccpin.errors import BadKeyFile, BadSignature, SignatureMissing, UnknownSigningKey
from ccpin.pinning.head import version_key
from ccpin.releases.keys import Keys, is_raw_id

if TYPE_CHECKING:
    from pysequoia import Cert, Sig

MAX_SIGNATURE = 64 << 10  # bytes; a sidecar has about 0.9 KB, an OpenPGP signature as much
_ALGORITHM = "RSASSA-PKCS1-v1_5-SHA512"
_DOMAIN = b"claude-code-manifest-v1\0"
_MIN_BITS = 2048


@dataclass(frozen=True)
class Good:
    """It fits, and `key` is the id of the trusted key that made it."""

    key: str


@dataclass(frozen=True)
class Missing:
    """Upstream has none."""


@dataclass(frozen=True)
class Bad:
    """It does not fit. `key` is the id of the key that it names, where that is none of the trusted ones."""

    reason: str
    key: str | None = None


@dataclass(frozen=True)
class NotChecked:
    """Nothing is known about it."""

    reason: str


Result = Good | Missing | Bad | NotChecked


def check_raw(manifest: bytes, sidecar: bytes | None, keys: Keys) -> Result:
    """Of the bytes of a manifest and of its sidecar. Raises BadKeyFile for a key that is not RSA."""
    if sidecar is None:
        return Missing()
    try:
        said = json.loads(sidecar)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Bad("it is not a JSON object")
    if type(said.get("schema")) is not int or said["schema"] != 1:
        return Bad(f"it is of schema {_short(said.get('schema'))}, not 1")
    if said.get("algorithm") != _ALGORITHM:
        return Bad(f"its algorithm is {_short(said.get('algorithm'))}, not {_ALGORITHM}")
    key = said.get("publicKeySha256")
    if not is_raw_id(key):
        return Bad("it names no key")
    if key not in keys.raw:
        return Bad("it is by an unknown key", key)
    signature = _base64(said.get("signature"))
    if signature is None:
        return Bad("its signature is not base64")
    if not _fits(keys, key, signature, _DOMAIN + manifest):
        return Bad("it does not fit the manifest")
    return Good(key)


def check_openpgp(manifest: bytes, signature: bytes | None, keys: Keys) -> Result:
    """Of the bytes of a manifest and of its detached signature, of which one at least must fit where there are more.
    Raises BadKeyFile for a certificate that is not what its file's name says."""
    if signature is None:
        return Missing()
    try:
        import pysequoia  # noqa: F401
    except ImportError:
        # Not by the name of ccpin's extra: no package index has ccpin, and who registers the name there is anybody.
        return NotChecked(f"`pysequoia` is not installed; `{sys.executable} -m pip install pysequoia` does that")
    parts = _signatures(signature)
    if not parts:
        return Bad("it is not an OpenPGP signature of a file")
    certificates = [_certificate(keys, key, data) for key, data in keys.openpgp.items() if data is not None]
    lacking = [key for key, data in keys.openpgp.items() if data is None]
    for part in parts:
        if key := _signer(manifest, part, certificates):
            return Good(key)
    known = [fingerprint for certificate in certificates for fingerprint in _fingerprints(certificate)]
    if any(_is_by(part, known) for part in parts):
        return Bad("it does not fit the manifest")
    if lacking or not certificates:
        return NotChecked(f"no key: {keys.path(lacking[0])} is not there" if lacking else "no key")
    strangers = [part.issuer_fingerprint.upper() for part in parts if part.issuer_fingerprint]
    return Bad("it is by an unknown key", strangers[0]) if strangers else Bad("it names no key")


@dataclass(frozen=True)
class Scheme:
    """One way of signing: `suffix` is what the signature's file name has behind the manifest's, `since` the first
    release that upstream signed so."""

    name: str
    suffix: str
    since: str
    check: Callable[[bytes, bytes | None, Keys], Result]


RAW = Scheme("raw", ".raw-sig.json", "2.1.207", check_raw)
OPENPGP = Scheme("OpenPGP", ".sig", "2.1.89", check_openpgp)
SCHEMES = (RAW, OPENPGP)


def judge(scheme: Scheme, version: str, result: Result, keys: Keys) -> str | None:
    """What people should be told of a result that is no reason to stop; None for a good one.

    Raises BadSignature, UnknownSigningKey, SignatureMissing.
    """
    if isinstance(result, Bad):
        if result.key is not None:
            raise UnknownSigningKey(scheme=scheme.name, version=version, key=result.key, path=keys.path(result.key))
        raise BadSignature(scheme=scheme.name, version=version, reason=result.reason)
    if isinstance(result, Missing):
        if version_key(version) >= version_key(scheme.since):
            raise SignatureMissing(scheme=scheme.name, version=version, since=scheme.since)
        return f"no {scheme.name} signature: upstream makes them from {scheme.since} on"
    if isinstance(result, NotChecked):
        return f"{scheme.name} signature not checked: {result.reason}"
    return None


# --- raw


def _fits(keys: Keys, key: str, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA512
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(keys.raw[key])
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, RSAPublicKey) or public.key_size < _MIN_BITS:
        raise BadKeyFile(path=keys.path(key), reason=f"it is not an RSA key of {_MIN_BITS:,} bits or more")
    try:
        public.verify(signature, message, PKCS1v15(), SHA512())
    except InvalidSignature:
        return False
    return True


def _base64(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _short(value: Any) -> str:
    return str(value)[:80]


# --- OpenPGP


def _signatures(data: bytes) -> list[Sig]:
    """All signatures of a file; none where it holds anything else, or one that would take other bytes for equal
    (a signature of a text leaves line ends out)."""
    from pysequoia import Sig
    from pysequoia.packet import PacketPile, SignatureType, Tag

    try:
        packets = list(PacketPile.from_bytes(data))
        if any(p.tag != Tag.Signature or p.signature_type != SignatureType.Binary for p in packets):
            return []
        return [Sig.from_bytes(bytes(packet)) for packet in packets]
    except (RuntimeError, ValueError, TypeError):  # pysequoia raises the first for all that it cannot read
        return []


def _certificate(keys: Keys, key: str, data: bytes) -> Cert:
    from pysequoia import Cert

    try:
        certificate = Cert.from_bytes(data)
    except (RuntimeError, ValueError):
        raise BadKeyFile(path=keys.path(key), reason="it is not an OpenPGP certificate") from None
    if certificate.fingerprint.upper() != key:
        found = certificate.fingerprint.upper()
        raise BadKeyFile(path=keys.path(key), reason=f"it holds another key than its name says, {found}")
    return certificate


def _signer(manifest: bytes, signature: Sig, certificates: list[Cert]) -> str | None:
    """The fingerprint of the certificate whose key, or signing subkey, made it."""
    from pysequoia import verify

    trusted = {certificate.fingerprint for certificate in certificates}
    try:
        valid = verify(bytes=manifest, store=lambda _ids: certificates, signature=signature).valid_sigs
    except RuntimeError:
        return None
    return next((good.certificate.upper() for good in valid if good.certificate in trusted), None)


def _fingerprints(certificate: Cert) -> Iterable[str]:
    """Of the key and of its subkeys."""
    from pysequoia.packet import PacketPile

    return [p.fingerprint.upper() for p in PacketPile.from_bytes(bytes(certificate)) if p.fingerprint]


def _is_by(signature: Sig, fingerprints: Iterable[str]) -> bool:
    """As far as it says so itself; a short id is the end of a fingerprint."""
    issuer = (signature.issuer_fingerprint or signature.issuer_key_id or "").upper()
    return bool(issuer) and any(fingerprint.endswith(issuer) for fingerprint in fingerprints)
