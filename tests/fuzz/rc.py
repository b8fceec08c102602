"""`.npmrc`: the user's own, which chooses registry and credentials, and a project's, which must choose nothing."""

from __future__ import annotations

import random
from pathlib import Path

from ccpin.errors import CcpinError
from ccpin.releases.access import Access
from ccpin.releases.npmrc import NpmConfig, places, read_config, registry_address
from ccpin.releases.project import passed_over
from ccpin.releases.transport import network, strict_note
from tests.fuzz.mutate import Mutator
from tests.fuzz.target import Target, refused

_ADDRESSES = (
    "https://h.example/x/y.tgz", "https://h.example/", "http://h.example:8080/npm/team/", "https://other.example/",
    "https://h.example/x/../y", "https://h.example.other.example/x", "https://user@h.example/x",
)  # fmt: skip
_PIECES = (
    "registry", "=", "@anthropic-ai:registry", "//h.example/", "//h.example/x/", "//h.example:8080/npm/", ":_authToken",
    ":_auth", ":username", ":_password", ":certfile", ":keyfile", "${HOME}", "${SECRET}", "${X?}", "${", "}", "\\", '"',
    "'", ";", "#", "\n", "\r\n", "\r", "[s]", "[]", "userconfig", "globalconfig", "prefix", "~/", "./x", "/dev/null",
    "http://h.example", "https://h.example/x/", "ftp://h/", "\0", "\u2028", "\ufeff", " ", "\t", "true", "null", "ca",
    "cafile", "cert", "key", "proxy", "https-proxy", "noproxy", "strict-ssl", "false", "npm_", "\ud800", "é", "\x1b[2J",
    "dG9rZW4=", "%zz", "@", ":", "//", "[::1]", "https://[", "https://[::1]:99999/", "replace-registry-host",
)  # fmt: skip
_GOOD = (
    "registry=https://h.example/x/\n//h.example/x/:_authToken=${SECRET}\n",
    "@anthropic-ai:registry = http://h.example:8080/npm/team/\n//h.example:8080/npm/:_auth=dXNlcjpwYXNz\n",
    "; a comment\nregistry = 'https://h.example/'\n//h.example/:username=me\n//h.example/:_password=dG9w\n[s]\nx=1\n",
    "strict-ssl=false\nproxy=http://user:word@proxy.example:1/\nnoproxy=h.example, .other\nregistry=https://h.example\n",
    'ca[]="-----BEGIN CERTIFICATE-----\\nx\\n-----END CERTIFICATE-----"\nca[]=y\nregistry=https://h.example/\n',
    "registry=https://h.example/\n//h.example/:certfile=./c.pem\n//h.example/:keyfile=./k.pem\n",
)


def _corpus() -> list[bytes]:
    source = random.Random(9)
    made = ["".join(source.choices(_PIECES, k=source.randrange(2, 20))) for _ in range(100)]
    return [text.encode("utf-8", "surrogatepass") for text in (*_GOOD, *made)]


def check(folder: Path, data: bytes) -> str:
    """Whatever the file says: a registry or a refusal, and credentials for the server that they are written for."""
    path = folder / ".npmrc"
    path.write_bytes(data)
    env = {"HOME": str(folder), "PATH": "", "SECRET": "s3cret"}
    try:
        config = read_config(env)
        for address in _ADDRESSES:
            _require_own(config, address)
        nobody = NpmConfig({}, (str(folder / "none"),))
        note = passed_over(str(folder), nobody, env, "https://mine.example/")
        assert note is None or ("s3cret" not in note and len(note) < 1500), note
        return f"{'a note, ' if note else ''}{_configured(config, env)}"
    finally:
        path.unlink()


def _configured(config: NpmConfig, env: dict[str, str]) -> str:
    try:
        address, _ = registry_address(config, env)
        strict_note(config, address)
        reached = network(config, address, env)
        reached.proxy and reached.proxy(address)
        reached.identity(address)
        access = Access(config, address)
        access.refusal(address, sent=True)
        sent = access.authorization("https://stranger.example/x.tgz")
        assert sent is None or any(key.startswith("//stranger.example") for key in config.values)
        return f"{address.partition(':')[0]}, {'opened' if access.authorization(address) else 'open'}"
    except CcpinError as error:
        return refused(error, "no-registry", "bad-registry-address", "bad-credentials", "bad-certificate", "bad-proxy")


def _require_own(config: NpmConfig, address: str) -> None:
    """Credentials come from a key that begins with the address's own server."""
    try:
        header = config.authorization(address)
    except CcpinError as error:
        refused(error, "bad-credentials")
        return
    if header is not None:
        assert header.isascii(), header
        assert header.isprintable(), header
        assert any(key.startswith(f"{place}:") for key in config.values for place in places(address))


NPMRC = Target("npmrc", _corpus, Mutator([piece.encode("utf-8", "surrogatepass") for piece in _PIECES]), check)
