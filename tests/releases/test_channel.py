"""The native channel: pointers, signed manifests, packed copies, executables; or a fault with a kind of its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ccpin.errors import (
    BadChannelAddress,
    BadManifest,
    BadSignature,
    BadVariable,
    CcpinError,
    ChannelError,
    ChannelFailed,
    ChannelRefused,
    ChannelUnreachable,
    NotAChannel,
    NotOnChannel,
    Offline,
    SignatureMissing,
    Truncated,
    UnknownSigningKey,
)
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.pinning.lock import Artifact
from ccpin.pinning.settings import UPSTREAM_CHANNEL
from ccpin.platforms import ALL
from ccpin.releases.channel import Channel
from ccpin.releases.manifest import find_manifest
from ccpin.releases.registry import Registry
from ccpin.releases.signatures import Good, Missing, NotChecked
from tests.fakes import channel as fake
from tests.fakes import faults
from tests.fakes import registry as fake_registry
from tests.fakes.packages import sdk_package
from tests.fakes.upstream import Upstream

GOOD = {"checksum": "ab" * 32, "size": 5}


@pytest.fixture
def server(upstream: Upstream) -> Iterator[fake.Channel]:
    for version in ("2.1.88", "2.1.89"):
        upstream.add(sdk_package(version, {"version": version, "platforms": {"linux-x64": GOOD}}))
    with fake.Channel(upstream) as running:
        yield running


@pytest.fixture
def asked(server: fake.Channel) -> Channel:
    return Channel(server.url, "the test", Http())


def manifest(**changes: Any) -> bytes:
    return json.dumps({"version": "2.1.330", "platforms": {"linux-x64": GOOD}, **changes}).encode()


def read(channel: Channel, address: str) -> bytes:
    with channel.stream(address, "it") as body:
        return b"".join(body.chunks)


class TestConfiguring:
    def test_upstreams_unless_told_otherwise(self) -> None:
        assert Channel.configured({}).base == UPSTREAM_CHANNEL
        mirror = Channel.configured({"CCPIN_CHANNEL": "https://user:secret@mirror.example:8443/claude/"})
        assert mirror.base == "https://user:secret@mirror.example:8443/claude"
        assert (mirror.name, mirror.source) == ("https://mirror.example:8443/claude", "CCPIN_CHANNEL")
        told = Channel.configured({"CCPIN_CHANNEL": "https://a.example"}, "http://127.0.0.1:1/x")
        assert (told.base, told.source) == ("http://127.0.0.1:1/x", "as told")

    @pytest.mark.parametrize(
        "address",
        [
            "mirror.example",
            "ftp://a/",
            "https://",
            "https://a b/",
            "https://a:x/",
            "https://[a/",
            "https://a/?b",
            "https://a/#b",
        ],
    )
    def test_an_address_that_is_none(self, address: str) -> None:
        with pytest.raises(BadVariable, match="CCPIN_CHANNEL"):
            Channel.configured({"CCPIN_CHANNEL": address})
        with pytest.raises(BadChannelAddress):
            Channel.configured({}, address)

    def test_a_file_of_the_user_s(self, tmp_path: Path) -> None:
        home = Home(str(tmp_path))
        Path(home.channel).write_text("https://mirror.example/claude/\n")
        found = Channel.configured({}, home=home)
        assert (found.base, found.source) == ("https://mirror.example/claude", f"{home.channel}:1")
        assert Channel.configured({"CCPIN_CHANNEL": "https://a.example"}, home=home).base == "https://a.example"

    @pytest.mark.parametrize(("env", "flag"), [({"CCPIN_OFFLINE": "1"}, False), ({}, True)])
    def test_offline_it_is_not_asked(self, server: fake.Channel, env: dict[str, str], flag: bool) -> None:
        with pytest.raises(Offline):
            Channel.configured({**env, "CCPIN_CHANNEL": server.url}, offline=flag).pointer("latest")
        assert server.asked() == []

    def test_npms_credentials_stay_at_home(self, asked: Channel, server: fake.Channel, tmp_path: Path) -> None:
        (tmp_path / ".npmrc").write_text(f"//127.0.0.1:{server.port}/:_authToken=secret\n")
        (tmp_path / ".netrc").write_text("default login me password secret\n")
        channel = Channel.configured({"HOME": str(tmp_path), "CCPIN_CHANNEL": server.url})
        channel.pointer("latest")
        assert "authorization" not in server.asked()[-1].headers


class TestPointers:
    def test_both(self, asked: Channel, server: fake.Channel) -> None:
        assert (asked.pointer("latest"), asked.pointer("stable")) == ("2.1.330", "2.1.200")
        server.put("latest", b" 2.1.331\r\n")
        assert asked.pointer("latest") == "2.1.331"

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            (b"<!DOCTYPE html><title>Not in your region</title>", "a web page"),
            (b"\n  <html>" + b"x" * 10_000, "a web page"),
            (b"", "nothing"),
            (b"2.1.330-rc1", "`2.1.330-rc1`"),
            (b"2.1", "`2.1`"),
            (b"v2.1.330", "`v2.1.330`"),
            (b"2.1.330\n2.1.331", "`2.1.330?2.1.331`"),
            (b"2.1.330/../../x", "`2.1.330/../../x`"),
            (b"02.1.330", "`02.1.330`"),
            ("٢.1.330".encode(), "`??.1.330`"),
            (b"2.1.330" + b" " * 10_000, "more than 4,096 bytes"),
        ],
    )
    def test_anything_else_is_no_version(self, asked: Channel, server: fake.Channel, text: bytes, found: str) -> None:
        server.put("latest", text)
        with pytest.raises(NotAChannel) as raised:
            asked.pointer("latest")
        assert f"({found})" in raised.value.message.replace("\ufffd", "?")


class TestManifests:
    def test_one_that_is_signed_twice(self, asked: Channel, server: fake.Channel, upstream: Upstream) -> None:
        found = asked.manifest("2.1.330", server.keys)
        assert sorted(found.manifest.artifacts) == sorted(ALL)
        assert {p: a.sha256 for p, a in found.manifest.artifacts.items()} == {
            p: upstream.sha256("2.1.330", p) for p in ALL
        }
        assert found.manifest.built == datetime(2026, 11, 20, 17, 55, 16, tzinfo=timezone.utc)
        assert {name: type(result) for name, result in found.signatures.items()} == {"raw": Good, "OpenPGP": Good}
        assert found.notes == ()

    def test_the_same_as_npms(self, asked: Channel, server: fake.Channel, registry: fake_registry.Registry) -> None:
        from_npm = find_manifest(Registry(registry.url, "the test", Http()), "2.1.200")
        assert asked.manifest("2.1.200", server.keys).manifest == from_npm

    @pytest.mark.parametrize(
        ("version", "raw", "openpgp", "notes"),
        [
            ("2.1.88", Missing, Missing, 2),
            ("2.1.89", Missing, Good, 1),
            ("2.1.206", Missing, Good, 1),
            ("2.1.330", Good, Good, 0),
        ],
    )
    def test_by_era(
        self, asked: Channel, server: fake.Channel, version: str, raw: type, openpgp: type, notes: int
    ) -> None:
        found = asked.manifest(version, server.keys)
        assert (type(found.signatures["raw"]), type(found.signatures["OpenPGP"])) == (raw, openpgp)
        assert len(found.notes) == notes

    def test_not_checked_is_named(self, asked: Channel, server: fake.Channel) -> None:
        keys = server.keys.__class__(server.keys.raw, dict.fromkeys(server.keys.openpgp), "/home/keys")
        found = asked.manifest("2.1.330", keys)
        assert isinstance(found.signatures["OpenPGP"], NotChecked)
        assert [note[:34] for note in found.notes] == ["OpenPGP signature not checked: no "]

    def test_lenient_in_what_it_may_add(self, asked: Channel, server: fake.Channel) -> None:
        more = {"linux-x64": {**GOOD, "binary": "claude", "url": 1}, "freebsd-riscv64": GOOD}
        server.put("2.1.330/manifest.json", manifest(platforms=more, sdkCompat={"harnessSchema": 1}, modsCommit=[]))
        found = asked.manifest("2.1.330", server.keys)
        assert sorted(found.manifest.artifacts) == ["freebsd-riscv64", "linux-x64"]
        assert found.manifest.built is None

    @pytest.mark.parametrize(
        "date", [None, 5, "", "yesterday", "2026-11-20T17:55:16", "2026-11-20", "2026-13-20T17:55:16Z", "Z", ["x"]]
    )
    def test_a_date_that_is_none(self, asked: Channel, server: fake.Channel, date: object) -> None:
        server.put("2.1.330/manifest.json", manifest(buildDate=date))
        assert asked.manifest("2.1.330", server.keys).manifest.built is None

    def test_a_date_with_a_zone(self, asked: Channel, server: fake.Channel) -> None:
        server.put("2.1.330/manifest.json", manifest(buildDate="2026-11-20T19:55:16.250+02:00"))
        found = asked.manifest("2.1.330", server.keys).manifest.built
        assert found is not None
        assert (found.utcoffset(), found.microsecond) == (timedelta(hours=2), 250_000)

    @pytest.mark.parametrize(
        "data",
        [
            b"{",
            b"{}",
            manifest(version="2.1.329"),  # signed, and another release's
            manifest(version=None),
            manifest(platforms={}),
            manifest(platforms={"linux-x64": {"checksum": "AB" * 32, "size": 5}}),
            manifest(platforms={"linux-x64": {"checksum": "ab" * 31, "size": 5}}),
            manifest(platforms={"linux-x64": {"checksum": "ab" * 32}}),
            manifest(platforms={"linux-x64": {**GOOD, "size": "5"}}),
            manifest(platforms={"linux-x64": {**GOOD, "binary": "claude.zst"}}),
            manifest(platforms={"../x": GOOD}),
        ],
    )
    def test_strict_in_what_it_must_hold(self, asked: Channel, server: fake.Channel, data: bytes) -> None:
        server.put("2.1.330/manifest.json", data)
        with pytest.raises(BadManifest, match=r"2\.1\.330"):
            asked.manifest("2.1.330", server.keys)

    def test_at_most_one_mebibyte(self, asked: Channel, server: fake.Channel) -> None:
        text = manifest()
        server.put("2.1.330/manifest.json", text.ljust(1 << 20))
        assert asked.manifest("2.1.330", server.keys)
        server.put("2.1.330/manifest.json", text.ljust((1 << 20) + 1))
        with pytest.raises(NotAChannel, match="more than 1,048,576 bytes"):
            asked.manifest("2.1.330", server.keys)

    def test_a_release_that_is_not_there(self, asked: Channel, server: fake.Channel) -> None:
        with pytest.raises(NotOnChannel, match=r"no Claude Code 2\.1\.999"):
            asked.manifest("2.1.999", server.keys)
        assert len(server.asked()) == 1


class TestSignatures:
    """No manifest comes out of a bad one, whatever is wrong with it."""

    @pytest.mark.parametrize(
        ("path", "fault", "kind"),
        [
            ("/2.1.330/manifest.json", faults.wrong_bytes(), BadSignature),
            ("*.raw-sig.json", faults.wrong_bytes(), BadSignature),
            ("*.json.sig", faults.wrong_bytes(), BadSignature),
            ("*.raw-sig.json", faults.status(404), SignatureMissing),
            ("*.json.sig", faults.status(404), SignatureMissing),
            ("*.raw-sig.json", faults.html(), BadSignature),
            ("*.json.sig", faults.html(), BadSignature),
            ("*.raw-sig.json", faults.empty(), BadSignature),
            ("*.json.sig", faults.empty(), BadSignature),
            ("*.raw-sig.json", faults.cut(100), Truncated),
            ("*.raw-sig.json", faults.other_bytes(b" " * 70_000), NotAChannel),
            ("*.raw-sig.json", faults.status(403), ChannelRefused),
            ("*.json.sig", faults.status(500), ChannelFailed),
        ],
    )
    def test_refused(
        self, asked: Channel, server: fake.Channel, path: str, fault: faults.Fault, kind: type[CcpinError]
    ) -> None:
        server.fault(path, fault)
        with pytest.raises(kind):
            asked.manifest("2.1.330", server.keys)

    def test_of_another_release(self, asked: Channel, server: fake.Channel) -> None:
        assert server.raw is not None
        server.put("2.1.330/manifest.json.raw-sig.json", server.raw.sidecar(manifest(version="2.1.329")))
        with pytest.raises(BadSignature):
            asked.manifest("2.1.330", server.keys)

    @pytest.mark.parametrize("version", ["2.1.89", "2.1.330"])
    def test_a_bad_one_is_fatal_in_every_era(self, asked: Channel, server: fake.Channel, version: str) -> None:
        assert server.raw is not None
        server.put(f"{version}/manifest.json.raw-sig.json", server.raw.sidecar(b"something else"))
        with pytest.raises(BadSignature):
            asked.manifest(version, server.keys)

    def test_a_rotated_key(self, asked: Channel, server: fake.Channel) -> None:
        before = server.keys
        server.raw = fake.raw_key("tomorrow's")
        with pytest.raises(UnknownSigningKey) as raised:
            asked.manifest("2.1.330", before)
        assert server.raw.id in raised.value.message
        both = before.__class__({**before.raw, **server.keys.raw}, before.openpgp, before.folder)
        assert asked.manifest("2.1.330", both).notes == ()
        server.raw = fake.raw_key()
        assert asked.manifest("2.1.330", both).notes == ()


class TestExecutables:
    def test_the_bytes_of_the_manifest(self, asked: Channel, server: fake.Channel) -> None:
        for platform, artifact in asked.manifest("2.1.330", server.keys).manifest.artifacts.items():
            data = read(asked, asked.executable("2.1.330", platform))
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (artifact.sha256, artifact.size)

    def test_a_large_file_from_the_disk(self, asked: Channel, server: fake.Channel, tmp_path: Path) -> None:
        path = tmp_path / "claude"
        with path.open("wb") as file:
            file.write(b"head")
            file.seek(64 << 20)
            file.write(os.urandom(100))
        server.put("2.1.330/linux-x64/claude", path)
        with asked.stream(asked.executable("2.1.330", "linux-x64"), "it") as body:
            digest = hashlib.sha256()
            for chunk in body.chunks:
                digest.update(chunk)
        assert body.length == path.stat().st_size
        assert digest.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
        server.fault("*/claude", faults.cut(50 << 20))
        with pytest.raises(Truncated):
            read(asked, asked.executable("2.1.330", "linux-x64"))

    def test_one_that_is_not_there(self, asked: Channel, server: fake.Channel) -> None:
        server.put("2.1.330/linux-x64/claude", None)
        with pytest.raises(NotOnChannel, match=r"the native channel has no it: .*/2\.1\.330/linux-x64/claude "):
            read(asked, asked.executable("2.1.330", "linux-x64"))


class TestPackedCopies:
    WHOLE = Artifact(sha256="ab" * 32, size=1000)

    def test_smaller_ones(self, asked: Channel, server: fake.Channel) -> None:
        server.put_packed("2.1.330", {"linux-x64": b"x" * 999, "linux-arm64": b"x" * 1000, "win32-x64": b"x"})
        copy = asked.packed("2.1.330", "linux-x64", self.WHOLE)
        assert copy is not None
        data = read(asked, copy.address)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (copy.size, copy.sha256)
        assert asked.packed("2.1.330", "linux-arm64", self.WHOLE) is None
        assert asked.packed("2.1.330", "darwin-x64", self.WHOLE) is None
        assert asked.packed("2.1.200", "linux-x64", self.WHOLE) is None
        windows = asked.packed("2.1.330", "win32-x64", self.WHOLE)
        assert windows is not None
        assert windows.address == f"{server.url}/2.1.330/win32-x64/claude.exe.zst"

    @pytest.mark.parametrize(
        "listed",
        [
            b"",
            b"<html>",
            b"[]",
            b"{}",
            manifest(version="2.1.331"),
            manifest(platforms=[]),
            manifest(platforms={"linux-x64": 5}),
            manifest(platforms={"linux-x64": {**GOOD, "size": True}}),
            manifest(platforms={"linux-x64": {**GOOD, "checksum": "x"}}),
            manifest(platforms={"linux-x64": {**GOOD, "binary": "../claude.zst"}}),
            manifest(platforms={"linux-x64": GOOD}),
        ],
    )
    def test_a_list_that_is_none(self, asked: Channel, server: fake.Channel, listed: bytes) -> None:
        server.put("2.1.330/manifest.zst.json", listed)
        with pytest.raises(BadManifest):
            asked.packed("2.1.330", "linux-x64", self.WHOLE)


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (faults.status(404), NotOnChannel),
            (faults.status(401), ChannelRefused),
            (faults.status(403, "<html>not in your region</html>"), ChannelRefused),
            (faults.status(451), ChannelFailed),
            (faults.status(503), ChannelFailed),
            (faults.html(), NotAChannel),
            (faults.empty(), NotAChannel),
            (faults.cut(3), Truncated),
            (faults.lies_about_length(5), Truncated),
            (faults.redirect("?again"), NotAChannel),
            (faults.redirect("ftp://example.invalid/"), NotAChannel),
        ],
    )
    @pytest.mark.parametrize("path", ["/latest", "/2.1.330/manifest.json"])
    def test_each_has_its_kind(
        self, asked: Channel, server: fake.Channel, path: str, fault: faults.Fault, kind: type[CcpinError]
    ) -> None:
        server.fault(path, fault)
        with pytest.raises(kind) as raised:
            asked.pointer("latest") if path == "/latest" else asked.manifest("2.1.330", server.keys)
        assert issubclass(kind, ChannelError | Truncated)
        assert "registry" not in raised.value.message + raised.value.hint

    def test_nobody_there(self, asked: Channel, server: fake.Channel) -> None:
        server.stop()
        with pytest.raises(ChannelUnreachable, match=r"127\.0\.0\.1"):
            asked.pointer("latest")
