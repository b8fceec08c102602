"""Named points between the steps of everything that ccpin changes on a disk: where the crash tests pull the plug.

`CCPIN_CRASH_AT="install: published"` ends the process by SIGKILL where it first comes to that point, and
`"file: flushed #3"` where it comes there for the third time. In `tests/crash` the same command must then succeed.

It stays in what people get, so that what is tested is what they run. Nobody can do more with it than `kill -9` can:
it ends this one process, of a user who set a variable of that name for it. Without the variable a point costs one
comparison. On the launch path: only `os`.
"""

from __future__ import annotations

import os

NAMES = {
    # installing (store/install.py, fetch.py, publish.py; archives/)
    "install: locked": "the entry's lock is held",
    "install: entry made": "the entry's folder is there, empty",
    "install: sweeping": "leftovers of a killed install are about to be removed",
    "install: staged": "an empty staging folder stands in the entry",
    "install: written": "some bytes of a file are in the staging folder; passed for every piece",
    "install: unpacked": "one file of an archive is whole; passed for every file",
    "install: compared": "the release is there and is the locked one",
    "install: node taken": "so is the Node.js of the lock's own",
    "install: sealed": "the files are read-only and old",
    "install: marked": "what the receipt says to sh is written",
    "install: receipt written": "the receipt is",
    "install: flushed": "all of it is on the disk",
    "install: old one moved": "the replaced install stands in a staging folder, the new one not yet in its place",
    "install: published": "the new one is in its place",
    "install: old one removed": "the install that was replaced is gone",
    "install: cleaned up": "the staging folder is gone, the lock still held",
    "install: node drafted": "the link to the Node.js on PATH has not its name yet",
    # pruning (store/prune.py)
    "prune: noted": "the record says which projects are gone, and since when",
    "prune: locked": "the lock of an entry that nobody needs is held",
    "prune: moved aside": "its install has no name any more that anybody looks for",
    "prune: looked again": "nobody has begun to use it meanwhile",
    "prune: removed": "it is gone, its entry not yet",
    "prune: entry removed": "so is its entry; the lock is still held",
    "prune: swept": "one thing that lay about is gone; passed for each",
    "uninstall: moved away": "the install has no name any more that anybody looks for",
    "uninstall: removed": "it is gone, its entry not yet",
    # replacing one file: locks, records, settings, shims, documents (files.py)
    "file: drafted": "an empty draft stands beside the file",
    "file: flushed": "the draft is whole and on the disk",
    "file: replaced": "the draft is the file",
    # the lock (pinning/write.py, launching/repin.py)
    "lock: rendered": "all is installed, the old lock still stands",
    "lock: written": "the new one stands",
    "lock: remembered": "the project is recorded",
    "lock: previous kept": "what the lock said before is recorded",
    # setup (launching/setup.py, shellblocks.py)
    "setup: file written": "one of ccpin's own files stands; passed for each",
    "setup: recorded": "the record says which shells' files will be touched",
    "setup: shell changed": "one shell's file has, or has no more, ccpin's block; passed for each",
    "setup: file removed": "`--undo` has removed one of ccpin's own files; passed for each",
    # writing a bundle (store/bundle.py)
    "bundle: locked": "nobody else writes to this target",
    "bundle: staged": "an empty folder stands beside the target",
    "bundle: listed": "the list of the bundle is written",
    "bundle: fetched": "one of its files came; passed for each",
    "bundle: added": "it is in the bundle; passed for each",
    "bundle: finished": "the bundle is whole and read back, the old one still stands",
    "bundle: old one moved": "the old folder stands aside, the new one not yet in its place",
    "bundle: moved": "the new one is in its place",
}
"""Every point, and what is true there."""

_NAME, _, _PASS = os.environ.get("CCPIN_CRASH_AT", "").partition(" #")
_SIGKILL = 9  # as a number: Windows has no name for it, and ends the process all the same

_passes = 0


def checkpoint(name: str) -> None:
    """Says that the point `name` was reached. Does not return where that is the one to crash at."""
    if name == _NAME:
        _reached()


def _reached() -> None:
    global _passes
    _passes += 1
    if str(_passes) == (_PASS or "1"):
        os.kill(os.getpid(), _SIGKILL)
