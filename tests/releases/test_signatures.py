"""Both signatures of a manifest, and the keys to them: good, or named, or refused with a kind of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pysequoia import CipherSuite

from ccpin.errors import BadKeyFile, BadSignature, CcpinError, SignatureMissing, UnknownSigningKey
from ccpin.releases.keys import OPENPGP_FINGERPRINTS, Keys, key_id, read_keys
from ccpin.releases.signatures import (
    OPENPGP,
    RAW,
    Bad,
    Good,
    Missing,
    NotChecked,
    Scheme,
    check_openpgp,
    check_raw,
    judge,
)
from tests.fakes import gnupg
from tests.fakes.channel import OpenPgpKey, RawKey, openpgp_key, raw_key

MANIFEST = b'{"version": "2.1.330", "platforms": {}}\n'
MESSAGE = b"claude-code-manifest-v1\0" + MANIFEST
UPSTREAMS = "89a24e2e18d2f8fa4627a0a47cf76c3682aef237b60d2cd115d6f5202e2e9896"
SIGNED = {"raw": "2.1.207", "OpenPGP": "2.1.89"}


def trusting(*keys: RawKey | OpenPgpKey, **more: bytes | None) -> Keys:
    raw = {key.id: key.der for key in keys if isinstance(key, RawKey)}
    openpgp = {key.fingerprint: key.asc for key in keys if isinstance(key, OpenPgpKey)}
    return Keys(raw, openpgp | more, "/home/keys")


def sidecar(signature: bytes, key: RawKey | None = None) -> bytes:
    """Of today's key, with another signature in it."""
    return (key or raw_key()).sidecar(MANIFEST, signature=base64.b64encode(signature).decode())


def encoded(
    digest_info: str, hashed: bytes = MESSAGE, *, start: bytes = b"\0\1", fill: int = -1, end: bytes = b""
) -> bytes:
    """A message as PKCS #1 v1.5 pads it, for 2048 bits, in any wrong way: then signed without the library's help."""
    tail = b"\0" + bytes.fromhex(digest_info) + hashlib.sha512(hashed).digest() + end
    filling = b"\xff" * (256 - len(start) - len(tail) if fill < 0 else fill)
    return (start + filling + tail).ljust(256, b"\0")


def rsa(padded: bytes) -> bytes:
    numbers = raw_key().private.private_numbers()
    number = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n)
    return number.to_bytes(256, "big")


SHA512_INFO = "3051300d060960864801650304020305000440"


