"""The registry as ccpin sees it: only numbers that are releases, only digests that say something."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccpin.errors import BadMetadata, NotFound, Offline
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.releases.registry import CLAUDE, Registry, ago, platform_package
from tests.fakes import faults
from tests.fakes import registry as fake
from tests.fakes.upstream import Upstream
from tests.pinning import locks

GOOD = locks.integrity("x")


@pytest.fixture
def asked(registry: fake.Registry) -> Registry:
    return Registry(registry.url, "the test", Http())


def test_versions_by_number(asked: Registry, upstream: Upstream) -> None:
    package = asked.package(CLAUDE)
    assert package.versions[:3] == ("0.2.9", "0.2.90", "1.0.20")
    assert package.versions[-1] == "2.1.330"
    assert package.tags == upstream.tags


def test_what_is_no_release_is_passed_over(registry: fake.Registry, asked: Registry) -> None:
    tags = {"a": "1.0.0", "b": "x", "c\nnote: a line that ccpin did not write": "1.0.0"}
    odd = {"versions": {"1.0.0": {}, "2.0.0-beta": {}, "../../x": {}, "1.0": {}}, "dist-tags": tags}
    registry.fault("*", faults.json_body(odd))
    assert asked.package(CLAUDE).versions == ("1.0.0",)
    assert asked.package(CLAUDE).tags == {"a": "1.0.0"}
    registry.mend()
    registry.fault("*", faults.json_body({"versions": {}, "dist-tags": 5}))
    assert asked.package(CLAUDE).versions == ()
    registry.mend()
    registry.fault("*", faults.json_body({"versions": [1]}))
    with pytest.raises(BadMetadata):
        asked.package(CLAUDE)


def test_one_version(asked: Registry, registry: fake.Registry, upstream: Upstream) -> None:
    document = asked.version(CLAUDE, "2.0.14")
    tarball = asked.tarball(CLAUDE, document)
    assert tarball.integrity == upstream.get("2.0.14").integrity
    assert tarball.address.startswith(registry.url)
    assert [seen.raw_path for seen in registry.requests] == ["/@anthropic-ai%2Fclaude-code/2.0.14"]


def test_a_mirror_that_serves_whole_documents_only(asked: Registry, registry: fake.Registry) -> None:
    registry.fault(f"/{CLAUDE}/*", faults.status(404))
    assert asked.version(CLAUDE, "2.0.14")["version"] == "2.0.14"
    with pytest.raises(NotFound):
        asked.version(CLAUDE, "2.0.13")
    registry.fault(f"/{CLAUDE}", faults.json_body({"versions": 5}))
    with pytest.raises(NotFound):
        asked.version(CLAUDE, "2.0.14")


def test_another_version_s_document(asked: Registry, registry: fake.Registry) -> None:
    registry.fault("*", faults.json_body({"version": "2.0.15"}))
    with pytest.raises(BadMetadata, match="another version"):
        asked.version(CLAUDE, "2.0.14")


@pytest.mark.parametrize(
    "dist",
    [None, [], {}, {"tarball": 5}, {"tarball": "http://h/x"}, {"tarball": "http://h/x", "integrity": "sha1-abc"},
     {"tarball": "http://h/x", "integrity": GOOD[:-2]}, {"tarball": "http://h/x", "integrity": 5},
     {"tarball": "http://h/x", "shasum": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}],
)  # fmt: skip
def test_a_tarball_without_a_sha512(asked: Registry, dist: object) -> None:
    with pytest.raises(BadMetadata):
        asked.tarball(CLAUDE, {"version": "2.0.14", "dist": dist})


def test_the_sha512_among_other_digests(asked: Registry) -> None:
    dist = {"tarball": "http://me:secret@registry.example/x?token=secret", "integrity": f"sha1-abc= {GOOD}"}
    tarball = asked.tarball(CLAUDE, {"dist": dist})
    assert tarball.integrity == GOOD
    assert tarball.name == "http://registry.example/x"


def test_platform_packages() -> None:
    assert platform_package("linux-x64-musl") == "@anthropic-ai/claude-code-linux-x64-musl"


class TestConfigured:
    def test_token_of_the_configuration(self, upstream: Upstream) -> None:
        with fake.Registry(upstream, base="/team/npm/") as registry:
            registry.fault("*", faults.requires_token("abc"))
            place = registry.url.partition(":")[2]
            env = {"npm_config_registry": registry.url, f"npm_config_{place}:_authToken": "abc", "HOME": "/nowhere"}
            found = Registry.configured(env)
            assert found.package(CLAUDE).versions
            assert (found.name, found.source) == (registry.url, "registry in npm_config_registry")

    def test_not_for_a_tarball_elsewhere(self, upstream: Upstream) -> None:
        """The registry's documents name any address they like; the token goes to none but its own."""
        with fake.Registry(upstream) as other, fake.Registry(upstream, tarball_base=other.url) as registry:
            place = registry.url.partition(":")[2]
            found = Registry.configured({f"npm_config_{place}:_authToken": "abc", "HOME": "/nowhere"}, registry.url)
            tarball = found.tarball(CLAUDE, found.version(CLAUDE, "2.0.14"))
            with found.http.stream(tarball.address) as body:
                list(body.chunks)
            assert registry.requests[0].headers["authorization"] == "Bearer abc"
            assert "authorization" not in other.requests[0].headers

    def test_not_in_the_clear_where_the_registry_is_asked_over_tls(self, registry: fake.Registry) -> None:
        place = registry.url.partition(":")[2]
        env = {f"npm_config_{place}:_authToken": "abc", "HOME": "/nowhere"}
        Registry.configured(env, registry.url.replace("http:", "https:")).http.document(registry.url + CLAUDE)
        assert "authorization" not in registry.requests[0].headers
        Registry.configured(env, registry.url).http.document(registry.url + CLAUDE)
        assert registry.requests[1].headers["authorization"] == "Bearer abc"


class TestOffline:
    def configured(self, registry: fake.Registry, tmp_path: Path, *, offline: bool = False) -> Registry:
        home = Home(str(tmp_path / "ccpin"))
        return Registry.configured({"HOME": str(tmp_path)}, registry.url, home=home, offline=offline)

    def test_what_was_said_before(self, registry: fake.Registry, tmp_path: Path) -> None:
        asked = self.configured(registry, tmp_path)
        said = asked.package(CLAUDE), asked.version(CLAUDE, "2.0.14")
        assert asked.http.as_of is None
        registry.forget()
        known = self.configured(registry, tmp_path, offline=True)
        assert (known.package(CLAUDE), known.version(CLAUDE, "2.0.14")) == said
        assert known.version(CLAUDE, "2.0.15")["version"] == "2.0.15"  # out of the whole document
        assert known.http.as_of is not None
        with pytest.raises(Offline):
            known.version(CLAUDE, "2.0.13")
        with pytest.raises(Offline):
            known.package(platform_package("linux-x64"))
        assert registry.requests == []

    def test_by_the_environment(self, registry: fake.Registry) -> None:
        with pytest.raises(Offline):
            Registry.configured({"CCPIN_OFFLINE": "1"}, registry.url).package(CLAUDE)
        assert registry.connections == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (86400, "1 day ago"),
        (3.5 * 86400, "3 days ago"),
    ],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert ago(seconds) == said
