"""What is believed, and what is shown: contexts of TLS, made from PEM text."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ccpin.network import Identity, Trust, certificates, context, environment_trust

NOTHING = "/no/bundle"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def pem(ca: trustme.CA) -> str:
    return ca.cert_pem.bytes().decode()


def believed(trust: Trust, ca: trustme.CA, bundle: str = NOTHING) -> bool:
    """Whether a server with a certificate of `ca` is."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("h.example").configure_cert(server)
    ours, theirs = socket.socketpair()

    def greet() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=greet, daemon=True)
    thread.start()
    try:
        context(trust, bundle).wrap_socket(ours, server_hostname="h.example").close()
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        thread.join(5)
    return True


def test_certificates_among_other_things(pem: str) -> None:
    body = pem.strip()
    assert certificates(f"\ufeffname: é\n{body}\n-----BEGIN X509 CRL-----\nA\n-----END X509 CRL-----\n{body}") == (
        f"{body}\n{body}"
    )
    assert certificates(pem.replace("\n", "\r\n"))


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----", "\x00é"])
def test_none(text: str) -> None:
    assert certificates(text) is None


def test_only_these(pem: str, ca: trustme.CA) -> None:
    other = trustme.CA()
    assert believed(Trust(only=pem), ca)
    assert not believed(Trust(only=pem, files=(("SSL_CERT_FILE", NOTHING),)), other)
    assert not believed(Trust(), ca)


def test_files_and_the_bundle(pem: str, ca: trustme.CA, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(pem)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert believed(environment_trust({name: str(file)}), ca)
        assert not believed(environment_trust({name: ""}), ca)
    assert believed(Trust(), ca, bundle=str(file))
    assert believed(environment_trust({"NODE_EXTRA_CA_CERTS": NOTHING}), ca, bundle=str(file))
    first = {"REQUESTS_CA_BUNDLE": NOTHING}
    assert not believed(environment_trust(first), ca, bundle=str(file))
    assert not believed(environment_trust({**first, "CURL_CA_BUNDLE": str(file)}), ca)


def test_unchecked(ca: trustme.CA) -> None:
    assert believed(Trust(checked=False), ca)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    trust = environment_trust({"SSL_CERT_FILE": str(tmp_path), "NODE_EXTRA_CA_CERTS": NOTHING})
    assert trust.unreadable() == f"; NODE_EXTRA_CA_CERTS names {NOTHING}, which cannot be read"


class TestIdentity:
    @pytest.fixture
    def pair(self, ca: trustme.CA) -> tuple[str, str]:
        issued = ca.issue_cert("me@company.example")
        chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes().decode()

    def test_the_key_is_nowhere(self, pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        context(Trust(), NOTHING, Identity(*pair))
        with pytest.raises(ValueError, match=r"\w"):
            context(Trust(), NOTHING, Identity(pair[0], "x"))
        assert list(tmp_path.iterdir()) == []
        assert "PRIVATE" not in repr(Identity(*pair))

    def test_a_key_with_a_password_asks_nobody(self, pair: tuple[str, str]) -> None:
        key = load_pem_private_key(pair[1].encode(), None)
        locked = key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"word")
        ).decode()
        with pytest.raises(ValueError, match=r"\w"):
            context(Trust(), NOTHING, Identity(pair[0], locked))


def test_what_is_no_ascii_holds_no_certificate() -> None:
    """A `ca` of an .npmrc; the TLS library takes nothing else."""
    assert certificates("-----BEGIN CERTIFICATE-----\né\n-----END CERTIFICATE-----\n") is None
