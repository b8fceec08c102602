"""Installing anew what is not as it was verified: from the lock of a project that is known here, else from what the
install's own receipt says of it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ccpin import platforms
from ccpin.errors import CannotMend, CcpinError
from ccpin.launching.elsewhere import executables
from ccpin.launching.node import require_node
from ccpin.paths import Home
from ccpin.pinning.lock import Lock, parse
from ccpin.pinning.own import allowed_flags
from ccpin.releases.sources import Sources
from ccpin.store.entry import artifact_key, entry_parts, install_folder, node_key
from ccpin.store.install import install
from ccpin.store.progress import Progress
from ccpin.store.projects import known
from ccpin.store.receipt import Receipt, install_folders, version_of
from ccpin.store.verify import Verified, faults


class Mended(NamedTuple):
    """What was installed anew, and where it was said what it has to be: a lock's path, or "its receipt"."""

    folder: str
    version: str
    by: str


def mend(
    broken: Verified, home: Home, env: dict[str, str], sources: Callable[[], Sources], progress: Progress
) -> Mended:
    """Puts an install of the own store back to what was verified. What runs from it goes on: it keeps its open files,
    and finds equal ones under the same names.

    Raises CannotMend where nothing tells what it has to be, or it is for another platform; and what an install raises.
    """
    lock, by = _wanted(broken, home)

    def check(engines: str | None) -> object:
        return lock.runtime == "native" or lock.node or require_node(env, engines, lock.version)

    own = [broken.install.executable] if broken.install else []  # it may be whole, and of another mode
    elsewhere = (*own, *executables(env, home, lock.version))
    done = install(home, lock, sources, progress=progress, force=True, check=check, elsewhere=elsewhere)
    for fault in faults(done.folder, done, deep=False):  # a disk that keeps nothing, or modes
        raise cannot_mend(home, done.folder, f"{fault.path}: {fault.said}, once more")
    return Mended(done.folder, lock.version, by)


def cannot_mend(home: Home, folder: str, reason: str) -> CannotMend:
    """What to do instead about an install of the own store. An uninstall takes away all that there are of a version, so
    it is not what helps beside others; nor behind a link."""
    version, entry = version_of(folder), os.path.dirname(folder)
    what, command = "it", f"ccpin uninstall {version}"
    if os.path.islink(entry):
        what, command = "the link alone", f"rm {shlex.quote(entry)}"
    elif any(other != folder and version_of(other) == version for other in install_folders(home)):
        what, command = "just that one", "chmod -R u+w {0}; rm -r {0}".format(shlex.quote(folder))
    return CannotMend(path=folder, reason=reason, what=what, command=command)


def can_mend(broken: Verified, home: Home) -> bool:
    """Whether anything tells what an install of the own store has to be."""
    try:
        _wanted(broken, home)
    except CannotMend:
        return False
    return True


@dataclass(frozen=True)
class _ReceiptLock(Lock):
    """What a receipt tells of the lock that it was installed for: the artifacts of one platform, and the digest over
    all of them, which names the entry."""

    known_digest: str = ""

    @property
    def digest(self) -> str:
        return self.known_digest


def _wanted(broken: Verified, home: Home) -> tuple[Lock, str]:
    if os.path.basename(broken.folder) not in (platforms.ANY, platforms.current()):
        raise cannot_mend(home, broken.folder, "it is for another platform than this one")
    if os.path.islink(os.path.dirname(broken.folder)):
        raise cannot_mend(home, broken.folder, "it stands behind a link, so it is somebody else's")
    for project in known(home):
        if project.pin is None or not _names(broken, project.pin.head.version, project.pin.head.digest):
            continue
        try:
            lock = parse(project.pin.data, project.path, allowed_flags(home))
            if install_folder(home, lock) == broken.folder and artifact_key(lock) in lock.artifacts:
                return lock, project.path
        except CcpinError:  # its head is valid and the rest is not
            continue
    if broken.install is None or any(fault.kind == "receipt" for fault in broken.faults):
        reason = "its receipt cannot be used, and no known project's lock names it"
        raise cannot_mend(home, broken.folder, reason)
    return _from_receipt(broken.install.receipt), "its receipt"


def _names(broken: Verified, version: str, digest: str) -> bool:
    return entry_parts(os.path.basename(os.path.dirname(broken.folder))) == (version, digest[:32])


def _from_receipt(receipt: Receipt) -> Lock:
    artifacts = {artifact_key(receipt): receipt.artifact}
    if (key := node_key(receipt)) and receipt.node_artifact is not None:
        artifacts[key] = receipt.node_artifact
    return _ReceiptLock(
        version=receipt.version,
        request=receipt.version,
        runtime=receipt.runtime,
        artifacts=artifacts,
        node=receipt.node,
        known_digest=receipt.digest,
    )
