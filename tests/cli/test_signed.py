"""What the channel's signatures decide: which locks are written, and that nothing comes of a bad one."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ccpin.releases.keys import OPENPGP_FINGERPRINTS
from ccpin.releases.signatures import OPENPGP, RAW
from tests.cli.arrange import HERE, ccpin, empty_store, pin, trust
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.channel import Channel, openpgp_key, raw_key
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

NEW = "2.1.330"
BEFORE_RAW = "2.1.206"  # signed with OpenPGP alone
BEFORE_BOTH = "2.1.80"  # of the JavaScript era; the channel has its executable
DOMAIN = b"claude-code-manifest-v1\0"


def manifest(channel: Channel, version: str) -> bytes:
    found = channel._manifest(version)
    assert found is not None
    return found


def altered(channel: Channel, version: str) -> bytes:
    """The manifest with another digest for this platform."""
    data = json.loads(manifest(channel, version))
    data["platforms"][HERE]["checksum"] = "ab" * 32
    return json.dumps(data).encode()


def raw_signed(change: Callable[[Channel, bytes], dict[str, Any]]) -> Callable[[Channel, str], None]:
    """Puts another sidecar in its place: the right one, with what `change` makes of the manifest."""

    def put(channel: Channel, version: str) -> None:
        data = manifest(channel, version)
        sidecar = raw_key().sidecar(data, **change(channel, data))
        channel.put(f"{version}/manifest.json{RAW.suffix}", sidecar)

    return put


def pgp_signed(make: Callable[[bytes], bytes]) -> Callable[[Channel, str], None]:
    def put(channel: Channel, version: str) -> None:
        channel.put(f"{version}/manifest.json{OPENPGP.suffix}", make(manifest(channel, version)))

    return put


def faulty(suffix: str, fault: faults.Fault) -> Callable[[Channel, str], None]:
    return lambda channel, version: channel.fault(f"/{version}/manifest.json{suffix}", fault)


def with_keys(**keys: Any) -> Callable[[Channel, str], None]:
    """The channel signs with what these make, or not at all."""

    def put(channel: Channel, version: str) -> None:
        for name, key in keys.items():
            setattr(channel, name, key and key())

    return put


def only_manifest(channel: Channel, version: str) -> None:
    """Another manifest under the signatures of the right one."""
    for scheme in (RAW, OPENPGP):
        path = f"{version}/manifest.json{scheme.suffix}"
        channel.put(path, channel._published(f"/{path}"))
    channel.put(f"{version}/manifest.json", altered(channel, version))


def of_another_release(channel: Channel, version: str) -> None:
    """Everything as upstream has signed it, for an older release: an attempt to roll back."""
    for suffix in ("", RAW.suffix, OPENPGP.suffix):
        channel.put(f"{version}/manifest.json{suffix}", channel._published(f"/2.1.208/manifest.json{suffix}"))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pkcs1(data: bytes) -> bytes:
    return raw_key().private.sign(DOMAIN + data, padding.PKCS1v15(), hashes.SHA512())


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def pss(data: bytes) -> bytes:
    pad = padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.MAX_LENGTH)
    return raw_key().private.sign(DOMAIN + data, pad, hashes.SHA512())


@dataclass(frozen=True)
class Case:
    """Something wrong with one of the signatures, and the code of the error that comes of it."""

    name: str
    arrange: Callable[[Channel, str], None]
    code: str
    version: str = NEW


RAW_CASES = [
    Case("wrong key", raw_signed(lambda c, m: {"signature": json.loads(raw_key("x").sidecar(m))["signature"]}), "bad"),
    Case("unknown key", with_keys(raw=lambda: raw_key("tomorrow's")), "unknown-signing-key"),
    Case("altered signature", raw_signed(lambda c, m: {"signature": text(flipped(pkcs1(m)))}), "bad"),
    Case("of other bytes", raw_signed(lambda c, m: {"signature": text(pkcs1(m + b" "))}), "bad"),
    Case("wrong padding", raw_signed(lambda c, m: {"signature": text(pss(m))}), "bad"),
    Case("wrong hash", raw_signed(lambda c, m: {"signature": text(
        raw_key().private.sign(DOMAIN + m, padding.PKCS1v15(), hashes.SHA256()))}), "bad"),
    Case("without its domain", raw_signed(lambda c, m: {"signature": text(
        raw_key().private.sign(m, padding.PKCS1v15(), hashes.SHA512()))}), "bad"),
    Case("truncated signature", raw_signed(lambda c, m: {"signature": text(pkcs1(m)[:-1])}), "bad"),
    Case("empty signature", raw_signed(lambda c, m: {"signature": ""}), "bad"),
    Case("another algorithm", raw_signed(lambda c, m: {"algorithm": "none"}), "bad"),
    Case("another schema", raw_signed(lambda c, m: {"schema": 2}), "bad"),
    Case("truncated file", faulty(RAW.suffix, faults.other_bytes(b'{"schema": 1, "algor')), "bad"),
    Case("cut on its way", faulty(RAW.suffix, faults.cut(100)), "truncated"),
    Case("a login page", faulty(RAW.suffix, faults.html()), "bad"),
    Case("missing", faulty(RAW.suffix, faults.status(404)), "signature-missing"),
    Case("missing at the first that has one", with_keys(raw=None), "signature-missing", "2.1.207"),
    Case("bad where none is needed", raw_signed(lambda c, m: {"signature": "AAAA"}), "bad", BEFORE_RAW),
    Case("denied", faulty(RAW.suffix, faults.status(403)), "channel-refused"),
]  # fmt: skip
PGP_CASES = [
    Case("unknown key", with_keys(openpgp=lambda: openpgp_key("tomorrow's")), "unknown-signing-key"),
    Case("of other bytes", pgp_signed(lambda m: openpgp_key().signature(m + b" ")), "bad"),
    Case("altered signature", faulty(OPENPGP.suffix, faults.wrong_bytes()), "bad"),
    Case("truncated signature", pgp_signed(lambda m: openpgp_key().signature(m)[:-60]), "bad"),
    Case("truncated file", pgp_signed(lambda m: openpgp_key().signature(m)[:40]), "bad"),
    Case("cut on its way", faulty(OPENPGP.suffix, faults.cut(100)), "truncated"),
    Case("a certificate", pgp_signed(lambda m: openpgp_key().asc), "bad"),
    Case("empty", faulty(OPENPGP.suffix, faults.empty()), "bad"),
    Case("a login page", faulty(OPENPGP.suffix, faults.html()), "bad"),
    Case("missing", faulty(OPENPGP.suffix, faults.status(404)), "signature-missing"),
    Case("missing before the other one", with_keys(openpgp=None), "signature-missing", BEFORE_RAW),
    Case("of other bytes before the other one", pgp_signed(lambda m: openpgp_key().signature(b"")), "bad", BEFORE_RAW),
]
MANIFEST_CASES = [
    Case("altered manifest", only_manifest, "bad"),
    Case("altered manifest before the raw ones", only_manifest, "bad", BEFORE_RAW),
    Case("another release's", of_another_release, "bad-manifest"),
]
CASES = [
    *(pytest.param(case, id=f"raw: {case.name}") for case in RAW_CASES),
    *(pytest.param(case, id=f"OpenPGP: {case.name}") for case in PGP_CASES),
    *(pytest.param(case, id=case.name) for case in MANIFEST_CASES),
]


@pytest.fixture
def signing(box: Box, channel: Channel, upstream: Upstream) -> Channel:
    """The channel with releases of each era. Upstream's own certificate, which nobody has here, is no longer wanted:
    whoever signs with another one is unknown then."""
    upstream.add_native("2.1.207")
    upstream.add_native("2.1.208")
    upstream.add_native(BEFORE_BOTH, wrapper=False)
    for fingerprint in OPENPGP_FINGERPRINTS:
        Path(box.layout.keys, f"{fingerprint}.asc").write_bytes(b"")
    return channel


def code_of(done: Any) -> str:
    [error] = done.json["errors"]
    return str(error["code"])


@pytest.mark.parametrize("case", CASES)
def test_nothing_comes_of_a_bad_one(box: Box, signing: Channel, registry: Registry, case: Case) -> None:
    case.arrange(signing, case.version)
    before = box.snapshot()
    done = ccpin(box, "use", case.version, "--source", "native", "--json").failed(1)
    assert code_of(done) == {"bad": "bad-signature"}.get(case.code, case.code)
    assert case.version in done.json["errors"][0]["message"]
    assert not box.lock.exists()
    assert box.entries() == []
    assert box.snapshot() == before
    assert signing.asked("*/claude*") == []
    assert registry.connections == 0


FATAL = [RAW_CASES[0], RAW_CASES[1], RAW_CASES[14], PGP_CASES[1], MANIFEST_CASES[0]]


@pytest.mark.parametrize("case", FATAL, ids=lambda case: case.name)
@pytest.mark.parametrize("way", ["native,npm", "npm down", "install", "pinned"])
def test_whoever_else_could_serve(box: Box, signing: Channel, registry: Registry, case: Case, way: str) -> None:
    """A bad signature is no gap that another source fills."""
    args = ["install" if way == "install" else "use", NEW, "--source", "native,npm"]
    if way == "npm down":
        registry.stop()
        args[-1] = "auto"
    if way == "pinned":
        pin(box, "2.1.200")
    registry.forget()
    before = box.snapshot()
    case.arrange(signing, NEW)
    assert code_of(ccpin(box, *args, "--json").failed(1)) == {"bad": "bad-signature"}.get(case.code, case.code)
    assert box.snapshot() == before
    assert registry.asked() == []


class TestGood:
    @pytest.mark.parametrize(
        ("version", "notes"),
        [
            (NEW, []),
            ("2.1.207", []),
            (BEFORE_RAW, ["no raw signature: upstream makes them from 2.1.207 on"]),
            (
                BEFORE_BOTH,
                [
                    "no raw signature: upstream makes them from 2.1.207 on",
                    "no OpenPGP signature: upstream makes them from 2.1.89 on",
                ],
            ),
        ],
    )
    def test_by_era(self, box: Box, signing: Channel, version: str, notes: list[str]) -> None:
        more = ["--runtime", "native"] if version == BEFORE_BOTH else []
        done = ccpin(box, "use", version, "--source", "native", *more).ok()
        assert [line for line in done.err.splitlines() if "signature" in line] == [f"note: {note}" for note in notes]
        assert len(box.entries()) == 1
        assert box.ccpin("exec", "--", "--version").ok().out == f"{version} (Claude Code)\n"

    def test_more_keys_than_one(self, box: Box, signing: Channel) -> None:
        trust(box, raw_key("tomorrow's"), openpgp_key("tomorrow's"))
        for raw, openpgp in ((raw_key("tomorrow's"), openpgp_key("tomorrow's")), (raw_key(), openpgp_key())):
            signing.raw, signing.openpgp = raw, openpgp
            ccpin(box, "use", NEW, "--source", "native").ok()


class TestRotation:
    def test_the_new_key_is_unknown_until_its_file_is_there(self, box: Box, signing: Channel) -> None:
        signing.raw = key = raw_key("tomorrow's")
        done = ccpin(box, "use", NEW, "--source", "native").failed(1)
        path = f"{box.layout.keys}/{key.id}.pem"
        assert f"by a key that ccpin does not know, {key.id}; nothing was taken" in done.err
        assert f"`{path}`" in done.err
        Path(path).write_bytes(raw_key("x").pem)  # a wrong download
        assert code_of(ccpin(box, "use", NEW, "--source", "native", "--json").failed(1)) == "bad-key-file"
        Path(path).write_bytes(key.pem)
        ccpin(box, "use", NEW, "--source", "native").ok()

    def test_likewise_for_openpgp(self, box: Box, signing: Channel) -> None:
        signing.openpgp = key = openpgp_key("tomorrow's")
        done = ccpin(box, "use", NEW, "--source", "native").failed(1)
        [named] = re.findall(r"does not know, ([0-9A-F]{40});", done.err)
        if named != key.fingerprint:  # a signature names the subkey, and a file is called after the whole certificate
            wrong = Path(box.layout.keys, f"{named}.asc")
            wrong.write_bytes(key.asc)
            done = ccpin(box, "use", NEW, "--source", "native").failed(1)
            assert f"it holds another key than its name says, {key.fingerprint}" in done.err
            wrong.unlink()
        Path(box.layout.keys, f"{key.fingerprint}.asc").write_bytes(key.asc)
        ccpin(box, "use", NEW, "--source", "native").ok()

    def test_what_is_locked_installs_without_any_key(self, box: Box, signing: Channel) -> None:
        ccpin(box, "use", NEW, "--source", "native").ok()
        empty_store(box)
        signing.raw, signing.openpgp = raw_key("tomorrow's"), openpgp_key("tomorrow's")
        for path in Path(box.layout.keys).iterdir():
            path.write_bytes(b"")
        box.lock.rename(box.root / "lock")
        assert code_of(ccpin(box, "use", NEW, "--source", "native", "--json").failed(1)) == "unknown-signing-key"
        (box.root / "lock").rename(box.lock)
        ccpin(box, "sync", "--locked", "--source", "native").ok()
        assert box.ccpin("exec", "--", "--version").ok().out == f"{NEW} (Claude Code)\n"

    def test_nor_does_a_broken_key_file_stop_it(self, box: Box, signing: Channel) -> None:
        ccpin(box, "use", NEW, "--source", "native").ok()
        empty_store(box)
        for path in Path(box.layout.keys).iterdir():
            path.write_bytes(b"nonsense")
        ccpin(box, "sync", "--source", "native").ok()

    def test_a_key_taken_away(self, box: Box, signing: Channel) -> None:
        """An empty file says: not this one, whoever compiled it in."""
        assert signing.raw
        Path(box.layout.keys, f"{signing.raw.id}.pem").write_bytes(b"")
        assert code_of(ccpin(box, "use", NEW, "--source", "native", "--json").failed(1)) == "unknown-signing-key"


class TestNotChecked:
    """Named, and never called good."""

    def said(self, box: Box, version: str = NEW) -> str:
        data = ccpin(box, "use", version, "--source", "native", "--json").ok().json["data"]
        [note] = [note for note in data["notes"] if "not checked" in note]
        assert "good" not in json.dumps(data)
        return str(note)

    def test_without_pysequoia(self, box: Box, signing: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pysequoia", None)
        assert self.said(box).startswith("note: OpenPGP signature not checked: `pysequoia` is not installed; `")

    def test_without_the_certificate(self, box: Box, channel: Channel) -> None:
        assert channel.openpgp
        Path(box.layout.keys, f"{channel.openpgp.fingerprint}.asc").unlink()
        path = f"{box.layout.keys}/{OPENPGP_FINGERPRINTS[0]}.asc"
        assert self.said(box) == f"note: OpenPGP signature not checked: no key: {path} is not there"

    def test_the_raw_one_decides_all_the_same(
        self, box: Box, signing: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pysequoia", None)
        RAW_CASES[0].arrange(signing, NEW)
        assert code_of(ccpin(box, "use", NEW, "--source", "native", "--json").failed(1)) == "bad-signature"

    def test_a_missing_one_is_missing_all_the_same(
        self, box: Box, signing: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pysequoia", None)
        signing.openpgp = None
        assert code_of(ccpin(box, "use", NEW, "--source", "native", "--json").failed(1)) == "signature-missing"
