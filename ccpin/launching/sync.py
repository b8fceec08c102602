"""Making true what a lock says: installed, and able to start. Behind `ccpin sync` and behind a first `claude`.

With everything there it asks no network and starts no process, so what only an install needs is imported for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ccpin.errors import BadRequest, LockWouldChange
from ccpin.launching.node import checked_node, require_node
from ccpin.paths import Home
from ccpin.pinning.find import Pin, require_minimum
from ccpin.pinning.lock import Lock, parse, render
from ccpin.pinning.own import allowed_flags
from ccpin.store.entry import node_link, serving
from ccpin.store.find import find_install
from ccpin.store.leftovers import clear_leftovers
from ccpin.store.projects import remember
from ccpin.store.receipt import Install

if TYPE_CHECKING:
    from ccpin.releases.sources import Sources
    from ccpin.store.progress import Progress


def sync(
    pin: Pin,
    home: Home,
    env: dict[str, str],
    *,
    progress: Callable[[], Progress],
    locked: bool = False,
    force: bool = False,
    sources: Callable[[], Sources] | None = None,
) -> Install:
    """Makes sure that what `pin` names is in the store, and that its Node.js is there. Never writes the lock.

    `force` installs anew what is there; `sources` gives other ones than those that are configured.

    Raises LockError, BelowMinimum, StoreError, RegistryError, ChannelError, NodeMissing, NodeUnfit; and with `locked`
    LockWouldChange (see `require_agreement`).
    """
    allowed = allowed_flags(home)
    lock = parse(pin.data, pin.path, allowed)
    if locked:
        require_agreement(lock, pin, allowed)
    require_minimum(home, lock.version, pin.source)
    if pin.why == "lock":
        remember(home, pin.path, pin.head)  # before it is there: `ccpin prune` must not find it needed by nobody
    installed = None if force else find_install(home, lock)
    if installed is None:
        installed = _install(home, lock, env, progress(), sources, force)
    else:
        clear_leftovers(home, lock)
    engines = installed.receipt.engines
    if lock.runtime == "node" and lock.node is None:
        link = node_link(home, lock)
        also = node_link(serving(home, lock), lock)
        checked_node(env, link, lambda: engines, lock.version, also=also)
    return installed


def _install(
    home: Home,
    lock: Lock,
    env: dict[str, str],
    progress: Progress,
    sources: Callable[[], Sources] | None,
    force: bool,
) -> Install:
    from ccpin.launching.elsewhere import executables
    from ccpin.releases.configured import configured
    from ccpin.store.install import install

    return install(
        home,
        lock,
        sources or (lambda: configured(env, home)),
        progress=progress,
        force=force,
        check=lambda engines: lock.runtime == "native" or lock.node or require_node(env, engines, lock.version),
        elsewhere=executables(env, home, lock.version),
    )


def require_agreement(lock: Lock, pin: Pin, allowed: frozenset[str] = frozenset()) -> None:
    """Raises LockWouldChange when the lock is not as ccpin writes it, or its version not what its request means."""
    from shlex import quote

    from ccpin.pinning.request import parse_request

    try:
        request = parse_request(lock.request)
    except BadRequest:
        reason = f"its request `{lock.request}` is none that ccpin understands"
        raise LockWouldChange(where=pin.source, reason=reason, request=lock.version) from None
    text = pin.data.decode()
    if render(lock, text, allowed) != text:
        raise LockWouldChange(where=pin.source, reason="its text would be another", request=quote(lock.request))
    if request.kind != "channel" and not request.admits(lock.version):
        reason = f"its version {lock.version} is not what its request `{lock.request}` means"
        raise LockWouldChange(where=pin.source, reason=reason, request=quote(lock.request))
