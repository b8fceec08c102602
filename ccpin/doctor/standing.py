"""What reaches a launch past the lock: settings files above it, and what is set besides it."""

from __future__ import annotations

from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.measured import CLIENT_DATA_AFTER
from ccpin.doctor.reading import line_of, read_object
from ccpin.launching.clientdata import KEYS, state_files
from ccpin.launching.contradictions import Said, contradictions, most_of, settings_files
from ccpin.launching.settings import MEASURED
from ccpin.pinning import flags
from ccpin.pinning.head import version_key

NON_EMPTY = ("DISABLE_TELEMETRY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
"""Any text means on, "0" too (read in 1.0.51 to 2.1.330)."""


def standing_above(context: Context) -> list[Said]:
    """What settings files say against the lock, and with success: as a launch decides it."""
    if context.pin is None:
        return []
    unset = context.beaten and context.version in MEASURED
    return list(
        contradictions(context.said, context.locked, context.cleared, beaten=context.beaten, unset=unset),
    )


def standing_below(context: Context) -> list[Said]:
    """What settings files say against the lock, in vain."""
    above = standing_above(context)
    return [
        said
        for said in context.said
        if said not in above
        and (
            (said.name in context.locked and said.value != context.locked[said.name])
            or (said.name in context.cleared and said.value != "")
        )
    ]


def reaching(context: Context) -> Iterator[tuple[str, str]]:
    """Flags that the lock does not hold and no clean slate takes away, but that are set; and where."""
    free = [n for n in flags.TABLE if n not in context.locked and n not in context.cleared]
    for name in free:
        where = [said.where for said in context.said if said.name == name and said.value]
        if where or context.env.get(name):
            yield name, where[0] if where else "in this environment"


def client_data(context: Context) -> tuple[str, ...]:
    """Where client data of an earlier session is cached, for a release that uses it."""
    if context.pin is None or version_key(context.version) <= version_key(CLIENT_DATA_AFTER):
        return ()
    return tuple(
        f"{line_of(path, key)}: `{key}`"
        for path in state_files(context.env)
        for key in KEYS
        if read_object(path).get(key)
    )


def own_keys(context: Context, *keys: str) -> tuple[str, ...]:
    """Where settings files hold one of these keys, which stay the user's; never their values."""
    return tuple(
        f"{line_of(path, key)}: `{key}`"
        for level, path in settings_files(context.env, ".")
        if level != "global"
        for key in keys
        if key in read_object(path, most_of(level))
    )
