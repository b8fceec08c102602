"""Settings of editors: one member in and out, and not a byte besides."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccpin.launching.jsonc import BrokenJsoncError, read, with_member, without_member

NAME, VALUE = "claudeCode.x", '/home/a "b"/ü'
SAID = json.dumps(NAME) + ": " + json.dumps(VALUE, ensure_ascii=False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "a": 1\n}', f'{{\n  {SAID},\n  "a": 1\n}}'),
        (
            '{\n\t"a": 1, // c\n\t/* x\n y */\n\t"b": [1,],\n}\n',
            f'{{\n\t{SAID},\n\t"a": 1, // c\n\t/* x\n y */\n\t"b": [1,],\n}}\n',
        ),
        ("{ // mine\n}\n", f"{{ // mine\n    {SAID}\n}}\n"),
        ("{}\n", f"{{\n    {SAID}\n}}\n"),
        ('{"a":1}', f'{{{SAID}, "a":1}}'),
        ('{ /* a\n b */ "x": 1\n}', f'{{ /* a\n b */ {SAID}, "x": 1\n}}'),
        ('{\r\n  "a": true\r\n}\r\n', f'{{\r\n  {SAID},\r\n  "a": true\r\n}}\r\n'),
        ('\ufeff{\n  "a": {"claudeCode.x": 1}\n}', f'\ufeff{{\n  {SAID},\n  "a": {{"claudeCode.x": 1}}\n}}'),
        ("", f"{{\n    {SAID}\n}}\n"),
        ("// nothing yet", f"// nothing yet\n{{\n    {SAID}\n}}\n"),
    ],
)
def test_it_becomes_the_first_member(before: str, after: str) -> None:
    assert with_member(before, NAME, VALUE) == after
    found = read(after).last(NAME)
    assert found
    assert found.text == VALUE


def test_the_value_that_counts_is_replaced() -> None:
    text = '{"claudeCode.x": "1", /* c */ "claudeCode.x" : "old" , // d\n "a": {"claudeCode.x": "no"}}'
    assert with_member(text, NAME, "new") == text.replace('"old"', '"new"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n "a": 1,\n "claudeCode.x": "v"\n}', '{\n "a": 1\n}'),
        ('{"a": 1, "claudeCode.x": "v"}', '{"a": 1 }'),
        ('{\n "claudeCode.x": "v", "a": 1\n}', '{\n "a": 1\n}'),
        ('{\n "claudeCode.x": "v" /* mine */, // and mine\n "a": 1\n}', '{\n // and mine\n "a": 1\n}'),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_it_is_taken_out_alone(before: str, after: str) -> None:
    assert without_member(before, NAME) == after
    read(after)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", 1), ("[]", 1), ('{"a":}', 1), ("{\na:1}", 2), ('{"a":1}}', 1), ('{"a" 1}', 1), ('{"a":1,,}', 1),
        ("{,}", 1), ("/* ", 1), ('{"a":01}', 1), ('{"a":tru}', 1), ('{\n\n"a":1 "b":2}', 3), ('{"a": "\n"}', 1),
        ('{"a": "\\x"}', 1),        ("{'a': 1}", 1), ('{"a": ' + "[" * 100_000, 1), ('"a"', 1), ("", 1), ("// x", 1),
    ],
)  # fmt: skip
def test_what_is_no_settings_file(text: str, line: int) -> None:
    with pytest.raises(BrokenJsoncError) as caught:
        read(text)
    assert caught.value.line == line


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BLANKS = st.sampled_from(["", " ", "\n", "\r\n  ", "\n\t", " // c, }\n", '/* { \n "x": */', "\n/**/\n  "])


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text with blanks and comments between all its tokens, and what it says."""
    said = draw(st.dictionaries(st.text(max_size=6).filter(lambda name: name != NAME), VALUES, max_size=4))
    pieces = [draw(BLANKS), "{"]
    for at, (name, value) in enumerate(said.items()):
        last = at == len(said) - 1
        comma = "," if not last or draw(st.booleans()) else ""
        inner = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2])))
        pieces += [draw(BLANKS), json.dumps(name), draw(BLANKS), ":", draw(BLANKS), inner, draw(BLANKS), comma]
    return "".join([*pieces, draw(BLANKS), "}", draw(BLANKS)]), said


def understood(text: str) -> dict[str, object]:
    """By another reader: comments and trailing commas taken out of it, as far as they stand outside of strings."""
    plain = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or " ", text, flags=re.DOTALL)
    plain = re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*[]}])', lambda m: m[1] or "", plain)
    found = json.loads(plain)
    assert isinstance(found, dict)
    return found


@given(texts())
def test_whatever_the_text_only_the_member_comes_and_goes(case: tuple[str, dict[str, object]]) -> None:
    text, said = case
    assert {member.name for member in read(text).members} == set(said)
    put = with_member(text, NAME, VALUE)
    assert understood(put) == {**said, NAME: VALUE}
    taken = without_member(put, NAME)
    assert understood(taken) == said
    at = next((i for i, pair in enumerate(zip(text, put, strict=False)) if pair[0] != pair[1]), len(text))
    assert put.endswith(text[at:])  # one piece was put in, and that is all


@given(st.text(alphabet='{}[]",:/*\\ \n1ae.-', max_size=40))
def test_no_text_ends_it_otherwise(text: str) -> None:
    try:
        put = with_member(text, NAME, VALUE)
    except BrokenJsoncError:
        return
    assert understood(put)[NAME] == VALUE
