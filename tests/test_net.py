"""HTTP as an attacker and as a bad day see it: no credential leaks, no endless body, no raw error of a library."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ccpin.errors import (
    BadRegistryAddress,
    CcpinError,
    CertificateRefused,
    NotARegistry,
    NotFound,
    Offline,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
    Truncated,
)
from ccpin.metadata import Metadata
from ccpin.net import CHUNK, Body, Http, Refusal, same_server, shown
from tests.fakes import faults
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

WRAPPER = "@anthropic-ai/claude-code"
TARBALL = f"{WRAPPER}/-/claude-code-2.0.14.tgz"
SECRET = "s3cret-token"


def always(address: str) -> str:
    return f"Bearer {SECRET}"


class Keys:
    """Access that a function gives."""

    def __init__(self, authorize: Callable[[str], str | None]) -> None:
        self._authorize = authorize

    def authorization(self, target: str) -> str | None:
        return self._authorize(target)

    def refusal(self, target: str, *, sent: bool) -> Refusal:
        return Refusal(
            "the keys do not fit" if sent else "there are no keys", f"//{urlsplit(target).hostname}/:_authToken="
        )


def sent(registry: Registry) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in registry.requests]


class TestCredentials:
    def test_go_where_they_are_written_for(self, registry: Registry) -> None:
        asked: list[str] = []

        def authorize(address: str) -> str:
            asked.append(address)
            return always(address)

        Http(Keys(authorize)).document(registry.url + WRAPPER)
        assert asked == [registry.url + WRAPPER]
        assert sent(registry) == [f"Bearer {SECRET}"]

    def test_never_to_another_host_nor_back_again(self, registry: Registry, upstream: Upstream) -> None:
        with Registry(upstream, host="localhost") as other:
            registry.fault(f"/{WRAPPER}", faults.redirect(other.url + "hop"), times=1)
            other.fault("/hop", faults.redirect(registry.url + WRAPPER))
            Http(Keys(always)).document(registry.url + WRAPPER)
            assert sent(other) == [None]
            assert sent(registry) == [f"Bearer {SECRET}", None]

    def test_nor_to_another_port(self, registry: Registry, upstream: Upstream) -> None:
        with Registry(upstream) as other:
            registry.fault("*", faults.redirect(other.url))
            Http(Keys(always)).document(registry.url + WRAPPER)
            assert sent(other) == [None]

    def test_on_the_same_server_those_of_the_new_path(self, registry: Registry) -> None:
        registry.fault("/start", faults.redirect(registry.url + WRAPPER))
        Http(Keys(lambda a: "Bearer start" if a.endswith("/start") else None)).document(registry.url + "start")
        assert sent(registry) == ["Bearer start", None]
        registry.forget()
        Http(Keys(lambda a: "Bearer " + a.rpartition("/")[2])).document(registry.url + "start")
        assert sent(registry) == ["Bearer start", "Bearer claude-code"]

    @pytest.mark.parametrize("redirected", [False, True])
    def test_netrc_is_not_used(
        self, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redirected: bool
    ) -> None:
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        if redirected:
            registry.fault("/start", faults.redirect(registry.url + WRAPPER))
        Http().document(registry.url + ("start" if redirected else WRAPPER))
        assert set(sent(registry)) == {None}

    def test_two_readers_of_an_address_see_the_same_host(self, registry: Registry) -> None:
        r"""`urlsplit` takes the host of `http://a\@b/` for b, requests asks a: the header is looked up for a."""
        asked: list[str] = []

        def authorize(address: str) -> str | None:
            asked.append(address)
            return always(address) if "registry.example" in address.split("/")[2] else None

        hostile = registry.url.rstrip("/") + "\\@registry.example/x"
        with pytest.raises(NotFound):
            Http(Keys(authorize)).document(hostile)
        assert sent(registry) == [None]
        assert all("registry.example" not in address.split("/")[2] for address in asked)

    def test_in_the_address_itself(self, registry: Registry) -> None:
        Http().document(registry.url.replace("//", "//me:s3cret@") + WRAPPER)
        assert sent(registry) == ["Basic bWU6czNjcmV0"]

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (faults.status(401), RegistryDenied),
            (faults.status(404), NotFound),
            (faults.status(410), RegistryFailed),
            (faults.html(), NotARegistry),
            (faults.redirect("http://[bad"), BadRegistryAddress),
            (faults.redirect("ftp://127.0.0.1/x"), BadRegistryAddress),
        ],
    )
    def test_are_in_no_message(self, registry: Registry, fault: faults.Fault, kind: type[CcpinError]) -> None:
        registry.fault("*", fault)
        with pytest.raises(kind) as raised:
            Http(Keys(always)).document(registry.url.replace("//", "//me:s3cret@") + WRAPPER + "?token=s3cret")
        assert "s3cret" not in f"{raised.value} {raised.value.hint}"
        assert "127.0.0.1" in str(raised.value)

    def test_what_is_wanted_is_told_with_the_line_to_write(self, registry: Registry) -> None:
        registry.fault("*", faults.status(403))
        with pytest.raises(RegistryDenied) as raised:
            Http().document(registry.url + WRAPPER)
        assert f"//127.0.0.1:{registry.port}/:_authToken=${{NPM_TOKEN}}" in raised.value.hint
        assert "it wants credentials" in raised.value.message
        with pytest.raises(RegistryDenied, match="answered 403: the keys do not fit"):
            Http(Keys(always)).document(registry.url + WRAPPER)

    def test_of_a_server_elsewhere_that_one_is_named(self, registry: Registry, upstream: Upstream) -> None:
        with Registry(upstream) as other:
            registry.fault("*", faults.redirect(other.url))
            other.fault("*", faults.status(403))
            with pytest.raises(RegistryDenied, match="no keys") as raised:
                Http(Keys(always)).document(registry.url + WRAPPER)
            assert raised.value.message.startswith(other.url)


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        ["", "x", "file:///etc/passwd", "ftp://127.0.0.1/", "http://[/", "http://", "http://[::1/x", "HTTP//x",
         "http://me:s3cret@/x", "http://*/", "http://me:s3cret@[x/"],
    )  # fmt: skip
    def test_that_cannot_be_asked(self, address: str) -> None:
        with pytest.raises(BadRegistryAddress) as raised:
            Http(Keys(always)).document(address)
        assert "s3cret" not in str(raised.value)

    @pytest.mark.parametrize(
        ("address", "text"),
        [
            ("https://me:pass@registry.example:8443/a/b?token=x#y", "https://registry.example:8443/a/b"),
            ("https://registry.example", "https://registry.example"),
            ("http://[", "an address that cannot be read"),
            ("http://h:port/", "an address that cannot be read"),
        ],
    )
    def test_as_messages_show_them(self, address: str, text: str) -> None:
        assert shown(address) == text

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("https://h.example/a", "https://H.example:443/b", True),
            ("http://h.example/", "http://h.example:80", True),
            ("https://h.example/", "http://h.example/", False),
            ("https://h.example/", "https://h.example:8443/", False),
            ("https://h.example/", "https://h.example@other.example/", False),
            ("https://[/", "https://[/", False),
        ],
    )
    def test_of_one_server(self, one: str, other: str, same: bool) -> None:
        assert same_server(one, other) is same

    def test_nobody_answers(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(RegistryUnreachable, match="refused") as raised:
            Http().document(address)
        assert address in str(raised.value)
        assert "urllib3" not in str(raised.value)

    def test_a_circle(self, registry: Registry) -> None:
        registry.fault("*", faults.redirect(registry.url))
        with pytest.raises(NotARegistry, match="circle"):
            Http().document(registry.url + WRAPPER)
        assert len(registry.requests) == 6

    def test_something_else_than_http(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=_greet, args=(server,), daemon=True).start()
            with pytest.raises(RegistryUnreachable):
                Http().document(f"http://127.0.0.1:{server.getsockname()[1]}/")


def _greet(server: socket.socket) -> None:
    for _ in range(9):
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.recv(4096)


def test_an_address_that_goes_on_for_pages_is_cut() -> None:
    assert len(shown("http://127.0.0.1/" + "x" * 100_000)) == 1000


class TestDocuments:
    def test_one(self, registry: Registry) -> None:
        assert Http().document(registry.url + WRAPPER)["name"] == WRAPPER
        assert "vnd.npm.install-v1+json" in registry.requests[0].headers["accept"]
        assert registry.requests[0].headers["user-agent"].startswith("ccpin/")

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            (faults.html(), "text/html"),
            (faults.not_json(), "application/json"),
            (faults.empty(), "application/json"),
            (faults.json_body([1]), "a JSON list"),
            (faults.json_body(None), "a JSON NoneType"),
            (faults.other_bytes(b"[" * 100_000), "vnd.npm"),
            (faults.other_bytes(b"\xff\xfe\xfd"), "vnd.npm"),
        ],
    )
    def test_not_what_npm_says(self, registry: Registry, fault: faults.Fault, said: str) -> None:
        registry.fault("*", fault)
        with pytest.raises(NotARegistry, match=said):
            Http().document(registry.url + WRAPPER)

    def test_without_end(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ccpin.net.DOCUMENT_LIMIT", 4 * CHUNK)
        registry.fault("*", faults.huge_json(64 * CHUNK))
        with pytest.raises(NotARegistry, match="without end"):
            Http().document(registry.url + WRAPPER)

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_bad_moment_passes(self, registry: Registry, status: int) -> None:
        registry.fault("*", faults.status(status, headers={"Retry-After": "3600"}), times=2)
        Http().document(registry.url + WRAPPER)
        assert len(registry.requests) == 3

    @pytest.mark.parametrize(("status", "requests"), [(500, 4), (400, 1), (418, 1), (301, 1)])
    def test_a_bad_day_does_not(self, registry: Registry, status: int, requests: int) -> None:
        registry.fault("*", faults.status(status))
        with pytest.raises(RegistryFailed, match=str(status)):
            Http().document(registry.url + WRAPPER)
        assert len(registry.requests) == requests

    def test_cut_off(self, registry: Registry) -> None:
        registry.fault("*", faults.cut(100))
        with pytest.raises(RegistryUnreachable):
            Http().document(registry.url + WRAPPER)

    def test_a_proxy_that_is_not_there(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://me:s3cret@127.0.0.1:1")
        with pytest.raises(RegistryUnreachable) as raised:
            Http().document("http://registry.example/x")
        assert "s3cret" not in str(raised.value)


class TestKept:
    """Documents that were fetched before: asked for again with their ETag, and, offline, the only answer."""

    @pytest.fixture
    def cache(self, tmp_path: Path) -> Metadata:
        return Metadata(str(tmp_path / "metadata"), clock=lambda: 1_800_000_000)

    def test_the_same_again_costs_no_body(self, registry: Registry, cache: Metadata) -> None:
        first = Http(cache=cache).document(registry.url + WRAPPER)
        assert Http(cache=cache).document(registry.url + WRAPPER) == first
        etags = [seen.headers.get("if-none-match") for seen in registry.requests]
        assert etags[0] is None
        assert etags[1]

    def test_what_has_changed_is_taken_anew(self, registry: Registry, upstream: Upstream, cache: Metadata) -> None:
        Http(cache=cache).document(registry.url + WRAPPER)
        upstream.tags["latest"] = "2.0.14"
        for _ in range(2):
            assert Http(cache=cache).document(registry.url + WRAPPER)["dist-tags"]["latest"] == "2.0.14"

    @pytest.mark.parametrize("fault", [faults.no_etag(), faults.changed_etag()])
    def test_etags_that_are_none(self, registry: Registry, cache: Metadata, fault: faults.Fault) -> None:
        registry.fault("*", fault)
        for _ in range(2):
            assert Http(cache=cache).document(registry.url + WRAPPER)["name"] == WRAPPER
        assert Http(cache=cache, offline=True).document(registry.url + WRAPPER)["name"] == WRAPPER

    def test_an_answer_to_nothing(self, registry: Registry, cache: Metadata) -> None:
        """304 without having been asked whether it changed."""
        registry.fault("*", faults.status(304, body=""))
        with pytest.raises(RegistryFailed, match="304"):
            Http(cache=cache).document(registry.url + WRAPPER)
        assert Http(cache=cache, offline=True).as_of is None

    def test_nothing_broken_is_kept(self, registry: Registry, cache: Metadata, tmp_path: Path) -> None:
        for fault in (faults.html(), faults.cut(100), faults.status(401), faults.status(500)):
            registry.mend()
            registry.fault("*", fault)
            with pytest.raises(CcpinError):
                Http(cache=cache).document(registry.url + WRAPPER)
        assert not (tmp_path / "metadata").exists()

    def test_offline_nobody_is_asked(self, registry: Registry, cache: Metadata) -> None:
        Http(cache=cache).document(registry.url + WRAPPER)
        with pytest.raises(NotFound):
            Http(cache=cache).document(registry.url + "nothing")
        made = registry.connections
        http = Http(cache=cache, offline=True)
        assert http.as_of is None
        assert http.document(registry.url + WRAPPER)["name"] == WRAPPER
        assert http.as_of == 1_800_000_000
        with pytest.raises(NotFound):
            http.document(registry.url + "nothing")
        with pytest.raises(Offline) as raised:
            http.document(registry.url.replace("//", "//me:s3cret@") + "x?token=s3cret")
        assert "s3cret" not in f"{raised.value} {raised.value.hint}"
        with pytest.raises(Offline), http.stream(registry.url + TARBALL):
            raise AssertionError("it was opened")
        with pytest.raises(Offline):
            Http(offline=True).document(registry.url + WRAPPER)
        assert registry.connections == made

    def test_the_oldest_counts(self, registry: Registry, tmp_path: Path) -> None:
        times = iter([2_000, 1_000])
        cache = Metadata(str(tmp_path / "metadata"), clock=lambda: next(times))
        for name in (WRAPPER, f"{WRAPPER}/2.0.14"):
            Http(cache=cache).document(registry.url + name)
        http = Http(cache=cache, offline=True)
        http.document(registry.url + WRAPPER)
        assert http.as_of == 2_000
        http.document(registry.url + f"{WRAPPER}/2.0.14")
        assert http.as_of == 1_000

    def test_one_s_view_is_no_other_s(self, registry: Registry, cache: Metadata) -> None:
        Http(Keys(always), cache=cache).document(registry.url + WRAPPER)
        for access in (None, Keys(lambda address: "Bearer another")):
            with pytest.raises(Offline):
                Http(access, cache=cache, offline=True).document(registry.url + WRAPPER)
            Http(access, cache=cache).document(registry.url + WRAPPER)
            assert "if-none-match" not in registry.requests[-1].headers
        with pytest.raises(Offline):
            Http(cache=cache, offline=True).document(registry.url.replace("//", "//me:s3cret@") + WRAPPER)
        Http(Keys(always), cache=cache, offline=True).document(registry.url + WRAPPER)

    def test_no_credential_is_in_it(self, registry: Registry, cache: Metadata, tmp_path: Path) -> None:
        Http(cache=cache).document(registry.url.replace("//", "//me:s3cret@") + WRAPPER)
        Http(Keys(always), cache=cache).document(registry.url + WRAPPER)
        files = list((tmp_path / "metadata").iterdir())
        assert len(files) == 2
        assert not any(word in file.read_text() for file in files for word in ("s3cret", SECRET, "bWU6czNjcmV0"))

    def test_addresses_that_cannot_be_asked(self, cache: Metadata) -> None:
        for address in ("", "file:///etc/passwd", "http://[::1/x"):
            for offline in (False, True):
                with pytest.raises(BadRegistryAddress):
                    Http(cache=cache, offline=offline).document(address)


class TestStreams:
    def test_a_body_comes_in_pieces(self, registry: Registry, upstream: Upstream) -> None:
        big = b"x" * (3 * CHUNK + 1)
        registry.fault("*", faults.other_bytes(big))
        with Http().stream(registry.url + TARBALL) as body:
            chunks = list(body.chunks)
        assert body.length == len(big) == sum(map(len, chunks))
        assert max(map(len, chunks)) <= CHUNK
        assert registry.requests[0].headers["accept-encoding"] == "identity"

    def test_without_a_length(self, registry: Registry, upstream: Upstream) -> None:
        registry.fault("*", faults.no_length())
        with Http().stream(registry.url + TARBALL) as body:
            assert b"".join(body.chunks) == upstream.get("2.0.14").tarball
        assert body.length is None

    @pytest.mark.parametrize("fault", [faults.cut(700), faults.cut(0), faults.lies_about_length(5)])
    def test_cut_off(self, registry: Registry, fault: faults.Fault) -> None:
        registry.fault("*", fault)
        with pytest.raises(Truncated) as raised, Http().stream(registry.url + TARBALL) as body:
            list(body.chunks)
        assert TARBALL in str(raised.value)

    def test_the_connection_breaks(self, registry: Registry, upstream: Upstream) -> None:
        registry.fault("*", faults.stall(60, 500))
        with Http().stream(registry.url + TARBALL) as body:
            threading.Timer(0.2, registry.stop).start()
            with pytest.raises(Truncated):
                list(body.chunks)

    def test_hanging_up_ends_a_read_that_waits(self, registry: Registry) -> None:
        """Of another thread; else an interrupted download would last as long as the server is silent."""
        registry.fault("*", faults.stall(60, 500))
        got: list[BaseException] = []

        def read(body: Body) -> None:
            try:
                list(body.chunks)
            except Truncated as error:
                got.append(error)

        with Http().stream(registry.url + TARBALL) as body:
            reader = threading.Thread(target=read, args=(body,), daemon=True)
            reader.start()
            reader.join(0.3)
            body.hang_up()
            reader.join(5)
            assert not reader.is_alive()
            body.hang_up()
        assert len(got) == 1

    def test_not_found(self, registry: Registry) -> None:
        with pytest.raises(NotFound), Http().stream(registry.url + "x.tgz"):
            raise AssertionError("it was opened")


def test_the_system_s_authorities_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine")
    key, certificate = str(tmp_path / "key"), str(tmp_path / "certificate")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve_tls, args=(server, context), daemon=True).start()
        address = f"https://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(CertificateRefused, match="certificate"):
            Http().document(address)
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        assert Http().document(address) == {}


def _serve_tls(server: socket.socket, context: ssl.SSLContext) -> None:
    for _ in range(9):
        try:
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(4096)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        except OSError:
            continue