class TestRaw:
    def test_good(self) -> None:
        assert check_raw(MANIFEST, raw_key().sidecar(MANIFEST), trusting(raw_key())) == Good(raw_key().id)
        assert check_raw(MANIFEST, sidecar(rsa(encoded(SHA512_INFO))), trusting(raw_key())) == Good(raw_key().id)

    def test_lenient_in_what_it_may_add(self) -> None:
        text = raw_key().sidecar(MANIFEST, signedAt="2026-11-20T17:55:16Z")
        assert isinstance(check_raw(MANIFEST, text, trusting(raw_key())), Good)

    def test_missing(self) -> None:
        assert check_raw(MANIFEST, None, trusting(raw_key())) == Missing()

    def test_altered_manifest(self) -> None:
        text = raw_key().sidecar(MANIFEST)
        for altered in (b"", MANIFEST + b"\n", MANIFEST.replace(b"330", b"331"), MANIFEST.replace(b"\n", b"\r\n")):
            assert check_raw(altered, text, trusting(raw_key())) == Bad("it does not fit the manifest")

    def test_altered_signature(self) -> None:
        right = rsa(encoded(SHA512_INFO))
        wrong = [bytes([right[0] ^ 1]) + right[1:], right[:-1] + bytes([right[-1] ^ 1]), right[:-1], right + b"\0", b""]
        for signature in wrong:
            assert check_raw(MANIFEST, sidecar(signature), trusting(raw_key())) == Bad("it does not fit the manifest")

    def test_another_key_under_this_ones_id(self) -> None:
        text = raw_key("a stranger's").sidecar(MANIFEST, publicKeySha256=raw_key().id)
        assert check_raw(MANIFEST, text, trusting(raw_key())) == Bad("it does not fit the manifest")

    @pytest.mark.parametrize(
        "padded",
        [
            encoded(SHA512_INFO, start=b"\0\2"),
            encoded(SHA512_INFO, start=b"\1\1"),
            encoded(SHA512_INFO, fill=8),  # and rubbish behind it: Bleichenbacher's forgery
            encoded(SHA512_INFO, fill=8, end=b"\xaa" * 100),
            encoded(SHA512_INFO, end=b"\0"),
            encoded("304f300b06096086480165030402030440"),  # without the NULL
            encoded("3031300d060960864801650304020105000420"),  # says SHA-256
            encoded(""),
            encoded(SHA512_INFO, MANIFEST),  # without the prefix
        ],
    )
    def test_wrong_padding(self, padded: bytes) -> None:
        assert check_raw(MANIFEST, sidecar(rsa(padded)), trusting(raw_key())) == Bad("it does not fit the manifest")

    def test_another_algorithm(self) -> None:
        private = raw_key().private
        pss = private.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
        sha256 = private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        for signature in (pss, sha256):
            assert check_raw(MANIFEST, sidecar(signature), trusting(raw_key())) == Bad("it does not fit the manifest")
        text = raw_key().sidecar(MANIFEST, algorithm="RSASSA-PSS-SHA512")
        assert check_raw(MANIFEST, text, trusting(raw_key())) == Bad(
            "its algorithm is RSASSA-PSS-SHA512, not RSASSA-PKCS1-v1_5-SHA512"
        )

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"schema": 2}, "it is of schema 2, not 1"),
            ({"schema": True}, "it is of schema True, not 1"),
            ({"schema": None}, "it is of schema None, not 1"),
            ({"algorithm": None}, "its algorithm is None, not RSASSA-PKCS1-v1_5-SHA512"),
            ({"signature": "%%%"}, "its signature is not base64"),
            ({"signature": "ä"}, "its signature is not base64"),
            ({"signature": [1]}, "its signature is not base64"),
            ({"publicKeySha256": None}, "it names no key"),
            ({"publicKeySha256": "../../x"}, "it names no key"),
            ({"publicKeySha256": ["x"]}, "it names no key"),
        ],
    )
    def test_a_sidecar_of_another_shape(self, changes: dict[str, Any], reason: str) -> None:
        assert check_raw(MANIFEST, raw_key().sidecar(MANIFEST, **changes), trusting(raw_key())) == Bad(reason)

    @pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b"[" * 60_000, b"\xff", b"9" * 5000])
    def test_not_a_sidecar(self, text: bytes) -> None:
        assert check_raw(MANIFEST, text, trusting(raw_key())) == Bad("it is not a JSON object")

    def test_truncated_at_every_byte(self) -> None:
        text = raw_key().sidecar(MANIFEST)
        for length in range(len(text)):
            assert isinstance(check_raw(MANIFEST, text[:length], trusting(raw_key())), Bad)

    def test_a_rotated_key(self) -> None:
        old, new, stranger = raw_key("old"), raw_key("new"), raw_key("a stranger's")
        for key in (old, new):
            assert check_raw(MANIFEST, key.sidecar(MANIFEST), trusting(old, new)) == Good(key.id)
        found = check_raw(MANIFEST, stranger.sidecar(MANIFEST), trusting(old, new))
        assert found == Bad("it is by an unknown key", stranger.id)

    def test_a_key_that_is_none(self) -> None:
        curve = ec.generate_private_key(ec.SECP256R1()).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        for der in (b"not DER", curve.public_bytes(serialization.Encoding.DER, form), RawKey(1024).der):
            keys = Keys({key_id(der): der}, {}, "/home/keys")
            with pytest.raises(BadKeyFile, match=r"RSA key of 2,048 bits"):
                check_raw(MANIFEST, raw_key().sidecar(MANIFEST, publicKeySha256=key_id(der)), keys)


