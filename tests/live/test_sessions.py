"""`ccpin sessions` on what real releases have written: resumed by themselves, by another release, and forked."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Request
from ccpin.wire.loopback import Api
from ccpin.wire.run import run
from tests.live.machine import User
from tests.live.releases import command, pinned

pytestmark = pytest.mark.live

VERSIONS = ("2.0.14", "2.1.112", "2.1.200", "2.1.330")
CANARY = "canary-81c2"


class Writing:
    """Lets releases write sessions into one folder of Claude Code's; what they say to the model is CANARY."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.home = user.root / "writing"
        self.home.mkdir()
        self.api = Api(answer)
        self.commands = {version: command(user, version) for version in VERSIONS}

    def project(self, version: str, name: str = "") -> Path:
        project = pinned(self.user, version, "none", f"{version} {name}")
        (project / "notes.txt").write_text(CANARY)
        return project

    def say(self, version: str, project: Path, *words: str, prompt: str = CANARY) -> None:
        done = run(
            self.commands[version],
            ["-p", prompt, *words],
            mode="first-party",
            api=self.api,
            home=str(self.home),
            cwd=str(project),
        )
        assert done.exit_code == 0, done.stderr

    def sessions(self, *words: str) -> dict[str, Any]:
        """What `ccpin sessions --all` says of them."""
        self.user.env["CLAUDE_CONFIG_DIR"] = str(self.home / ".claude")
        done = self.user.ccpin("sessions", "--all", *words, "--json", cwd=self.user.root).ok()
        assert CANARY not in done.out
        data: dict[str, Any] = done.json["data"]
        assert (data["passed"], data["nameless"]) == ([], 0)
        return data


def answer(request: Request) -> Turn:
    """Reads the file that a prompt asks for. One API answers all, so that every answer has an id of its own."""
    if not (request.streaming and request.tools):
        return Turn()
    said = json.dumps(request.json["messages"])
    asked = re.search(r"read: (\S.*?\.txt)", said)
    if asked and "tool_result" not in said:
        return Turn(CANARY, tools=(ToolUse("Read", {"file_path": asked[1]}),))
    return Turn(CANARY)


@pytest.fixture
def writing(user: User) -> Writing:
    return Writing(user)


def test_what_releases_write(writing: Writing) -> None:
    """Two turns each, the second one resumed; one session goes on under another release. Its change is the only one."""
    projects = {version: writing.project(version) for version in VERSIONS}
    resumed = writing.project("2.0.14", "resumed")

    def talk(version: str) -> None:
        writing.say(version, projects[version], prompt=f"{CANARY}, read: {projects[version] / 'notes.txt'}")
        writing.say(version, projects[version], "--continue")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(talk, VERSIONS))
    writing.say("2.0.14", resumed)
    writing.say("2.1.330", resumed, "--continue")

    data = writing.sessions("--stats")
    rows = {row["folder"]: row for row in data["rows"]}
    assert (len(data["rows"]), data["changed"], data["off"]) == (5, 1, 1)
    for version, project in projects.items():
        row = rows[str(project)]
        assert (row["releases"], row["changes"], row["verdict"]) == ([version], [], "fits")
        assert len(row["models"]) == 1
        assert bool(row["efforts"]) == bool(row["prompts"]) == (version == "2.1.330")
        assert (row["inherited"], row["unread"]) == (0, 0)
    row = rows[str(resumed)]
    assert [(one["before"], one["after"]) for one in row["changes"]] == [("2.0.14", "2.1.330")]
    assert (row["releases"], row["verdict"]) == (["2.0.14", "2.1.330"], "off")
    turns = {one["version"]: (one["turns"], one["tools"]) for one in data["stats"]["releases"]}
    assert turns == {
        "2.0.14": (3, {"Read": 1}),
        "2.1.112": (2, {"Read": 1}),
        "2.1.200": (2, {"Read": 1}),
        "2.1.330": (3, {"Read": 1}),
    }


@pytest.mark.parametrize("copier", VERSIONS)
def test_a_fork_is_no_change(writing: Writing, copier: str) -> None:
    """However its release writes the rows that it copies."""
    project = writing.project("2.0.14", "forked")
    writing.say("2.0.14", project)
    writing.say(copier, project, "--continue", "--fork-session")
    data = writing.sessions()
    assert sorted((row["releases"], row["changes"], row["inherited"]) for row in data["rows"]) == sorted(
        [(["2.0.14"], [], 0), ([copier], [], 2)]
    )
