"""Which release the lock named when a session was written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ccpin.pinning.history import Dated, dated
from ccpin.pinning.lock import render
from ccpin.sessions.locks import Fit, Locks, timeline
from ccpin.sessions.read import Segment
from ccpin.sessions.times import iso
from tests.pinning.locks import native

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("git"), reason="git, and programs that are sh's")

DAY = 86_400
NOON = 1_760_000_000


class Project:
    """A checkout whose lock changes at given times: `day` counts from NOON."""

    def __init__(self, root: Path) -> None:
        self.root, self.lock = root / "project", root / "project/.ccpin.lock"
        self.root.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(root)}
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, day: float = 0) -> None:
        when = f"{NOON + int(day * DAY)} +0000"
        names = {f"GIT_{who}_{what}": "a@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        subprocess.run(
            ["git", *words], cwd=self.root, env={**self.env, **names, **dates}, check=True, capture_output=True
        )

    def commit(self, version: str | None, day: float) -> None:
        if version is None:
            self.lock.unlink()
        else:
            self.lock.write_text(render(native(version)) if version[0].isdigit() else version)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x", day=day)

    def fit(self, *runs: tuple[str, float, float], folder: str | None = None) -> Fit:
        """Of a session of these runs: release, first and last day."""
        segments = [Segment(v, 1, iso(NOON + first * DAY), iso(NOON + last * DAY), 1) for v, first, last in runs]
        return Locks(self.env).fit(folder if folder is not None else str(self.root), segments)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def pinned(project: Project) -> Project:
    project.commit("2.0.14", 10)
    project.commit("2.1.200", 20)
    return project


def test_the_lock_of_that_time(pinned: Project) -> None:
    for version, first, last, verdict, locked in (
        ("2.0.14", 1, 2, "no-lock-then", ()),
        ("2.0.14", 11, 12, "fits", ("2.0.14",)),
        ("2.1.200", 11, 12, "off", ("2.0.14",)),
        ("2.1.200", 21, 22, "fits", ("2.1.200",)),
        ("2.0.14", 21, 22, "off", ("2.1.200",)),
    ):
        assert pinned.fit((version, first, last)) == Fit(verdict, locked)


def test_a_lock_that_changes_in_the_middle(pinned: Project) -> None:
    """It is told. A process stays what it is; one that was started anew goes by the new lock."""
    changed = ((iso(NOON + 20 * DAY), "2.1.200"),)
    assert pinned.fit(("2.0.14", 19, 21)) == Fit("fits", ("2.0.14",), changed)
    assert pinned.fit(("2.0.14", 19, 19.5), ("2.1.200", 21, 22)) == Fit("fits", ("2.0.14", "2.1.200"), changed)
    assert pinned.fit(("2.0.14", 19, 19.5), ("2.1.330", 21, 22)) == Fit("off", ("2.0.14", "2.1.200"), changed)


def test_a_lock_that_was_taken_away(pinned: Project) -> None:
    pinned.commit(None, 30)
    assert pinned.fit(("2.1.200", 25, 26)).verdict == "fits"
    assert pinned.fit(("2.1.200", 31, 32)).verdict == "no-lock-then"
    assert pinned.fit(("2.1.200", 29, 31)).changes == ((iso(NOON + 30 * DAY), ""),)


def test_what_is_in_no_commit_counts_from_the_time_of_the_file(pinned: Project) -> None:
    pinned.lock.write_text(render(native("2.1.330")))
    os.utime(pinned.lock, (NOON + 40 * DAY, NOON + 40 * DAY))
    assert pinned.fit(("2.1.200", 39, 39)).verdict == "fits"
    assert pinned.fit(("2.1.330", 41, 41)).verdict == "fits"


def test_without_git(tmp_path: Path) -> None:
    """Before the file there may have been another: nobody knows."""
    lock = tmp_path / ".ccpin.lock"
    lock.write_text(render(native("2.1.330")))
    os.utime(lock, (NOON, NOON))
    for day, verdict in ((-1, "unknown"), (1, "fits")):
        when = iso(NOON + day * DAY)
        assert Locks({"PATH": ""}).fit(str(tmp_path), [Segment("2.1.330", 1, when, when, 1)]).verdict == verdict


def test_where_nothing_can_be_said(pinned: Project, tmp_path: Path) -> None:
    assert pinned.fit(("2.1.200", 21, 21), folder=str(pinned.root / "gone")).verdict == "unknown"
    assert pinned.fit(("2.1.200", 21, 21), folder="").verdict == "unknown"
    (tmp_path / "bare").mkdir()
    assert pinned.fit(("2.1.200", 21, 21), folder=str(tmp_path / "bare")).verdict == "no-lock"
    pinned.commit("nonsense", 30)
    assert pinned.fit(("2.1.200", 31, 31)).verdict == "unknown"


def test_a_checkout_without_a_lock(project: Project) -> None:
    (project.root / "other").write_text("x")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "x")
    assert project.fit(("2.1.200", 1, 1)).verdict == "no-lock"


def test_a_session_below_the_project(pinned: Project) -> None:
    (pinned.root / "deep/er").mkdir(parents=True)
    assert pinned.fit(("2.1.200", 21, 22), folder=str(pinned.root / "deep/er")).verdict == "fits"


def test_a_merge_counts_when_it_was_made(pinned: Project) -> None:
    pinned.git("checkout", "-q", "-b", "next")
    pinned.commit("2.1.330", 22)
    pinned.git("checkout", "-q", "main")
    pinned.git("merge", "-q", "--no-ff", "-m", "x", "next", day=25)
    assert pinned.fit(("2.1.200", 24, 24)).verdict == "fits"
    assert pinned.fit(("2.1.330", 26, 26)).verdict == "fits"


def test_each_lock_is_asked_for_once(pinned: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(path: str, env: dict[str, str]) -> list[Dated]:
        asked.append(path)
        return dated(path, env)

    monkeypatch.setattr("ccpin.sessions.locks.dated", counted)
    locks = Locks(pinned.env)
    (pinned.root / "sub").mkdir()
    for folder in (pinned.root, pinned.root / "sub", pinned.root):
        locks.fit(str(folder), [Segment("2.1.200", 1, iso(NOON), iso(NOON), 1)])
    assert asked == [str(pinned.lock)]


def test_no_program_of_a_clone_runs(pinned: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {ran}\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "gpg.program", "diff.external", "core.hooksPath"):
        pinned.git("config", name, str(trap))
    pinned.git("config", "log.showSignature", "true")
    found = timeline(str(pinned.lock), pinned.env)
    assert found is not None
    assert [one.version for one in found.said] == ["2.0.14", "2.1.200"]
    assert not ran.exists()


def test_more_changes_than_are_read(pinned: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ccpin.sessions.locks.MOST_COMMITS", "ccpin.pinning.history.MOST_COMMITS"):
        monkeypatch.setattr(name, 2)
    assert pinned.fit(("2.0.14", 1, 2)).verdict == "unknown"


def test_a_commit_of_no_time(pinned: Project) -> None:
    """A commit is a text, and its time any number; what is told of it is a year of four digits."""
    when = 2**60
    words = {"cwd": pinned.root, "env": pinned.env, "check": True, "capture_output": True, "text": True}
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], **words).stdout  # type: ignore[call-overload]
    raw = re.sub(r"(?m)^(committer .*>) .*", rf"\1 {when} +0000", raw)
    new = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    commit = subprocess.run(new, input=raw, **words).stdout.strip()  # type: ignore[call-overload]
    pinned.git("update-ref", "HEAD", commit)
    found = timeline(str(pinned.lock), pinned.env)
    assert found is not None
    assert found.said[-1].when == when
    assert iso(when) == "9999-12-31T23:59:59Z"
