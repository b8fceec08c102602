"""HTTP, as much of it as ccpin needs: small JSON documents, and large bodies as a stream of chunks.

With its other parts, `ccpin.httpsession` and `ccpin.resuming`, the only module that knows requests. Credentials go to
the address they are written for and to no other: neither a redirect to another host nor ~/.netrc changes that. They are
looked up for the address as requests will ask it, because two readers of `https://a\\@b/` see two hosts.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from ccpin.errors import (
    BadRegistryAddress,
    CcpinError,
    CertificateRefused,
    NotARegistry,
    NotFound,
    Offline,
    ProxyDenied,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
)
from ccpin.httpsession import Session, cause_of, reason_of
from ccpin.metadata import Kept, Metadata, is_etag, key_of
from ccpin.network import Network, Proxy, environment_trust
from ccpin.resuming import CHUNK as CHUNK
from ccpin.resuming import PATIENCE as PATIENCE
from ccpin.resuming import Patience, Resuming

DOCUMENT_LIMIT = 8 << 20  # bytes; the full document of 471 releases has 0.7 MB
_MOST_VALUES = 500_000  # in a document; Python takes up to 30 bytes of memory for one of `[[],[],…`
TIMEOUT: tuple[float, float] = (4, 60)  # seconds to connect, and between two bytes of a document
_MOST_SHOWN = 1000  # characters of an address
_DENIED = "Tunnel connection failed: 407"
_ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*; q=0.5"


class Body(NamedTuple):
    """A body under way: its length in bytes where the server told it, and its chunks.

    `hang_up` ends a read that waits in another thread. Without it an interrupted download would last until the server
    says something: closing waits for the reader.
    """

    length: int | None
    chunks: Iterator[bytes]
    hang_up: Callable[[], None] = lambda: None


class Refusal(NamedTuple):
    """Why a server may have answered 401 or 403, and the line of an .npmrc that opens it."""

    reason: str
    line: str


class Access(Protocol):
    """What opens servers."""

    def authorization(self, target: str) -> str | None:
        """The Authorization header for an address, or None."""

    def refusal(self, target: str, *, sent: bool) -> Refusal:
        """What to say of a 401 or 403; `sent` tells whether there were credentials in the request."""


class Http:
    """One session. Without `network` servers are reached as the environment of this process says; `patience` is for
    bodies.

    Documents are kept in `cache`. With `offline` nothing is asked: it answers, or Offline is raised.
    """

    def __init__(
        self,
        access: Access | None = None,
        network: Network | None = None,
        cache: Metadata | None = None,
        offline: bool = False,
        timeout: tuple[float, float] = TIMEOUT,
        patience: Patience | None = None,
    ) -> None:
        self._access = access or _Open()
        self._network = network or Network(environment_trust(os.environ))
        self._session = Session(self._network, self._access.authorization)
        self._cache = cache
        self._patience = patience or PATIENCE
        self._times: list[float] = []
        self._timeout = timeout
        self.offline = offline

    @property
    def as_of(self) -> float | None:
        """When the oldest of the documents that the cache answered with, being offline, was fetched, in unix seconds;
        None where it answered with none."""
        return min(self._times, default=None)

    def document(self, address: str) -> dict[str, Any]:
        """The JSON object at `address`. Raises RegistryError; Offline where it is not known and may not be asked."""
        key = self._key(address) if self._cache else ""
        kept = self._cache.find(key) if self._cache else None
        if self.offline:
            return self._recalled(address, kept)
        conditions = {"If-None-Match": kept.etag} if kept and kept.body is not None and kept.etag else {}
        try:
            with self._open(address, {"Accept": _ACCEPT, **conditions}) as response:
                etag = response.headers.get("ETag", "")
                body = kept.body if kept and response.status_code == 304 else None
                body = _parsed(response, address) if body is None else body
        except NotFound:
            self._keep(key, address, None)
            raise
        self._keep(key, address, body, etag or (kept.etag if kept else None))
        return body

    def remembered(self, digest: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `make` gives: a JSON object that follows from the body with this digest and from nothing else. So it is
        kept like a document, and made once. Raises what `make` raises."""
        kept = self._cache.find(key_of(digest, {})) if self._cache else None
        if kept and kept.body is not None:
            return kept.body
        body = make()
        self._keep(key_of(digest, {}), digest, body)
        return body

    def _key(self, address: str) -> str:
        with self._explained(address):
            headers = self._session.prepared(address, {"Accept": _ACCEPT}).headers
            identity = self._network.identity(address)
        return key_of(address, headers, identity.certificate if identity else "")

    def _recalled(self, address: str, kept: Kept | None) -> dict[str, Any]:
        if kept is None:
            raise Offline(address=shown(address), unknown="what it would say is not known on this machine")
        self._times.append(kept.fetched)
        if kept.body is None:
            raise NotFound(address=shown(address))
        return kept.body

    def _keep(self, key: str, address: str, body: dict[str, Any] | None, etag: str | None = None) -> None:
        if self._cache:
            self._cache.keep(key, shown(address), body, etag if etag and is_etag(etag) else None)

    @contextmanager
    def stream(self, address: str) -> Iterator[Body]:
        """The body at `address` as its bytes come, which goes on by itself where a connection breaks and the server
        can. Raises RegistryError; Truncated while it is read."""
        if self.offline:
            raise Offline(address=shown(address), unknown="what lies there is not on this machine")

        def ask(headers: dict[str, str]) -> requests.Response:
            asked = self._get(address, {"Accept-Encoding": "identity", **headers}, self._patience.stall)
            try:
                self._require_ok(asked)
            except CcpinError:
                asked.close()
                raise
            return asked

        body = Resuming(ask({}), ask, shown(address), self._patience)
        try:
            yield Body(body.length, body.chunks(), body.hang_up)
        finally:
            body.close()

    @contextmanager
    def _open(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        with self._get(address, headers) as response:
            self._require_ok(response)
            try:
                yield response
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise RegistryUnreachable(address=shown(address), reason=reason_of(error)) from None

    def _get(self, address: str, headers: dict[str, str], silence: float | None = None) -> requests.Response:
        with self._explained(address):
            connect, least = self._timeout
            return self._session.get(address, headers=headers, stream=True, timeout=(connect, silence or least))

    @contextmanager
    def _explained(self, address: str) -> Iterator[None]:
        """Says of what went wrong before an answer came what a user can understand."""
        if not _is_http(address):
            raise BadRegistryAddress(reason=f"`{shown(address)}` is not http or https")
        try:
            yield
        except requests.TooManyRedirects:
            raise NotARegistry(address=shown(address), found="redirects in a circle") from None
        except ValueError:  # of requests, urllib3 and urllib; what they say holds the address as it is
            raise BadRegistryAddress(reason=f"`{shown(address)}`, or where it redirects to, cannot be read") from None
        except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own are OSErrors
            raise self._failure(address, error) from None

    def _failure(self, address: str, error: Exception) -> CcpinError:
        reason, proxy = reason_of(error), self._session.proxy
        if isinstance(cause_of(error), ssl.SSLCertVerificationError):
            trust = self._network.trust
            return CertificateRefused(
                address=shown(address),
                reason=getattr(cause_of(error), "verify_message", reason),
                source=trust.source + trust.unreadable(),
                names="" if trust.only else "one of SSL_CERT_FILE, NODE_EXTRA_CA_CERTS and REQUESTS_CA_BUNDLE, or ",
            )
        if proxy is None:
            return RegistryUnreachable(address=shown(address), reason=reason)
        if _DENIED in reason:
            return _denied(proxy)
        through = f"{reason}; asked through the proxy {shown(proxy.address)} ({proxy.source})"
        return RegistryUnreachable(address=shown(address), reason=through)

    def _require_ok(self, response: requests.Response) -> None:
        status, address = response.status_code, response.url
        if status == 407 and (proxy := self._session.proxy):
            raise _denied(proxy)
        if status in (401, 403):
            why, line = self._access.refusal(address, sent="Authorization" in response.request.headers)
            raise RegistryDenied(address=shown(address), status=status, reason=why, auth_line=line)
        if status == 404:
            raise NotFound(address=shown(address))
        asked = {200: True, 206: "Range" in response.request.headers, 304: "If-None-Match" in response.request.headers}
        if not asked.get(status):
            raise RegistryFailed(address=shown(address), status=f"{status} {response.reason or ''}".strip())


def shown(address: str) -> str:
    """An address as messages may show it: without user, password and query, and not for pages."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    whole = urlunsplit((parts.scheme, host + port, parts.path, "", ""))
    return whole if len(whole) <= _MOST_SHOWN else whole[: _MOST_SHOWN - 1] + "…"


def same_server(one: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common."""
    try:
        a, b = urlsplit(one), urlsplit(other)
        ports = [parts.port or {"http": 80, "https": 443}.get(parts.scheme) for parts in (a, b)]
    except ValueError:
        return False
    return (a.scheme, a.hostname) == (b.scheme, b.hostname) and ports[0] == ports[1]


def _parsed(response: requests.Response, address: str) -> dict[str, Any]:
    """The JSON object that a body holds. Raises NotARegistry."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > DOCUMENT_LIMIT:
            raise NotARegistry(address=shown(address), found="a body without end")
    if body.count(b",") + 4 * (body.count(b"[") + body.count(b"{")) > _MOST_VALUES:
        raise NotARegistry(address=shown(address), found="a document of far too many values")
    kind = response.headers.get("Content-Type", "no type").split(";")[0]
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise NotARegistry(address=shown(address), found=kind) from None
    if not isinstance(answer, dict):
        raise NotARegistry(address=shown(address), found=f"a JSON {type(answer).__name__}")
    return answer


class _Open:
    """Access to what is open to everybody."""

    def authorization(self, target: str) -> str | None:
        return None

    def refusal(self, target: str, *, sent: bool) -> Refusal:
        host = urlsplit(target).netloc.rpartition("@")[2]
        return Refusal(f"it wants {'other ' if sent else ''}credentials", f"//{host}/:_authToken=${{NPM_TOKEN}}")


def _is_http(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


def _denied(proxy: Proxy) -> ProxyDenied:
    where_to = shown(proxy.address).partition("://")[2].rstrip("/")
    return ProxyDenied(address=shown(proxy.address), source=proxy.source, proxy=where_to)
