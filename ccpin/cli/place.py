"""Which lock a command changes: the project's, or this user's default with `--global`."""

from __future__ import annotations

import os

from ccpin.errors import FolderGone
from ccpin.paths import Home
from ccpin.pinning.write import project_lock


def lock_to_change(home: Home, *, default: bool) -> str:
    """The lock's path, whether there is one yet or not. Raises FolderGone."""
    return home.default_lock if default else project_lock(current_folder())


def current_folder() -> str:
    """The current folder, absolute. Raises FolderGone."""
    try:
        return os.getcwd()
    except OSError:
        raise FolderGone() from None
