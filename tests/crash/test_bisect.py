"""kill -9 in the middle of a bisection, from outside and at every file that it writes: then it goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.arrange import pin
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="signals and scripts are POSIX's"),
]

RANGE = ("--good", "2.0.43", "--bad", "2.0.49")
CHECK = 'echo "$CCPIN_VERSION" >> tried; v=$(claude --version | cut -d" " -f1); test "${v##*.}" -lt 47'


@pytest.fixture
def project(box: Box, upstream: Upstream) -> Box:
    for number in range(43, 50):
        upstream.add_js(f"2.0.{number}")
    pin(box, "2.0.14")
    return box


def tried(box: Box) -> list[str]:
    path = box.project / "tried"
    return path.read_text().split() if path.exists() else []


def again(box: Box, command: tuple[str, ...]) -> None:
    """It goes on, or, where it had not begun, begins; and finds the release, in a log that is whole."""
    done = box.ccpin("bisect", "--continue", "--json")
    if done.code:
        assert done.json["errors"][0]["code"] == "nothing-to-continue"
        done = box.ccpin("bisect", *RANGE, "--json", *command).ok()
    found = done.json["data"]
    assert (found["first"], found["good"]) == ("2.0.47", "2.0.46")
    assert len({one["version"] for one in found["tested"]}) == len(found["tested"]) <= 2 + 3
    (log,) = Path(box.layout.bisects).glob("*/log.jsonl")
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()][-1] == "done"


@pytest.mark.parametrize(
    ("step", "signal", "code"), [(1, "KILL", -9), (2, "KILL", -9), (4, "KILL", -9), (3, "INT", 130), (3, "TERM", 143)]
)
def test_by_the_command_itself(project: Box, step: int, signal: str, code: int) -> None:
    """What was seen is not tried again, but for the one that was under way."""
    kill = f"kill -{signal} $PPID && sleep 5"
    line = f"{CHECK}; code=$?; test -e go || test $(wc -l < tried) -lt {step} || {{ {kill}; }}; exit $code"
    killed = project.ccpin("bisect", *RANGE, "--", "sh", "-c", line)
    assert killed.code == code
    assert signal == "KILL" or "go on with it: `ccpin bisect --continue`" in killed.err
    (project.project / "go").touch()
    before = tried(project)
    again(project, ())
    assert tried(project)[len(before) - 1] == before[-1]
    assert tried(project)[len(before)] == before[-1]
    assert len(tried(project)) == len(set(tried(project))) + 1


@pytest.mark.parametrize("point", ["file: drafted", "file: flushed", "file: replaced"])
def test_at_every_file_that_it_writes(project: Box, point: str) -> None:
    command = ("--", "sh", "-c", CHECK)
    kills = 0
    while True:
        kills += 1
        killed = project.ccpin("bisect", *RANGE, *command, env={"CCPIN_CRASH_AT": f"{point} #{kills * 3}"})
        if killed.code == 0:
            break
        assert killed.code == -9
        again(project, command)
        left = [path for path in Path(project.layout.bisects).rglob("*") if path.name.endswith("-draft")]
        assert left == []
    assert kills > 4
