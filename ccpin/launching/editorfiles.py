"""`ccpin setup --vscode`: the line put into editors' settings, and taken out again, each file for itself.

Every other byte stays. What was done to which file is recorded before it is done, so that `--undo` gives back exactly
what was there; where others have changed the file since, it takes the one member out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ccpin.errors import CcpinError, EditorFileNotCleaned, EditorFileUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.launching import jsonc
from ccpin.launching.changes import Change
from ccpin.launching.editors import SETTING, is_ours, line
from ccpin.launching.shellblocks import missing_folders, remove_empty
from ccpin.launching.shellfiles import create, read, rewrite
from ccpin.paths import Home

_MOST = 4 << 20
"""Bytes of settings that are read. A project's may be a stranger's, and all of it is looked at."""


@dataclass(frozen=True)
class Edit:
    """What was done to a file: at `at`, `put` came in the place of `was`. `created`: there was none; `folders` were
    made for it, the deepest first."""

    at: int
    put: str
    was: str
    created: bool
    folders: tuple[str, ...]


def wrap(paths: Iterable[str], home: Home, *, dry_run: bool) -> tuple[list[Change], list[CcpinError]]:
    """Every settings' file gets the line; a file that cannot be is a problem, and no reason to leave out the others."""
    changes: list[Change] = []
    problems: list[CcpinError] = []
    for path in paths:
        try:
            changes.append(_wrap(path, home, dry_run))
        except (OSError, ValueError) as error:
            problems.append(EditorFileUnwritable(path=path, reason=_reason(error), line=line(home.editor_shim)))
            changes.append(Change(path, "left alone", _reason(error)))
    return changes, problems


def unwrap(paths: Iterable[str], home: Home, *, dry_run: bool) -> tuple[list[Change], list[CcpinError]]:
    """Those files, and all that are recorded, lose what `wrap` put there, and nothing else."""
    changes: list[Change] = []
    problems: list[CcpinError] = []
    for path in dict.fromkeys([*paths, *recorded(home)]):
        try:
            changes += _unwrap(path, home, dry_run)
        except (OSError, ValueError) as error:
            problems.append(EditorFileNotCleaned(path=path, reason=_reason(error), line=line(home.editor_shim)))
            changes.append(Change(path, "left alone", _reason(error)))
    return changes, problems


def recorded(home: Home) -> dict[str, Edit]:
    """What was done, by the file's path; nothing where no record can be read."""
    try:
        with open(home.editor_record, encoding="utf-8") as file:
            found = json.load(file)
        return {str(path): _edit(**said) for path, said in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _wrap(path: str, home: Home, dry_run: bool) -> Change:
    old = _text(path)
    before = old or ""
    found = _member(before)
    if found and found.text == home.editor_shim:
        return Change(path, "unchanged")
    edit = recorded(home).get(path)
    if found and not is_ours(found.text, home):
        raise ValueError(f"it names {found.text or 'no text'} already")
    if found:
        before = _without(before, edit)
    after = jsonc.with_member(before, SETTING, home.editor_shim)
    detail = line(home.editor_shim)
    if dry_run:
        return Change(path, "would write", detail)
    done = _difference(before, after, created=old is None, path=path)
    if edit and (edit.created or edit.folders):  # a second line is put where the first one made the file
        done = replace(done, created=edit.created, folders=edit.folders)
    _record(home, recorded(home) | {path: done})
    if old is None:
        create(path, after.encode())
    else:
        rewrite(path, old.encode(), after.encode())
    return Change(path, "written", detail)


def _unwrap(path: str, home: Home, dry_run: bool) -> Iterator[Change]:
    edit, old = recorded(home).get(path), _text(path)
    found = _member(old or "")
    if old is None or found is None or not is_ours(found.text, home):
        if edit and not dry_run:
            _forget(home, path)
        return
    new = _without(old, edit)
    made = edit.folders if edit and edit.created and not new else None
    if made is not None:
        yield Change(path, "would remove" if dry_run else "removed")
    else:
        yield Change(path, "would write" if dry_run else "written", f"without {SETTING}")
    if dry_run:
        return
    if made is None:
        rewrite(path, old.encode(), new.encode())
    else:
        os.unlink(os.path.realpath(path))
        remove_empty(made)
    _forget(home, path)


def _without(text: str, edit: Edit | None) -> str:
    """`text` as it was; where others have changed it around the line, without the member alone."""
    if edit and text[edit.at : edit.at + len(edit.put)] == edit.put:
        return text[: edit.at] + edit.was + text[edit.at + len(edit.put) :]
    return jsonc.without_member(text, SETTING)


def _member(text: str) -> jsonc.Member | None:
    """The setting, where there is one. Raises BrokenJsoncError."""
    return None if jsonc.is_empty(text) else jsonc.read(text).last(SETTING)


def _difference(before: str, after: str, *, created: bool, path: str) -> Edit:
    at = _alike(before, after)
    behind = _alike(before[at:][::-1], after[at:][::-1])
    put, was = after[at : len(after) - behind], before[at : len(before) - behind]
    return Edit(at, put, was, created, tuple(missing_folders(path)))


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


def _text(path: str) -> str | None:
    """The file's text with its line ends, None where there is none. Raises OSError, ValueError."""
    data = read(path, _MOST)
    if data is not None and len(data) == _MOST:
        raise ValueError(f"it has {_MOST:,} bytes or more")
    return None if data is None else data.decode("utf-8")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return (error.strerror or "unknown").lower()
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    return str(error)


def _forget(home: Home, path: str) -> None:
    _record(home, {name: edit for name, edit in recorded(home).items() if name != path})


def _record(home: Home, edits: Mapping[str, Edit]) -> None:
    if not edits:
        if os.path.lexists(home.editor_record):
            os.unlink(home.editor_record)
        return
    make_folder(home.root)
    data = json.dumps({path: vars(edit) for path, edit in edits.items()}, indent=2)
    replace_file(home.editor_record, data.encode("utf-8", "surrogateescape") + b"\n", 0o600)


def _edit(*, at: int, put: str, was: str, created: bool, folders: list[str]) -> Edit:
    return Edit(int(at), str(put), str(was), bool(created), tuple(map(str, folders)))
