"""ccpin's block put into the shells' files, and taken out again, each file for itself.

A file that cannot be changed is a problem to report, and no reason to leave out the others. Which files were made
here is recorded before they are, so that `--undo` can remove them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ccpin.checkpoints import checkpoint
from ccpin.errors import CcpinError, ShellFileNotCleaned, ShellFileUnwritable
from ccpin.launching import shellfiles
from ccpin.launching.changes import Change
from ccpin.launching.shellfiles import ShellFile


@dataclass(frozen=True)
class Record:
    """What `setup.json` holds: the files that got a block; those, and the folders, that did not exist before."""

    files: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def read_record(path: str) -> Record:
    """The record at `path`; an empty one where there is none, or none that can be understood."""
    try:
        with open(path, "rb") as file:
            found = json.load(file)
        return Record(**{name: [str(entry) for entry in found[name]] for name in ("files", "created", "folders")})
    except (OSError, ValueError, KeyError, TypeError):
        return Record()


def extended(record: Record, files: Iterable[ShellFile]) -> bytes:
    """The bytes of `setup.json` once `files` are done, to be written before."""
    missing = [file.path for file in files if not os.path.exists(file.path)]
    made = [file.path for file in files if file.create and file.path in missing]
    folders = [folder for path in made for folder in missing_folders(path)]
    names = {
        "files": _merged(record.files, [file.path for file in files if file.create or file.path not in missing]),
        "created": _merged(record.created, made),
        "folders": _merged(record.folders, folders),
    }
    return json.dumps(names, indent=2).encode() + b"\n"


def add_blocks(files: Iterable[ShellFile], *, dry_run: bool) -> tuple[list[Change], list[CcpinError]]:
    """Every file gets its block. A missing file is made where the shell exists."""
    return _each(files, lambda file: _add(file, dry_run), _cannot_add)


def remove_blocks(
    files: Iterable[ShellFile], record: Record, *, dry_run: bool
) -> tuple[list[Change], list[CcpinError]]:
    """Every file, and every recorded one, loses its block; what setup made and is empty then is removed."""
    known = {file.path: file for file in files}
    for path in record.files:  # there may have been another ZDOTDIR then
        known.setdefault(path, ShellFile(path, "", create=False))
    outcome = _each(
        known.values(), lambda file: _remove(file.path, file.path in record.created, dry_run), _cannot_remove
    )
    if not dry_run:
        remove_empty(record.folders)
    return outcome


def remove_empty(folders: Iterable[str]) -> None:
    """Removes those folders that are empty, in this order."""
    for folder in folders:
        with contextlib.suppress(OSError):  # somebody else's things are in it
            os.rmdir(folder)


def _each(
    files: Iterable[ShellFile],
    act: Callable[[ShellFile], Change | None],
    problem: Callable[[ShellFile, str], CcpinError],
) -> tuple[list[Change], list[CcpinError]]:
    problems: list[CcpinError] = []

    def attempt(file: ShellFile) -> Change | None:
        try:
            change = act(file)
            checkpoint("setup: shell changed")
            return change
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
        except shellfiles.BrokenBlockError:
            reason = "the markers of ccpin's block in it are not one pair any more"
        problems.append(problem(file, reason))
        return Change(file.path, "left alone", reason)

    changes = [attempt(file) for file in files]
    return [change for change in changes if change], problems


def _add(file: ShellFile, dry_run: bool) -> Change | None:
    old = shellfiles.read(file.path)
    if old is None and not file.create:
        return None
    new = shellfiles.with_block(old or b"", file.line)
    if new == old:
        return Change(file.path, "unchanged")
    detail = "a new file" if old is None else ""
    if dry_run:
        return Change(file.path, "would write", detail)
    if old is None:
        shellfiles.create(file.path, new)
    else:
        shellfiles.rewrite(file.path, old, new)
    return Change(file.path, "written", detail)


def _remove(path: str, made_here: bool, dry_run: bool) -> Change | None:
    old = shellfiles.read(path)
    if old is None:
        return None
    new = shellfiles.without_block(old)
    if made_here and not new:
        if not dry_run:
            os.unlink(os.path.realpath(path))
        return Change(path, "would remove" if dry_run else "removed")
    if new == old:
        return None
    if not dry_run:
        shellfiles.rewrite(path, old, new)
    return Change(path, "would write" if dry_run else "written", "without ccpin's block")


def _cannot_add(file: ShellFile, reason: str) -> CcpinError:
    return ShellFileUnwritable(path=file.path, reason=reason, line=file.line)


def _cannot_remove(file: ShellFile, reason: str) -> CcpinError:
    start, end = shellfiles.START.decode(), shellfiles.END.decode()
    return ShellFileNotCleaned(path=file.path, reason=reason, start=start, end=end)


def missing_folders(path: str) -> list[str]:
    """The folders that have to be made for `path`, the deepest first."""
    folders = []
    while not os.path.exists(path := os.path.dirname(path)):
        folders.append(path)
    return folders


def _merged(old: list[str], new: list[str]) -> list[str]:
    # The deepest of the folders stay first: a later run only ever finds others missing.
    return list(dict.fromkeys([*old, *new]))
