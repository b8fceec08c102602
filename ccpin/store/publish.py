"""Publishing and removing: what makes a folder an entry of the store, and what takes it away again."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable
from typing import TypeVar

from ccpin.checkpoints import checkpoint
from ccpin.store.entry import RECEIPT, SETTINGS_MARK
from ccpin.store.leftovers import REMOVED, STAGING
from ccpin.store.receipt import Receipt

Needs = TypeVar("Needs")


def publish(staging: str, folder: str, receipt: Receipt) -> None:
    """Writes the receipt, and before it what it says to sh; flushes everything, and makes `staging` be `folder`, which
    is beside it."""
    if receipt.takes_settings:
        _write(os.path.join(staging, SETTINGS_MARK), "")
    checkpoint("install: marked")
    _write(os.path.join(staging, RECEIPT), receipt.to_json())
    checkpoint("install: receipt written")
    for parent, folders, _ in os.walk(staging, topdown=False):
        for name in folders:
            os.chmod(os.path.join(parent, name), 0o555)
        _flush_folder(parent)
    checkpoint("install: flushed")
    old = f"{staging}-old"
    try:
        if os.path.lexists(folder):  # moved away whole: nobody may find a part of it
            os.rename(folder, old)
            checkpoint("install: old one moved")
        os.chmod(staging, 0o555)
        os.rename(staging, folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.rename(old, folder)
        raise
    try:
        checkpoint("install: published")
        _flush_folder(os.path.dirname(folder))
    finally:
        remove_tree(old)
    checkpoint("install: old one removed")


def _write(path: str, text: str) -> None:
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(path, 0o444)


def _flush_folder(folder: str) -> None:
    if sys.platform == "win32":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(folder: str, aside: str, rename: Callable[[str, str], None] = os.rename) -> None:
    """Gives an install the name `aside`, beside it, which nobody looks for: whole and at once.

    Windows renames no folder in which something runs, but it renames what runs. So there `aside` gets one after the
    other, the receipt first: without it nothing in there counts as installed. What still runs is removed later.
    `rename` is the system's. Raises OSError.
    """
    _move(folder, aside, rename, lambda name: name != RECEIPT)


def put_back(aside: str, folder: str, rename: Callable[[str, str], None] = os.rename) -> None:
    """What undoes `set_aside`: the receipt comes last. Raises OSError."""
    _move(aside, folder, rename, lambda name: name == RECEIPT)


def _move(old: str, new: str, rename: Callable[[str, str], None], order: Callable[[str], bool]) -> None:
    try:
        rename(old, new)
    except PermissionError:
        if rename is os.rename and sys.platform != "win32":
            raise
        os.mkdir(new)
        for name in sorted(os.listdir(old), key=order):
            path = os.path.join(old, name)
            if os.path.isdir(path) and not os.path.islink(path):
                _move(path, os.path.join(new, name), rename, order)
            else:
                rename(path, os.path.join(new, name))
        os.rmdir(old)


def take_aside(folder: str, needed: Callable[[str], Needs]) -> tuple[str, Needs]:
    """Sets an install aside, and asks only then who needs it: from now on nobody finds it. Where somebody does, it is
    put back. Its new path, and the answer of `needed`, which gets that path. Raises OSError, and what `needed` does."""
    aside = os.path.join(os.path.dirname(folder), f"{REMOVED}-{os.path.basename(folder)}")
    remove_tree(aside)  # what a killed run left
    set_aside(folder, aside)
    try:
        found = needed(aside)
    except BaseException:
        put_back(aside, folder)
        raise
    if found:
        put_back(aside, folder)
    return aside, found


def remove_tree(folder: str) -> None:
    """Removes a folder of the store, whose own folders are read-only, or whatever stands there in its place. One that
    is not there is fine."""
    if os.path.islink(folder) or not os.path.isdir(folder):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(folder)
        return
    for parent, _, files in os.walk(folder):
        os.chmod(parent, stat.S_IRWXU)
        if sys.platform == "win32":  # where a read-only file cannot be removed
            for name in files:
                os.chmod(os.path.join(parent, name), stat.S_IWRITE)
    shutil.rmtree(folder, ignore_errors=sys.platform == "win32")  # what runs cannot be removed there, but later


def sweep(entry: str) -> None:
    """What an install that was killed left behind; its lock is ours now, so nobody works in there."""
    for name in os.listdir(entry):
        if name.startswith(STAGING):
            checkpoint("install: sweeping")
            remove_tree(os.path.join(entry, name))


def remove_if_empty(folder: str) -> None:
    """Removes a folder that nothing stands in."""
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
