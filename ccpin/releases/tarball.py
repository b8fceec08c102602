"""Where a tarball is asked for: at the address that the registry's document names, or at the registry itself.

A company's mirror often hands on upstream's documents as they are, and only the mirror can be reached. npm's
`replace-registry-host` says which addresses are rewritten:

    never               none
    always              all
    host                those on this host
    https://host/path   those below this address; the rest of the path goes below the registry's
    npmjs, or nothing   those on the host of npm's default registry

The path is kept, below the registry's own where it is not there already: as `@npmcli/arborist` 9 does (npm 11.19.1,
reify.js), since what pacote does loses the path of `https://host/npm/team/`.

No registry's address is compiled in, so that none can be asked by mistake; the default's host is known by its digest,
which serves to recognise it and for nothing else.
"""

from __future__ import annotations

import hashlib
from urllib.parse import SplitResult, urlsplit, urlunsplit

_DEFAULT = "0dc11026ac75c015aaa1deafff4a7a54ef6d0cf6b3c7f9b1d2c8f3502929aa9e"  # sha256 of the host's name


def at_registry(tarball: str, registry: str, rule: str) -> str:
    """The address to ask. `registry` ends in a slash; `rule` is the value of `replace-registry-host`."""
    try:
        found, own = urlsplit(tarball), urlsplit(registry)
        prefix = _prefix(found, rule)
    except ValueError:
        return tarball  # asking it explains
    if prefix is None:
        return tarball
    path = found.path[len(prefix) :] if prefix else found.path
    base = own.path.rstrip("/")
    if prefix or not _is_below(path, base):
        path = base + path
    return urlunsplit((own.scheme, own.netloc, path, found.query, ""))


def _prefix(found: SplitResult, rule: str) -> str | None:
    """The path that the registry's takes the place of, empty for none; None where the address is left alone."""
    host = found.hostname or ""
    if found.scheme not in ("http", "https") or rule == "never":
        return None
    if rule == "always":
        return ""
    if rule in ("", "npmjs"):
        return "" if hashlib.sha256(host.encode()).hexdigest() == _DEFAULT else None
    if "://" not in rule:
        return "" if rule.lower() in (host, found.netloc.rpartition("@")[2].lower()) else None
    asked = urlsplit(rule)
    prefix = asked.path.rstrip("/")
    return prefix if asked.hostname == host and _is_below(found.path, prefix) else None


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