class TestOpenPgp:
    @pytest.mark.parametrize("suite", [CipherSuite.Cv25519, CipherSuite.RSA2k])
    def test_good(self, suite: CipherSuite) -> None:
        key = OpenPgpKey(suite)
        assert check_openpgp(MANIFEST, key.signature(MANIFEST), trusting(key)) == Good(key.fingerprint)

    def test_made_by_gnupg_with_a_key_that_has_expired_since(self) -> None:
        keys = trusting(**{gnupg.FINGERPRINT: gnupg.CERTIFICATE})
        assert check_openpgp(gnupg.MANIFEST, gnupg.SIGNATURE, keys) == Good(gnupg.FINGERPRINT)
        altered = gnupg.MANIFEST.replace(b"\n", b"\r\n")
        assert check_openpgp(altered, gnupg.SIGNATURE, keys) == Bad("it does not fit the manifest")

    def test_a_signature_of_a_text_is_none(self) -> None:
        """It is good for other line ends too, and the manifest's digests are of its bytes."""
        keys = trusting(**{gnupg.FINGERPRINT: gnupg.CERTIFICATE})
        found = check_openpgp(gnupg.MANIFEST, gnupg.TEXT_SIGNATURE, keys)
        assert found == Bad("it is not an OpenPGP signature of a file")

    def test_missing(self) -> None:
        assert check_openpgp(MANIFEST, None, trusting(openpgp_key())) == Missing()

    def test_altered_manifest(self) -> None:
        signature = openpgp_key().signature(MANIFEST)
        for altered in (b"", MANIFEST + b"\n", MANIFEST.replace(b"330", b"331")):
            found = check_openpgp(altered, signature, trusting(openpgp_key()))
            assert found == Bad("it does not fit the manifest")

    def test_altered_or_cut_anywhere(self) -> None:
        """Either the armour notices, or the packet, or the key."""
        text = openpgp_key().signature(MANIFEST)
        start = text.index(b"\n\n") + 2
        for at in range(start, len(text) - 40, 7):
            if text[at : at + 1].isalnum():
                other = b"B" if text[at : at + 1] == b"A" else b"A"
                altered = text[:at] + other + text[at + 1 :]
                assert not isinstance(check_openpgp(MANIFEST, altered, trusting(openpgp_key())), Good | NotChecked)
            assert isinstance(check_openpgp(MANIFEST, text[:at], trusting(openpgp_key())), Bad)

    @pytest.mark.parametrize("text", [b"", b"<html>", b"{}", b"\0" * 50, gnupg.CERTIFICATE, MANIFEST])
    def test_not_a_signature(self, text: bytes) -> None:
        found = check_openpgp(MANIFEST, text, trusting(openpgp_key()))
        assert found == Bad("it is not an OpenPGP signature of a file")

    def test_without_a_key_it_is_never_good(self, tmp_path: Path) -> None:
        keys = read_keys(str(tmp_path))
        found = check_openpgp(MANIFEST, openpgp_key().signature(MANIFEST), keys)
        path = tmp_path / "31DDDE24DDFAB679F42D7BD2BAA929FF1A7ECACE.asc"
        assert found == NotChecked(f"no key: {path} is not there")
        assert check_openpgp(MANIFEST, openpgp_key().signature(MANIFEST), trusting()) == NotChecked("no key")
        assert isinstance(check_openpgp(MANIFEST, b"<html>", keys), Bad)

    def test_a_rotated_key(self) -> None:
        old, new, stranger = openpgp_key("old"), openpgp_key("new"), openpgp_key("a stranger's")
        for key in (old, new):
            assert check_openpgp(MANIFEST, key.signature(MANIFEST), trusting(old, new)) == Good(key.fingerprint)
        found = check_openpgp(MANIFEST, stranger.signature(MANIFEST), trusting(old, new))
        assert isinstance(found, Bad)
        assert found.key is not None
        lacking = trusting(old, **{new.fingerprint: None})
        assert isinstance(check_openpgp(MANIFEST, new.signature(MANIFEST), lacking), NotChecked)
        assert isinstance(check_openpgp(MANIFEST, old.signature(b"other"), lacking), Bad)

    def test_one_of_two_signatures_is_enough(self) -> None:
        """During a rotation a file may hold the old key's and the new key's."""
        both = b"".join(packet_of(openpgp_key(name).signature(MANIFEST)) for name in ("new", "old"))
        assert check_openpgp(MANIFEST, both, trusting(openpgp_key("old"))) == Good(openpgp_key("old").fingerprint)
        assert isinstance(check_openpgp(MANIFEST + b"\n", both, trusting(openpgp_key("old"))), Bad)

    @pytest.mark.parametrize("data", [openpgp_key("a stranger's").asc, b"no certificate"])
    def test_a_key_file_with_another_key_in_it(self, data: bytes) -> None:
        keys = trusting(**{openpgp_key().fingerprint: data})
        with pytest.raises(BadKeyFile, match=openpgp_key().fingerprint):
            check_openpgp(MANIFEST, openpgp_key().signature(MANIFEST), keys)

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        signature = openpgp_key().signature(MANIFEST)
        monkeypatch.setitem(sys.modules, "pysequoia", None)
        found = check_openpgp(MANIFEST, signature, trusting(openpgp_key()))
        assert isinstance(found, NotChecked)
        assert f"`{sys.executable} -m pip install pysequoia`" in found.reason


