"""A company's registry: behind TLS under an authority of its own, behind a proxy, with a token. All of it on loopback.

ccpin -- CONNECT registry.example:443 --> proxy --> TLS (private authority) --> the registry of the tests
"""

from __future__ import annotations

import base64
import dataclasses
import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from ccpin.errors import (
    BadCertificate,
    BadProxy,
    CertificateRefused,
    ProxyDenied,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
)
from ccpin.releases.registry import CLAUDE, Registry
from tests.fakes import faults
from tests.fakes import registry as fake
from tests.fakes.box import Box, Completed
from tests.fakes.company import Front, Proxy
from tests.fakes.upstream import Upstream

BASE = "https://registry.example/npm/team/"
ELSEWHERE = "https://files.example/"
TOKEN = "s3cret-token-of-the-company"
VARIABLES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger() -> trustme.CA:
    return trustme.CA(organization_name="somebody else")


@dataclasses.dataclass
class Company:
    registry: fake.Registry
    elsewhere: fake.Registry
    front: Front
    files: Front
    proxy: Proxy
    home: Path
    authority: Path
    env: dict[str, str]

    def npmrc(self, *lines: str) -> None:
        """The user's configuration: the registry, the way to it, and these lines."""
        way = (f"registry={BASE}", f"https-proxy={self.proxy.url}")
        (self.home / ".npmrc").write_text("\n".join((*way, *lines)) + "\n")

    def ask(self, **variables: str) -> Registry:
        """Downloads a tarball, whole."""
        found = Registry.configured({**self.env, **variables})
        tarball = found.tarball(CLAUDE, found.version(CLAUDE, "2.0.14"))
        with found.http.stream(tarball.address) as body:
            assert sum(map(len, body.chunks)) == body.length
        return found

    @property
    def cafile(self) -> str:
        return f"cafile={self.authority}"

    def heard(self) -> str:
        """All that was said to the proxy and to the other host."""
        return "".join(self.proxy.heads) + "".join(str(dict(seen.headers)) for seen in self.elsewhere.requests)


