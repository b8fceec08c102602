"""What would become of each file, and the doing of it. Nobody's file is overwritten."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ccpin.errors import CcpinError, NotInitialised
from ccpin.files import is_full, make_folder, no_room, replace_file
from ccpin.onboarding.wanted import Wanted
from ccpin.pinning.find import read_plain
from ccpin.pinning.write import is_below

Verb = Literal["write", "add a line to", "nothing", "by hand"]
_MOST = 1 << 20  # bytes of a file that is looked into


@dataclass(frozen=True)
class Step:
    """`path` is absolute; `text` is what the file will hold, or holds, or, by hand, what is missing in it."""

    path: str
    verb: Verb
    text: str = ""
    mode: int = 0o644


def plan(root: str, files: Iterable[Wanted]) -> tuple[Step, ...]:
    """One step a file, in their order. Raises NotInitialised where something that is no file is in the way."""
    return tuple(_step(root, file) for file in files)


def carry_out(steps: Iterable[Step]) -> None:
    """Writes what is to be written. Raises NotInitialised, NoRoom."""
    for step in steps:
        if step.verb not in ("write", "add a line to"):
            continue
        data = step.text.encode("utf-8", "surrogateescape")
        try:
            make_folder(os.path.dirname(step.path))
            replace_file(os.path.realpath(step.path), data, step.mode)
        except OSError as error:
            raise _failure(step.path, error, len(data)) from None


def _step(root: str, file: Wanted) -> Step:
    for name in (file.path, *file.others):
        path = os.path.join(root, *name.split("/"))
        held = _held(path, root)
        if held is not None:
            return _beside(path, held, file)
    return Step(os.path.join(root, *file.path.split("/")), "write", file.text, file.mode)


def _beside(path: str, held: str, file: Wanted) -> Step:
    """Where there is a file already."""
    if _has(held.replace("\r\n", "\n"), file):
        return Step(path, "nothing", held)
    mode = os.stat(path).st_mode & 0o777
    if file.append:
        newline = "\r\n" if "\r\n" in held else "\n"
        gap = newline if held and not held.endswith("\n") else ""
        return Step(path, "add a line to", held + gap + file.text.replace("\n", newline), mode)
    if file.mark is None:
        lines = (held.splitlines(keepends=True), file.text.splitlines(keepends=True))
        return Step(path, "by hand", "".join(difflib.unified_diff(*lines, "as it is", "as ccpin would write it")))
    return Step(path, "by hand", file.text)


def _has(held: str, file: Wanted) -> bool:
    if file.mark is not None:
        return file.mark in held
    return _fixed(held, file.free) == _fixed(file.text, file.free)


def _fixed(text: str, free: str) -> list[str]:
    return [line for line in text.splitlines() if not free or not re.fullmatch(free, line)]


def _held(path: str, root: str) -> str | None:
    """What a file holds, None where there is none. Raises NotInitialised, for a link out of the repository too: by it a
    clone would choose what is written."""
    if not is_below(path, root):
        raise NotInitialised(path=path, reason="a link on the way to it leads out of the project")
    if ".git" in os.path.relpath(os.path.realpath(path), os.path.realpath(root)).split(os.sep):
        raise NotInitialised(path=path, reason="a link on the way to it leads into git's own folder")
    if not os.path.lexists(path):
        return None
    try:
        data = read_plain(path, _MOST)
    except OSError as error:
        raise _failure(path, error, 0) from None
    if len(data) == _MOST:
        raise NotInitialised(path=path, reason=f"it has {_MOST:,} bytes or more")
    return data.decode("utf-8", "surrogateescape")


def _failure(path: str, error: OSError, needed: int) -> CcpinError:
    if is_full(error):
        return no_room(path, error, needed)
    return NotInitialised(path=path, reason=(error.strerror or "it is no plain file").lower())
