r"""The named fields of one row of a transcript, taken from its bytes.

A row is one JSON object on a line, and most of a row is what was said and read, which ccpin neither needs nor keeps.
Parsing all of it costs more than everything else, so a row whose layout is known is read from its two ends:

- from the front, members that hold no object and no list (`"name":"text"`, numbers, words) one after the other: they
  are the row's own, since nothing was opened before them;
- from the back, the same kind of members up to the last byte, `}`. In JSON that brace closes the row; the string before
  it opens at the first quote backwards that no backslash precedes; before that stand a colon and a key, and before that
  a comma. So each member of an unbroken chain up to the end is the row's own, too.

A `"version"` in a message, in a nested object or in a string (where its quotes are escaped) is in neither chain. What
has another layout, spaces between its members for example, is parsed as JSON. Both ways give the same for every row
that JSON.stringify writes, and a property test holds them to it; but for ids, times and efforts in the middle of a row,
which its ends do not show. (Of a key that stands twice or is spelt with escapes, as no release can write it, either.)
A row that is none gives nothing, as far as its ends can tell: what was cut off, glued to another row, or holds NUL
bytes goes to the parser, which refuses it.

Layouts as written by 1.0.51, 1.0.100, 2.0.14, 2.0.64, 2.1.0, 2.1.112, 2.1.200 and 2.1.330.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from ccpin.sessions.lines import CUT

_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_MEMBER = rb'"[A-Za-z_]+":(?:' + _TEXT + rb"|null|true|false|-?[0-9][0-9.eE+-]*)"
_FRONT = re.compile(rb'\{"parentUuid":(?:null|"[^"\\]*")((?:,' + _MEMBER + rb"){0,64})").match
_BACK = re.compile(rb'(?:,"uuid":"([^"\\]*)","timestamp":"([^"\\]*)")?((?:,' + _MEMBER + rb"){0,64})\}\n").fullmatch
_OWN = re.compile(rb',"cwd":(' + _TEXT + rb'),"sessionId":"([^"\\]*)","version":"([^"\\]*)"').search
_MODEL = re.compile(
    rb',"message":\{(?:"(?:id|type|role)":"[^"\\]*",)*"model":"([^"\\]*)",(?:"(?:id|type|role)":"[^"\\]*",)*'
).match
_EFFORT = re.compile(rb',"effort":"([^"\\]*)"').search
_TYPE = re.compile(rb'\{"type":"([a-z-]+)"').match
_TIME = re.compile(rb'\{"type":"[a-z-]+"(?:,' + _MEMBER + rb'){0,9}?,"timestamp":"([^"\\]*)"').match
_SHAPE = re.compile(
    rb'\{"type":"api-request-shape","sessionId":"([^"\\]*)","shapeHash":"([^"\\]*)","timestamp":"([^"\\]*)"'
    rb',"version":"([^"\\]*)","shape":'
).match

_WITHOUT_MODEL = (b',"message":{"role":"user",', b"}")
"""What can follow the members at the front of a row that is no answer of a model's."""

_WITHOUT_MESSAGE = (b',"attachment":{', b',"data":{')
"""The same, of a row that has no message behind it."""

_ENDS = 4096  # bytes: how far from its end a row's own members are looked for; a folder's path can be long
_NO_RELEASE = frozenset(
    b"summary custom-title ai-title tag mode permission-mode agent-name agent-color agent-setting last-prompt"
    b" file-history-snapshot file-history-delta queue-operation content-replacement cost-state worktree-state relocated"
    b" continued-in fork-context-ref session-owner isolation-latch atis-latch tools-used memory-mode bridge-session"
    b" pr-link api-request-blob api-request-resumed checkpoint".split()
)
"""Types of rows in which no release names itself."""


class Row(NamedTuple):
    """What a row says about its writer, as bytes of JSON strings without their quotes; b"" where it does not say.

    `kind` is "message" (a row of the conversation, of whatever type), "shape" (`api-request-shape`), "request"
    (`api-request`) or "other"; `at` the timestamp in ISO 8601; `folder` is still in quotes, and escaped;
    `copied` says that the row names another session that it comes from (`forkedFrom`).
    """

    kind: str
    version: bytes = b""
    session: bytes = b""
    uuid: bytes = b""
    at: bytes = b""
    model: bytes = b""
    effort: bytes = b""
    folder: bytes = b""
    shape: bytes = b""
    copied: bool = False


