"""The check of the store: what is in it, whether it is whole, and what interrupted installs left."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, counted
from ccpin.doctor.reading import names_in
from ccpin.paths import Home
from ccpin.store.leftovers import STAGING
from ccpin.store.receipt import changes, installs

_A_WHILE = 60 * 60  # seconds; before that, somebody may be at work


def check_store(context: Context) -> Iterator[Finding]:
    """All installs by stat, and leftovers. The pinned one has a check of its own."""
    found = list(installs(context.home))
    changed = [i for i in found if (context.install is None or i.folder != context.install.folder) and changes(i)]
    for install in changed:
        version = install.receipt.version
        line = (
            f"the installed {version} is not as it was installed; the next project that pins it will install it again"
        )
        yield Finding("store", "warning", line, tuple(changes(install)[:3]), f"ccpin verify {version} --repair")
    left = list(_leftovers(context))
    if left:
        line = f"{counted(len(left), 'install was', 'installs were')} interrupted and left files"
        yield Finding("store", "note", line, tuple(left), "ccpin prune")
    if found and not changed:
        # An executable that several entries hold is one file on the disk.
        sizes = {kept.sha256: kept.size for i in found for kept in i.receipt.files.values()}
        line = f"the store holds {counted(len(found), 'install')}, {sum(sizes.values()) / 1e6:,.0f} MB"
        yield Finding("store", "ok", line, (context.home.releases,))


def check_shared(context: Context) -> Iterator[Finding]:
    """The stores that CCPIN_STORE_PATH names: those that can be read, and what of it is passed over."""
    said = [folder for folder in context.env.get("CCPIN_STORE_PATH", "").split(os.pathsep) if folder]
    for folder in said:
        if folder not in context.home.shared:
            line = f"CCPIN_STORE_PATH names `{folder}`, which is not absolute: it is passed over"
            yield Finding("shared-stores", "warning", line, (), "export CCPIN_STORE_PATH=/absolute/folder")
    for root in context.home.shared:
        store = Home(root)
        if not os.path.isdir(store.releases):
            line = f"CCPIN_STORE_PATH names {root}, and no releases can be seen there"
            command = f"CCPIN_HOME={shlex.quote(root)} ccpin install {context.version or 'latest'}"
            yield Finding("shared-stores", "warning", line, (store.releases,), command)
            continue
        serves = context.install is not None and context.install.entry.startswith(store.releases + os.sep)
        found = list(installs(store))
        changed = [i for i in found if changes(i)]
        for install in changed:
            version = install.receipt.version
            line = f"the shared store {root} does not hold {version} as it was installed"
            command = f"CCPIN_HOME={shlex.quote(root)} ccpin verify {version} --repair"
            yield Finding("shared-stores", "warning", line, tuple(changes(install)[:3]), command)
        if not changed:
            line = f"the shared store {root} holds {counted(len(found), 'install')}"
            line += f", and {context.version} is started from there" if serves else ""
            yield Finding("shared-stores", "ok", line, (store.releases,))


def _leftovers(context: Context) -> Iterator[str]:
    for entry in names_in(context.home.releases):
        folder = os.path.join(context.home.releases, entry)
        for name in names_in(folder):
            path = os.path.join(folder, name)
            if name.startswith(STAGING) and context.now - _written(path) > _A_WHILE:
                yield path


def _written(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:  # published meanwhile
        return math.inf
