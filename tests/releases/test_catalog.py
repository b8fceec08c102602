"""All that there is, with what each release lacks."""

from __future__ import annotations

import pytest

from ccpin.errors import RegistryFailed
from ccpin.net import Http
from ccpin.platforms import ALL
from ccpin.releases.catalog import offered
from ccpin.releases.registry import Registry
from tests.fakes import faults
from tests.fakes import registry as fake
from tests.fakes.upstream import Upstream


@pytest.fixture
def asked(registry: fake.Registry) -> Registry:
    return Registry(registry.url, "the test", Http())


def test_oldest_first_with_tags_eras_and_gaps(asked: Registry, upstream: Upstream) -> None:
    upstream.tags["next"] = "2.1.330"
    found = {release.version: release for release in offered(asked)}
    assert list(found)[0::5] == ["0.2.9", "2.1.110", "2.1.206"]
    assert found["2.1.330"].tags == ("latest", "next")
    assert found["2.0.14"].missing == ()
    assert found["2.1.206"].missing == ("linux-arm64-musl",)
    assert found["0.2.90"].era == "needs a compiled module"


def test_a_withdrawn_one_that_the_registry_still_holds(asked: Registry, upstream: Upstream) -> None:
    upstream.add_js("2.1.88")
    withdrawn = {release.version: release.withdrawn for release in offered(asked) if release.withdrawn}
    assert list(withdrawn) == ["2.1.88"]
    assert "2026-03-31" in withdrawn["2.1.88"]


def test_platform_packages_that_are_not_there_at_all(asked: Registry, upstream: Upstream) -> None:
    for name in [name for name in upstream.packages if "win32" in name]:
        del upstream.packages[name]
    assert offered(asked)[-1].missing == tuple(p for p in ALL if p.startswith("win32"))


def test_a_registry_that_fails(asked: Registry, registry: fake.Registry) -> None:
    registry.fault("*win32*", faults.status(501))
    with pytest.raises(RegistryFailed):
        offered(asked)
