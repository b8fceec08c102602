"""The scripts of the README, run as scripts."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.cli.arrange import pin, put_ccpin_on_path
from tests.docs.pages import read
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

script = read("README.md").code
"""The block of sh below `<!-- test: name -->`."""


@pytest.fixture
def clone(box: Box) -> Box:
    """Somebody else has committed a lock; this machine has ccpin, and nothing of ccpin's yet."""
    pin(box, "2.0.14")
    for folder, _, _ in os.walk(box.ccpin_home):
        os.chmod(folder, 0o700)
    shutil.rmtree(box.ccpin_home)
    put_ccpin_on_path(box)
    return box


@pytest.mark.parametrize("name", ["onboarding", "ci"])
def test_three_lines(name: str) -> None:
    lines = [line for line in script(name).splitlines() if line.strip()]
    assert len(lines) == 3
    assert all(line.startswith("ccpin ") for line in lines)


@pytest.mark.parametrize("name", ["onboarding", "ci"])
def test_a_script(clone: Box, name: str) -> None:
    lock = clone.lock.read_bytes()
    clone.run(["sh", "-eu", "-c", script(name)]).ok()
    assert clone.lock.read_bytes() == lock
    assert [entry.partition("-")[0] for entry in clone.entries()] == ["2.0.14"]
    clone.run(["sh", "-eu", "-c", script(name)]).ok()  # every day


def test_after_onboarding_a_new_shell_has_it(clone: Box) -> None:
    clone.run(["sh", "-eu", "-c", script("onboarding")]).ok()
    shells = (["sh", "-l", "-c"], ["bash", "-i", "-c"], ["zsh", "-i", "-c"], ["fish", "-c"])
    for shell in (argv for argv in shells if shutil.which(argv[0], path=clone.env["PATH"])):
        assert clone.run([*shell, "claude --version"]).ok().out.endswith("2.0.14 (Claude Code)\n")


def test_ci_writes_nothing_outside_of_the_store(clone: Box) -> None:
    clone.run(["sh", "-eu", "-c", script("ci")]).ok()
    assert not list(clone.home.iterdir())
    assert [path.name for path in clone.project.iterdir()] == [".ccpin.lock"]


@pytest.mark.parametrize("name", ["onboarding", "ci"])
def test_a_lock_that_is_not_right_stops_it(clone: Box, name: str) -> None:
    clone.lock.write_text(clone.lock.read_text().replace('request = "2.0.14"', 'request = "2.1"'))
    done = clone.run(["sh", "-eu", "-c", script(name)]).failed()
    assert "which `--locked` asks for" in done.err
