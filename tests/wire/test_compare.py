"""Two fingerprints side by side: every name, member and line that came or went, and nothing else."""

from __future__ import annotations

import dataclasses
import html.parser
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccpin.wire.compare import Value, compare, flat
from ccpin.wire.fingerprint import PARTS, About, Fingerprint, Part
from ccpin.wire.lines import compare_texts
from ccpin.wire.page import page
from ccpin.wire.summary import rows, sentence, shown, title, tool_sentences

ABOUT = About("2.0.14", "ab" * 32, "node", "first-party", {}, False, 78_000_000, ("DISABLE_OLD", "DISABLE_UPDATES"))


def tool(name: str, description: str = "It does.", **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "input_schema": {"type": "object", "properties": fields}}


def made(about: About = ABOUT, **changes: Any) -> Fingerprint:
    parts: dict[Part, Any] = {
        "betas": ["a", "b"],
        "headers": {"user-agent": "claude-cli/1"},
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "parameters": {"model": "old", "max_tokens": 1, "thinking": {"type": "adaptive", "display": None}},
        "system": [{"type": "text", "text": "You are.\nBe brief, and polite."}],
        "tools": [tool("Bash", command={"type": "string"}), tool("Read")],
    }
    fields = {name: changes.pop(name) for name in ("hosts", "startup", "unstable") if name in changes}
    parts.update({part: value for part, value in changes.items() if part in PARTS})
    whole = Fingerprint(about, 1, parts, {}, {}, "network namespace", ("h",), (), (), {}, 1.5, 2.0)
    return dataclasses.replace(whole, **fields)


NEWER = dataclasses.replace(
    ABOUT,
    version="2.1.330",
    release="cd" * 32,
    runtime="native",
    size=381_000_000,
    names=("DISABLE_UPDATES", "CLAUDE_X"),
)


def test_equal_ones() -> None:
    found = compare(made(), made())
    assert (found.parts, found.parameters, found.headers, found.changed_tools) == ((), (), (), ())
    assert not found.system
    assert not found.messages
    assert all(row.same for row in rows(found) if row.label != "start-up")


@pytest.mark.parametrize(
    ("part", "before", "after"),
    [
        ("parameters", {"model": "m", "a": 1, "b": 2}, {"model": "m", "b": 2, "a": 1}),
        ("parameters", {"model": "m", "a": {"b": 1}}, {"model": "m", "a.b": 1}),
        ("parameters", {"model": None}, {"model": 3}),
        ("betas", ["a"], ["a", "a"]),
        ("tools", [tool("Read", a={}, b={})], [tool("Read", b={}, a={})]),
        ("tools", [tool("Read")], [tool("Read"), tool("Read")]),
        ("tools", [tool("Read", "one"), tool("Read")], [tool("Read", "two"), tool("Read")]),
        ("tools", None, []),
        ("system", "a\n\nb", ["a", "b"]),
        ("messages", [], [{"role": "user", "content": [{"type": "image"}]}]),
    ],
)
def test_a_part_whose_digest_differs_is_never_the_same(part: str, before: Any, after: Any) -> None:
    found = compare(made(**{part: before}), made(**{part: after}))
    assert found.parts == (part,)
    assert [row.label for row in rows(found) if not row.same and row.label != "start-up"] == [part]


def test_names_that_came_and_went() -> None:
    found = compare(made(), made(NEWER, betas=["b", "c"], hosts=("h", "i")))
    assert (found.betas.added, found.betas.removed, found.betas.before) == (("c",), ("a",), 2)
    assert (found.variables.added, found.variables.removed) == (("CLAUDE_X",), ("DISABLE_OLD",))
    assert (found.hosts.added, found.hosts.removed) == (("i",), ())
    assert found.parts == ("betas",)


def test_parameters_by_their_paths() -> None:
    after = {"model": "new", "max_tokens": 1.0, "thinking": {"type": "adaptive"}, "output": {"effort": None}}
    found = compare(made(), made(parameters=after))
    assert found.parameters == (
        Value("changed", "max_tokens", 1, 1.0),
        Value("came", "output.effort", None, None),
        Value("went", "thinking.display", None, None),
    )
    assert [sentence(value) for value in found.parameters] == [
        "max_tokens 1 → 1.0",
        "+ output.effort null",
        "- thinking.display null",
    ]


def test_tools_by_their_schema() -> None:
    after = [tool("Read", "It reads."), tool("Bash", command={"type": "number"}, limit={"type": "string"}), tool("New")]
    found = compare(made(), made(tools=after))
    assert (found.tools.added, found.tools.removed, found.moved) == (("New",), (), True)
    read, bash = found.changed_tools
    assert (read.name, read.schema, read.description.gone) == ("Read", (), 1)
    assert tool_sentences(bash) == ["command.type string → number", "+ limit.type string"]


def test_only_what_is_sent_is_counted() -> None:
    blocks = [{"type": "text", "text": "You are."}, {"type": "text", "text": "Be brief."}]
    found = compare(made(), made(NEWER, system=blocks, messages=[{"role": "user", "content": "hello"}]))
    assert (found.system.before, found.system.after) == (len("You are.\nBe brief, and polite."), 17)
    assert (found.messages.before, found.messages.after) == (2, 5)


def test_a_text_that_is_cut_in_another_way_is_told() -> None:
    block = {"type": "text", "text": "You are.\nBe brief, and polite.", "cache_control": {"type": "ephemeral"}}
    found = compare(made(), made(system=[block]))
    assert found.parts == ("system",)
    [row] = [row for row in rows(found) if row.label == "system"]
    assert not row.same
    assert row.text == "30 characters (about 8 tokens), the same text, cut or marked in another way"


