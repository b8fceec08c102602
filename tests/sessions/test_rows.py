"""Rows are read from their ends exactly as if all of them were parsed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccpin.sessions.lines import CUT, END
from ccpin.sessions.rows import Row, fast, parsed, read_row

LIE = "9.9.9"
OWN = {"userType": "external", "cwd": "/work", "sessionId": "s", "version": "2.0.14", "gitBranch": "main"}
NAMED = {"uuid": "u", "timestamp": "2026-11-23T14:32:33.188Z"}


def line(row: object) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def answer(content: object, model: str = "m-1") -> dict[str, Any]:
    return {"model": model, "id": "msg", "type": "message", "role": "assistant", "content": content}


FORMS: dict[str, dict[str, Any]] = {
    "its own first": {
        "parentUuid": None,
        "isSidechain": False,
        **OWN,
        "message": answer([]),
        "type": "assistant",
        **NAMED,
    },
    "its own last": {
        "parentUuid": "p",
        "isSidechain": False,
        "message": answer([]),
        "type": "assistant",
        **NAMED,
        **OWN,
    },
    "the older order in a message": {
        "parentUuid": None,
        **OWN,
        "message": {"id": "msg", "type": "message", "role": "assistant", "model": "m-1", "content": []},
        "type": "assistant",
        **NAMED,
    },
    "with an effort": {
        "parentUuid": None,
        "message": answer([]),
        **NAMED,
        "effort": "high",
        "perTurnEffort": None,
        **OWN,
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_known_layouts_need_no_parser(form: str) -> None:
    found = fast(line(FORMS[form]))
    assert found is not None
    assert found == parsed(line(FORMS[form]))
    assert (found.version, found.session, found.model, found.uuid) == (b"2.0.14", b"s", b"m-1", b"u")
    assert found.effort == (b"high" if "effort" in FORMS[form] else b"")


NESTED = {"version": LIE, "cwd": "/x", "sessionId": "x", "model": "lie", "uuid": "x", "timestamp": "x", "effort": "lie"}
TEXTS = (
    f'"version":"{LIE}"',
    f'","version":"{LIE}","gitBranch":"x"}}',
    f'\\","cwd":"/x","sessionId":"x","version":"{LIE}","gitBranch":"x"}}',
    f'{{"parentUuid":null,"cwd":"/x","sessionId":"x","version":"{LIE}","message":{{"model":"lie"',
    "\\",
    "\\\\",
    "\n\r\u2028 é 漢 \U0001f600 \ud800",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_said_is_never_believed(form: str, text: str) -> None:
    for content in (text, [{"type": "text", "text": text}], [{"type": "tool_use", "input": {**NESTED, "a": text}}]):
        row = FORMS[form] | {"message": answer(content)}
        for more in ({}, {"toolUseResult": {**NESTED, "stdout": text}}, {"slug": text}):
            for given_row in ({**row, **more}, {"parentUuid": row["parentUuid"], **more, **row}):
                found = read_row(line(given_row))
                assert found is not None
                assert (found.version, found.session, found.model) == (b"2.0.14", b"s", b"m-1")


def test_types_in_which_no_release_names_itself() -> None:
    for kind in ("summary", "file-history-snapshot", "last-prompt", "mode"):
        found = fast(line({"type": kind, "version": LIE, "sessionId": "s"}))
        assert found == Row("other")
    when = "2026-11-23T14:32:33Z"
    assert read_row(line({"type": "queue-operation", "timestamp": when})) == Row("other", at=when.encode())


def test_what_a_request_looked_like() -> None:
    common = {"sessionId": "s", "shapeHash": "ab", "timestamp": "t", "version": "2.1.330"}
    shape = {"type": "api-request-shape", **common, "shape": {"system": [NESTED], "version": LIE}}
    assert fast(line(shape)) == parsed(line(shape)) == Row("shape", b"2.1.330", b"s", at=b"t", shape=b"ab")
    params = {"model": "m", "output_config": {"effort": "low"}, "version": LIE}
    found = read_row(line({"type": "api-request", **common, "params": params}))
    assert found == Row("request", b"2.1.330", b"s", at=b"t", effort=b"low", shape=b"ab")


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_row_that_says_it_was_copied(place: str) -> None:
    row = FORMS[f"its own {place}"] | {"forkedFrom": {"sessionId": "other", "messageUuid": "u"}}
    found = read_row(line(row))
    assert found is not None
    assert found.copied


@pytest.mark.parametrize("deep", [1, 2])
def test_an_object_that_ends_the_row_is_not_the_row(deep: int) -> None:
    """Its members look like the row's own, but for one brace."""
    inner: dict[str, Any] = {"a": 1, **NAMED, **NESTED, "gitBranch": "x"}
    for _ in range(deep - 1):
        inner = {"a": 1, "b": inner}
    for form in FORMS:
        found = read_row(line({**FORMS[form], "toolUseResult": inner}))
        assert found is not None
        assert (found.version, found.session, found.folder) == (b"2.0.14", b"s", b'"/work"')
        assert found.uuid in (b"", b"u")
    nameless = read_row(line({"parentUuid": None, "message": {"role": "user"}, "toolUseResult": inner}))
    assert nameless is not None
    assert (nameless.version, nameless.session, nameless.uuid) == (b"", b"", b"")


