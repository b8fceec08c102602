"""From a request to one release: what is locked for which platforms, and what is refused with which neighbour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccpin.errors import (
    BadMetadata,
    BadRuntime,
    IntegrityMismatch,
    NeedsNativeModule,
    NoSuchChannel,
    NotFound,
    NothingSatisfies,
    PlatformMissing,
    RuntimeMissing,
    UnknownRelease,
)
from ccpin.net import Http
from ccpin.pinning.lock import Artifact, Lock
from ccpin.pinning.request import parse_request
from ccpin.platforms import ALL, ANY
from ccpin.releases.npm import Npm
from ccpin.releases.registry import CLAUDE, Registry
from ccpin.releases.release import era, nearest
from tests.fakes import faults
from tests.fakes import registry as fake
from tests.fakes.packages import sdk_package
from tests.fakes.upstream import Upstream

LINUX = "linux-x64"


@pytest.fixture
def asked(registry: fake.Registry) -> Npm:
    return Npm(Registry(registry.url, "the test", Http()))


class TestCandidates:
    @pytest.mark.parametrize(
        ("spec", "version"),
        [
            ("2.0.13", "2.0.13"),
            ("2.0", "2.0.15"),
            ("2", "2.1.330"),
            (">=2.0,<2.0.15", "2.0.14"),
            ("latest", "2.1.330"),
            ("stable", "2.1.200"),
        ],
    )
    def test_one(self, asked: Npm, spec: str, version: str) -> None:
        assert next(asked.candidates(parse_request(spec))) == version

    def test_an_exact_one_asks_nobody(self, asked: Npm, registry: fake.Registry) -> None:
        next(asked.candidates(parse_request("2.0.14")))
        assert registry.requests == []

    def test_nothing_fits(self, asked: Npm) -> None:
        with pytest.raises(NothingSatisfies, match=r"the newest is 2\.1\.330"):
            next(asked.candidates(parse_request(">=9")))

    def test_a_channel_that_this_registry_lacks(self, asked: Npm, upstream: Upstream) -> None:
        upstream.tags = {"latest": "2.1.330"}
        with pytest.raises(NoSuchChannel) as raised:
            next(asked.candidates(parse_request("stable")))
        assert "`latest`" in raised.value.message
        assert "ccpin use 2.1.330" in raised.value.hint

    def test_an_empty_registry(self, asked: Npm, registry: fake.Registry) -> None:
        registry.fault("*", faults.json_body({"versions": {}}))
        with pytest.raises(NothingSatisfies, match="none at all"):
            next(asked.candidates(parse_request("2")))
        with pytest.raises(NoSuchChannel, match="no tags"):
            next(asked.candidates(parse_request("latest")))


class TestResolve:
    def test_javascript(self, asked: Npm, upstream: Upstream) -> None:
        release = asked.resolve("2.0.14", LINUX)
        assert (release.runtime, release.engines, release.absent) == ("node", ">=18.0.0", ())
        assert {p: a.npm for p, a in release.artifacts.items()} == {"any": upstream.get("2.0.14").integrity}

    @pytest.mark.parametrize("platform", ALL)
    def test_native_is_the_same_from_every_machine(self, asked: Npm, upstream: Upstream, platform: str) -> None:
        release = asked.resolve("2.1.330", platform)
        assert release.runtime == "native"
        assert {p: a.sha256 for p, a in release.artifacts.items()} == {p: upstream.sha256("2.1.330", p) for p in ALL}

    def test_without_a_manifest_by_npm_s_digests(self, asked: Npm, upstream: Upstream) -> None:
        release = asked.resolve("2.1.166", LINUX)
        assert {p: a.npm for p, a in release.artifacts.items()} == {
            p: upstream.get("2.1.166", p).integrity for p in ALL
        }

    def test_a_platform_that_the_registry_lacks_is_named_and_locked_all_the_same(self, asked: Npm) -> None:
        release = asked.resolve("2.1.206", LINUX)
        assert release.absent == ("linux-arm64-musl",)
        assert sorted(release.artifacts) == sorted(ALL)

    def test_this_machine_s_is_never_replaced(self, asked: Npm) -> None:
        with pytest.raises(PlatformMissing) as raised:
            asked.resolve("2.1.206", "linux-arm64-musl")
        assert "linux-x64" in raised.value.message

    def test_published_by_half(self, asked: Npm, upstream: Upstream) -> None:
        upstream.withdraw("2.1.330", *(f"claude-code-{p}" for p in ALL))
        with pytest.raises(PlatformMissing, match="no platform at all"):
            asked.resolve("2.1.330", LINUX)

    def test_a_manifest_that_does_not_name_this_machine(self, asked: Npm, upstream: Upstream) -> None:
        manifest = {"version": "2.1.330", "platforms": {"darwin-x64": {"checksum": "ab" * 32, "size": 5}}}
        upstream.add(sdk_package("2.1.330", manifest))
        with pytest.raises(BadMetadata, match=LINUX):
            asked.resolve("2.1.330", LINUX)

    def test_both_runtimes(self, asked: Npm) -> None:
        assert asked.resolve("2.1.112", LINUX).runtime == "node"
        assert asked.resolve("2.1.112", LINUX, "native").runtime == "native"
        assert asked.resolve("2.1.112", LINUX, "node").runtime == "node"

    @pytest.mark.parametrize(("version", "runtime"), [("2.0.14", "native"), ("2.1.330", "node")])
    def test_a_runtime_that_it_does_not_have(self, asked: Npm, version: str, runtime: str) -> None:
        with pytest.raises(RuntimeMissing):
            asked.resolve(version, LINUX, runtime)

    def test_javascript_only_although_late(self, asked: Npm, upstream: Upstream) -> None:
        upstream.add_js("2.1.111")
        with pytest.raises(RuntimeMissing):
            asked.resolve("2.1.111", LINUX, "native")

    def test_no_runtime_at_all(self, asked: Npm, registry: fake.Registry) -> None:
        with pytest.raises(BadRuntime):
            asked.resolve("2.0.14", LINUX, "bun")
        assert registry.requests == []

    def test_one_that_would_have_to_be_compiled(self, asked: Npm) -> None:
        with pytest.raises(NeedsNativeModule, match="better-sqlite3"):
            asked.resolve("0.2.90", LINUX)

    def test_its_modules_are_named_on_one_line(self, asked: Npm, upstream: Upstream) -> None:
        upstream.add_js("0.2.91", dependencies={"a\nnote: b": "1"})
        with pytest.raises(NeedsNativeModule) as error:
            asked.resolve("0.2.91", LINUX)
        assert error.value.facts["modules"] == "a?note: b"

    @pytest.mark.parametrize(
        ("version", "said"),
        [("2.0.13", "1.0.20 and 2.0.14"), ("9.9.9", "2.1.330"), ("0.0.1", "0.2.9")],
    )
    def test_unknown_with_its_neighbours(self, asked: Npm, version: str, said: str) -> None:
        with pytest.raises(UnknownRelease) as raised:
            asked.resolve(version, LINUX)
        assert raised.value.message.endswith(said)

    def test_a_registry_without_the_package(self, asked: Npm, upstream: Upstream) -> None:
        upstream.packages.clear()
        with pytest.raises(NotFound):
            asked.resolve("2.0.14", LINUX)

    def test_names_of_no_platform_are_not_asked_for(self, asked: Npm, registry: fake.Registry) -> None:
        document = asked.registry.version(CLAUDE, "2.1.330")
        names = (f"{CLAUDE}-../../x?y", f"{CLAUDE}-", f"{CLAUDE}-node-linux-x64", "left-pad")
        odd = dict(document["optionalDependencies"]) | dict.fromkeys(names, "1")
        registry.forget()
        registry.fault(f"/{CLAUDE}/2.1.330", faults.json_body(document | {"optionalDependencies": odd}))
        assert sorted(asked.resolve("2.1.330", LINUX).artifacts) == sorted(ALL)
        assert not [seen for seen in registry.requests if "?" in seen.raw_path or "code-node" in seen.raw_path]

    def test_the_lock_keeps_its_flags(self, asked: Npm) -> None:
        request = parse_request("2.0")
        release = asked.resolve("2.0.14", LINUX)
        fresh = release.to_lock(request)
        assert len(fresh.env) == 4
        old = type(fresh)(fresh.version, "2.0.14", "node", fresh.artifacts, {"DISABLE_UPDATES": "1"})
        assert release.to_lock(request, old).env == {"DISABLE_UPDATES": "1"}
        assert release.to_lock(request, old).request == "2.0"


class TestOffer:
    def lock(self, npm: Npm, registry: fake.Registry, version: str) -> Lock:
        made = npm.resolve(version, LINUX).to_lock(parse_request(version))
        registry.forget()
        return made

    def test_an_executable_in_its_tarball(self, asked: Npm, registry: fake.Registry, upstream: Upstream) -> None:
        offer = asked.offer(self.lock(asked, registry, "2.1.330"), LINUX)
        assert (offer.form, offer.packed, offer.engines) == ("tarball", None, None)
        assert len(registry.asked()) == 1
        with offer.open() as body:
            assert b"".join(body.chunks) == upstream.get("2.1.330", LINUX).tarball

    def test_javascript_with_what_it_wants(self, asked: Npm, registry: fake.Registry) -> None:
        lock = self.lock(asked, registry, "2.0.14")
        offer = asked.offer(lock, ANY)
        assert (offer.form, offer.engines) == ("tarball", ">=18.0.0")
        assert offer.integrity == lock.artifacts[ANY].npm

    @pytest.mark.parametrize(("version", "key"), [("2.0.14", ANY), ("2.1.166", LINUX)])
    def test_another_tarball_than_the_locked_one_is_not_even_asked_for(
        self, asked: Npm, registry: fake.Registry, version: str, key: str
    ) -> None:
        lock = self.lock(asked, registry, version)
        other = replace(lock, artifacts={key: Artifact(npm="sha512-" + "A" * 86 + "==")})
        with pytest.raises(IntegrityMismatch, match="sha512 expected"):
            asked.offer(other, key)
        assert registry.asked("*.tgz") == []

    def test_what_has_gone(self, asked: Npm, registry: fake.Registry, upstream: Upstream) -> None:
        native, script = (self.lock(asked, registry, version) for version in ("2.1.330", "2.0.14"))
        upstream.withdraw("2.1.330", f"claude-code-{LINUX}")
        upstream.withdraw("2.0.14")
        with pytest.raises(PlatformMissing, match=LINUX):
            asked.offer(native, LINUX)
        with pytest.raises(UnknownRelease, match=r"the nearest: 1\.0\.20 and 2\.0\.15"):
            asked.offer(script, ANY)


def test_neighbours() -> None:
    versions = ("1.0.0", "2.0.9", "2.0.100")
    assert nearest("2.0.14", versions) == ("2.0.9", "2.0.100")
    assert nearest("0.1.0", versions) == ("1.0.0",)
    assert nearest("3.0.0", ()) == ()


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("0.2.89", "javascript"),
        ("0.2.90", "needs a compiled module"),
        ("0.2.113", "needs a compiled module"),
        ("0.2.114", "javascript"),
        ("2.1.109", "javascript"),
        ("2.1.110", "both"),
        ("2.1.112", "both"),
        ("2.1.113", "native"),
    ],
)
def test_eras(version: str, kind: str) -> None:
    assert era(version) == kind
