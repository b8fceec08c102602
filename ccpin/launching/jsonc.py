"""JSON with comments and trailing commas, as editors keep their settings: one member of the outermost object is put in
or taken out, and every other byte stays what it is.

    text = with_member("{ // mine\\n}", "a.b", "/c")   # '{ // mine\\n    "a.b": "/c"\\n}'
    without_member(text, "a.b")                        # '{ // mine\\n}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\ufeff]+|//[^\r\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
    |(?P<word>true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.])
    |(?P<mark>[][{},:])""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 200
_INDENT = "    "


class BrokenJsoncError(ValueError):
    """The text is no object of that kind; `line` is where that shows."""

    def __init__(self, line: int) -> None:
        super().__init__(f"it cannot be read as JSON with comments (line {line})")
        self.line = line


@dataclass(frozen=True)
class Member:
    """A member of the outermost object: its name, its value where that is a string, and where they stand. `start` is
    that of the name, `end` that of the value, `comma` the place behind a comma that follows, or None."""

    name: str
    text: str | None
    start: int
    value: int
    end: int
    comma: int | None


@dataclass(frozen=True)
class Outermost:
    """The outermost object: the place behind its `{`, that of its `}`, and its members in order."""

    inside: int
    close: int
    members: tuple[Member, ...]

    def last(self, name: str) -> Member | None:
        """The one that counts: of members of one name, that is the last."""
        return next((member for member in reversed(self.members) if member.name == name), None)


def read(text: str) -> Outermost:
    """Raises BrokenJsoncError."""
    return _Reader(text).outermost()


def is_empty(text: str) -> bool:
    """Whether there are but blanks and comments: settings of an editor that has none yet. Raises BrokenJsoncError."""
    return all(kind == "blank" for kind, _, _ in _tokens(text))


def with_member(text: str, name: str, value: str) -> str:
    """`text` with that string as the value of that name: in the place of the value that counts, else as the first
    member. Text without any value becomes an object. Raises BrokenJsoncError."""
    said = f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
    if is_empty(text):
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{gap}{{\n{_INDENT}{said}\n}}\n"
    found = read(text)
    if there := found.last(name):
        return text[: there.value] + json.dumps(value, ensure_ascii=False) + text[there.end :]
    at, new = _first_place(text, found, said)
    return text[:at] + new + text[at:]


def without_member(text: str, name: str) -> str:
    """`text` without the member of that name that counts; with its line, where nothing else stands on it, and the
    comma that would be left before it. Raises BrokenJsoncError."""
    found = read(text)
    there = found.last(name)
    if there is None:
        return text
    start, end = there.start, there.comma or there.end
    line = text.rfind("\n", 0, start) + 1
    rest = re.compile(r"[ \t]*(\r?\n)").match(text, end)
    if rest and not text[line:start].strip(" \t"):
        start, end = line, rest.end()
    elif there.comma:
        end += len(text[end:]) - len(text[end:].lstrip(" \t"))
    before = found.members.index(there) - 1
    if there.comma is None and before >= 0 and (comma := found.members[before].comma):
        return text[: comma - 1] + text[comma:start] + text[end:]
    return text[:start] + text[end:]


def _first_place(text: str, found: Outermost, said: str) -> tuple[int, str]:
    """Where a first member goes, and how it is written there: on a line of its own, where the others have theirs."""
    newline = "\r\n" if "\r\n" in text else "\n"
    comma = "," if found.members else ""
    first = found.members[0].start if found.members else None
    line_end = text.find("\n", found.inside, found.close if first is None else first) + 1
    if first is not None and text[text.rfind("\n", 0, first) + 1 : first].strip(" \t"):
        return first, f"{said}, "  # all on one line
    if line_end and not _inside_comment(text, found.inside, line_end):
        indent = _INDENT if first is None else text[text.rfind("\n", 0, first) + 1 : first]
        return line_end, f"{indent}{said}{comma}{newline}"
    if first is not None:
        indent = text[text.rfind("\n", 0, first) + 1 : first]
        return first, f"{said},{newline}{indent}"
    return found.inside, f"{newline}{_INDENT}{said}{newline}"


def _inside_comment(text: str, start: int, at: int) -> bool:
    """Whether `at`, a line's start behind `start`, is within a comment of several lines."""
    return any(begin < at < end for kind, begin, end in _tokens(text, start) if kind == "blank" and text[begin] == "/")


def _tokens(text: str, at: int = 0) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of each token. Raises BrokenJsoncError."""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BrokenJsoncError(text.count("\n", 0, at) + 1)
        yield str(found.lastgroup), at, found.end()
        at = found.end()


class _Reader:
    """One pass over the tokens that are not blank."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = (token for token in _tokens(text) if token[0] != "blank")
        self._next()

    def outermost(self) -> Outermost:
        inside = self._end
        self._take("{")
        members = []
        while self._here() != "}":
            start, name = self._start, json.loads(self._take_kind("string"))
            self._take(":")
            value, text = self._start, self._here() if self._kind == "string" else None
            end = self._value(0)
            comma = self._end if self._here() == "," else None
            members.append(Member(name, json.loads(text) if text else None, start, value, end, comma))
            if comma is None:
                break
            self._next()
        close = self._start
        self._take("}")
        if self._kind:
            raise self._broken()
        return Outermost(inside, close, tuple(members))

    def _value(self, depth: int) -> int:
        """Where the value that begins here ends."""
        end = self._end
        if self._kind in ("string", "word"):
            self._next()
            return end
        close = {"[": "]", "{": "}"}.get(self._here())
        if close is None or depth > _DEEPEST:
            raise self._broken()
        self._next()
        while self._here() != close:
            if close == "}":
                self._take_kind("string")
                self._take(":")
            self._value(depth + 1)
            if self._here() != ",":
                break
            self._next()
        end = self._end
        self._take(close)
        return end

    def _next(self) -> None:
        size = len(self._text)
        self._kind, self._start, self._end = next(self._rest, ("", size, size))

    def _here(self) -> str:
        return self._text[self._start : self._end]

    def _take(self, mark: str) -> None:
        if self._here() != mark:
            raise self._broken()
        self._next()

    def _take_kind(self, kind: str) -> str:
        if self._kind != kind:
            raise self._broken()
        here = self._here()
        self._next()
        return here

    def _broken(self) -> BrokenJsoncError:
        return BrokenJsoncError(self._text.count("\n", 0, self._start) + 1)
