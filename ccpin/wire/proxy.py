"""The proxy that a release is given: api.anthropic.com ends in it, and there is no way to any other host.

For `CONNECT api.anthropic.com:443` it speaks TLS itself, under a throw-away CA whose certificate the release is told
to trust (NODE_EXTRA_CA_CERTS), and hands the requests to an `Api`. So it does for further names, where its authority
has some. Everything else gets 403 and is written down.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

from ccpin.wire.answers import failure
from ccpin.wire.capture import Mode, Refused
from ccpin.wire.loopback import Api, ApiHandler, answer_with
from ccpin.wire.server import BaseHandler, Server

HOST = "api.anthropic.com"
_MOST_REFUSED = 10_000


class Authority:
    """A CA that lives as long as this object, with a certificate for api.anthropic.com and the names in `others`.

    `pem` is the CA's certificate; nobody but this process has its key.
    """

    def __init__(self, others: Iterable[str] = ()) -> None:
        import trustme

        self.hosts = frozenset({HOST, *others})
        authority = trustme.CA(organization_name="ccpin loopback", organization_unit_name="throw-away")
        self.pem: bytes = authority.cert_pem.bytes()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_alpn_protocols(["http/1.1"])
        authority.issue_cert(*sorted(self.hosts)).configure_cert(self.context)


class Proxy(Server):
    """On a port of 127.0.0.1. With `api` and `authority` it plays the hosts of the authority, else it refuses all.

    `gateway` is the `host:port` of a loopback API: plain HTTP for it is let through, by itself or in a tunnel, since
    some releases use the proxy for the base URL too, whatever NO_PROXY says (0.2.35 and 1.0.51 in a tunnel).
    """

    def __init__(
        self,
        api: Api | None = None,
        authority: Authority | None = None,
        listener: socket.socket | None = None,
        gateway: tuple[str, Api] | None = None,
    ) -> None:
        super().__init__(ProxyHandler, listener)
        self.first_party = (api, authority) if api and authority else None
        self.gateway = gateway
        self._refused: list[Refused] = []
        self._log_guard = threading.Lock()

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Every attempt so far, in order. `why` is `host`, or what went wrong when TLS began."""
        with self._log_guard:
            return tuple(self._refused)

    def refuse(self, authority: str, why: str) -> None:
        with self._log_guard:
            if len(self._refused) < _MOST_REFUSED:
                self._refused.append(Refused(authority, why))


class ProxyHandler(BaseHandler):
    server: Proxy

    def do_CONNECT(self) -> None:  # noqa: N802
        self.close_connection = True
        if self.server.gateway and self.path == self.server.gateway[0]:
            self._tunnel(self.server.gateway[1])
            return
        host, _, port = self.path.lower().rpartition(":")
        if self.server.first_party is None or port != "443" or host not in self.server.first_party[1].hosts:
            self._refuse(self.path)
            return
        api, authority = self.server.first_party
        self.send_response_only(200, "Connection established")
        self.end_headers()
        try:
            connection = authority.context.wrap_socket(self.connection, server_side=True)
        except OSError as error:  # an ssl.SSLError, or it went away
            self.server.refuse(self.path, f"TLS: {error.strerror or error}")
            return
        self.server.adopt(connection)
        try:
            server: Any = _Behind(api, "first-party")
            ApiHandler(connection, self.client_address, server)
        finally:
            self.server.disown(connection)
            connection.close()

    def do_GET(self) -> None:  # noqa: N802
        """Plain HTTP through the proxy: `GET http://host/path`."""
        scheme, _, rest = self.path.partition("://")
        authority, slash, path = rest.partition("/")
        if not rest:
            self.close_connection = True
            self.send(400, "text/plain", b"this is a proxy\n")
        elif scheme == "http" and self.server.gateway and authority == self.server.gateway[0]:
            self.path = slash + path or "/"
            answer_with(self.server.gateway[1], "gateway", self)
        else:
            self.close_connection = True
            self._refuse(authority if ":" in authority else f"{authority}:80")

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _tunnel(self, api: Api) -> None:
        """What comes through is plain HTTP for the loopback API."""
        self.send_response_only(200, "Connection established")
        self.end_headers()
        server: Any = _Behind(api, "gateway")
        ApiHandler(self.connection, self.client_address, server)

    def _refuse(self, authority: str) -> None:
        self.server.refuse(authority, "host")
        answer = failure(403, "permission_error", f"the loopback proxy refuses {authority}")
        self.send(answer.status, answer.content_type, answer.body)


class _Behind:
    """What an ApiHandler asks of its server."""

    def __init__(self, api: Api, mode: Mode) -> None:
        self.api, self.mode = api, mode
