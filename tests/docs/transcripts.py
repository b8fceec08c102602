"""Transcripts: commands and what they print, as pages show them, against what they really print.

Compared line by line. `…` alone stands for any number of lines, within a line for anything. What differs from machine
to machine is made equal on both sides: digests, sizes and seconds. Where a release came from is said at its first
download alone, so a page may leave that line out. Where a page shows nothing, nothing is compared. A command ends with
0, unless the page shows an error (`ccpin: …`, or `"ok": false`): then it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.docs.pages import Block

_EQUAL = (
    (re.compile(r"sha512-[A-Za-z0-9+/]{20,}=*"), "sha512-…"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<hex>"),
    (re.compile(r" *\b[\d,]*\.?\d+ (kB|MB|GB|s|ms)\b"), r" <number> \1"),
)

_ORIGIN = re.compile(r"ccpin: .* came from .*")


@dataclass(frozen=True)
class Step:
    """One command of a page. `shown` is what the page says that it prints, `line` where it stands."""

    command: str
    shown: tuple[str, ...]
    line: int

    @property
    def fails(self) -> bool:
        return any(line.startswith(("ccpin: ", '  "ok": false')) for line in self.shown)


def steps(block: Block) -> Iterator[Step]:
    """The commands of a transcript; of a script, each line that is one."""
    if block.is_script:
        for number, line in enumerate(block.lines, block.line):
            if command := line.partition(" #")[0].strip():
                yield Step(command, (), number)
        return
    starts = [at for at, line in enumerate(block.lines) if line.startswith("$ ")]
    for at, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        yield Step(block.lines[at][2:], block.lines[at + 1 : end], block.line + at)


def difference(shown: Sequence[str], printed: str) -> str:
    """Where the two part, as a sentence of two lines; nothing where a page shows nothing, or what is printed."""
    wanted = [_equal(line) for line in shown]
    while wanted and not wanted[-1]:
        wanted.pop()
    found = [_equal(line) for line in printed.rstrip("\n").split("\n") if line in shown or not _ORIGIN.match(line)]
    if not wanted or _fits(wanted, found):
        return ""
    best = max((n for n in range(len(wanted) + 1) if _fits([*wanted[:n], "…"], found)), default=0)
    line = wanted[best] if best < len(wanted) else "the end"
    return f"the page shows\n    {line}\nand the command prints\n" + "\n".join(f"    {one}" for one in found)


def _equal(line: str) -> str:
    for pattern, instead in _EQUAL:
        line = pattern.sub(instead, line)
    return line.rstrip()


def _fits(wanted: Sequence[str], found: Sequence[str]) -> bool:
    if not wanted:
        return not found
    if wanted[0] == "…":
        return any(_fits(wanted[1:], found[at:]) for at in range(len(found) + 1))
    return bool(found) and _same(wanted[0], found[0]) and _fits(wanted[1:], found[1:])


def _same(wanted: str, found: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), found) is not None
