"""The normaliser: what each rule takes away, what it leaves, and that nothing else is lost.

The texts are those of real requests, cut short: `first_form` like 2.0.14 sends, `later_form` like 2.1.112 and 2.1.200,
`newest_form` like 2.1.330. `tests/live/test_normal.py` compares whole ones.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccpin.wire.capture import MESSAGES, Request, frozen
from ccpin.wire.normal import PARTS, Normal, canonical, digest, normalised

Body = dict[str, Any]


@dataclass(frozen=True)
class Who:
    """A user at a machine on a day."""

    home: str = "/home/ann"
    cwd: str = "/home/ann/work"
    device: str = "a1" * 32
    account: str = ""
    session: str = "2a5dac86-f393-4eba-9d3a-852979ac8431"
    hash: str = "0ef03"
    git: str = ""
    os: str = "Linux 6.18.44"
    platform: str = "linux"
    shell: str = "bash"
    date: str = "2026-11-23"
    month: str = "November 2026"
    call: str = "toolu_01A"

    @property
    def folders(self) -> dict[str, str]:
        return {self.home: "home", self.cwd: "cwd"}

    @property
    def project(self) -> str:
        return f"{self.home}/.claude/projects/{re.sub('[^A-Za-z0-9]', '-', self.cwd)}/memory/"


ANN = Who()
BOB = Who(
    home="/Users/bob",
    cwd="/srv/x_y/z",
    device="b2" * 32,
    account="bb12902c-5832-416c-9367-0ce3c7c297f1",
    session="e3981434-56b5-4af1-8bb1-b84ce0486590",
    hash="70c03",
    git="feat/x",
    os="Darwin 25.1.0",
    platform="darwin",
    shell="zsh",
    date="2026-12-01",
    month="December 2026",
    call="toolu_02B",
)
SNAPSHOT = (
    "This is the git status at the start of the conversation. Note that this status is a snapshot in time, and will"
    " not update during the conversation."
)
CONTEXT = "<system-reminder>\nAs you answer the user's questions, you can use the following context:\n"
ATTACHED = (
    "Claude Code attached this context automatically; it isn't part of the user's message. It describes the user's own"
    " account and workspace, so they don't need it reported back.\n</system-reminder>"
)


def status(who: Who, after: str = "\n\n") -> str:
    return (
        f"{SNAPSHOT}{after}Current branch: {who.git}\n\nMain branch (you will usually use this for PRs): main\n\n"
        'Git user: Ann Other\n\nStatus:\n?? "../new file"\n M here\n\nRecent commits:\neebb1e0 first: # x\nca0eb20 zero'
    )


def text(said: str, **more: Any) -> Body:
    return {"type": "text", "text": said, **more}


def history(who: Who) -> list[Body]:
    return [
        {"role": "assistant", "content": [{"type": "tool_use", "id": who.call, "name": "Bash", "input": {"id": "x"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": who.call, "content": [text("from x")]}]},
    ]


def first_form(who: Who) -> Body:
    environment = (
        f"<env>\nWorking directory: {who.cwd}\nIs directory a git repo: {'Yes' if who.git else 'No'}\n"
        f"Platform: {who.platform}\nOS Version: {who.os}\nToday's date: {who.date}\n</env>\nYou are Sonnet.\n"
    )
    ending = f"\ngitStatus: {status(who, chr(10))}" if who.git else ""
    return {
        "model": "claude-sonnet-4-5-20250929",
        "messages": [{"role": "user", "content": [text("hi")]}, *history(who)],
        "temperature": 1,
        "system": [text("You are Claude Code."), text(f"Useful:\n{environment}Be brief.\n{ending}")],
        "tools": [{"name": "Read", "input_schema": {"type": "object", "required": ["a", "b"]}}],
        "metadata": {"user_id": f"user_{who.device}_account_{who.account}_session_{who.session}"},
        "stream": True,
    }


def environment(who: Who) -> str:
    return (
        "# Environment\nYou have been invoked in the following environment: \n"
        f" - Primary working directory: {who.cwd}\n  - Is a git repository: {'true' if who.git else 'false'}\n"
        f" - Platform: {who.platform}\n - Shell: {who.shell}\n - OS Version: {who.os}\n - You are Opus.\n"
    )


def ids(who: Who) -> Body:
    return {"user_id": canonical({"device_id": who.device, "account_uuid": who.account, "session_id": who.session})}


def later_form(who: Who) -> Body:
    ending = f"\n\ngitStatus: {status(who)}" if who.git else ""
    reminder = f"{CONTEXT}# currentDate\nToday's date is {who.date}.\n\n      IMPORTANT: maybe.\n</system-reminder>\n"
    search = f"Search.\n  - The current month is {who.month}. You MUST use this year when searching."
    return {
        "model": "claude-sonnet-4-6",
        "messages": [{"role": "user", "content": [text(reminder), text("hi")]}, *history(who)],
        "system": [
            text(f"x-anthropic-billing-header: cc_version=2.1.200.bf1; cc_entrypoint=sdk-cli; cch={who.hash};"),
            text(f"Memory at `{who.project}`.\n\n{environment(who)}\nBe brief.{ending}"),
        ],
        "tools": [{"name": "Read"}, {"name": "WebSearch", "description": search}],
        "metadata": ids(who),
        "thinking": {"type": "adaptive"},
        "stream": True,
    }


def newest_form(who: Who) -> Body:
    snapshot = [text(f"{CONTEXT}# gitStatus\n{status(who)}\n\n{ATTACHED}")] if who.git else []
    billing = f"cch={who.hash}; cc_prompt_id={who.session}; cc_turn_origin=sdk; cc_prompt_index=0;"
    return {
        "model": "claude-opus-5-5",
        "messages": [
            {"role": "user", "content": [*snapshot, text("hi", cache_control={"type": "ephemeral"})]},
            {"role": "system", "content": f"{environment(who)}\nSkills.\n\nToday's date is {who.date}."},
        ],
        "system": [
            text(f"x-anthropic-billing-header: cc_version=2.1.330.d01; cc_entrypoint=sdk-cli; {billing}"),
            text(f"Memory at `{who.project}`."),
        ],
        "tools": [{"name": "WebSearch", "description": "The current month is (provided below) — use this."}],
        "metadata": ids(who),
        "stream": True,
    }


FORMS = (first_form, later_form, newest_form)
forms = pytest.mark.parametrize("form", FORMS)


def sent(body: Any, betas: str = "b-2,a-1") -> Request:
    headers = frozen([("anthropic-beta", betas)])
    return Request(0, "gateway", "POST", "127.0.0.1:1", MESSAGES, "beta=true", headers, json.dumps(body).encode())


def normal(body: Any, who: Who = ANN) -> Normal:
    return normalised(sent(body), who.folders)


@forms
def test_two_users_of_one_release_are_equal(form: Callable[[Who], Body]) -> None:
    ours, theirs = normal(form(ANN), ANN), normal(form(BOB), BOB)
    assert ours.as_json() == theirs.as_json()
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert [ours.digest(part) for part in PARTS] == [theirs.digest(part) for part in PARTS]
    left = canonical(theirs.as_json())
    for gone in (BOB.home, BOB.cwd, BOB.device, BOB.session, BOB.hash, "feat/x", BOB.os, BOB.date, BOB.call):
        assert gone not in left


WORD = re.compile(r"[^\s/\"';,:`={}]+")


def words(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Every word of every text, member names excepted: where the text is, and from where to where the word goes."""
    if isinstance(value, str):
        for found in WORD.finditer(value):
            yield path, *found.span()
    for key, member in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from words(member, (*path, key))