@pytest.fixture
def company(upstream: Upstream, ca: trustme.CA, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    authority = tmp_path / "authority.pem"
    authority.write_bytes("Unsere Zertifikate, für alle\r\n".encode("latin-1") + ca.cert_pem.bytes())
    with (
        fake.Registry(upstream, base="/npm/team/", tarball_base=BASE) as registry,
        fake.Registry(upstream) as elsewhere,
        Front(registry.port, ca, "registry.example") as front,
        Front(elsewhere.port, ca, "files.example") as files,
        Proxy({"registry.example:443": front.port, "files.example:443": files.port}) as proxy,
    ):
        env = {"HOME": str(home), "PATH": ""}
        made = Company(registry, elsewhere, front, files, proxy, home, authority, env)
        made.npmrc()
        yield made


class TestAuthority:
    def test_cafile(self, company: Company) -> None:
        company.npmrc(company.cafile)
        found = company.ask()
        assert found.notes == ()
        assert {head.split(" HTTP/")[0] for head in company.proxy.heads} == {"CONNECT registry.example:443"}
        assert len(company.registry.asked("*.tgz")) == 1

    @pytest.mark.parametrize("said", ["~/authority.pem", "authority.pem", "${PLACE}/authority.pem"])
    def test_cafile_from_the_home_folder(self, company: Company, said: str) -> None:
        company.authority.rename(company.home / "authority.pem")
        company.npmrc(f"cafile={said}")
        company.ask(PLACE=str(company.home))

    def test_ca(self, company: Company, ca: trustme.CA, stranger: trustme.CA) -> None:
        own, other = (each.cert_pem.bytes().decode().strip().replace("\n", "\\n") for each in (ca, stranger))
        for lines in ([f'ca="{own}"'], [f'ca[]="{other}"', f'ca[]="{own}"'], [f"ca={own}"]):
            company.npmrc(*lines)
            company.ask()
        company.npmrc()
        company.ask(npm_config_ca=ca.cert_pem.bytes().decode())

    @pytest.mark.parametrize("name", [*VARIABLES, "CURL_CA_BUNDLE", "npm_config_cafile"])
    def test_variables(self, company: Company, name: str) -> None:
        company.ask(**{name: str(company.authority)})

    def test_none(self, company: Company) -> None:
        with pytest.raises(CertificateRefused) as raised:
            company.ask()
        assert "not one that this system trusts" in raised.value.message
        for name in VARIABLES:
            assert name in raised.value.hint
        assert "`npm config set cafile=FILE`" in raised.value.hint
        assert company.registry.requests == []

    def test_a_variable_whose_file_is_not_there_is_named(self, company: Company) -> None:
        with pytest.raises(CertificateRefused, match="NODE_EXTRA_CA_CERTS names /no/file, which cannot be read"):
            company.ask(NODE_EXTRA_CA_CERTS="/no/file")

    def test_cafile_stands_alone_as_with_npm(self, company: Company, stranger: trustme.CA) -> None:
        other = company.home / "other.pem"
        other.write_bytes(stranger.cert_pem.bytes())
        company.npmrc(f"cafile={other}")
        with pytest.raises(CertificateRefused) as raised:
            company.ask(SSL_CERT_FILE=str(company.authority))
        assert f"`cafile` in {company.home}/.npmrc:3" in raised.value.message
        assert "SSL_CERT_FILE" not in raised.value.hint

    def test_the_stronger_place_wins(self, company: Company, ca: trustme.CA, stranger: trustme.CA) -> None:
        other = company.home / "other.pem"
        other.write_bytes(stranger.cert_pem.bytes())
        company.npmrc('ca="' + ca.cert_pem.bytes().decode().strip().replace("\n", "\\n") + '"')
        global_file = company.home / "global"
        global_file.write_text(f"cafile={other}\n")
        company.ask(npm_config_globalconfig=str(global_file))
        with pytest.raises(CertificateRefused):
            company.ask(npm_config_cafile=str(other))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "no such file or directory"),
            (b"", "it holds no certificate in PEM form"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "it holds no certificate in PEM form"),
        ],
    )
    def test_a_cafile_that_cannot_be_used(self, company: Company, content: bytes | None, reason: str) -> None:
        path = company.home / "x.pem"
        if content is not None:
            path.write_bytes(content)
        company.npmrc(f"cafile={path}")
        with pytest.raises(BadCertificate) as raised:
            company.ask()
        assert str(raised.value).startswith(f"{company.home}/.npmrc:3: `cafile` cannot be used: ")
        assert reason in raised.value.message
        assert "`npm config delete cafile --location=user`" in raised.value.hint
        with pytest.raises(BadCertificate) as raised:
            company.ask(npm_config_cafile=str(path))
        assert raised.value.where == "npm_config_cafile"
        assert "`unset npm_config_cafile`" in raised.value.hint


class TestUnchecked:
    @pytest.mark.parametrize("value", ["false", "0", "null"])
    def test_is_allowed_and_said(self, company: Company, value: str, recwarn: pytest.WarningsRecorder) -> None:
        company.npmrc(f"strict-ssl={value}")
        assert company.ask().notes == (
            "note: the certificate of registry.example is not checked: "
            f"`strict-ssl` is false in {company.home}/.npmrc:3",
        )
        assert not recwarn.list

    @pytest.mark.parametrize("value", ["true", "1", "", "no", "False"])
    def test_nothing_else_is_false(self, company: Company, value: str) -> None:
        company.npmrc(f"strict-ssl={value}")
        with pytest.raises(CertificateRefused):
            company.ask()

    def test_a_name_that_is_not_the_server_s_is_refused(self, company: Company) -> None:
        company.npmrc(company.cafile)
        company.proxy.ways = {"registry.example:443": company.files.port}
        with pytest.raises(CertificateRefused, match=r"registry\.example"):
            company.ask()


