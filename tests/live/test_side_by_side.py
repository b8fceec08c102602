"""Two projects with different releases on one machine: each folder answers as its own project says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.machine import JAVASCRIPT, NATIVE, User, answer

pytestmark = pytest.mark.live

ODD = 'it\'s a "project"\nover two lines 🦙'


@pytest.mark.parametrize(("first", "second"), [("one", "two"), (f"{ODD}/one", f"{ODD}/two")], ids=["plain", "odd"])
def test_each_project_answers_its_own_version(user: User, first: str, second: str) -> None:
    pinned = {user.project(first): JAVASCRIPT, user.project(second): NATIVE}
    for project, version in pinned.items():
        user.ccpin("use", version, cwd=project).ok()
    for project, version in pinned.items():
        for folder in (project, _deep(project), _link(user, project), _link(user, _deep(project))):
            assert user.claude("--version", cwd=folder).ok().out == answer(version), folder


def test_outside_any_project_the_default_answers_else_the_next_claude(user: User) -> None:
    project, outside = user.project(), user.project("elsewhere")
    user.ccpin("use", NATIVE, cwd=project).ok()
    other = user.project("other bin")
    (other / "claude").write_text("#!/bin/sh\necho the next one\n")
    (other / "claude").chmod(0o755)
    assert user.claude("--version", cwd=outside, path=str(other)).ok().out == "the next one\n"
    assert user.claude("--version", cwd=outside).failed(127).out == ""

    user.ccpin("use", JAVASCRIPT, "--global", cwd=outside).ok()
    assert user.claude("--version", cwd=outside, path=str(other)).ok().out == answer(JAVASCRIPT)
    assert user.claude("--version", cwd=project, path=str(other)).ok().out == answer(NATIVE)


def _deep(project: Path) -> Path:
    folder = project / "a" / "b c" / "d"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _link(user: User, folder: Path) -> Path:
    """A link to the folder, outside of any project."""
    links = user.root / "links"
    links.mkdir(exist_ok=True)
    link = links / str(len(list(links.iterdir())))
    link.symlink_to(folder)
    return link
