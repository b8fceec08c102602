"""A release that was named by hand, for one launch: CCPIN_VERSION, and `ccpin exec --version`."""

from __future__ import annotations

from collections.abc import Callable

from ccpin import platforms
from ccpin.errors import BadRequest, BadVersionVariable, NoLock, ReleaseError
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.find import Pin, find_pin
from ccpin.pinning.head import Head
from ccpin.pinning.lock import Lock, render
from ccpin.pinning.request import parse_request
from ccpin.releases.choose import choose
from ccpin.releases.configured import configured
from ccpin.releases.sources import Sources
from ccpin.store.entry import ready
from ccpin.store.receipt import Receipt, all_installs


def pin_or_none(home: Home) -> Pin | None:
    """The pin of the current folder, or None where there is none. Raises LockError for one that cannot be used."""
    try:
        return find_pin(home)
    except NoLock:
        return None


def pin_of_version(home: Home, spec: str, nearest: Pin | None, env: dict[str, str]) -> Pin:
    """The pin that CCPIN_VERSION means: an exact version, with the flags of the `nearest` lock.

    The lock's own artifacts where they are of that version, else what is installed, else what the registry says.
    Raises BadVersionVariable, ReleaseError, RegistryError.
    """
    try:
        if parse_request(spec).kind != "exact":
            raise BadVersionVariable(value=spec)
        return pin_of_request(home, spec, nearest, env, where="CCPIN_VERSION")
    except BadRequest:
        raise BadVersionVariable(value=spec) from None
    except ReleaseError as error:
        raise type(error)(where="CCPIN_VERSION", **error.facts) from None


def pin_of_request(
    home: Home,
    spec: str,
    nearest: Pin | None,
    env: dict[str, str],
    *,
    where: str,
    sources: Callable[[], Sources] | None = None,
) -> Pin:
    """The pin that a version request means for one launch. `sources` are others than those that are configured."""
    request = parse_request(spec)
    if nearest is not None and request.kind == "exact" and request.text == nearest.head.version:
        return nearest
    locked = nearest.head.env if nearest is not None else flags.PROFILES["default"].env
    clean = nearest is not None and nearest.head.clean
    if request.kind == "exact" and (found := _installed(home, request.text)):
        head = Head(request.text, request.text, found.runtime, found.digest, locked, 1, clean=clean, node=found.node)
        return Pin(head, where, "asked", b"")
    asked = sources() if sources else configured(env, home)
    release = asked.first(lambda source: choose(source, request, platforms.current())).release
    lock = Lock(release.version, request.text, release.runtime, release.artifacts, locked, clean)
    return Pin(lock.head(), where, "asked", render(lock).encode())


def _installed(home: Home, version: str) -> Receipt | None:
    """The receipt of what is installed of `version` and can be started; None where nothing is, or where
    entries hold different bytes, so that somebody has to be asked."""
    serving = (platforms.current(), platforms.ANY)
    found = [
        one.receipt
        for store, one in all_installs(home)
        if one.receipt.version == version and one.receipt.platform in serving and ready(store, one.receipt)
    ]
    if len({receipt.artifact for receipt in found}) != 1:
        return None
    return found[0]