OTHER = Row("other")


def read_row(line: bytes) -> Row | None:
    """The row on a line that ends in LF; None where that is no JSON object."""
    found = fast(line)
    return parsed(line) if found is None else found


def fast(line: bytes) -> Row | None:
    """The row, if its layout is known."""
    if line.startswith(b'{"parentUuid":'):
        return _message(line)
    kind = _TYPE(line)
    if kind is None or not _is_whole(line):
        return None
    if kind[1] in _NO_RELEASE:
        if kind[1] != b"queue-operation":
            return OTHER
        when = _TIME(line)
        return Row("other", at=when[1]) if when else None
    shape = _SHAPE(line) if kind[1] == b"api-request-shape" else None
    return Row("shape", shape[4], shape[1], at=shape[3], shape=shape[2]) if shape else None


def _message(line: bytes) -> Row | None:
    front = _FRONT(line)
    if front is None or not _is_whole(line):
        return None
    if b'"forkedFrom"' in line:  # as a key, wherever: in a text, its quotes are escaped
        return None
    own = _OWN(front[1])
    near = max(len(line) - _ENDS, 0)
    start = line.rfind(b',"uuid":"', near)
    back = _BACK(line, start) if start >= 0 else None
    if own is None:
        if back is None:
            start = line.rfind(b',"userType":"', near)
            back = _BACK(line, start) if start >= 0 else None
        own = _OWN(back[3]) if back else None
        if own is None:
            return None
    if (back is None or not back[2]) and b',"timestamp":"' in front[1]:
        return None
    model = _model(line, front.end())
    if model is None:
        return None
    if back is None:
        return Row("message", own[3], own[2], model=model, folder=own[1])
    effort = _EFFORT(back[3])
    said = effort[1] if effort else b""
    return Row("message", own[3], own[2], back[1] or b"", back[2] or b"", model, said, own[1])


def _model(line: bytes, at: int) -> bytes | None:
    """The model of the answer that begins there, b"" of what else does; None where that cannot be told."""
    if line.startswith(_WITHOUT_MODEL, at):
        return b""
    if line.startswith(_WITHOUT_MESSAGE, at):
        return None if b'"message"' in line and b'"role"' in line else b""
    found = _MODEL(line, at)
    return found[1] if found and b'"role":"assistant"' in found[0] else None


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"}\n") and (b"\0" not in line or CUT in line)


def parsed(line: bytes) -> Row | None:
    """The row, by parsing all of it; None where it is no JSON object."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested beyond measure
        return None
    if not isinstance(row, dict):
        return None
    kind = _kind(row)
    at, session, version = (_word(row.get(name)) for name in ("timestamp", "sessionId", "version"))
    if kind == "other":
        return Row(kind, at=at if row["type"] == "queue-operation" else b"") if "type" in row else OTHER
    if kind == "message":
        message, folder = _table(row.get("message")), row.get("cwd")
        return Row(
            kind,
            version,
            session,
            _word(row.get("uuid")),
            at,
            _word(message.get("model")) if message.get("role") == "assistant" else b"",
            _word(row.get("effort")),
            json.dumps(folder).encode() if isinstance(folder, str) else b"",
            copied=isinstance(row.get("forkedFrom"), dict),
        )
    params = _table(row.get("params"))
    effort = _word(_table(params.get("output_config")).get("effort"))
    return Row(kind, version, session, at=at, effort=effort, shape=_word(row.get("shapeHash")))


def _kind(row: dict[str, Any]) -> str:
    """By the first member where that decides it, as in `fast`; a release may put others first one day."""
    first = next(iter(row), "")
    kind = row.get("type")
    if first == "parentUuid" or (first != "type" and "parentUuid" in row):
        return "message"
    if not isinstance(kind, str):
        return "other"
    return _KINDS.get(
        kind, "message" if "parentUuid" in row and kind.encode("utf-8", "replace") not in _NO_RELEASE else "other"
    )


_KINDS = {"api-request-shape": "shape", "api-request": "request"} | dict.fromkeys(
    ("user", "assistant", "system", "attachment", "progress"), "message"
)


def _word(value: object) -> bytes:
    """A text as it would stand between the quotes; b"" for what is none."""
    return (
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")[1:-1] if isinstance(value, str) else b""
    )


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