@pytest.mark.parametrize("place", ["first", "last"])
def test_so_does_one_that_says_it_in_the_middle(place: str) -> None:
    """The copy that somebody has copied again."""
    said = {"forkedFrom": {"sessionId": "other", "messageUuid": "u"}}
    row = FORMS[f"its own {place}"] | {"message": {"role": "user", "content": 'said "forkedFrom"'}}
    at = list(row).index("uuid")
    found = read_row(line(dict([*row.items()][:at]) | said | row))
    assert found is not None
    assert found.copied
    unsaid = fast(line(row))  # in a text it is no reason to parse
    assert unsaid is not None
    assert not unsaid.copied


@pytest.mark.parametrize("before", ["attachment", "data"])
def test_an_answer_behind_something_else(before: str) -> None:
    row = {"parentUuid": None, **OWN, before: {"type": "x"}, "message": answer([]), "type": "assistant", **NAMED}
    found = read_row(line(row))
    assert found is not None
    assert found.model == b"m-1"


def test_a_type_that_is_no_text() -> None:
    """Half of a character, as JavaScript's strings may hold it, and UTF-8 does not."""
    assert read_row(line({"type": "\ud800", "parentUuid": None, **OWN})) == read_row(
        line({"type": "x", "parentUuid": None, **OWN})
    )


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_row(form: str) -> None:
    whole = line(FORMS[form])
    for broken in (
        whole[:-3] + b"\n",
        whole[:-1],
        whole.replace(b"main", b"ma\0n"),
        b"\0" * 99 + b"\n",
        b"\n",
        b"[]\n",
    ):
        found = read_row(broken)
        assert found is None or broken == whole[:-1]
    assert read_row(b'{"type":"user","x":"\xff"}\n') is None
    assert read_row(b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n") is None


@pytest.mark.parametrize("form", FORMS)
def test_two_rows_on_one_line_give_at_most_what_one_of_them_says(form: str) -> None:
    """A process was killed as it wrote, and another one went on behind that."""
    torn = line({"parentUuid": None, **OWN, "version": "1.0.51", "message": answer([{"input": NESTED}]), **NAMED})
    for cut in range(1, len(torn)):
        found = read_row(torn[:cut] + line(FORMS[form]))
        assert found is None or found.version in (b"1.0.51", b"2.0.14")


def test_the_ends_of_a_long_row() -> None:
    for form in FORMS:
        text = ("x" * 70_000 + TEXTS[2]) * 3
        whole = line(FORMS[form] | {"message": answer([{"type": "text", "text": text}])})
        found = fast(whole[:END] + CUT + whole[-END:])
        assert found == fast(whole)
    for at in range(120, 160):  # wherever it is cut: in a string, behind a backslash
        whole = line({"parentUuid": None, "a": '\\"' * 40, "m": {"b": '\\",' * 40, **NESTED}, "z": {"y": {}}})
        assert (
            fast(whole[:at] + CUT + b',"cwd":"/x","sessionId":"x","version":"9.9.9","gitBranch":"x"' + b',"z":{}}\n')
            is None
        )


# --- against the parser

_KEYS = """parentUuid type cwd sessionId version uuid timestamp message model role effort userType gitBranch
    toolUseResult forkedFrom isSidechain shapeHash content id é"""
KEYS = st.sampled_from(_KEYS.split())
WORDS = st.one_of(
    st.sampled_from(
        [*TEXTS, "2.0.14", LIE, "user", "assistant", "summary", "queue-operation", "api-request-shape", ""]
    ),
    st.text(max_size=6),
)
LEAVES = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False))
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=6
)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    row: dict[str, Any] = {}
    firsts: list[dict[str, Any]] = [{"parentUuid": None}, {"parentUuid": "p"}, {"type": draw(WORDS)}, {}]
    parts: list[dict[str, Any]] = [draw(st.sampled_from(firsts)), draw(st.dictionaries(KEYS, VALUES, max_size=3))]
    known: list[dict[str, Any]] = [OWN, NAMED, {"message": answer(draw(VALUES))}, {"message": draw(VALUES)}]
    parts += draw(st.permutations(known))
    parts.append(draw(st.dictionaries(KEYS, VALUES, max_size=2)))
    for part in parts:
        row.update(part)
    return row


@settings(max_examples=200, deadline=None)
@given(rows(), st.booleans())
def test_the_same_as_by_the_parser(row: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(row, ensure_ascii=ascii_only, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
    quick, whole = fast(text), parsed(text)
    assert whole is not None
    if quick is None:
        return
    for name in ("kind", "version", "session", "model", "shape", "copied"):
        assert plainly(getattr(quick, name)) == plainly(getattr(whole, name)), name
    for name in ("uuid", "at", "effort"):  # not always to be seen from the ends
        assert plainly(getattr(quick, name)) in ("", plainly(getattr(whole, name))), name
    assert not quick.folder or json.loads(quick.folder) == row["cwd"]


def plainly(value: object) -> object:
    return json.loads(b'"' + value + b'"') if isinstance(value, bytes) else value


def test_a_time_before_the_message_is_found() -> None:
    """No release writes it there; one that did must not seem to have no times."""
    row = line({"parentUuid": None, **OWN, **NAMED, "type": "assistant", "message": answer([])})
    assert fast(row) is None
    assert read_row(row) == parsed(row)
    assert parsed(row) == Row("message", b"2.0.14", b"s", b"u", b"2026-11-23T14:32:33.188Z", b"m-1", folder=b'"/work"')
