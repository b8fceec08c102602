"""The pages of the documentation, README.md among them, taken apart: headings, links, code.

What counts as a command on a page, and has to be run by a test:

- in a block (fenced with ```, or indented by four blanks): every line that begins with `$ `; the lines up to the next
  one are what it prints
- a block fenced with ```sh, and an indented one without any `$ `: a script, line by line

Other blocks are fenced with what they are (`toml`, `yaml`, `python`, …), and marked `<!-- test: NAME -->` for the test
that runs or validates them (elsewhere.py). Within a sentence a command is not run; but `ccpin …` in backticks has to be
one that there is, with options that it has (test_pages.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(`{3,})(\w*)\s*$")
_MARK = re.compile(r"^<!-- ([a-z]+): (.*?) -->$")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_SPAN = re.compile(r"(`+)(?!`)((?:(?!\n\n).)+?)(?<!`)\1(?!`)", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Code on a page. `kind` is the word behind the fence, `indented` for a block without one; `line` is that of its
    first line of code; `marks` are the comments `<!-- name: value -->` just above it."""

    kind: str
    line: int
    lines: tuple[str, ...]
    marks: dict[str, str]

    @property
    def is_transcript(self) -> bool:
        return self.kind in ("console", "indented") and any(line.startswith("$ ") for line in self.lines)

    @property
    def is_script(self) -> bool:
        return self.kind == "sh" or (self.kind == "indented" and not self.is_transcript)


@dataclass(frozen=True)
class Page:
    """A page, by its path from the root of the repository, with `/`."""

    name: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def blocks(self) -> list[Block]:
        return [block for block, _ in _blocks(self.lines)]

    def code(self, name: str) -> str:
        """What the one block holds above which `<!-- test: name -->` stands. Raises LookupError."""
        found = [block for block in self.blocks() if block.marks.get("test") == name]
        if len(found) != 1:
            raise LookupError(f"{self.name} has {len(found)} blocks marked `test: {name}`")
        return "".join(f"{line}\n" for line in found[0].lines)

    def prose(self) -> str:
        """The page without its blocks: their lines are empty."""
        lines = self.lines
        for _, taken in _blocks(lines):
            for number in taken:
                lines[number] = ""
        return "\n".join(lines)

    def spans(self) -> list[str]:
        """What stands between backticks within sentences, on one line each."""
        return [" ".join(found[2].split()) for found in _SPAN.finditer(self.prose())]

    def headings(self) -> list[str]:
        return [line.lstrip("#").strip() for line in self.prose().splitlines() if re.match(r"#{1,6} ", line)]

    def anchors(self) -> set[str]:
        """What `#…` may name on this page, as GitHub makes it of headings."""
        found: set[str] = set()
        for heading in self.headings():
            plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            number = next(n for n in range(1000) if (f"{plain}-{n}" if n else plain) not in found)
            found.add(f"{plain}-{number}" if number else plain)
        return found

    def links(self) -> list[str]:
        text = _SPAN.sub("", self.prose())
        return [found[1] for found in _LINK.finditer(text)]


def pages() -> list[Page]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [read(path.relative_to(ROOT).as_posix()) for path in files]


def read(name: str) -> Page:
    return Page(name, (ROOT / name).read_text(encoding="utf-8"))


def _blocks(lines: list[str]) -> Iterator[tuple[Block, range]]:
    """Each block, with the numbers of all its lines, fences included."""
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        if end == at:
            at += 1
            continue
        fence = _FENCE.match(lines[at])
        code = range(at + 1, end - 1) if fence else range(at, end)
        kind = (fence[2] or "plain") if fence else "indented"
        text = tuple(lines[n] if fence else lines[n][4:] for n in code)
        yield Block(kind, code.start + 1, text, _marks(lines, at)), range(at, end)
        at = end


def _end(lines: list[str], at: int) -> int:
    """Behind the last line of the block that begins in line `at`; `at` where none does."""
    if fence := _FENCE.match(lines[at]):
        return next(n for n in range(at + 1, len(lines)) if lines[n] == fence[1]) + 1
    if not lines[at].startswith("    ") or (at and lines[at - 1].strip()):
        return at
    inside = at
    while inside < len(lines) and (lines[inside].startswith("    ") or not lines[inside].strip()):
        inside += 1
    while not lines[inside - 1].strip():
        inside -= 1
    return inside


def _marks(lines: list[str], at: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in reversed(lines[:at]):
        mark = _MARK.match(line)
        if mark is None and line.strip():
            break
        if mark is not None:
            found[mark[1]] = mark[2]
    return found
