"""Which proxy a host is asked through; what needs a server for its proof is in test_company."""

from __future__ import annotations

import pytest

from ccpin.errors import BadCertificate
from ccpin.network import Trust
from ccpin.releases.npmrc import NpmConfig, Said
from ccpin.releases.transport import network, strict_note

REGISTRY = "https://npm.h.example/"


def config(rank: int = 1, /, **values: str) -> NpmConfig:
    return NpmConfig({key.replace("_", "-"): Said(value, "/rc", 2, rank) for key, value in values.items()}, ("/rc",))


def proxy(address: str, env: dict[str, str] | None = None, **values: str) -> str | None:
    found = network(config(1, **values), REGISTRY, env or {}).proxy
    assert found
    said = found(address)
    return said.address if said else None


def test_which_key() -> None:
    assert proxy(REGISTRY) is None
    assert proxy(REGISTRY, proxy="http://p") == "http://p"
    assert proxy(REGISTRY, proxy="http://p", https_proxy="http://s") == "http://s"
    assert proxy("http://h.example", proxy="http://p", https_proxy="http://s") == "http://s"
    for nothing in ("null", "false", "undefined", ""):
        assert proxy(REGISTRY, proxy="http://p", https_proxy=nothing) == "http://p"


@pytest.mark.parametrize(
    ("hosts", "direct"),
    [
        ("npm.h.example", True), ("h.example", True), (".h.example", True), ("example", True), ("*", True),
        ("other.example, NPM.H.Example", True), ("a\n\nh.example", True),
        ("", False), (",", False), (".", False), ("pm.h.example", False), ("x.npm.h.example", False), ("npm", False),
    ],
)  # fmt: skip
def test_hosts_that_are_asked_directly(hosts: str, direct: bool) -> None:
    assert proxy(REGISTRY, noproxy=hosts, proxy="http://p") == (None if direct else "http://p")
    for name in ("no_proxy", "NO_PROXY"):
        assert proxy(REGISTRY, {name: hosts}, proxy="http://p") == (None if direct else "http://p")


def test_noproxy_takes_the_place_of_the_variable() -> None:
    assert proxy(REGISTRY, {"NO_PROXY": "example"}, noproxy="other.example", proxy="http://p") == "http://p"


def test_no_note_where_there_is_no_tls() -> None:
    assert strict_note(config(strict_ssl="false"), "http://h.example/") is None
    assert strict_note(config(), REGISTRY) is None


@pytest.mark.parametrize(("rank", "location"), [(1, "user"), (2, "global"), (3, "global")])
def test_the_command_that_takes_a_key_away(rank: int, location: str) -> None:
    with pytest.raises(BadCertificate) as raised:
        network(config(rank, cafile="/no/file"), REGISTRY, {})
    assert f"`npm config delete cafile --location={location}`" in raised.value.hint


def test_without_orders_the_environment_s_authorities() -> None:
    files = (("NODE_EXTRA_CA_CERTS", "/x"),)
    assert network(config(ca="null"), REGISTRY, {"NODE_EXTRA_CA_CERTS": "/x"}).trust == Trust(files=files)
