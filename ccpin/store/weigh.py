"""How many bytes a disk gets back: a file that has several names is one file, and stays as long as it has one."""

from __future__ import annotations

import os
import stat
from collections import Counter


class Scales:
    """Weighs what is going to be removed, one thing after the other."""

    def __init__(self) -> None:
        self._names: Counter[tuple[int, int]] = Counter()

    def freed(self, path: str) -> int:
        """The bytes that are free once `path` is gone too, a file or a folder with all that is in it."""
        found = 0
        for status in _files(path):
            which = (status.st_dev, status.st_ino)
            self._names[which] += 1
            if self._names[which] == max(status.st_nlink, 1):  # the last one of its names
                found += status.st_size
        return found


def _files(path: str) -> list[os.stat_result]:
    try:
        own = os.lstat(path)
    except OSError:
        return []
    if not stat.S_ISDIR(own.st_mode):
        return [own] if stat.S_ISREG(own.st_mode) else []
    found = []
    for parent, _, names in os.walk(path):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                found.append(status)
    return found
