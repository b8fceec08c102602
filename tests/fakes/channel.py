"""A native channel on 127.0.0.1 that can be broken on purpose, and keys that sign for it.

    with Channel(upstream) as channel:
        channel.put("2.1.330/linux-x64/claude", Path("/some/real/executable"))
        channel.fault("/2.1.330/manifest.json", faults.wrong_bytes())
        …  # ask channel.url; trust channel.keys

Executables, manifests, `latest` and `stable` are those of `upstream`, so a registry that serves the same one has the
same bytes. Patterns and faults are the registry's: `/latest`, `/2.1.330/manifest.json`, `/2.1.330/*/claude`.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ccpin.pinning.head import version_key
from ccpin.platforms import ALL, executable_name
from ccpin.releases.keys import Keys
from tests.fakes.faults import Answer
from tests.fakes.packages import SDK
from tests.fakes.registry import Registry
from tests.fakes.server import Seen
from tests.fakes.upstream import Upstream

with contextlib.suppress(ImportError):  # some machines have none, and most tests want no channel
    from pysequoia import CipherSuite, SignatureMode, Tsk, sign

BASE = "/claude-code-releases/"
_KINDS = {".json": "application/json", ".sig": "application/pgp-signature"}


class RawKey:
    """An RSA key that signs as upstream's does. `id` is what a sidecar calls it."""

    def __init__(self, bits: int = 2048) -> None:
        self.private = rsa.generate_private_key(65537, bits)
        self.der = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pem = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.der).hexdigest()

    def sidecar(self, manifest: bytes, **changes: Any) -> bytes:
        """The sidecar of a manifest; `changes` go into it."""
        signature = self.private.sign(b"claude-code-manifest-v1\0" + manifest, padding.PKCS1v15(), hashes.SHA512())
        fields = {
            "schema": 1,
            "algorithm": "RSASSA-PKCS1-v1_5-SHA512",
            "signature": base64.b64encode(signature).decode(),
            "publicKeySha256": self.id,
        }
        return json.dumps(fields | changes).encode()


class OpenPgpKey:
    """A certificate and its secrets. `fingerprint` has 40 upper-case hex digits."""

    def __init__(self, suite: CipherSuite | None = None) -> None:
        self.secret = Tsk.generate("A Test <test@example.com>", cipher_suite=suite or CipherSuite.Cv25519)
        self.asc = str(self.secret.extract_certificate()).encode()
        self.fingerprint = self.secret.extract_certificate().fingerprint.upper()

    def signature(self, manifest: bytes) -> bytes:
        """The detached signature of a manifest, in armour."""
        return sign(self.secret.signer(), manifest, mode=SignatureMode.DETACHED)


@functools.cache
def raw_key(name: str = "of today") -> RawKey:
    """The same key for the same name, within a process."""
    return RawKey()


@functools.cache
def openpgp_key(name: str = "of today") -> OpenPgpKey:
    return OpenPgpKey()


class Channel(Registry):
    """Serves `upstream` as it is at the moment of each request, signed from the releases on from which upstream signs.
    Running inside a `with`.

    `raw` and `openpgp` are the keys that sign; None leaves that signature out everywhere.
    """

    def __init__(self, upstream: Upstream, *, base: str = BASE, host: str = "127.0.0.1") -> None:
        super().__init__(upstream, base=base, host=host)
        self.url = self.url.rstrip("/")
        self.raw: RawKey | None = raw_key()
        self.openpgp: OpenPgpKey | None = openpgp_key()
        self._put: dict[str, bytes | Path | None] = {}

    def __enter__(self) -> Channel:
        super().__enter__()
        return self

    @property
    def keys(self) -> Keys:
        """What a client trusts that has both of this channel's keys."""
        raw = {self.raw.id: self.raw.der} if self.raw else {}
        openpgp: dict[str, bytes | None] = {self.openpgp.fingerprint: self.openpgp.asc} if self.openpgp else {}
        return Keys(raw, openpgp, "/no/such/folder")

    def put(self, path: str, content: bytes | Path | None) -> None:
        """Serve this under a path instead (`2.1.330/linux-x64/claude`): bytes, a file of any size, or a 404."""
        self._put["/" + path.lstrip("/")] = content

    def put_packed(self, version: str, copies: Mapping[str, bytes]) -> None:
        """The packed copies of a release, platform -> zstd bytes, and the list of them."""
        lines = {}
        for platform, data in copies.items():
            name = f"{executable_name(platform)}.zst"
            self.put(f"{version}/{platform}/{name}", data)
            lines[platform] = {"binary": name, "checksum": hashlib.sha256(data).hexdigest(), "size": len(data)}
        listed = {"version": version, "buildDate": "2026-11-20T17:57:16Z", "platforms": lines}
        self.put(f"{version}/manifest.zst.json", json.dumps(listed, indent=2).encode())

    # --- answering, in the handlers' threads

    def _right_answer(self, seen: Seen) -> Answer:
        if seen.method not in ("GET", "HEAD"):
            return Answer(405, b"")
        content = self._put[seen.path] if seen.path in self._put else self._published(seen.path)
        if content is None or not seen.raw_path.startswith(self.base):
            body = b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code></Error>"
            return Answer(404, body, {"Content-Type": "application/xml; charset=UTF-8"})
        kind = _KINDS.get(Path(seen.path).suffix, "text/plain" if seen.path.count("/") == 1 else "binary/octet-stream")
        body, etag = _mapped(content) if isinstance(content, Path) else (content, hashlib.sha256(content).hexdigest())
        return Answer(200, body, {"Content-Type": kind}, f'"{etag[:20]}"', ranges=True)

    def _published(self, path: str) -> bytes | Path | None:
        if path in ("/latest", "/stable"):
            return self.upstream.tags.get(path[1:], "").encode() or None
        version, _, name = path[1:].partition("/")
        if name == "manifest.json":
            return self._manifest(version)
        for suffix, since, key in ((".raw-sig.json", "2.1.207", self.raw), (".sig", "2.1.89", self.openpgp)):
            signed = (
                self._served(f"/{version}/{name.removesuffix(suffix)}") if name.endswith(".json" + suffix) else None
            )
            if signed is not None and key is not None and version_key(version) >= version_key(since):
                return key.sidecar(signed) if isinstance(key, RawKey) else key.signature(signed)
        platform, _, file = name.partition("/")
        try:
            fits = platform in ALL and file == executable_name(platform)
            return self.upstream.executable(version, platform) if fits else None
        except KeyError:
            return None

    def _served(self, path: str) -> bytes | None:
        """What stands under a path, for signing it."""
        content = self._put[path] if path in self._put else self._published(path)
        return content.read_bytes() if isinstance(content, Path) else content

    def _manifest(self, version: str) -> bytes | None:
        for package in self.upstream.packages.get(SDK, {}).values():
            if package.fields.get("claudeCodeVersion") == version:
                return next((data for info, data in package.entries if info.name == "package/manifest.json"), None)
        return None


def _mapped(path: Path) -> tuple[bytes, str]:
    """A file's bytes without reading them, and a tag that changes when it does."""
    about = path.stat()
    with path.open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if about.st_size else b""
    return cast(bytes, view), hashlib.sha256(f"{path} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()
