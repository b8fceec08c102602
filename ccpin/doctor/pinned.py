"""Checks of the pin: the lock, what is installed for it, and whether that can run."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, counted, from_error
from ccpin.doctor.reading import line_of, read_object
from ccpin.errors import CcpinError
from ccpin.launching.contradictions import most_of, settings_files
from ccpin.pinning.head import is_version, version_key
from ccpin.pinning.own import kept_flags
from ccpin.releases.release import FIRST_STARTING
from ccpin.store.effect import Ignored, ignored, remedy

_OF_INSTALL = ("platform-not-locked", "node-not-locked", "not-installed", "entry-changed")
_OF_NODE = ("node-missing", "node-unfit")
_OF_OTHERS = (*_OF_INSTALL, *_OF_NODE, "not-set-up", "overridden", "no-lock", "broken-setting")
_OLD = 90  # days
_DAY = 24 * 60 * 60
_REQUIRED_FROM = (
    "2.1.200"  # read there and in 2.1.330; 2.1.113 does not hold the names, and no release between was read
)
_REQUIRED_UNKNOWN = "2.1.113"


def check_pin(context: Context) -> Iterator[Finding]:
    """The lock, valid; or what is wrong with it, each fault for itself."""
    faults = [fault for fault in context.faults if fault.code not in _OF_OTHERS]
    yield from (from_error("pin", fault) for fault in faults)
    if context.pin is not None and not faults:
        because = " (this user's default; there is no lock here or above)" if context.pin.why == "default" else ""
        yield Finding("pin", "ok", f"Claude Code {context.version} is pinned in {context.pin.source}{because}")
    yield from (from_error("pin", fault, "note") for fault in context.faults if fault.code == "no-lock")


def check_own_settings(context: Context) -> Iterator[Finding]:
    """The settings in ccpin's home can be read: a launch that cannot read them ends."""
    yield from (from_error("own-settings", fault) for fault in context.faults if fault.code == "broken-setting")
    try:
        kept = kept_flags(context.home)
    except CcpinError as error:
        yield from_error("own-settings", error)
        return
    left = sorted(name for name in kept if name not in context.locked)
    if left and context.pin is not None and context.pin.head.clean:
        line = f"the clean slate leaves {counted(len(left), 'flag')} to you (`keep-flag`)"
        yield Finding("own-settings", "note", line, tuple(left), f"ccpin config keep-flag {left[0]} --unset")


def check_override(context: Context) -> Iterator[Finding]:
    """Variables that put another release, or none, in the place of the lock's."""
    names = [name for name in ("CCPIN_DISABLE", "CCPIN_VERSION") if context.env.get(name)]
    for name in names:
        line = f"{name} is set here, so the lock does not decide what runs"
        yield Finding("override", "problem", line, (), f"unset {name}")


def check_install(context: Context) -> Iterator[Finding]:
    """What the lock names is on this disk, as it was verified (by stat; `ccpin check --deep` reads every byte)."""
    faults = [fault for fault in context.faults if fault.code in _OF_INSTALL]
    yield from (from_error("install", fault) for fault in faults)
    if context.install is not None and not faults:
        size = f"{context.install.size / 1e6:,.0f} MB"
        line = f"{context.version} is installed as it was verified"
        yield Finding("install", "ok", line, (f"{context.install.executable} ({size})",))


def check_node(context: Context) -> Iterator[Finding]:
    """Node.js, for a JavaScript release."""
    faults = [fault for fault in context.faults if fault.code in _OF_NODE]
    yield from (from_error("node", fault) for fault in faults)
    if context.install is None or context.install.receipt.runtime != "node" or faults:
        return
    wanted = context.install.receipt.engines or ">=18.0.0"
    if node := context.install.receipt.node:
        yield Finding("node", "ok", f"{context.version} runs on Node.js {node}, the lock's own; it wants {wanted}")
    else:
        yield Finding("node", "ok", f"the `node` on PATH fits {context.version}, which wants {wanted}")


def check_server_floor(context: Context) -> Iterator[Finding]:
    """Releases that the server does not let start any more."""
    if context.pin is not None and version_key(context.version) < version_key(FIRST_STARTING):
        line = f'{context.version} refuses to start a session: the server\'s floor makes it end with "needs an update"'
        evidence = (f"before {FIRST_STARTING} (`claude_code_version_too_old`); the server may raise its floor any day",)
        yield Finding("server-floor", "problem", line, evidence, "ccpin use 2.0.14")


def check_required_versions(context: Context) -> Iterator[Finding]:
    """`requiredMinimumVersion` and `requiredMaximumVersion`: 2.1.200 and later end at their start outside of them, and
    read them in an administrator's policy only."""
    if context.pin is None:
        return
    version = version_key(context.version)
    for level, path in settings_files(context.env, "."):
        found = read_object(path, most_of(level))
        for key in ("requiredMinimumVersion", "requiredMaximumVersion"):
            bound = found.get(key)
            if not isinstance(bound, str) or not is_version(bound):
                continue
            where = line_of(path, key)
            if level != "policy":
                line = f"`{key}` counts in an administrator's policy only; here it does nothing"
                yield Finding("required-versions", "note", line, (where,))
            elif version < version_key(bound) if key == "requiredMinimumVersion" else version > version_key(bound):
                yield _violated(context.version, key, bound, where)


def _violated(version: str, key: str, bound: str, where: str) -> Finding:
    if version_key(version) >= version_key(_REQUIRED_FROM):
        line = f"{version} ends at its start: the policy's `{key}` is {bound}"
        return Finding("required-versions", "problem", line, (where,), f"ccpin use {bound}")
    known = version_key(version) <= version_key(_REQUIRED_UNKNOWN)
    does = "does not read it" if known else "may not read it"
    line = f"the policy's `{key}` is {bound}; {version} {does}, and starts against the administrator's will"
    return Finding("required-versions", "warning", line, (where,), f"ccpin use {bound}")


def check_age(context: Context) -> Iterator[Finding]:
    """How long ago the lock was written. When a release was published, no registry says reliably."""
    if context.pin is None:
        return
    try:
        written = os.stat(context.pin.path).st_mtime
    except OSError:
        return
    days = max(0, int((context.now - written) // _DAY))
    ago = f"{counted(days, 'day')} ago" if days else "today"
    line = f"the lock's file was last written {ago}"
    if days < _OLD:
        yield Finding("pin-age", "ok", line)
    else:
        line += ": what was mended upstream since is not in it"
        yield Finding("pin-age", "note", line, (), "ccpin list --remote")


def check_ignored_flags(context: Context) -> Iterator[Finding]:
    """Flags of the lock that this release does not read."""
    found = ignored(context.locked, context.receipt)
    if found:
        line = f"{context.version} does not read {counted(len(found), 'flag')} of the lock: no effect there"
        yield Finding("ignored-flags", "note", line, tuple(map(_said, found)), "ccpin env list")
    elif context.receipt is not None and context.locked:
        yield Finding("ignored-flags", "ok", f"{context.version} reads all flags of the lock")


def _said(one: Ignored) -> str:
    return f"{one.name}{remedy(one)}"
