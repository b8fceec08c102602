"""HTTP, as much of it as ccpin needs: small JSON documents, and large bodies as a stream of chunks.

The only module that knows requests. Credentials go to the address they are given for and to no other: neither a
redirect to another host nor ~/.netrc changes that.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

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
    """A body under way: its length in bytes where the server told it, and its chunks."""

    length: int | None
    chunks: Iterator[bytes]


class Http:
    """One session. `authorize` gives the Authorization header for an address, or None."""

    def __init__(self, authorize: Callable[[str], str | None] = lambda address: None) -> None:
        self._authorize = authorize
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"ccpin/{__version__}"
        self._session.max_redirects = 5
        self._session.mount("https://", _SystemTrust(max_retries=_retries()))
        self._session.mount("http://", HTTPAdapter(max_retries=_retries()))

    def document(self, address: str) -> dict[str, Any]:
        """The JSON object at `address`. Raises RegistryError."""
        with self._open(address, {"Accept": _ACCEPT}) as response:
            chunks: list[bytes] = []
            for chunk in response.iter_content(CHUNK):
                chunks.append(chunk)
                if sum(map(len, chunks)) > DOCUMENT_LIMIT:
                    raise NotARegistry(address=shown(address), found="a body without end")
            kind = response.headers.get("Content-Type", "no type").split(";")[0]
        try:
            answer = json.loads(b"".join(chunks))
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
            yield Body(int(length) if length.isdecimal() else None, _chunks(response, address))

    @contextmanager
    def _open(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        if urlsplit(address).scheme not in ("http", "https"):
            raise BadRegistryAddress(reason=f"`{shown(address)}` is not http or https")
        try:
            with self._session.get(
                address, headers=headers, auth=_Header(self._authorize(address)), stream=True, timeout=_TIMEOUT
            ) as response:
                _require_ok(response, address)
                yield response
        except requests.TooManyRedirects:
            raise NotARegistry(address=shown(address), found="redirects in a circle") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as error:
            raise BadRegistryAddress(reason=f"`{shown(address)}`: {_reason(error)}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
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
    """Sets the header it was given, or none; being set at all, it keeps ~/.netrc out."""

    def __init__(self, value: str | None) -> None:
        self.value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.value:
            request.headers["Authorization"] = self.value
        return request


class _SystemTrust(HTTPAdapter):
    """Trusts what the system trusts (SSL_CERT_FILE included) besides what requests does: companies put their own
    authority there."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=ssl.create_default_context())

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, ssl_context=ssl.create_default_context())


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
    except urllib3.exceptions.IncompleteRead as error:
        raise Truncated(what=shown(address), reason=f"{error.partial:,} bytes came") from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Truncated(what=shown(address), reason=_reason(error)) from None


def _reason(error: BaseException) -> str:
    """The innermost cause, without the layers of the libraries above it."""
    while True:
        inner = error.__cause__ or getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, BaseException) or inner is error:
            break
        error = inner
    text = str(getattr(error, "strerror", None) or error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
