"""Figures by which people compare releases: how much was asked, which tools were called, how much was thought.

Taken over the sessions that an audit has found. Content is looked at in one way: whether a row is, letter for letter,
the mark that a release leaves where it was interrupted.
"""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from ccpin.pinning.head import is_version, version_key
from ccpin.sessions.audit import Audit
from ccpin.sessions.lines import CUT, lines, open_plain
from ccpin.sessions.read import plain, read

CAVEAT = (
    "Such figures cannot tell whether a release is better or worse: nobody was given a release at random, tasks, "
    "people and times differ, models and efforts do too, and servers change without any release."
)
READS = frozenset({"Read", "NotebookRead"})
EDITS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
_MARKS = frozenset({"[Request interrupted by user]", "[Request interrupted by user for tool use]"})
_TOOL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}").fullmatch


@dataclass
class Figures:
    """Of one session under one release. `thinking` are tokens, `measured` the answers that record them."""

    turns: int = 0
    answers: int = 0
    tools: Counter[str] = field(default_factory=Counter)
    thinking: int = 0
    measured: int = 0
    interruptions: int = 0


@dataclass(frozen=True)
class Spread:
    """Of `count` sessions: the median, and the quartiles below and above it."""

    count: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Release:
    """Of all sessions under one release. `spreads` are over sessions, by the name of what is told, None where none of
    them tells it; `tools` counts calls."""

    version: str
    sessions: int
    turns: int
    answers: int
    interruptions: int
    tools: Mapping[str, int]
    spreads: Mapping[str, Spread | None]


def figures(found: Audit) -> list[Release]:
    """By release, the oldest first."""
    counted: dict[str, list[Figures]] = defaultdict(list)
    seen: set[int] = set()
    for session in found.sessions:
        of_session: dict[str, Figures] = defaultdict(Figures)
        for path in (session.path, *session.agent_paths):
            for version, some in _file(path, found.copies.get(path, frozenset()), seen).items():
                _add(of_session[version], some)
        for version, some in of_session.items():
            counted[version].append(some)
    return [_release(version, counted[version]) for version in sorted(counted, key=_order)]


def _order(version: str) -> tuple[tuple[int, int, int], str]:
    return (version_key(version) if is_version(version) else (0, 0, 0), version)


def _file(path: str, copies: Set[int], seen: set[int]) -> dict[str, Figures]:
    """What one file tells, without what was copied into it. `seen` are hashes of answers and of calls that count
    already: some releases give copied rows new ids, but these stay."""
    found: dict[str, Figures] = defaultdict(Figures)
    thought: dict[int, int] = {}
    try:
        with open_plain(path) as file:
            for line in lines(file):
                row = None if CUT in line else read(line)
                if row is None or row.kind != "message":
                    continue
                if row.copied or (row.uuid and hash(row.uuid) in copies):
                    found.clear()
                elif version := plain("version", row.version):
                    if row.model:
                        _answer(found[version], _object(line), seen, thought)
                    elif b'"role":"user"' in line and b'"tool_use_id":' not in line:
                        _prompt(found[version], _object(line))
    except OSError:  # taken away in between
        pass
    return found


def _object(line: bytes) -> dict[str, Any]:
    try:
        return _table(json.loads(line))
    except (ValueError, RecursionError):
        return {}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _answer(into: Figures, row: Mapping[str, Any], seen: set[int], thought: dict[int, int]) -> None:
    """A row holds one block of an answer, or all of it; what the answer cost stands in each of its rows."""
    message = _table(row.get("message"))
    if not message:  # no JSON after all, in what its ends do not tell
        return
    name = hash((str(message.get("id")), str(row.get("requestId"))))
    if name not in seen and message.get("model") != "<synthetic>":
        seen.add(name)
        into.answers += 1
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_use":
            call = hash((str(block.get("id")), name))
            if call not in seen:
                seen.add(call)
                into.tools[_named(block.get("name"))] += 1
    tokens = _table(_table(message.get("usage")).get("output_tokens_details")).get("thinking_tokens")
    if isinstance(tokens, int) and not isinstance(tokens, bool):
        into.measured += name not in thought
        into.thinking += max(tokens - thought.get(name, 0), 0)
        thought[name] = max(tokens, thought.get(name, 0))


def _named(name: object) -> str:
    """A tool by its name; those of MCP servers and whatever has none together, since their names are the user's own."""
    known = isinstance(name, str) and _TOOL(name) and not name.startswith("mcp__")
    return str(name) if known else "other"


def _prompt(into: Figures, row: Mapping[str, Any]) -> None:
    if row.get("type") != "user" or row.get("isMeta") or row.get("isCompactSummary") or row.get("isSidechain"):
        return
    content = _table(row.get("message")).get("content")
    blocks = [block.get("text") for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    if (
        content in _MARKS
        if isinstance(content, str)
        else any(text in _MARKS for text in blocks if isinstance(text, str))
    ):
        into.interruptions += 1
    else:
        into.turns += 1


def _add(into: Figures, some: Figures) -> None:
    into.turns += some.turns
    into.answers += some.answers
    into.tools += some.tools
    into.thinking += some.thinking
    into.measured += some.measured
    into.interruptions += some.interruptions


def _release(version: str, of: Sequence[Figures]) -> Release:
    tools: Counter[str] = Counter()
    for one in of:
        tools += one.tools
    edits = {id(one): sum(one.tools[name] for name in EDITS) for one in of}
    return Release(
        version,
        len(of),
        sum(one.turns for one in of),
        sum(one.answers for one in of),
        sum(one.interruptions for one in of),
        dict(sorted(tools.items(), key=lambda item: (-item[1], item[0]))),
        {
            "turns": _spread(one.turns for one in of),
            "tool_calls_per_turn": _spread(one.tools.total() / one.turns for one in of if one.turns),
            "reads_per_edit": _spread(
                sum(one.tools[name] for name in READS) / edits[id(one)] for one in of if edits[id(one)]
            ),
            "thinking_tokens_per_answer": _spread(one.thinking / one.measured for one in of if one.measured),
            "interruptions_per_turn": _spread(one.interruptions / one.turns for one in of if one.turns),
        },
    )


def _spread(values: Iterable[float]) -> Spread | None:
    of = sorted(values)
    if not of:
        return None
    low, median, high = statistics.quantiles(of, n=4, method="inclusive") if len(of) > 1 else of * 3
    return Spread(len(of), round(low, 3), round(median, 3), round(high, 3))
