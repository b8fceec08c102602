"""Both sources through a company's one way out: a proxy, and TLS under an authority that no system knows.

What npm's configuration may say of that way is proved in tests/releases/test_company.py, command by command for the
registry; here it is the native channel's too, and nothing that is the registry's goes along.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import pytest
import trustme

from tests.cli.arrange import ccpin, empty_store, use_channel
from tests.fakes import faults
from tests.fakes.box import Box, Completed
from tests.fakes.channel import Channel
from tests.fakes.company import Front, Proxy
from tests.fakes.upstream import Upstream
from tests.releases.test_company import TOKEN, VARIABLES, Company, ca, company, stranger  # noqa: F401  fixtures

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

VERSION = "2.1.330"
ADDRESS = "https://channel.example/claude-code-releases"


@dataclasses.dataclass
class Place:
    """The machine of somebody who works there, and what it can reach."""

    box: Box
    company: Company
    channel: Channel

    def use(self, source: str = "native", **env: str) -> Completed:
        return ccpin(self.box, "use", VERSION, "--source", source, env=env)

    def asked(self) -> set[str]:
        """Whom the proxy was asked for."""
        return {head.split(" ")[1] for head in self.company.proxy.heads}


@pytest.fixture
def place(box: Box, company: Company, ca: trustme.CA, upstream: Upstream) -> Iterator[Place]:  # noqa: F811
    del box.env["CCPIN_NPM_REGISTRY"], box.env["CCPIN_SOURCE"]
    company.home = box.home
    company.npmrc(company.cafile)
    with Channel(upstream) as channel, Front(channel.port, ca, "channel.example") as front:
        company.proxy.ways = {**company.proxy.ways, "channel.example:443": front.port}
        use_channel(box, channel)
        box.env["CCPIN_CHANNEL"] = ADDRESS
        yield Place(box, company, channel)


def test_one_way_out_for_both(place: Place) -> None:
    texts = []
    for source, host in (("npm", "registry.example:443"), ("native", "channel.example:443")):
        place.company.proxy.heads.clear()
        done = place.use(source).ok()
        assert "came from" in done.err
        assert place.asked() == {host}
        texts.append(place.box.lock.read_bytes())
        place.box.lock.unlink()
        empty_store(place.box)
    assert texts[0] == texts[1]
    assert b"example" not in texts[0]


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("proxy", ["in ~/.npmrc", "in the environment"])
def test_variables(place: Place, name: str, proxy: str) -> None:
    place.company.npmrc()
    env = {name: str(place.company.authority)}
    if proxy == "in the environment":
        (place.box.home / ".npmrc").unlink()
        env["HTTPS_PROXY"] = place.company.proxy.url
    place.use(**env).ok()
    assert place.asked() == {"channel.example:443"}


def test_without_the_authority(place: Place) -> None:
    place.company.npmrc()
    before = place.box.snapshot()
    done = place.use().failed(1)
    assert "the certificate of https://channel.example/" in done.err
    assert "is not one that this system trusts" in done.err
    for name in (*VARIABLES, "cafile"):
        assert name in done.err
    answer = ccpin(place.box, "use", VERSION, "--json").failed(1).json  # as `auto`
    assert [error["code"] for error in answer["errors"]] == ["certificate-refused"] * 2
    assert place.box.snapshot() == before
    assert place.channel.requests == place.company.registry.requests == []


def test_an_authority_of_somebody_else(place: Place, stranger: trustme.CA) -> None:  # noqa: F811
    place.company.authority.write_bytes(stranger.cert_pem.bytes())
    done = place.use().failed(1)
    assert f"`cafile` in {place.box.home}/.npmrc:3" in done.err
    assert place.channel.requests == []


def test_one_of_both_cannot_be_reached(place: Place) -> None:
    """The company lets npm through, and nothing else."""
    place.company.proxy.ways = {"registry.example:443": place.company.proxy.ways["registry.example:443"]}
    done = place.use("native,npm").ok()
    assert "from npm (https://registry.example/npm/team/); the native channel: https://channel.example/" in done.err
    assert f"through the proxy {place.company.proxy.url}" in done.err


def test_no_check_is_said(place: Place) -> None:
    place.company.npmrc("strict-ssl=false")
    done = place.use().ok()
    where = f"{place.box.home}/.npmrc:3"
    assert f"note: the certificate of channel.example is not checked: `strict-ssl` is false in {where}\n" in done.err


def test_credentials_stay_with_the_registry(place: Place, ca: trustme.CA) -> None:  # noqa: F811
    """Neither a token nor a certificate of ours is for the channel, whatever the scope they are written with."""
    own = ca.issue_cert("somebody@company.example")
    pem = [part.bytes().decode().strip() for part in (own.cert_chain_pems[0], own.private_key_pem)]
    one_line = [text.replace("\n", "\\n") for text in pem]
    place.company.npmrc(
        place.company.cafile,
        f"//registry.example/npm/team/:_authToken={TOKEN}",
        f'cert="{one_line[0]}"',
        f'key="{one_line[1]}"',
    )
    place.company.registry.fault("*", faults.requires_token(TOKEN))
    npmrc = place.box.home / ".npmrc"
    text, ways = npmrc.read_text(), dict(place.company.proxy.ways)
    with (
        Front(place.company.registry.port, ca, "registry.example", clients=ca) as registry,
        Front(place.channel.port, ca, "channel.example", clients=ca) as curious,
        Proxy({**ways, "registry.example:443": registry.port, "channel.example:443": curious.port}) as proxy,
    ):
        npmrc.write_text(text.replace(place.company.proxy.url, proxy.url))
        done = place.use("native,npm").ok()
        assert "the native channel: " in done.err
        assert "answered 400" in done.err
        assert curious.shown == []
        assert registry.shown
        assert TOKEN not in "".join(proxy.heads)
    npmrc.write_text(text)
    place.use().ok()
    assert place.channel.requests
    assert all("authorization" not in seen.headers for seen in place.channel.requests)
