"""The environment of a pinned `claude`: the lock's flags, and nothing left of another project's.

CCPIN_SET records the names that a launch changed, so that a `claude` started from within, in another project, can
take them back first. A name whose value was the lock's already is the user's own and is not recorded.

On the launch path: nothing beyond ccpin's own list of flags is imported.
"""

from __future__ import annotations

from ccpin.pinning import flags

RECORD = "CCPIN_SET"
_OWN = ("CCPIN_LOOP", RECORD)


def clean(env: dict[str, str]) -> dict[str, str]:
    """`env` without what an outer launch put there."""
    recorded = {name for name in env.get(RECORD, "").split(" ") if name in flags.SWITCHES}
    return {name: value for name, value in env.items() if name not in recorded and name not in _OWN}


def pinned(env: dict[str, str], locked: dict[str, str]) -> dict[str, str]:
    """The environment of a launch whose lock holds the flags `locked`."""
    result = clean(env)
    changed = [name for name, value in locked.items() if result.get(name) != value]
    result.update(locked)
    if changed:
        result[RECORD] = " ".join(changed)
    return result
