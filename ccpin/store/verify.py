"""What of an install is no longer as it was verified, thing by thing: by stat, or by every byte.

`changes` in `receipt.py` asks the same in short, for those who only want to know whether. Here each finding has a kind,
and a changed executable is looked into: a program that patches releases leaves the right version in it, a broken disk
or a foreign file does not.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import NamedTuple

from ccpin.paths import Home
from ccpin.store.entry import COMMAND, NODE, NODE_LINKS, RECEIPT, SETTINGS_MARK, entry_parts, takes_settings
from ccpin.store.inside import version_inside
from ccpin.store.receipt import Install, Kept, install_folders, read_install, sha256_of, version_of

_CUT = 0.99  # of its size: what is shorter was cut off; a program that patches takes away less


class Fault(NamedTuple):
    """`kind` is one of changed, patched, truncated, missing, extra, link, receipt, mode; `path` is the file, `said` a
    sentence about it."""

    kind: str
    path: str
    said: str


class Verified(NamedTuple):
    """An install that was looked at: its platform folder, its store, what its receipt says where that can be read, and
    all that is wrong with it."""

    folder: str
    store: Home
    install: Install | None
    faults: tuple[Fault, ...]

    @property
    def version(self) -> str:
        return version_of(self.folder)


def verify(store: Home, *, deep: bool = False, versions: frozenset[str] = frozenset()) -> Iterator[Verified]:
    """Looks at the installs of this very store, or at those of some versions; a receipt that cannot be read is one of
    the faults. Changes nothing, and does not count as using what is read."""
    for folder in install_folders(store):
        install = read_install(folder)
        found = Verified(folder, store, install, ())
        if not versions or found.version in versions:
            yield found._replace(faults=faults(folder, install, deep=deep))


def faults(folder: str, install: Install | None, *, deep: bool) -> tuple[Fault, ...]:
    """What is wrong with the install in a platform folder; `install` is None where its receipt cannot be read."""
    return tuple(_faults(folder, install, deep=deep))


def _faults(folder: str, install: Install | None, *, deep: bool) -> Iterator[Fault]:
    entry = os.path.dirname(folder)
    if install is None:
        receipt = os.path.join(folder, RECEIPT)
        said = "no ccpin of this age can read it" if os.path.lexists(receipt) else "it is missing"
        yield Fault("receipt", receipt, f"{said}, so nothing tells what was verified")
        return
    if not _is_of(install, os.path.basename(entry)):
        name = os.path.join(os.path.basename(entry), os.path.basename(folder))
        yield Fault("receipt", os.path.join(folder, RECEIPT), f"it is not of the entry {name}")
    yield from _seal(install)
    yield from _marks(install)
    for name, kept in install.receipt.files.items():
        path = os.path.join(folder, *name.split("/"))
        executable = name == install.receipt.executable
        native = install.receipt.runtime == "native"
        yield from _file(path, kept, install.receipt.version if executable else None, native, deep=deep)
    yield from _extra(install)
    yield from _modes(install)


def _is_of(install: Install, entry: str) -> bool:
    receipt = install.receipt
    same = entry_parts(entry) == (receipt.version, receipt.digest[:32])
    return same and os.path.basename(install.folder) == receipt.platform


def _seal(install: Install) -> Iterator[Fault]:
    """What keeps a launch from taking the receipt for what was written last, and what contradicts itself in it."""
    receipt, path = install.receipt, os.path.join(install.folder, RECEIPT)
    kept = receipt.files.get(receipt.executable)
    own = receipt.files.get(NODE) if receipt.node else None
    try:
        status = os.lstat(path)
    except OSError:
        return  # gone since
    if not stat.S_ISREG(status.st_mode):
        yield Fault("receipt", path, "it is no plain file")
    elif any(file is not None and status.st_mtime_ns <= file.mtime_ns for file in (kept, own)):
        yield Fault("receipt", path, "it is not newer than what it is about, so no launch takes it for its receipt")
    if kept is None:
        yield Fault("receipt", path, f"it says nothing of {receipt.executable}")
    elif receipt.runtime == "native" and receipt.artifact.sha256 not in (None, kept.sha256):
        yield Fault("receipt", path, "what it says of the executable is not what it says of the lock")


def _marks(install: Install) -> Iterator[Fault]:
    """What the entry says to sh."""
    if install.receipt.runtime == "node" and sys.platform != "win32":
        command = os.path.join(install.folder, COMMAND)
        if not os.path.lexists(command):
            yield Fault("missing", command, f"the link to {install.receipt.executable} is gone")
        elif not os.path.islink(command) or os.readlink(command) != install.receipt.executable:
            yield Fault("link", command, f"it does not lead to {install.receipt.executable}")
    if takes_settings(install.folder) is not install.receipt.takes_settings:
        mark = os.path.join(install.folder, SETTINGS_MARK)
        wanted = install.receipt.takes_settings
        yield Fault("missing" if wanted else "extra", mark, "it is missing" if wanted else "it should not be there")


def _file(path: str, kept: Kept, version: str | None, native: bool, *, deep: bool) -> Iterator[Fault]:
    """What is wrong with one file; `version` is that of the release, for its executable."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            yield Fault("changed", path, "it is no plain file any more")
            return
        same = (status.st_size, status.st_mtime_ns) == (kept.size, kept.mtime_ns)
        if same and not deep:
            return
        if status.st_size == kept.size and sha256_of(path) == kept.sha256:
            if not same:
                yield Fault(
                    "changed", path, "it was written to since it was installed; its bytes are the verified ones"
                )
            return
        yield _changed(path, status.st_size, kept, version, native)
    except FileNotFoundError:
        yield Fault("missing", path, "it is gone")
    except OSError as error:
        yield Fault("mode", path, f"it cannot be read: {(error.strerror or str(error)).lower()}")


