"""HTTP, as much of it as ccpin needs: small JSON documents, and large bodies as a stream of chunks.

The only module that knows requests. Credentials go to the address they are written for and to no other: neither a
redirect to another host nor ~/.netrc changes that. They are looked up for the address as requests will ask it,
because two readers of `https://a\\@b/` see two hosts.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, _basic_auth_str
from requests.utils import get_auth_from_url

from ccpin import __version__
from ccpin.errors import (
    BadRegistryAddress,
    NotARegistry,
    NotFound,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
    Truncated,
)

CHUNK = 256 * 1024  # bytes
DOCUMENT_LIMIT = 64 << 20  # bytes; the full document of 471 releases has 0.7 MB
_TIMEOUT = (10, 60)  # seconds to connect, and between two bytes
_ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*; q=0.5"


class Body(NamedTuple):
    """A body under way: its length in bytes where the server told it, and its chunks.

    `hang_up` ends a read that waits in another thread. Without it an interrupted download would last until the server
    says something: closing waits for the reader.
    """

    length: int | None
    chunks: Iterator[bytes]
    hang_up: Callable[[], None] = lambda: None


class Http:
    """One session. `authorize` gives the Authorization header for an address, or None."""

    def __init__(self, authorize: Callable[[str], str | None] = lambda address: None) -> None:
        self._session = _Session()
        self._session.auth = _Header(authorize)
        self._session.headers["User-Agent"] = f"ccpin/{__version__}"
        self._session.max_redirects = 5
        self._session.mount("http://", HTTPAdapter(max_retries=_retries()))

    def document(self, address: str) -> dict[str, Any]:
        """The JSON object at `address`. Raises RegistryError."""
        with self._open(address, {"Accept": _ACCEPT}) as response:
            body = bytearray()
            for chunk in response.iter_content(CHUNK):
                body += chunk
                if len(body) > DOCUMENT_LIMIT:
                    raise NotARegistry(address=shown(address), found="a body without end")
            kind = response.headers.get("Content-Type", "no type").split(";")[0]
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise NotARegistry(address=shown(address), found=kind) from None
        if not isinstance(answer, dict):
            raise NotARegistry(address=shown(address), found=f"a JSON {type(answer).__name__}")
        return answer

    @contextmanager
    def stream(self, address: str) -> Iterator[Body]:
        """The body at `address` as its bytes come. Raises RegistryError; Truncated while it is read."""
        with self._open(address, {"Accept-Encoding": "identity"}) as response:
            length = response.headers.get("Content-Length", "")
            known = int(length) if length.isdecimal() else None
            yield Body(known, _chunks(response, address), lambda: _hang_up(response))

    @contextmanager
    def _open(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        with self._get(address, headers) as response:
            _require_ok(response, address)
            try:
                yield response
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise RegistryUnreachable(address=shown(address), reason=_reason(error)) from None

    def _get(self, address: str, headers: dict[str, str]) -> requests.Response:
        if not _is_http(address):
            raise BadRegistryAddress(reason=f"`{shown(address)}` is not http or https")
        try:
            return self._session.get(address, headers=headers, stream=True, timeout=_TIMEOUT)
        except requests.TooManyRedirects:
            raise NotARegistry(address=shown(address), found="redirects in a circle") from None
        except ValueError:  # of requests, urllib3 and urllib; what they say holds the address as it is
            raise BadRegistryAddress(reason=f"`{shown(address)}`, or where it redirects to, cannot be read") from None
        except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own are OSErrors; so is a missing CA file
            raise RegistryUnreachable(address=shown(address), reason=_reason(error)) from None


def shown(address: str) -> str:
    """An address as messages may show it: without user, password and query."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


class _Header(AuthBase):
    """Sets the header that is written for the address, or the one that stands in it, or none. Being set at all, it
    keeps ~/.netrc out."""

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


class _Session(requests.Session):
    """Where requests' own would do something else."""

    def get_adapter(self, url: str) -> BaseAdapter:
        """That for https is made when the first such address comes: reading what the system trusts takes 20 ms."""
        if url.lower().startswith("https://") and not isinstance(self.adapters["https://"], _SystemTrust):
            self.mount("https://", _SystemTrust(max_retries=_retries()))
        return super().get_adapter(url)

    # requests would ask ~/.netrc after a redirect, whoever redirects.
    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """On the same server the header for the new address, on any other none, nor ever again."""
        had = prepared_request.headers.pop("Authorization", None)
        left = self.should_strip_auth(response.request.url, prepared_request.url)  # type: ignore[no-untyped-call]
        if had and not left:
            prepared_request.prepare_auth(self.auth)


class _SystemTrust(HTTPAdapter):
    """Trusts what the system trusts (SSL_CERT_FILE included) besides what requests does: companies put their own
    authority there."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=ssl.create_default_context())

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, ssl_context=ssl.create_default_context())


def _is_http(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


def _retries() -> urllib3.Retry:
    return urllib3.Retry(
        total=3,
        redirect=False,
        backoff_factor=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,  # it may name an hour
    )


def _require_ok(response: requests.Response, address: str) -> None:
    status = response.status_code
    if status in (401, 403, 407):
        parts = urlsplit(address)
        raise RegistryDenied(
            address=shown(address),
            status=status,
            auth_line=f"//{parts.netloc.rpartition('@')[2]}/:_authToken=${{NPM_TOKEN}}",
        )
    if status == 404:
        raise NotFound(address=shown(address))
    if status != 200:
        raise RegistryFailed(address=shown(address), status=f"{status} {response.reason or ''}".strip())


def _chunks(response: requests.Response, address: str) -> Iterator[bytes]:
    try:
        while chunk := response.raw.read(CHUNK, decode_content=False):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        cause = _cause(error)
        if isinstance(cause, urllib3.exceptions.IncompleteRead):
            raise Truncated(what=shown(address), reason=f"{cause.partial:,} bytes came") from None
        raise Truncated(what=shown(address), reason=_reason(error)) from None


def _hang_up(response: requests.Response) -> None:
    with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):  # over already; an older urllib3
        response.raw.shutdown()


def _reason(error: BaseException) -> str:
    cause = _cause(error)
    text = str(getattr(cause, "strerror", None) or cause).strip()
    return text.splitlines()[0][:200] if text else type(cause).__name__


def _cause(error: BaseException) -> BaseException:
    """The innermost cause, without the layers of the libraries above it."""
    while True:
        inners = (error.__cause__, getattr(error, "reason", None), *error.args)
        inner = next((inner for inner in inners if isinstance(inner, BaseException)), error)
        if inner is error:
            return error
        error = inner
