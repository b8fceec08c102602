"""What opens the registry, and what to write where that is missing or refused.

A server gets the credentials that are written for the address, or else, being the registry's own, those of the
registry: tarballs may lie beside its path. So does npm 11.19.1 (`npm-registry-fetch`, auth.js). No other server gets
any, nor does the registry's over http when the registry is configured with https.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ccpin.net import Refusal, same_server
from ccpin.releases.npmrc import NpmConfig, places

_KEYS = ("_authToken", "_auth", "_password")
_UNSET = re.compile(r"\$\{[^${}]+\}")


class Access:
    """Credentials for the registry at `address`."""

    def __init__(self, config: NpmConfig, address: str) -> None:
        self._config = config
        self._address = address

    def authorization(self, target: str) -> str | None:
        """The Authorization header for an address. Raises BadCredentials."""
        if self._address.startswith("https:") and not target.startswith("https:"):
            return None
        own = self._config.authorization(target)
        if own is None and same_server(target, self._address) and any(places(target)):
            return self._config.authorization(self._address)
        return own

    def refusal(self, target: str, *, sent: bool) -> Refusal:
        """Why `target` may have answered 401 or 403, and the line that opens it."""
        place = self._place(target)
        line = f"{place}:_authToken=${{NPM_TOKEN}}"
        if not sent:
            return Refusal("it wants credentials that the npm configuration does not hold", line)
        for address in (target, self._address):
            for begin in places(address):
                for name in _KEYS:
                    if said := self._config.said(f"{begin}:{name}"):
                        unset = _UNSET.search(said.value)
                        more = f", where `{unset[0]}` stands for nothing: it is not set" if unset else ""
                        return Refusal(f"it does not accept `{begin}:{name}` of {said.place}{more}", line)
        return Refusal("it does not accept the user and password in its address", line)

    def _place(self, target: str) -> str:
        """What the line begins with: the registry with its path, or another server whole."""
        parts = urlsplit(self._address if same_server(target, self._address) else target)
        path = parts.path if same_server(target, self._address) else "/"
        return f"//{parts.netloc.rpartition('@')[2]}{path}"
