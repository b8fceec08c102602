"""One transcript, read from its beginning to its end: who wrote it, and where that changed.

Nothing of its content is kept: what comes out are releases, ids, times, models, efforts and digests, each only in the
form that it has to have.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from ccpin.sessions.lines import CUT, lines, open_plain
from ccpin.sessions.rows import Row, fast, parsed
from ccpin.sessions.times import seconds
from ccpin.sessions.where import File

_FORMS = {
    "version": re.compile(rb"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}(?:[-+][0-9A-Za-z.-]{1,30})?").fullmatch,
    "time": re.compile(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z").fullmatch,
    "model": re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,99}").fullmatch,
    "effort": re.compile(rb"[a-z]{1,16}").fullmatch,
    "shape": re.compile(rb"[0-9a-f]{16,64}").fullmatch,
}
_IS_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_KNOWN = 1000
_MOST_NAMES = 100
"""Models, and efforts, of one session. There are a few; whoever writes more of them wants to be read."""

_LONGEST_FOLDER = 4096


@dataclass
class Segment:
    """A run of rows by one release. `row` is the line it begins at, from 1; `first` and `last` are times as the rows
    give them, "" where none does; `rows` its number of rows."""

    version: str
    row: int
    first: str = ""
    last: str = ""
    rows: int = 0


@dataclass
class Trace:
    """What one file says. `ids` are hashes of its rows' ids in their order (of this process alone), `opened` its first
    time, whatever row gave it; `begun` that of its first row with an id; `inherited` counts the rows that it has from
    another session, `unread` lines that are no rows."""

    file: File
    session: str = ""
    folder: str = ""
    segments: list[Segment] = field(default_factory=list)
    models: dict[str, int] = field(default_factory=dict)
    efforts: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    ids: array[int] = field(default_factory=lambda: array("q"))
    opened: str = ""
    begun: str = ""
    inherited: int = 0
    unread: int = 0


def trace(file: File, *, within: Callable[[str], bool] | None = None, copied: Set[int] = frozenset()) -> Trace | None:
    """Reads a transcript; None where the first folder that it names is not one that `within` accepts.

    Rows up to the last one that says so, or whose id is in `copied`, are another session's. Raises OSError.
    """
    reader = _Reader(file, copied)
    with open_plain(file.path) as opened:
        for number, line in enumerate(lines(opened), 1):
            row = read(line)
            if row is None:
                reader.found.unread += 1
            elif row.kind != "other" or not reader.found.ids:
                reader.take(number, row)
                if within is not None and reader.found.folder:
                    if not within(reader.found.folder):
                        return None
                    within = None
    return reader.result() if within is None else None


def read(line: bytes) -> Row | None:
    """The row of a line as `lines` gives it."""
    row = fast(line)
    return row if row is not None or CUT in line else parsed(line)


class _Reader:
    """What was found so far."""

    def __init__(self, file: File, copied: Set[int]) -> None:
        self.file, self.copied = file, copied
        self.found = Trace(file)
        self.own = file.session.encode() if file.session and _IS_ID(file.session) else b""
        self.version = self.last = b""
        self.known: dict[tuple[str, bytes], str] = {}
        self.seen: set[int] = set()
        self.looked = 0  # so many of the ids are in `seen`

    def take(self, number: int, row: Row) -> None:
        if row.copied or (row.uuid and hash(row.uuid) in self.copied):
            self.begin_anew(row)
            return
        if row.uuid:
            self.identify(row)
        elif not self.found.opened and row.at:
            self.found.opened = plain("time", row.at)
        if row.session and row.session != self.own and self.is_anothers(row.session):
            self.found.inherited += 1
            return
        if row.folder and not self.found.folder:
            self.found.folder = _folder(row.folder)
        if row.version:
            self.attribute(number, row)
        if row.model and row.kind == "message":
            self.count(self.found.models, "model", row.model)
        if row.effort:
            self.count(self.found.efforts, "effort", row.effort)
        if row.shape and (shape := self.text("shape", row.shape)):
            self.found.shapes.setdefault(shape, plain("time", row.at))

    def begin_anew(self, row: Row) -> None:
        """Whatever stands before a copied row, and the row itself, was not written in this session."""
        old = self.found
        inherited = old.inherited + sum(each.rows for each in old.segments) + 1
        folder = old.folder or _folder(row.folder)
        self.found = Trace(self.file, folder=folder, inherited=inherited, unread=old.unread)
        self.version = self.last = b""
        self.seen, self.looked = set(), 0

    def identify(self, row: Row) -> None:
        found = self.found
        if not found.ids:
            found.begun = plain("time", row.at)
            found.opened = found.opened or found.begun
        found.ids.append(hash(row.uuid))

    def is_anothers(self, session: bytes) -> bool:
        """An agent's rows name the session that it works for; those of a file with a name of its own, whichever."""
        if self.own:
            return not self.file.is_agent
        self.own = session
        return False

    def attribute(self, number: int, row: Row) -> None:
        found = self.found
        if row.version != self.version:
            version = self.text("version", row.version)
            if not version or (found.segments and self.is_repeated(row)):
                return
            self.close()
            self.version = row.version
            found.segments.append(Segment(version, number, plain("time", row.at)))
        segment = found.segments[-1]
        segment.rows += 1
        if row.at:
            self.last = row.at
            if not segment.first:
                segment.first = plain("time", row.at)

    def close(self) -> None:
        """Ends the segment that was being read."""
        if self.found.segments:
            self.found.segments[-1].last = plain("time", self.last)
        self.last = b""

    def is_repeated(self, row: Row) -> bool:
        """Whether a row that would be a change was in this file before: a resumed session may write old ones again."""
        if not row.uuid:
            return False
        before = len(self.found.ids) - 1
        self.seen.update(self.found.ids[self.looked : before])
        self.looked = before
        return hash(row.uuid) in self.seen

    def count(self, into: dict[str, int], form: str, value: bytes) -> None:
        text = self.text(form, value)
        if text and (text in into or len(into) < _MOST_NAMES):
            into[text] = into.get(text, 0) + 1

    def text(self, form: str, value: bytes) -> str:
        """`plain`, remembered: there are a few releases and models, and a million rows."""
        key = (form, value)
        if key not in self.known and len(self.known) < _KNOWN:
            self.known[key] = plain(form, value)
        return self.known[key] if key in self.known else plain(form, value)

    def result(self) -> Trace:
        self.close()
        self.found.session = self.own.decode() if _IS_ID(self.own.decode("latin-1")) else self.file.session or ""
        return self.found


def plain(form: str, value: bytes) -> str:
    """A field's text, or "" where it has not the form that it must have: what it is instead is nobody's business."""
    text = value.decode("ascii") if _FORMS[form](value) else ""
    return "" if form == "time" and not seconds(text) else text


def _folder(quoted: bytes) -> str:
    try:
        folder = json.loads(quoted) if quoted else ""
    except ValueError:
        return ""
    return folder if os.path.isabs(folder) and len(folder) <= _LONGEST_FOLDER else ""