class TestJudging:
    @pytest.mark.parametrize("scheme", [RAW, OPENPGP], ids=lambda scheme: scheme.name)
    def test_what_follows(self, scheme: Scheme) -> None:
        keys, since = trusting(), SIGNED[scheme.name]
        before = f"2.1.{int(since.rpartition('.')[2]) - 1}"
        key = "ab" * (32 if scheme is RAW else 20)
        assert judge(scheme, since, Good(key), keys) is None
        assert judge(scheme, since, NotChecked("no key"), keys) == f"{scheme.name} signature not checked: no key"
        assert judge(scheme, before, Missing(), keys) == (
            f"no {scheme.name} signature: upstream makes them from {since} on"
        )
        assert judge(scheme, "1.0.51", Missing(), keys)
        self.refused(SignatureMissing, "signature-missing", scheme, since, Missing())
        self.refused(SignatureMissing, "signature-missing", scheme, "3.0.0", Missing())
        for version in ("1.0.51", before, since):  # whatever it is of
            self.refused(BadSignature, "bad-signature", scheme, version, Bad("it does not fit the manifest"))
            error = self.refused(UnknownSigningKey, "unknown-signing-key", scheme, version, Bad("it is by…", key))
            assert f"/home/keys/{key}.{'pem' if scheme is RAW else 'asc'}" in error.hint.replace(os.sep, "/")

    def refused(
        self, kind: type[CcpinError], code: str, scheme: Scheme, version: str, result: Bad | Missing
    ) -> CcpinError:
        with pytest.raises(kind) as raised:
            judge(scheme, version, result, trusting())
        assert (raised.value.code, raised.value.exit_code) == (code, 1)
        assert version in raised.value.message
        return raised.value


class TestKeys:
    def test_upstreams(self, tmp_path: Path) -> None:
        keys = read_keys(str(tmp_path / "not there"))
        assert list(keys.raw) == [UPSTREAMS]
        assert keys.openpgp == dict.fromkeys(OPENPGP_FINGERPRINTS)
        public = serialization.load_der_public_key(keys.raw[UPSTREAMS])
        assert isinstance(public, RSAPublicKey)
        assert public.key_size == 4096
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        assert hashlib.sha256(public.public_bytes(serialization.Encoding.DER, form)).hexdigest() == UPSTREAMS

    def test_added_by_the_user(self, tmp_path: Path) -> None:
        (tmp_path / f"{raw_key().id}.pem").write_bytes(raw_key().pem.replace(b"\n", b"\r\n"))
        (tmp_path / f"{openpgp_key().fingerprint}.asc").write_bytes(openpgp_key().asc)
        (tmp_path / "notes.txt").write_text("checked by telephone")
        keys = read_keys(str(tmp_path))
        assert keys.raw.keys() == {UPSTREAMS, raw_key().id}
        assert keys.openpgp.keys() == {*OPENPGP_FINGERPRINTS, openpgp_key().fingerprint}
        assert isinstance(check_raw(MANIFEST, raw_key().sidecar(MANIFEST), keys), Good)
        assert isinstance(check_openpgp(MANIFEST, openpgp_key().signature(MANIFEST), keys), Good)

    def test_taken_away_by_the_user(self, tmp_path: Path) -> None:
        (tmp_path / f"{UPSTREAMS}.pem").write_text("\n")
        (tmp_path / f"{OPENPGP_FINGERPRINTS[0]}.asc").write_text("")
        keys = read_keys(str(tmp_path))
        assert (keys.raw, keys.openpgp) == ({}, {})
        found = check_raw(MANIFEST, raw_key().sidecar(MANIFEST, publicKeySha256=UPSTREAMS), keys)
        assert found == Bad("it is by an unknown key", UPSTREAMS)

    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("claude-code.asc", b"x", "its name is not the key's fingerprint"),
            (f"{gnupg.FINGERPRINT.lower()}.asc", gnupg.CERTIFICATE, "its name is not the key's fingerprint"),
            ("claude.pem", b"x", "its name is not the key's sha256"),
            (f"{UPSTREAMS.upper()}.pem", b"", "its name is not the key's sha256"),
            (f"{UPSTREAMS}.pem", b"<html>", "not a PEM"),
            (f"{UPSTREAMS}.pem", b"-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n", "not a PEM"),
            (f"{UPSTREAMS}.pem", raw_key().pem, "another key than its name says, "),
            (f"{UPSTREAMS}.pem", bytes((1 << 20) + 1), "larger than 1 MiB"),
        ],
    )
    def test_a_file_that_is_none(self, tmp_path: Path, name: str, data: bytes, reason: str) -> None:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadKeyFile, match=reason) as raised:
            read_keys(str(tmp_path))
        assert str(tmp_path / name) in raised.value.hint

    def test_a_folder_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "keys").write_text("")
        with pytest.raises(BadKeyFile):
            read_keys(str(tmp_path / "keys"))
        (tmp_path / f"{UPSTREAMS}.pem").mkdir()
        with pytest.raises(BadKeyFile):
            read_keys(str(tmp_path))


def test_libraries_are_imported_where_they_are_used() -> None:
    code = "import sys, ccpin.releases.channel; print({'cryptography', 'pysequoia'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "set()"


def packet_of(armoured: bytes) -> bytes:
    from pysequoia.packet import PacketPile

    (packet,) = PacketPile.from_bytes(armoured)
    return bytes(packet)