def put(body: Body, path: tuple[Any, ...], value: Any) -> Body:
    changed = copy.deepcopy(body)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def get(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


def free(form: Callable[[Who], Body], who: Who) -> set[str]:
    """The words that may become any others; what else rules replace has a shape of its own."""
    found = {who.platform, *who.os.split()}
    if form is not first_form:
        found |= {who.shell, re.sub("[^A-Za-z0-9]", "-", who.cwd)}
    if who.git:
        found |= {who.git, "../new", "file", "??", "M", "here", "first", "#", "x", "zero", "main", "Ann", "Other"}
    return {part for word in found for part in WORD.findall(word)}


@forms
@pytest.mark.parametrize("who", [ANN, BOB], ids=["ann", "bob"])
def test_every_other_word_counts(form: Callable[[Who], Body], who: Who) -> None:
    """A walk: one word at a time is made longer. Bob's are with a snapshot of git's, in which its labels count."""
    body = form(who)
    before = normal(body, who)
    lost = set()
    for path, start, end in words(body):
        said = get(body, path)
        if normal(put(body, path, f"{said[:end]}x{said[end:]}"), who) == before:
            lost.add(said[start:end])
    assert lost == free(form, who)


@forms
def test_every_member_counts(form: Callable[[Who], Body]) -> None:
    body = form(ANN)
    before = normal(body)
    for path in members(body):
        parent = get(body, path[:-1])
        rest = {k: v for k, v in parent.items() if k != path[-1]} if isinstance(parent, dict) else parent[: path[-1]]
        assert normal(put(body, path[:-1], rest) if path[:-1] else rest) != before, path
        assert normal(put(body, path, None)) != before, path
        assert normal(put(body, path, {"more": get(body, path)})) != before, path


def members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, member in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*path, key)
        yield from members(member, (*path, key))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0]) | st.text("ab <$\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(FORMS), st.data(), values)
def test_any_other_value_counts(form: Callable[[Who], Body], data: st.DataObject, value: Any) -> None:
    body = form(ANN)
    path = data.draw(st.sampled_from([*members(body)]))
    if path[-1] in ("id", "tool_use_id"):
        return  # numbered: see `tool call`
    before = get(body, path)
    assert (normal(put(body, path, value)) == normal(body)) == (canonical(value) == canonical(before))


@given(values, values)
def test_values_are_equal_when_their_json_is(one: Any, other: Any) -> None:
    equal = normal({"tools": one, "x": other}) == normal({"tools": other, "x": one})
    assert equal == (canonical(one) == canonical(other))


def test_betas() -> None:
    before = normalised(sent({}, "b-2,a-1"), {})
    assert before.betas == ["a-1", "b-2"]
    assert before == normalised(sent({}, "a-1, b-2"), {})
    for other in ("a-1", "a-1,b-2,c-3", "a-1,b-3", "a-1,a-1,b-2", ""):
        assert before != normalised(sent({}, other), {})
        assert before.digest("betas") != normalised(sent({}, other), {}).digest("betas")


class TestParts:
    def test_each_member_is_in_one(self) -> None:
        found = normal(newest_form(ANN)).as_json()
        assert list(found) == [*PARTS]
        assert set(found["parameters"]) == {"model", "metadata", "stream"}

    @pytest.mark.parametrize("part", ["system", "tools", "messages"])
    def test_null_is_not_absent(self, part: Any) -> None:
        assert normal({part: None}) != normal({})
        assert normal({}).part(part) is None

    def test_a_change_is_in_the_digest_of_its_part(self) -> None:
        before, after = normal(later_form(ANN)), normal(put(later_form(ANN), ("tools", 0, "name"), "Write"))
        changed = {part for part in PARTS if before.digest(part) != after.digest(part)}
        assert changed == {"tools"}
        assert before.digest() != after.digest()

    def test_the_digest_is_of_canonical_json(self) -> None:
        assert canonical({"b": [1, "é"], "a": None}) == '{"b":[1,"\\u00e9"],"a":null}'
        assert digest([]) == "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"

    def test_it_is_json(self) -> None:
        assert json.loads(canonical(normal(later_form(BOB), BOB).as_json())) == normal(later_form(BOB), BOB).as_json()

    @pytest.mark.parametrize("body", [[], "x", None])
    def test_something_else_than_an_object(self, body: Any) -> None:
        with pytest.raises(ValueError, match="request 0"):
            normal(body)

    @given(values)
    def test_a_body_of_any_kind(self, value: Any) -> None:
        for name in ("system", "tools", "messages", "metadata"):
            for body in ({name: value}, {name: [value]}, {name: [{"role": "user", "content": value, "type": value}]}):
                assert normal(body) == normal(body)


class TestFolders:
    def swapped(self, said: str, folders: dict[str, str]) -> Any:
        return normalised(sent({"system": said}), folders).system

    def test_the_longer_one_counts(self) -> None:
        folders = {"/h": "home", "/h/w": "cwd", "/t/": "temp"}
        assert self.swapped("/h/w/f, /h/x, /h. /t/y", folders) == "<cwd>/f, <home>/x, <home>. <temp>/y"

    @pytest.mark.parametrize("said", ["/home/al2", "/home/al-x/f", "/home/al.bak", "/mnt/home/al", "~/home/al"])
    def test_a_neighbour(self, said: str) -> None:
        assert self.swapped(f"in {said}!", {"/home/al": "home"}) == f"in {said}!"

    @pytest.mark.parametrize(
        "said", ["/home/al", "`/home/al/`", "/home/al.", "file:///home/al", "(/home/al)", "=/home/al:"]
    )
    def test_where_it_is_whole(self, said: str) -> None:
        assert self.swapped(said, {"/home/al": "home"}) == said.replace("/home/al", "<home>")

    def test_everywhere(self) -> None:
        body = {"tools": [{"x": ["/h"]}], "messages": [{"role": "user", "content": "/h"}], "y": {"/h": "/h"}}
        found = normalised(sent(body), {"/h": "home"})
        assert (found.tools, found.messages[0]["content"]) == ([{"x": ["<home>"]}], "<home>")
        assert found.parameters == {"y": {"/h": "<home>"}}

    @pytest.mark.parametrize("path", ["/", "//", "home", ""])
    def test_what_is_none(self, path: str) -> None:
        with pytest.raises(ValueError, match="not to be replaced"):
            normalised(sent({}), {path: "home"})
