"""What npm's configuration says of the way to the registry: authorities, client certificates and proxies.

Modelled on npm 11.19.1 (`@npmcli/config` definitions, `npm-registry-fetch` auth, `@npmcli/agent` proxy). Each key comes
from the environment (`npm_config_…`), else from the user's, the global or npm's own file. In this order:

    certificates   strict-ssl=false    no check at all; `strict_note` says so
                   cafile, ca          these authorities and no others: no variable adds to them, as with npm
                   (neither)           what this system trusts and the variables add (`ccpin.network`)
    proxy          noproxy             these hosts, and those below them, are asked directly; without it NO_PROXY's
                   https-proxy, proxy  for http and https alike, as with npm
                   (neither)           HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, as requests reads them
    ourselves      //host/…:certfile   and :keyfile, the longest path that fits
                   cert, key           as PEM text, for the registry's own server: npm shows them to every one

Where npm takes a `cafile` that is not there for none, ccpin stops: it would believe others than the user said.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ccpin.errors import BadCertificate
from ccpin.httpsession import environment_proxy
from ccpin.net import same_server
from ccpin.network import Identity, Network, Proxy, Trust, certificates, environment_trust
from ccpin.releases.npmrc import NpmConfig, Said, from_home, places

_FALSE = ("false", "0", "null")  # and not `False` or `no`, which npm takes for true
_NOTHING = ("null", "undefined", "false")
_MAX_BYTES = 4 << 20  # of a file of certificates; a system's whole bundle has 0.2 MB


def network(config: NpmConfig, registry: str, env: Mapping[str, str]) -> Network:
    """How `config` wants servers to be reached, with `registry` as the configured one. Raises BadCertificate for
    authorities that cannot be read; for a certificate of our own, that comes when a server is asked."""
    return Network(_trust(config, env), _proxies(config, env), _identities(config, registry, env))


def strict_note(config: NpmConfig, registry: str) -> str | None:
    """What a user has to know where certificates are not checked."""
    said = _unchecked(config)
    if said is None or not registry.startswith("https:"):
        return None
    return (
        f"note: the certificate of {urlsplit(registry).hostname} is not checked: `strict-ssl` is false in {said.place}"
    )


def _unchecked(config: NpmConfig) -> Said | None:
    said = config.said("strict-ssl")
    return said if said and said.value in _FALSE else None


def _trust(config: NpmConfig, env: Mapping[str, str]) -> Trust:
    if unchecked := _unchecked(config):
        return Trust(checked=False, source=unchecked.place)
    named = [(said.rank, key, said) for key in ("cafile", "ca") if (said := _given(config, key))]
    if not named:
        return environment_trust(env)
    _, key, said = min(named, key=lambda each: each[0])  # cafile, where one file has both
    text = _read(key, said, env) if key == "cafile" else said.value.replace("\\n", "\n")
    only = certificates(text)
    if only is None:
        raise _bad(key, said, "it holds no certificate in PEM form")
    return Trust(only, source=f"`{key}` in {said.place}")


def _proxies(config: NpmConfig, env: Mapping[str, str]) -> Callable[[str], Proxy | None]:
    key, said = next(((k, s) for k in ("https-proxy", "proxy") if (s := _given(config, k))), ("", None))
    direct = _given(config, "noproxy")
    direct_hosts = direct.value if direct else env.get("no_proxy") or env.get("NO_PROXY") or ""

    def proxy(address: str) -> Proxy | None:
        if (said or direct) and _is_among(urlsplit(address).hostname or "", direct_hosts):
            return None
        return Proxy(said.value, f"`{key}` in {said.place}") if said else environment_proxy(address)

    return proxy


def _is_among(host: str, hosts: str) -> bool:
    """Whether `noproxy` names this host: itself, a domain above it, or `*`."""
    names = [name.strip().strip(".").lower() for name in hosts.replace("\n", ",").split(",")]
    return any(name and (name == "*" or f".{host.lower()}".endswith(f".{name}")) for name in names)


def _identities(config: NpmConfig, registry: str, env: Mapping[str, str]) -> Callable[[str], Identity | None]:
    @functools.cache
    def of_place(place: str) -> Identity | None:
        names = (f"{place}:certfile", f"{place}:keyfile")
        certificate, key = (config.said(name) for name in names)
        if not (certificate and key):
            return None
        texts = _read(names[0], certificate, env), _read(names[1], key, env)
        return Identity(texts[0], texts[1], names[0], certificate.place, _delete(names[0], certificate))

    def identity(address: str) -> Identity | None:
        found = next(filter(None, map(of_place, places(address))), None)
        certificate, key = _given(config, "cert"), _given(config, "key")
        if found or not (certificate and key and same_server(address, registry)):
            return found
        texts = [said.value.replace("\\n", "\n") for said in (certificate, key)]
        return Identity(texts[0], texts[1], "cert", certificate.place, _delete("cert", certificate))

    return identity


def _given(config: NpmConfig, key: str) -> Said | None:
    """A key that has a value which says something: npm's `null` is none."""
    said = config.said(key)
    return None if said is None or said.value in _NOTHING else said


def _read(key: str, said: Said, env: Mapping[str, str]) -> str:
    path = from_home(said.value, env)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "no name that a file can have").lower()
        raise _bad(key, said, f"{path}: {reason}") from None


def _bad(key: str, said: Said, reason: str) -> BadCertificate:
    return BadCertificate(where=said.place, key=key, reason=reason, delete=_delete(key, said))


def _delete(key: str, said: Said) -> str:
    """The command that takes a key away."""
    if said.line is None:
        return f"unset {said.source}"
    return f"npm config delete {key} --location={'user' if said.rank == 1 else 'global'}"
