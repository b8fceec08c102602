"""What a release's own files say about it: which flags of ccpin's table they name, and whether it takes `--settings`.

A flag that a release does not name does nothing there, and one that it names it very likely reads; only a run could
tell more. Looked up once, at the install, in bytes that have been verified, and kept in the receipt.

The text of a JavaScript release is in the scripts of the package's top folder. A native executable has its text in its
second half: it begins at 94 % of 2.1.112 and 2.1.113, which hold another copy from 46 % on, at 92 % of 2.1.200 and at
81 % of 2.1.330 (79 % for macOS, 82 % for Windows). So that half is read, and the rest only where a name that must be
there is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ccpin.pinning.flags import TABLE

_SCRIPTS = (".js", ".mjs", ".cjs")
_NATIVE_FROM = 0.5

_NAMES = frozenset(name.encode() for name in TABLE)

_EVERYWHERE = b"DISABLE_AUTOUPDATER"
"""In every release from 1.0.51 on, so in every native one."""

_SETTINGS = b"--settings <"
"""How the option is declared: `.option("--settings <file-or-json>", …)`, in each text of 1.0.100, 2.0.14, 2.0.64,
2.1.0, 2.1.112, 2.1.113, 2.1.200 and 2.1.330. 0.2.9, 0.2.35 and 1.0.51 do not even hold `--settings`, but that alone
would say less: releases hold it in advice and in command lines that they build, too."""

_PIECE = 1 << 20  # bytes
_OVERLAP = max(len(_SETTINGS), *(len(name) + 1 for name in TABLE))  # a name, and what stands before it

_FAMILIES = ("ANTHROPIC", "CLAUDE", "DISABLE", "ENABLE")
_CAPITALS = re.compile(rb"[A-Z0-9_]{0,98}[A-Z0-9]")
_LONGEST = 110  # bytes of a name, and what stands before it


@dataclass(frozen=True)
class Reads:
    """`flags` maps every name of the table to whether the release's files hold it as a whole word; `settings` tells
    whether it has the option `--settings`."""

    flags: dict[str, bool]
    settings: bool


def scan(folder: str, executable: str) -> Reads:
    """Reads what was installed in `folder`, of which `executable` is started: a path below it, with `/`.

    Memory stays at a few MiB, however large the files. Raises OSError.
    """
    path = os.path.join(folder, *executable.split("/"))
    found: set[bytes] = set()
    for script in _scripts(os.path.dirname(path)):
        found |= _found(script)
    if not path.endswith(_SCRIPTS):
        part = _found(path, _NATIVE_FROM)
        found |= part if _EVERYWHERE in part else _found(path)
    return Reads({name: name.encode() in found for name in TABLE}, _SETTINGS in found)


def variables(folder: str, executable: str) -> list[str]:
    """The names of environment variables that the release's files hold as whole words, sorted: all of Claude Code's own
    four families (CLAUDE_, ANTHROPIC_, DISABLE_, ENABLE_). What is named is very likely read, and what is not, is not.

    `folder` and `executable` are those of `scan`. Raises OSError.
    """
    path = os.path.join(folder, *executable.split("/"))
    found: set[bytes] = set()
    texts = [(script, 0.0) for script in _scripts(os.path.dirname(path))]
    for text, share in texts if path.endswith(_SCRIPTS) else [*texts, (path, _NATIVE_FROM)]:
        for piece, more in _pieces(text, share, _LONGEST):
            for match in _FAMILY.finditer(piece):
                start, end = match.start(match.lastindex or 0), match.end()
                word = piece[start:end]
                if start > 0 and _CAPITALS.fullmatch(word) and not (more and end == len(piece)):
                    found.add(word)
    return sorted(name.decode() for name in found)


def _scripts(folder: str) -> list[str]:
    paths = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(_SCRIPTS)]
    return [path for path in paths if os.path.isfile(path)]


def _found(path: str, share: float = 0) -> set[bytes]:
    """The flags, and perhaps the option, of a file behind the first `share` of it."""
    found: set[bytes] = set()
    for piece, more in _pieces(path, share):
        for match in _WORD.finditer(piece):
            start, end = match.start(match.lastindex or 0), match.end()
            word = piece[start:end]
            if word in _NAMES and start > 0 and not (more and end == len(piece)):  # else it may go on in another piece
                found.add(word)
        if _SETTINGS not in found and _SETTINGS in piece:
            found.add(_SETTINGS)
    return found


def _pieces(path: str, share: float, overlap: int = _OVERLAP) -> Iterator[tuple[bytes, bool]]:
    """A file behind the first `share` of it, in pieces that overlap, and whether more follows.

    What begins a piece is the end of a word, for all that can be told: before the file's first byte stands another.
    """
    with open(path, "rb", buffering=0) as file:  # not mapped into memory: all of it would count as this process's
        start = file.seek(int(os.fstat(file.fileno()).st_size * share))
        piece = b"" if start else b"\n"  # in the middle of a file, its first word may be the end of a longer one
        while chunk := file.read(_PIECE):
            piece = piece[-overlap:] + chunk
            yield piece, True
        yield piece[-overlap:], False


def _word(heads: Iterable[str]) -> re.Pattern[bytes]:
    """Whole words that begin with one of `heads` and `_`; the group is that beginning.

    It looks for `_` and then backward, for `re` finds one byte five times as fast as one of several words: 0.15 s for
    the text of 2.1.330, 0.2 s for all of its second half.
    """
    return re.compile(("_(?=[A-Z])(?:" + "|".join(rf"(?<=\b({head})_)" for head in heads) + r")\w+").encode())


_WORD = _word(sorted({name.partition("_")[0] for name in TABLE}))
_FAMILY = _word(_FAMILIES)
