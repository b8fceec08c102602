"""Two fingerprints side by side: what another release, or another set of flags, changes in what is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ccpin.wire.fingerprint import PARTS, Fingerprint, Part
from ccpin.wire.lines import TextDiff, compare_texts
from ccpin.wire.sizes import blocks, tool_name

_Said = tuple[list[str], list[str]]
"""Texts as they are shown, and those of them that were sent."""


@dataclass(frozen=True)
class Names:
    """Names that came and went; `before` and `after` are how many there were."""

    before: int
    after: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """A member that came, went, or is another now: JSON values, None where there was, or is, none of that name. `name`
    is a path such as `output_config.effort`."""

    kind: Literal["came", "went", "changed"]
    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ToolChange:
    """A tool that both have, and that is another now: its schema, member by member, and its description."""

    name: str
    schema: tuple[Value, ...]
    description: TextDiff


@dataclass(frozen=True)
class Comparison:
    """`parts` are those whose digests differ. `parameters` does not hold the model, which is a pair of its own;
    `moved`: the tools that both have stand in another order."""

    before: Fingerprint
    after: Fingerprint
    parts: tuple[Part, ...]
    parameters: tuple[Value, ...]
    headers: tuple[Value, ...]
    betas: Names
    tools: Names
    changed_tools: tuple[ToolChange, ...]
    moved: bool
    system: TextDiff
    messages: TextDiff
    variables: Names
    hosts: Names


def compare(before: Fingerprint, after: Fingerprint) -> Comparison:
    """What changes on the way from one to the other."""
    old, new = (_tools(found.parts["tools"]) for found in (before, after))
    common = [name for name in new if name in old]
    digests = before.digests, after.digests
    return Comparison(
        before,
        after,
        tuple(part for part in PARTS if digests[0][part] != digests[1][part]),
        tuple(value for value in _values(*_two(before, after, "parameters")) if value.name != "model"),
        tuple(_values(*_two(before, after, "headers"))),
        _names(*_two(before, after, "betas")),
        _names(old, new),
        tuple(change for name in common if (change := _tool(name, old[name], new[name]))),
        [name for name in old if name in new] != common,
        _texts(*((texts, texts) for texts in (blocks(found.parts["system"]) for found in (before, after)))),
        _texts(*(_said(found.parts["messages"]) for found in (before, after))),
        _names(before.about.names, after.about.names),
        _names(before.hosts, after.hosts),
    )


def _two(before: Fingerprint, after: Fingerprint, part: Part) -> tuple[Any, Any]:
    return before.parts[part], after.parts[part]


def _names(before: Iterable[str], after: Iterable[str]) -> Names:
    old, new = list(before), list(after)
    return Names(
        len(old),
        len(new),
        tuple(name for name in new if name not in set(old)),
        tuple(name for name in old if name not in set(new)),
    )


def _values(before: Any, after: Any) -> list[Value]:
    """Members that differ, by their paths in the order of their names."""
    old, new = flat(before), flat(after)
    names = [name for name in sorted({*old, *new}) if _differ(old, new, name)]
    return [Value(_kind(old, new, name), name, old.get(name), new.get(name)) for name in names]


def _kind(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Literal["came", "went", "changed"]:
    return "went" if name not in new else "changed" if name in old else "came"


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> bool:
    return (name in old, json.dumps(old.get(name))) != (name in new, json.dumps(new.get(name)))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """The members of a JSON object by path, `a.b`; lists stay whole, for their order counts."""
    if not isinstance(value, dict) or (not value and path):
        return {path: value}
    found: dict[str, Any] = {}
    for name, member in value.items():
        found |= flat(member, f"{path}.{name}" if path else name)
    return found


def _tools(value: Any) -> dict[str, dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return {tool_name(tool): tool for tool in found if isinstance(tool, dict)}


def _tool(name: str, before: dict[str, Any], after: dict[str, Any]) -> ToolChange | None:
    texts = compare_texts(*(str(tool.get("description", "")) for tool in (before, after)))
    rest = [{key: value for key, value in tool.items() if key != "description"} for tool in (before, after)]
    schema = [
        replace(value, name=value.name.removeprefix("input_schema.properties.").removeprefix("input_schema."))
        for value in _values(*rest)
    ]
    return ToolChange(name, tuple(schema), texts) if schema or texts else None


def _texts(before: _Said, after: _Said) -> TextDiff:
    """Of texts with an empty line between them; only what is sent counts among the characters."""
    found = compare_texts(*("\n\n".join(shown) for shown, _ in (before, after)))
    return replace(found, before=sum(map(len, before[1])), after=sum(map(len, after[1])))


def _said(messages: Any) -> _Said:
    """All texts of a conversation, each message below the role that says it."""
    shown, sent = list[str](), list[str]()
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            texts = blocks(message.get("content"))
            shown += [f"[{message.get('role')}]", *texts]
            sent += texts
    return shown, sent
