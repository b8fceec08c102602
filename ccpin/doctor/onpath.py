"""Checks of PATH: what `claude` means here, which other ones there are, and what the native installer left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, counted
from ccpin.doctor.programs import Program, describe
from ccpin.doctor.reading import names_in, same_file
from ccpin.launching.setup import activation
from ccpin.pinning.head import is_version, version_key

_NAMES = ("claude.exe", "claude.cmd", "claude.bat") if sys.platform == "win32" else ("claude",)


def claudes(context: Context) -> list[Program]:
    """Every `claude` on PATH, in its order; each file once."""
    found: dict[str, Program] = {}
    for folder in context.env.get("PATH", "").split(os.pathsep):
        for name in _NAMES:
            path = os.path.join(folder, name)
            if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
                found.setdefault(os.path.realpath(path), describe(path, context.home))
    return list(found.values())


def check_path(context: Context) -> Iterator[Finding]:
    """The shim is there, of this ccpin, and first on PATH."""
    shim = context.shim
    if shim is None or not shim.installed:
        path = shim.path if shim else context.home.shim()
        yield Finding("path", "problem", "the shim is not installed", (path,), "ccpin setup")
    elif not shim.current:
        yield Finding("path", "problem", "the shim is of another ccpin", (shim.path,), "ccpin setup")
    elif not shim.ours:
        line = f"`claude` is {shim.resolves} here, not the shim" if shim.resolves else "`claude` is not on this PATH"
        first = tuple(str(program) for program in claudes(context)[:1] if not program.shim)
        yield Finding("path", "problem", line, first, activation(context.home, context.env) or "ccpin setup")
    else:
        yield Finding("path", "ok", "`claude` is ccpin's shim", (shim.path,))


def check_other_claudes(context: Context) -> Iterator[Finding]:
    """What else answers to `claude`: before the shim it runs instead, behind it where nothing is pinned."""
    found = claudes(context)
    others = [program for program in found if not same_file(program.path, context.home.shim())]
    if not others:
        return
    before = any(same_file(program.path, context.home.shim()) for program in found[1:])
    where = "the first of them before the shim" if before else "behind the shim: they run where nothing is pinned"
    ours = context.shim is not None and (context.shim.ours or before)
    line = f"{counted(len(others), 'other `claude`', 'other `claude`s')} on PATH"
    yield Finding("other-claudes", "note", f"{line}, {where}" if ours else line, tuple(map(str, others)))


def check_native_install(context: Context) -> Iterator[Finding]:
    """`~/.local/bin/claude` and the native installer's own copies, on PATH or not."""
    data = context.env.get("XDG_DATA_HOME") or os.path.join(context.user, ".local", "share")
    folder = os.path.join(data, "claude", "versions")
    versions = sorted(filter(is_version, names_in(folder)), key=version_key)
    link = os.path.join(context.user, ".local", "bin", "claude")
    own = describe(link, context.home) if os.path.lexists(link) else None
    evidence = [str(own)] if own else []
    if versions:
        size = sum(os.lstat(os.path.join(folder, name)).st_size for name in versions)
        evidence.append(f"{folder}: {', '.join(versions)} ({size / 1e6:,.0f} MB)")
        line = "the native installer's Claude Code is here too; its updates do not touch what is pinned"
        yield Finding("native-install", "note", line, tuple(evidence))
    elif own:
        yield Finding("native-install", "ok", f"the native installer's place holds {own.kind}", tuple(evidence))
