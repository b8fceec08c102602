"""The half of `ccpin.net` that steers requests: for each request by itself, those after a redirect included, it decides
which credentials, which proxy and which certificates. requests would carry on what it began with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, _basic_auth_str
from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_auth_from_url,
    get_environ_proxies,
    prepend_scheme_if_needed,
    select_proxy,
)

from ccpin import __version__
from ccpin.connecting import POOLS, Retry
from ccpin.errors import BadCertificate, BadProxy
from ccpin.network import Identity, Network, Proxy, context

BACKOFF = 0.2  # seconds, twice as many before each further attempt
_MOST_REDIRECTS = 5
_MOST_BESIDE = 64 * 1024  # bytes of the page that comes with a redirect


class Session(requests.Session):
    """`proxy` is the one that the last request went through, or None."""

    def __init__(self, network: Network, authorize: Callable[[str], str | None]) -> None:
        super().__init__()
        self.trust_env = False  # the network says it all; and ~/.netrc is asked by nobody
        self.proxy: Proxy | None = None
        self.auth = _Header(authorize)
        self.headers["User-Agent"] = f"ccpin/{__version__}"
        self.max_redirects = _MOST_REDIRECTS
        self.mount("http://", _Adapter(max_retries=_retries()))
        self._network = network
        self._tls: dict[Identity | None, _Tls] = {}
        if not network.trust.checked:  # ccpin says it itself, once
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def prepared(self, address: str, headers: dict[str, str]) -> requests.PreparedRequest:
        """The request as it will begin, credentials included. Raises ValueError for an address that cannot be read."""
        return self.prepare_request(requests.Request("GET", address, headers=headers))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        address = request.url or ""
        self.proxy = _checked((self._network.proxy or environment_proxy)(address))
        # Not under the name of a scheme: then requests would put the proxy's password into a header of its own.
        options["proxies"] = {"all": self.proxy.address} if self.proxy else {}
        options["verify"] = self._network.trust.checked
        return super().send(request, **options)

    def get_adapter(self, url: str | bytes) -> Any:
        address = url if isinstance(url, str) else url.decode()
        if not address.lower().startswith("https://"):
            return super().get_adapter(address)
        identity = self._network.identity(address)
        if identity not in self._tls:
            self._tls[identity] = _Tls(self._network, identity)
        return self._tls[identity]

    def get_redirect_target(self, resp: requests.Response) -> Any:
        """Where an answer leads to, or None. requests would read all of its body first, however much comes."""
        target = super().get_redirect_target(resp)
        if target is not None and not isinstance(resp._content, bytes):
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
                resp.raw.read(_MOST_BESIDE, decode_content=False)  # so that the connection can serve again
            resp._content = b""
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On the same server the header for the new address, on any other none, nor ever again."""
        had = prepared_request.headers.pop("Authorization", None)
        left = self.should_strip_auth(response.request.url, prepared_request.url)  # type: ignore[no-untyped-call]
        if had and not left:
            prepared_request.prepare_auth(self.auth)


def environment_proxy(address: str) -> Proxy | None:
    """The proxy for an address that the environment of this process names (or, on macOS and Windows, the system's
    settings)."""
    found = select_proxy(address, get_environ_proxies(address))
    return Proxy(found, "of the environment") if found else None


class _Header(AuthBase):
    """Sets the header that is written for the address, or the one that stands in it, or none."""

    def __init__(self, authorize: Callable[[str], str | None]) -> None:
        self.authorize = authorize

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        address = request.url or ""
        value = self.authorize(address)
        user, password = get_auth_from_url(address)
        if not value and (user or password):
            value = _basic_auth_str(user, password)
        if value:
            request.headers["Authorization"] = value
        return request


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager


class _Tls(_Adapter):
    """TLS as the network wants it: requests would believe its own authorities besides."""

    def __init__(self, network: Network, identity: Identity | None) -> None:
        try:
            self._context = context(network.trust, DEFAULT_CA_BUNDLE_PATH, identity)
        except ValueError as error:
            own = identity or Identity("", "")  # nothing else raises it
            raise BadCertificate(where=own.place, key=own.name, reason=error, delete=own.delete) from None
        self._to_proxy = context(network.trust, DEFAULT_CA_BUNDLE_PATH)  # our certificate is none of a proxy's business
        super().__init__(max_retries=_retries())

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        options |= {"ssl_context": self._context, "proxy_ssl_context": self._to_proxy}
        return super().proxy_manager_for(proxy, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


def _checked(proxy: Proxy | None) -> Proxy | None:
    """A proxy that can be asked. Raises BadProxy."""
    if proxy is None:
        return None
    try:
        address = prepend_scheme_if_needed(proxy.address, "http")  # type: ignore[no-untyped-call]
        parts = urlsplit(address)
        fits = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # urllib3's own are ValueErrors too
        fits = False
    if not fits:
        raise BadProxy(source=proxy.source, reason="it is not `http://host:port`")
    if parts.scheme not in ("http", "https"):
        raise BadProxy(source=proxy.source, reason=f"`{parts.scheme}` is neither http nor https")
    return Proxy(address, proxy.source)


def _retries() -> Retry:
    return Retry(
        total=3,
        connect=1,  # each takes its whole time where packets are swallowed
        read=1,  # so does each of these where a server has gone silent
        other=1,  # TLS: a certificate does not get better, a broken handshake may
        redirect=False,
        backoff_factor=BACKOFF,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,  # it may name an hour
    )


def reason_of(error: BaseException) -> str:
    """What went wrong, in one line."""
    cause = cause_of(error)
    text = str(getattr(cause, "strerror", None) or cause).strip()
    return text.splitlines()[0][:200] if text else type(cause).__name__


def cause_of(error: BaseException) -> BaseException:
    """The innermost cause, without the layers of the libraries above it."""
    while True:
        inners = (error.__cause__, getattr(error, "reason", None), *error.args)
        inner = next((inner for inner in inners if isinstance(inner, BaseException)), error)
        if inner is error:
            return error
        error = inner