class TestProxy:
    def test_of_the_environment(self, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        (company.home / ".npmrc").write_text(f"registry={BASE}\n{company.cafile}\n")
        monkeypatch.setenv("HTTPS_PROXY", company.proxy.url)
        company.ask()
        assert company.proxy.heads

    @pytest.mark.parametrize(("line", "variable"), [("noproxy=other.example, .example", ""), ("", "registry.example")])
    def test_not_for_these_hosts(self, company: Company, line: str, variable: str) -> None:
        company.npmrc(company.cafile, line)
        with pytest.raises(RegistryUnreachable) as raised:  # directly there is no such host
            company.ask(NO_PROXY=variable)
        assert "through" not in raised.value.message
        assert company.proxy.heads == []

    def test_noproxy_counts_for_the_environment_s_proxy(
        self, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (company.home / ".npmrc").write_text(f"registry={BASE}\nnoproxy=example\n")
        monkeypatch.setenv("HTTPS_PROXY", company.proxy.url)
        with pytest.raises(RegistryUnreachable):
            company.ask()
        assert company.proxy.heads == []

    def test_with_a_password(self, company: Company) -> None:
        company.proxy.authorization = "Basic " + base64.b64encode(b"me:s3cret").decode()
        company.npmrc(
            company.cafile, f"proxy={company.proxy.url.replace('//', '//me:${PASSWORD}@')}", "https-proxy=null"
        )
        company.ask(PASSWORD="s3cret")
        with pytest.raises(ProxyDenied) as raised:
            company.ask(PASSWORD="wr0ng")
        said = f"{raised.value} {raised.value.hint}"
        assert f"{company.proxy.url} (`proxy` in {company.home}/.npmrc:4) answered 407" in said
        assert f"https-proxy=http://${{PROXY_USER}}:${{PROXY_PASSWORD}}@127.0.0.1:{company.proxy.port}/" in said
        assert "wr0ng" not in said
        assert all("proxy-authorization" not in seen.headers for seen in company.registry.requests)

    def test_that_refuses_the_host(self, company: Company) -> None:
        company.npmrc(company.cafile)
        company.proxy.ways = {}
        with pytest.raises(RegistryUnreachable, match="403 Forbidden; asked through the proxy"):
            company.ask()

    @pytest.mark.parametrize(
        "value", ["http://", "socks5://127.0.0.1:1", "http://h:port", "http://[", "http://h:99999"]
    )
    def test_that_cannot_be(self, company: Company, value: str) -> None:
        company.npmrc(company.cafile)
        with pytest.raises(BadProxy, match="npm_config_https_proxy"):
            company.ask(npm_config_https_proxy=value)

    def test_its_password_does_not_follow_a_redirect(self, company: Company) -> None:
        """From a host behind the proxy to one that is asked directly, in the clear."""
        company.npmrc(company.cafile, "noproxy=127.0.0.1")
        company.registry.fault("*.tgz", faults.redirect(company.elsewhere.url))
        proxy = company.proxy.url.replace("//", "//me:s3cret@")
        company.ask(npm_config_https_proxy=proxy)
        assert len(company.elsewhere.requests) == 1
        assert "proxy-authorization" not in company.elsewhere.requests[0].headers


class TestOurCertificate:
    @pytest.fixture
    def demanding(self, company: Company, ca: trustme.CA) -> Iterator[Front]:
        with Front(company.registry.port, ca, "registry.example", clients=ca) as front:
            company.proxy.ways = {**company.proxy.ways, "registry.example:443": front.port}
            yield front

    @pytest.fixture
    def pair(self, company: Company, ca: trustme.CA) -> tuple[Path, Path]:
        issued = ca.issue_cert("me@company.example")
        certificate, key = company.home / "me.crt", company.home / "me.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return certificate, key

    def test_none_is_shown(self, company: Company, demanding: Front) -> None:
        company.npmrc(company.cafile)
        with pytest.raises(RegistryFailed, match="No certificate"):
            company.ask()

    def test_of_the_registry(self, company: Company, demanding: Front, pair: tuple[Path, Path]) -> None:
        company.npmrc(company.cafile, f"//registry.example/:certfile={pair[0]}", "//registry.example/:keyfile=~/me.key")
        company.ask()
        assert set(demanding.shown) == {"me@company.example"}

    def test_as_text(self, company: Company, demanding: Front, pair: tuple[Path, Path]) -> None:
        texts = [path.read_text().strip().replace("\n", "\\n") for path in pair]
        company.npmrc(company.cafile, f'cert="{texts[0]}"', f'key="{texts[1]}"')
        company.ask()
        assert set(demanding.shown) == {"me@company.example"}

    @pytest.mark.parametrize("as_text", [False, True])
    def test_to_no_other_server(
        self, company: Company, ca: trustme.CA, demanding: Front, pair: tuple[Path, Path], as_text: bool
    ) -> None:
        texts = [path.read_text().strip().replace("\n", "\\n") for path in pair]
        company.npmrc(
            company.cafile,
            f'cert="{texts[0]}"' if as_text else f"//registry.example/:certfile={pair[0]}",
            f'key="{texts[1]}"' if as_text else f"//registry.example/:keyfile={pair[1]}",
        )
        company.registry.fault("*.tgz", faults.redirect(ELSEWHERE))
        with Front(company.elsewhere.port, ca, "files.example", clients=ca) as curious:
            company.proxy.ways = {**company.proxy.ways, "files.example:443": curious.port}
            with pytest.raises(RegistryFailed, match="No certificate"):
                company.ask()
            assert curious.shown == []
        assert demanding.shown

    def test_that_cannot_be_used(self, company: Company, pair: tuple[Path, Path], stranger: trustme.CA) -> None:
        certificate, key = pair
        for content in (b"", b"no key", stranger.issue_cert("x@y.example").private_key_pem.bytes()):
            key.write_bytes(content)
            company.npmrc(
                company.cafile, f"//registry.example/:certfile={certificate}", f"//registry.example/:keyfile={key}"
            )
            with pytest.raises(BadCertificate) as raised:
                company.ask()
            assert raised.value.where == f"{company.home}/.npmrc:4"
        key.unlink()
        with pytest.raises(BadCertificate, match=r"keyfile` cannot be used: .*no such file") as raised:
            company.ask()
        assert raised.value.where == f"{company.home}/.npmrc:5"


class TestTarballs:
    def test_on_another_host_are_asked_there_without_the_token(self, company: Company) -> None:
        company.registry.tarball_base = ELSEWHERE
        company.registry.fault("*", faults.requires_token(TOKEN))
        company.npmrc(company.cafile, f"//registry.example/npm/team/:_authToken={TOKEN}")
        company.ask()
        assert len(company.elsewhere.asked("*.tgz")) == 1
        assert TOKEN not in company.heard()

    def test_or_at_the_registry_when_the_configuration_says_so(self, company: Company) -> None:
        company.registry.tarball_base = ELSEWHERE
        company.registry.fault("*", faults.requires_token(TOKEN))
        for rule in ("always", "files.example", ELSEWHERE):
            company.npmrc(
                company.cafile, f"//registry.example/npm/team/:_authToken={TOKEN}", f"replace-registry-host={rule}"
            )
            company.ask()
        assert company.elsewhere.requests == []
        assert len(company.registry.asked("*.tgz")) == 3


class TestWhole:
    """Through the command line."""

    @pytest.fixture
    def machine(self, box: Box, company: Company) -> Box:
        del box.env["CCPIN_NPM_REGISTRY"]
        company.home = box.home
        company.npmrc(company.cafile)
        return box

    def test_a_release_through_all_of_it(self, machine: Box, company: Company) -> None:
        machine.ccpin("use", "2.0.14").ok()
        assert "registry.example" not in machine.lock.read_text()
        assert len(machine.entries()) == 1
        assert {head.split(" HTTP/")[0] for head in company.proxy.heads} == {"CONNECT registry.example:443"}

    def test_without_the_authority_the_variables_are_named(self, machine: Box, company: Company) -> None:
        company.npmrc()
        failed = machine.ccpin("use", "2.0.14").failed(1)
        for name in (*VARIABLES, "cafile"):
            assert name in failed.err
        assert not machine.lock.exists()
        for name in VARIABLES:
            machine.ccpin("use", "2.0.14", env={name: str(company.authority)}).ok()

    def test_a_cafile_that_only_root_reads(self, machine: Box, company: Company) -> None:
        path = machine.home / "root.pem"
        path.write_bytes(company.authority.read_bytes())
        company.npmrc(f"cafile={path}")
        path.chmod(0)
        failed = machine.unprivileged("use", "2.0.14").failed(1)
        assert f"{machine.home}/.npmrc:3: `cafile` cannot be used: {path}: permission denied" in failed.err
        assert "npm config delete cafile --location=user" in failed.err
        path.chmod(0o400)
        machine.unprivileged("use", "2.0.14").ok()

    def test_a_token_is_nowhere(self, machine: Box, company: Company) -> None:
        """Not in what is said or written, whatever fails, and in no request but the registry's."""
        company.npmrc(company.cafile, "//registry.example/npm/team/:_authToken=${COMPANY_TOKEN}")
        company.registry.fault("*", faults.requires_token(TOKEN))
        company.registry.tarball_base = ELSEWHERE
        said: list[Completed] = []

        def ccpin(*args: str, env: Mapping[str, str | None] | None = None) -> Completed:
            said.append(machine.ccpin(*args, env={"COMPANY_TOKEN": TOKEN, **(env or {})}))
            return said[-1]

        ccpin("use", "2.0.14").ok()
        ccpin("list", "--remote", "--json").ok()
        ccpin("config", "--json")
        ccpin("doctor", "--json")
        missing = ccpin("use", "2.1.330", env={"COMPANY_TOKEN": None}).failed(1)
        assert "`${COMPANY_TOKEN}` stands for nothing: it is not set" in missing.err
        ccpin("use", "9.9.9").failed(1)
        for fault in (
            faults.status(403), faults.status(500), faults.html(), faults.redirect("http://[bad"),
            faults.redirect(ELSEWHERE), faults.cut(10),
        ):  # fmt: skip
            company.registry.fault("*", fault)
            ccpin("use", "2.1.330", "--json").failed(1)
            company.registry.mend()
        company.elsewhere.fault("*.tgz", faults.status(401))
        company.registry.fault("*", faults.requires_token(TOKEN))
        denied = ccpin("install", "2.1.330").failed(1)
        assert "//files.example/:_authToken=${NPM_TOKEN}" in denied.err
        assert all(seen.headers.get("authorization") == f"Bearer {TOKEN}" for seen in company.registry.requests[:4])
        assert company.elsewhere.requests
        assert TOKEN not in company.heard()
        assert all(TOKEN not in done.out + done.err for done in said)
        assert holding(machine.root, TOKEN) == []

    def test_no_token_and_a_wrong_one(self, machine: Box, company: Company) -> None:
        company.registry.fault("*", faults.requires_token(TOKEN))
        failed = machine.ccpin("use", "2.0.14", "--json").failed(1)
        error = json.loads(failed.out)["errors"][0]
        assert error["code"] == RegistryDenied.code
        assert "answered 401: it wants credentials" in error["message"]
        assert "`//registry.example/npm/team/:_authToken=${NPM_TOKEN}`" in error["hint"]
        company.npmrc(company.cafile, "//registry.example/:_authToken=wr0ng")
        failed = machine.ccpin("use", "2.0.14").failed(1)
        assert f"it does not accept `//registry.example/:_authToken` of {machine.home}/.npmrc:4" in failed.err
        assert "wr0ng" not in failed.err
        assert holding(machine.root, "wr0ng") == [str(machine.home / ".npmrc")]


def holding(folder: Path, text: str) -> list[str]:
    """The files that hold it, packed ones unread: nothing of a user's is packed by ccpin."""
    files = (path for path in folder.rglob("*") if stat.S_ISREG(path.lstat().st_mode))
    return [str(path) for path in files if text.encode() in path.read_bytes()]