def test_flat() -> None:
    assert flat({"a": {"b": 1, "c": {}}, "d": [{"e": 1}]}) == {"a.b": 1, "a.c": {}, "d": [{"e": 1}]}


class TestTexts:
    def test_the_words_of_a_changed_line(self) -> None:
        found = compare_texts("one\nBe brief, and polite.\nthree", "one\nBe brief, and kind.\nthree")
        assert [(line.kind, line.text) for line in found.lines] == [
            (" ", "one"),
            ("-", "Be brief, and polite."),
            ("+", "Be brief, and kind."),
            (" ", "three"),
        ]
        assert [text for new, text in found.lines[2].pieces if new] == ["kind"]

    def test_what_lies_between_is_left_out(self) -> None:
        text = "\n".join(map(str, range(40)))
        found = compare_texts(text, text.replace("5\n", "x\n", 1).replace("35", "y"))
        assert [line.kind for line in found.lines].count("…") == 1
        assert (found.gone, found.come) == (2, 2)

    @given(st.text("ab\n c"), st.text("ab\n c"))
    def test_both_texts_are_in_it(self, before: str, after: str) -> None:
        found = compare_texts(before, after)
        assert bool(found) is (before != after)
        kinds = [line.kind for line in found.lines]
        assert (kinds.count("-"), kinds.count("+")) == (found.gone, found.come)
        gone, come = (Counter(line.text for line in found.lines if line.kind == kind) for kind in "-+")
        left, rest = (Counter(text.split("\n")) for text in (before, after))
        assert gone <= left
        assert come <= rest
        assert left - gone == rest - come


class TestRows:
    def test_of_a_release(self) -> None:
        after = made(NEWER, parameters={"model": "new"}, betas=[*"abcdefghij"], startup=0.5, unstable={"system": 2})
        found = compare(made(), after)
        said = {row.label: row.text for row in rows(found)}
        assert title(found) == "Claude Code 2.0.14 → 2.1.330, profile none, first-party"
        assert said["model"] == "old → new"
        assert said["betas"] == "2 → 10: + 8: c, d, e, f, g, h, and 2 more"
        assert said["runtime"] == "JavaScript, on Node.js → an executable"
        assert said["on disk"] == "78 MB → 381 MB"
        assert said["start-up"] == "1.50 s → 0.50 s, from the start to the request"
        assert said["unstable"] == "2.1.330: system, over 1 runs"
        assert {row.label: row.text for row in rows(found, None)}["betas"] == "2 → 10: + c, d, e, f, g, h, i, j"

    def test_less_is_told_of_what_matters_less(self) -> None:
        found = compare(made(), made(dataclasses.replace(NEWER, names=("DISABLE_OLD", "DISABLE_UPDATES", *"abcd"))))
        for few in (6, None):  # they may be a thousand: all of them come last of the details
            said = {row.label: row.text for row in rows(found, few)}
            assert said["variables"] == "2 → 6: + 4: a, b, c, and 1 more"

    def test_of_profiles(self) -> None:
        strict = dataclasses.replace(ABOUT, env={"DISABLE_UPDATES": "1"}, clean=True)
        found = compare(made(), made(strict, system="Be."))
        assert title(found) == "Claude Code 2.0.14, profile none → custom, first-party"
        labels = [row.label for row in rows(found)]
        assert "runtime" not in labels
        assert "variables" not in labels

    def test_what_is_long_is_measured(self) -> None:
        assert shown({"a": "x" * 61, "b": [True]}) == "{a: (61 characters), b: [true]}"


class Reader(html.parser.HTMLParser):
    """Whether a page is closed as it was opened, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "link", "wbr"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "id":
                self.ids.append(str(value))
            elif name in ("href", "src"):
                self.links.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("said", ["<script>alert(1)</script>", "</style>&amp;\"'", "plain"])
def test_a_page(said: str) -> None:
    after = made(NEWER, system=said, betas=[said], parameters={"model": said, said: 1}, tools=[tool(said, said)])
    text = page(compare(made(), after))
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert "script" not in reader.tags
    assert len(set(reader.ids)) == len(reader.ids)
    assert {link[1:] for link in reader.links if link.startswith("#")} == set(reader.ids)
    assert [link for link in reader.links if not link.startswith("#")] == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text
    assert "2.0.14 → 2.1.330" in text


class TestWhatOnlyStandsInAnotherOrder:
    """It has another digest, so it is not told to be the same."""

    def test_parameters(self) -> None:
        parameters = made().parts["parameters"]
        after = made(parameters={name: parameters[name] for name in reversed(parameters)})
        found = compare(made(), after)
        assert (found.parts, found.parameters) == (("parameters",), ())
        said = {row.label: row for row in rows(found)}
        assert said["parameters"] == ("parameters", "the same names and values, in another order or form", False)
        assert said["model"].same

    def test_another_model_is_told_there_alone(self) -> None:
        found = compare(made(), made(parameters={**made().parts["parameters"], "model": "new"}))
        assert {row.label: row.text for row in rows(found)}["parameters"] == "the same"

    @pytest.mark.parametrize(
        ("tools", "said"),
        [
            ([tool("Read"), tool("Bash", command={"type": "string"})], "2, of the same names; in another order"),
            ([tool("Read", "So."), tool("Bash", command={"type": "string"})],
             "2, of the same names; changed: Read; in another order"),
            ([tool("Bash", command={"type": "string"}), dict(reversed(tool("Read").items()))],
             "2, of the same names; written in another form"),
            ([tool("New"), tool("Read")], "2 → 2: + New; - Bash"),
        ],
    )  # fmt: skip
    def test_tools(self, tools: list[Any], said: str) -> None:
        found = compare(made(), made(tools=tools))
        assert found.parts == ("tools",)
        [row] = [row for row in rows(found) if row.label == "tools"]
        assert row == ("tools", said, False)
