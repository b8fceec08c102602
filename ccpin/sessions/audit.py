"""The sessions of a project, or of all: who wrote each of them, where that changed, and whether it fits the lock."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ccpin.sessions.copies import copied
from ccpin.sessions.locks import OFF, Fit, Locks, Timeline
from ccpin.sessions.read import Segment, Trace, trace
from ccpin.sessions.times import seconds
from ccpin.sessions.where import File, Passed, files, projects


@dataclass(frozen=True)
class Change:
    """`row` is the line, from 1, of the first row by `after`, `at` its time; `agent` the name of a subagent's file
    where only that one changed, else ""."""

    before: str
    after: str
    row: int
    at: str
    agent: str


@dataclass(frozen=True)
class Session:
    """`folder` is where it was started, `first` and `last` are the times of its own rows, `releases` in the order of
    their first rows; `models` and `efforts` count rows, `shapes` are digests of prompts with their first times.
    `agents` are subagents, `inherited` the rows that it has from another session."""

    id: str
    folder: str
    path: str
    first: str
    last: str
    releases: tuple[str, ...]
    changes: tuple[Change, ...]
    models: Mapping[str, int]
    efforts: Mapping[str, int]
    shapes: Mapping[str, str]
    rows: int
    agents: int
    inherited: int
    unread: int
    segments: tuple[Segment, ...]
    agent_paths: tuple[str, ...]
    fit: Fit

    @property
    def is_off(self) -> bool:
        return self.fit.verdict == OFF


@dataclass
class Audit:
    """`nameless` counts sessions without a row of their own that names a release; `copies` are the ids of copied rows
    in each file, `bytes` what was read."""

    sessions: list[Session] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    timelines: list[Timeline] = field(default_factory=list)
    copies: Mapping[str, frozenset[int]] = field(default_factory=dict)
    nameless: int = 0
    files: int = 0
    bytes: int = 0

    @property
    def off(self) -> int:
        return sum(one.is_off for one in self.sessions)

    @property
    def changed(self) -> int:
        return sum(bool(one.changes) for one in self.sessions)


def audit(config: str, env: Mapping[str, str], *, folder: str | None = None, since: float = 0.0) -> Audit:
    """The sessions that were started in `folder` (absolute) or below it, None: all that there are; of those, the ones
    that went on after `since` (seconds). `config` is Claude Code's own folder. What cannot be read is named."""
    found = Audit()
    within = None if folder is None else _within(folder)
    locks = Locks(env)
    copies: dict[str, frozenset[int]] = {}
    for project in projects(config, folder):
        if isinstance(project, Passed):
            found.passed.append(project)
            continue
        of_project = list(_sort_out(files(project), found.passed))
        traces = list(_traces((one for one in of_project if one.changed >= since), within, found))
        shared = copied([*traces, *_parents(of_project, traces, within, since)])
        copies |= {path: frozenset(ids) for path, ids in shared.items()}
        again = [_again(one, copies) for one in traces]
        found.sessions += [each for each in _sessions(again, locks, found) if seconds(each.last) >= since]
    found.sessions.sort(key=lambda one: (one.first, one.id))
    found.timelines = locks.timelines()
    found.copies = copies
    return found


def _within(folder: str) -> Callable[[str], bool]:
    roots = {folder, os.path.realpath(folder)}
    return lambda other: any(other == root or other.startswith(root.rstrip(os.sep) + os.sep) for root in roots)


def _sort_out(found: Iterable[File | Passed], passed: list[Passed]) -> Iterator[File]:
    for one in found:
        if isinstance(one, Passed):
            passed.append(one)
        else:
            yield one


def _traces(of: Iterable[File], within: Callable[[str], bool] | None, found: Audit) -> Iterator[Trace]:
    for file in of:
        if not file.size:
            continue
        try:
            one = trace(file, within=within)
        except OSError as error:
            found.passed.append(Passed(file.path, (error.strerror or "unknown reason").lower()))
            continue
        if one is not None:
            found.files += 1
            found.bytes += file.size
            yield one


def _parents(
    of_project: Iterable[File], traces: Sequence[Trace], within: Callable[[str], bool] | None, since: float
) -> Iterator[Trace]:
    """The files that are older than what was asked for, where it takes them: what looks like a change may have been
    copied from one of them."""
    if since and any(len(one.segments) > 1 for one in traces):
        old = [one for one in of_project if one.changed < since and not one.is_agent]
        yield from _traces(old, within, Audit())


def _again(one: Trace, copies: Mapping[str, frozenset[int]]) -> Trace:
    """A file with copied rows is read once more, without them."""
    ids = copies.get(one.file.path)
    if not ids:
        return one
    try:
        return trace(one.file, copied=ids) or one
    except OSError:  # taken away in between
        return one


def _sessions(traces: Iterable[Trace], locks: Locks, found: Audit) -> Iterator[Session]:
    mains = []
    agents: dict[str, list[Trace]] = defaultdict(list)
    for one in traces:
        if one.file.is_agent:
            agents[one.file.session or one.session].append(one)
        else:
            mains.append(one)
    for main in mains:
        if main.segments:
            yield _session(main, agents.pop(main.session, []), locks)
        else:
            found.nameless += 1


def _session(main: Trace, agents: list[Trace], locks: Locks) -> Session:
    every = [main, *agents]
    segments = sorted((each for one in every for each in one.segments), key=lambda each: each.first)
    return Session(
        id=main.session,
        folder=main.folder,
        path=main.file.path,
        first=main.segments[0].first,
        last=max(each.last for each in segments),
        releases=tuple(dict.fromkeys(each.version for each in segments)),
        changes=tuple(_all_changes(main, agents)),
        models=_sum(one.models for one in every),
        efforts=_sum(one.efforts for one in every),
        shapes=dict(item for one in every for item in one.shapes.items()),
        rows=sum(each.rows for each in segments),
        agents=len(agents),
        inherited=main.inherited,
        unread=sum(one.unread for one in every),
        segments=tuple(replace(each) for each in segments),
        agent_paths=tuple(one.file.path for one in agents),
        fit=locks.fit(main.folder, segments),
    )


def _all_changes(main: Trace, agents: Iterable[Trace]) -> Iterator[Change]:
    """The session's own, and those of subagents that it did not have itself."""
    own = list(_changes(main, ""))
    yield from own
    known = {(one.before, one.after) for one in own}
    for agent in agents:
        for one in _changes(agent, os.path.basename(agent.file.path)):
            if (one.before, one.after) not in known:
                yield one


def _changes(one: Trace, agent: str) -> Iterator[Change]:
    for before, after in zip(one.segments, one.segments[1:], strict=False):
        yield Change(before.version, after.version, after.row, after.first, agent)


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for one in counts:
        for name, number in one.items():
            found[name] += number
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
