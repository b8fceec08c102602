"""What an install left behind that was killed when all was done but the tidying: nobody would come by here again."""

from __future__ import annotations

import contextlib
import os

from ccpin.errors import BadLockFile
from ccpin.paths import Home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ccpin.store.entry import Named

STAGING = ".staging-"
"""How the name of a folder begins that is not an entry yet, or no longer."""

REMOVED = f"{STAGING}removed"
"""How it begins where an install is on its way out."""


def lock_of(home: Home, entry: str) -> str:
    """The lock file of an entry, by its name."""
    return os.path.join(home.locks, f"{entry}.lock")


def clear_leftovers(home: Home, named: Named) -> None:
    """Removes them from the entry of a release that is installed, unless somebody works in there just now. Not being
    able to is no reason to fail."""
    entry = home.entry(named.version, named.digest)
    try:
        if not any(name.startswith(STAGING) for name in os.listdir(entry)):
            return
    except OSError:
        return
    from ccpin.store.holding import StillHeldError, held
    from ccpin.store.publish import sweep

    with contextlib.suppress(OSError, StillHeldError, BadLockFile), held(lock_of(home, os.path.basename(entry)), 0):
        sweep(entry)