def _changed(path: str, size: int, kept: Kept, version: str | None, native: bool) -> Fault:
    sizes = f"{size:,} bytes, not {kept.size:,}" if size != kept.size else "its sha256 is not the one that was verified"
    if size < kept.size * _CUT:
        return Fault("truncated", path, sizes)
    found = None if version is None else version_inside(path)
    if found is not None and found == version:
        if native and size < kept.size:  # where nobody takes anything out
            return Fault("truncated", path, sizes)
        said = f"patched, not corrupt: it is still {version} inside, and its bytes are not those verified ({sizes})"
        return Fault("patched", path, said)
    return Fault("changed", path, sizes if found is None else f"it is {found} ({sizes})")


def _extra(install: Install) -> Iterator[Fault]:
    """What stands in the install that nobody verified. A release may read what lies beside it."""
    known = {RECEIPT, SETTINGS_MARK, *install.receipt.files}
    if install.receipt.runtime == "node" and sys.platform != "win32":
        known.add(COMMAND)
    above = {"/".join(name.split("/")[:depth]) for name in known for depth in range(1, name.count("/") + 1)}
    for parent, folders, files in os.walk(install.folder):
        below = os.path.relpath(parent, install.folder).replace(os.sep, "/")
        for name in sorted([*folders, *files]):
            relative = name if below == "." else f"{below}/{name}"
            if relative not in known and not (name in folders and relative in above):
                yield Fault("extra", os.path.join(parent, name), "nobody verified that it belongs there")
        folders[:] = [name for name in folders if (name if below == "." else f"{below}/{name}") in above]


def _modes(install: Install) -> Iterator[Fault]:
    """Who may write, and whether what is started may be."""
    if sys.platform == "win32":
        return
    receipt = install.receipt
    started = {receipt.executable} | ({"node"} if receipt.node else set())
    below = {os.path.dirname(name) for name in receipt.files}
    above = {"/".join(name.split("/")[:depth]) for name in below for depth in range(name.count("/") + 2)}
    for name in sorted({*receipt.files, *above, RECEIPT}):
        path = os.path.join(install.folder, *name.split("/")) if name else install.folder
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            continue  # said already
        if stat.S_ISLNK(mode):
            continue
        if mode & 0o222:
            yield Fault("mode", path, f"it may be written to ({stat.filemode(mode)})")
        elif mode & 0o444 != 0o444 or ((name in started or stat.S_ISDIR(mode)) and mode & 0o111 != 0o111):
            yield Fault("mode", path, f"not everybody may use it ({stat.filemode(mode)})")


def strange(store: Home) -> Iterator[Fault]:
    """What stands in this store's `releases` beside installs."""
    for name in sorted(_names(store.releases)):
        path = os.path.join(store.releases, name)
        if name.startswith("."):  # a file manager's
            continue
        if entry_parts(name) is None:
            yield Fault("extra", path, "it is no store entry of this ccpin's")
            continue
        for inner in sorted(_names(path)):
            if inner in NODE_LINKS or inner.startswith(".") or os.path.isdir(os.path.join(path, inner)):
                continue
            yield Fault("extra", os.path.join(path, inner), "no install is of that name")


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
