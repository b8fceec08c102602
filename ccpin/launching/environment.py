"""The environment of a pinned `claude`: the lock's flags, and nothing left of another project's.

CCPIN_SET records the names that a launch changed, so that a `claude` started from within, in another project, can
take them back first. A name whose value was the lock's already is the user's own and is not recorded. What a clean
slate took away cannot be given back: a `claude` within starts without it too.

What ran is told to it and to all that it starts (docs/run-evidence.md): CCPIN_VERSION_USED, CCPIN_DIGEST and
CCPIN_LOCK. Only ccpin says that: what an outer launch said never reaches an inner one.

On the launch path: nothing beyond ccpin's own list of flags is imported.
"""

from __future__ import annotations

import os

from ccpin.pinning import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ccpin.pinning.find import Pin
    from ccpin.pinning.head import Head

RECORD = "CCPIN_SET"
EVIDENCE = ("CCPIN_VERSION_USED", "CCPIN_DIGEST", "CCPIN_LOCK")
_OWN = ("CCPIN_LOOP", RECORD, *EVIDENCE)


def clean(env: dict[str, str], allowed: frozenset[str] = frozenset()) -> dict[str, str]:
    """`env` without what an outer launch put there."""
    recorded = {name for name in env.get(RECORD, "").split(" ") if name in flags.TABLE or name in allowed}
    return {name: value for name, value in env.items() if name not in recorded and name not in _OWN}


def to_clear(head: Head, kept: frozenset[str]) -> list[str]:
    """The names that a clean slate takes away: all of the table that the lock does not hold and the user does not
    keep. None for a lock that asks for no clean slate."""
    return [name for name in flags.TABLE if name not in head.env and name not in kept] if head.clean else []


def pinned(
    env: dict[str, str], head: Head, kept: frozenset[str] = frozenset(), allowed: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The environment of a launch. `kept` and `allowed` are what this user says of flags (`ccpin.pinning.own`)."""
    result = clean(env, allowed)
    for name in to_clear(head, kept):
        result.pop(name, None)
    changed = [name for name, value in head.env.items() if result.get(name) != value]
    result.update(head.env)
    if changed:
        result[RECORD] = " ".join(changed)
    return result


def evidence(pin: Pin) -> dict[str, str]:
    """What ran, by EVIDENCE: the version, the digest as the lock says it, and the lock's absolute path. None where no
    lock named that release (CCPIN_VERSION, `ccpin exec --version`), or where the lock's folder has none."""
    said = {"CCPIN_VERSION_USED": pin.head.version, "CCPIN_DIGEST": f"sha256:{pin.head.digest}"}
    has_lock = pin.why != "asked" and os.path.isabs(pin.path)
    return {**said, "CCPIN_LOCK": pin.path} if has_lock else said
