"""Where Claude Code keeps its transcripts.

    <CLAUDE_CONFIG_DIR, else ~/.claude>/projects/<the folder's name as a slug>/
        <session>.jsonl                            a session
        agent-<id>.jsonl                           a subagent's, of any session (2.0.x)
        <session>/subagents/**/agent-<id>.jsonl    a subagent's, of that session (later)

A slug is the folder with `-` for every character but A-Z, a-z and 0-9; 2.1.330 cuts it after 200 and appends a hash.
Several folders can have one slug, so whoever reads compares the folder that stands in the rows.

0.2.35 writes none of them. A slug of somebody's own (CLAUDE_CODE_PROJECT_DIR_NAME) is found when all projects are asked
for.

Links are not followed: what they lead to may be anything, and is not below the folder. They are named, as is what
cannot be read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from ccpin.launching.clientdata import project_name

_LONGEST = 200  # characters of a slug, from some release between 2.0.14 and 2.1.330 on
_DEEPEST = 4  # folders below a session's own


@dataclass(frozen=True)
class File:
    """One transcript: `session` is the id that its place gives it (None of an agent's beside), `changed` seconds."""

    path: str
    project: str
    session: str | None
    is_agent: bool
    size: int
    changed: float


@dataclass(frozen=True)
class Passed:
    """What is there and was not read."""

    path: str
    why: str


def projects(config: str, folder: str | None = None) -> Iterator[str | Passed]:
    """The folders of transcripts, those of all projects or those that can hold sessions of `folder` (absolute) and of
    what is below it."""
    root = os.path.join(config, "projects")
    of = () if folder is None else (folder, os.path.realpath(folder))
    wanted = {project_name(each.rstrip(os.sep)) for each in of}
    for name in _names(root):
        if isinstance(name, Passed):
            yield name
        elif folder is None or any(_may_hold(name, each) for each in wanted):
            yield from _folder(os.path.join(root, name))


def _may_hold(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(wanted + "-") or name[:_LONGEST] == wanted[:_LONGEST]


def _folder(path: str) -> Iterator[str | Passed]:
    try:
        mode = os.lstat(path).st_mode
    except OSError as error:
        yield Passed(path, _said(error))
        return
    if stat.S_ISDIR(mode):
        yield path
    elif stat.S_ISLNK(mode):
        yield Passed(path, "a link, which is not followed")


def files(project: str) -> Iterator[File | Passed]:
    """The transcripts below one folder of them."""
    for name in _names(project):
        if isinstance(name, Passed):
            yield name
        elif name.endswith(".jsonl"):
            is_agent = name.startswith("agent-")
            session = None if is_agent else name.removesuffix(".jsonl")
            yield from _file(os.path.join(project, name), project, session, is_agent=is_agent)
        elif os.path.lexists(inside := os.path.join(project, name, "subagents")):
            for found in _folder(os.path.join(project, name)):
                yield from [found] if isinstance(found, Passed) else _agents(inside, project, name, _DEEPEST)


def _agents(folder: str, project: str, session: str, deep: int) -> Iterator[File | Passed]:
    for found in _folder(folder):
        if isinstance(found, Passed):
            yield found
            return
    for name in _names(folder):
        if isinstance(name, Passed):
            yield name
            continue
        path = os.path.join(folder, name)
        if name.endswith(".jsonl"):
            yield from _file(path, project, session, is_agent=True)
        elif deep and os.path.isdir(path):
            yield from _agents(path, project, session, deep - 1)


def _file(path: str, project: str, session: str | None, *, is_agent: bool) -> Iterator[File | Passed]:
    try:
        found = os.lstat(path)
    except FileNotFoundError:  # taken away since: Claude Code deletes old ones
        return
    except OSError as error:
        yield Passed(path, _said(error))
        return
    if stat.S_ISREG(found.st_mode):
        yield File(path, project, session, is_agent, found.st_size, found.st_mtime)
    else:
        kind = "a link, which is not followed" if stat.S_ISLNK(found.st_mode) else "not a plain file"
        yield Passed(path, kind)


def _names(folder: str) -> list[str] | list[Passed]:
    """What is in a folder, in order; nothing where there is none."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        return [Passed(folder, _said(error))]


def _said(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
