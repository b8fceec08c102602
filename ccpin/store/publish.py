"""Publishing and removing: what makes a folder an entry of the store, and what takes it away again."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys

from ccpin.store.entry import RECEIPT, SETTINGS_MARK
from ccpin.store.receipt import Receipt

STAGING = ".staging-"
"""How the name of a folder begins that is not an entry yet, or no longer."""


def publish(staging: str, folder: str, receipt: Receipt) -> None:
    """Writes the receipt, and before it what it says to sh; flushes everything, and makes `staging` be `folder`, which
    is beside it."""
    if receipt.takes_settings:
        _write(os.path.join(staging, SETTINGS_MARK), "")
    _write(os.path.join(staging, RECEIPT), receipt.to_json())
    for parent, folders, _ in os.walk(staging, topdown=False):
        for name in folders:
            os.chmod(os.path.join(parent, name), 0o555)
        _flush_folder(parent)
    old = f"{staging}-old"
    if os.path.lexists(folder):  # moved away whole: nobody may find a part of it
        os.rename(folder, old)
    os.rename(staging, folder)
    os.chmod(folder, 0o555)
    _flush_folder(os.path.dirname(folder))
    remove_tree(old)


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
    shutil.rmtree(folder)


def sweep(entry: str) -> None:
    """What an install that was killed left behind; its lock is ours now, so nobody works in there."""
    for name in os.listdir(entry):
        if name.startswith(STAGING):
            remove_tree(os.path.join(entry, name))


def remove_if_empty(folder: str) -> None:
    """Removes a folder that nothing stands in."""
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
