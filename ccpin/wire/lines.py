"""Texts side by side, as people read them: lines that went, lines that came, and in a changed line the words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[" ", "-", "+", "…"]
_CONTEXT = 2  # lines around a change
_ALIKE = 0.4  # of two lines, from where on one is the other, changed
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Line:
    """One line: kept, gone, come, or lines left out between two changes. `pieces` make up its text, each with whether
    it is what differs from the line on the other side."""

    kind: Kind
    pieces: tuple[tuple[bool, str], ...]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


@dataclass(frozen=True)
class TextDiff:
    """Two texts: their characters, how many lines went and came, and the lines around each change."""

    before: int
    after: int
    gone: int
    come: int
    lines: tuple[Line, ...]

    def __bool__(self) -> bool:
        return bool(self.lines)


def compare_texts(before: str, after: str) -> TextDiff:
    """Line by line; nothing in `lines` where the two are equal."""
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    lines: list[Line] = []
    gone = come = 0
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number:
            lines.append(Line("…", ((False, ""),)))
        for kind, i, j, k, m in group:
            if kind == "equal":
                lines += (_plain(" ", line) for line in old[i:j])
            else:
                gone, come = gone + j - i, come + m - k
                lines += _changed(old[i:j], new[k:m])
    return TextDiff(len(before), len(after), gone, come, tuple(lines))


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines that went and lines that came; where they are as many and alike, each pair by its words."""
    pairs = list(zip(old, new, strict=True)) if len(old) == len(new) else []
    if not pairs or not all(_alike(*pair) for pair in pairs):
        yield from (_plain("-", line) for line in old)
        yield from (_plain("+", line) for line in new)
        return
    for one, other in pairs:
        yield from _by_words(one, other)


def _alike(one: str, other: str) -> bool:
    words = difflib.SequenceMatcher(None, _WORDS.findall(one), _WORDS.findall(other), autojunk=False)
    return words.quick_ratio() > _ALIKE and words.ratio() > _ALIKE


def _by_words(one: str, other: str) -> Iterator[Line]:
    old, new = _WORDS.findall(one), _WORDS.findall(other)
    gone: list[tuple[bool, str]] = []
    come: list[tuple[bool, str]] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        differs = kind != "equal"
        if i < j:
            gone.append((differs, "".join(old[i:j])))
        if k < m:
            come.append((differs, "".join(new[k:m])))
    yield Line("-", tuple(gone))
    yield Line("+", tuple(come))


def _plain(kind: Kind, line: str) -> Line:
    return Line(kind, ((False, line),))
