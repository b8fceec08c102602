"""Real releases: two users who have nothing in common but the release send what the normaliser makes equal.

They differ in home, folder, repository, device, shell, day and kernel. The day: their time zones are 26 hours apart,
so their dates differ at any moment.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from ccpin.wire.capture import Mode, Request
from ccpin.wire.normal import PARTS, RULES, Normal, normalised
from ccpin.wire.run import run
from tests.live import test_wire
from tests.live.machine import Environment, require
from tests.live.test_wire import SENT, STRICT, Command

pytestmark = pytest.mark.live

command = test_wire.command


@dataclass(frozen=True)
class Somebody:
    """A user with a home, a working directory and a temp folder of their own, below `root`."""

    root: Path
    zone: str
    shell: str
    within: Sequence[str] = ()

    def __post_init__(self) -> None:
        for folder in self.folders:
            Path(folder).mkdir(parents=True)

    @property
    def folders(self) -> dict[str, str]:
        return {str(self.root / name): name for name in ("home", "work here", "temp")}

    def ask(self, start: Sequence[str], mode: Mode) -> Request:
        home, cwd, temp = self.folders
        env = {**STRICT, "TMPDIR": temp, "TZ": self.zone, "SHELL": self.shell}
        return run([*self.within, *start], ["-p", "hi"], mode=mode, env=env, home=home, cwd=cwd).main("hi")


@cache
def older_kernel() -> tuple[str, ...]:
    """A command that has another one see an older kernel, or nothing where there is none."""
    found = (shutil.which("setarch") or "", platform.machine(), "--uname-2.6")
    works = found[0] and subprocess.run([*found, "true"], capture_output=True, check=False).returncode == 0
    return found if works else ()


def repository(git: str, home: Path, cwd: Path) -> None:
    (home / ".gitconfig").write_text("[user]\nname = Bob Builder\nemail = bob@example.org\n")
    for args in (["init", "-q", "-b", "feat/x"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([git, *args], cwd=cwd, env={"HOME": str(home)}, check=True)
    (cwd / "new file").write_text("x")


OTHERS: tuple[tuple[str, Mode], ...] = (
    ("2.0.64", "first-party"),
    ("2.1.0", "first-party"),
    ("2.1.113", "first-party"),
)
"""Releases of which less is known, and their two users are equal too. Those before 2.0.14 are, but for the git status,
which a fingerprint has none of."""


@pytest.mark.parametrize(("version", "mode"), [*SENT, *OTHERS])
def test_two_users_are_equal(command: Command, env: Environment, tmp_path: Path, version: str, mode: Mode) -> None:
    start = command(version)
    ann = Somebody(tmp_path / "ann", "Pacific/Kiritimati", "/bin/bash")
    bob = Somebody(tmp_path / "deep" / "bob.b_b", "Etc/GMT+12", "/bin/zsh", older_kernel())
    repository(require("git", env), bob.root / "home", bob.root / "work here")
    ours, theirs = ann.ask(start, mode), bob.ask(start, mode)
    assert compared(ours, ann).as_json() == compared(theirs, bob).as_json()
    assert compared(ours, ann) == compared(theirs, bob)
    assert {rule.name for rule in RULES if rule.apply(theirs.json) != theirs.json} == expected(version, mode)
    (ann.root / "work here" / "CLAUDE.md").write_text("Use tabs.\n")
    told = compared(ann.ask(start, mode), ann)
    assert {part for part in PARTS if told.digest(part) != compared(ours, ann).digest(part)} == {"messages"}


def compared(request: Request, who: Somebody) -> Normal:
    return normalised(request, who.folders)


def expected(version: str, mode: Mode) -> set[str]:
    """The rules that have something to do: those read in this release, but for calls, of which there are none."""
    found = {rule.name for rule in RULES if version in rule.read_in} - {"tool call"}
    short = mode == "gateway" and version != "2.1.112"  # their billing lines end before
    return found - ({"billing hash", "billing prompt"} if short else set())


def test_the_version_in_the_billing_line_is_the_same_for_all_users_of_a_prompt(
    command: Command, tmp_path: Path
) -> None:
    """Why it stays: its last part comes from the prompt. The hash beside it differs for one user from run to run."""
    start, who = command("2.1.330"), Somebody(tmp_path / "ann", "UTC", "/bin/sh")
    lines = [who.ask(start, "first-party").json["system"][0]["text"].split("; ") for _ in range(2)]
    assert (
        lines[0][:2] == lines[1][:2] == ["x-anthropic-billing-header: cc_version=2.1.330.d01", "cc_entrypoint=sdk-cli"]
    )
    assert lines[0][2].startswith("cch=")
    assert lines[0][2] != lines[1][2]
