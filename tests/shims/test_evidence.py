"""What the shim tells the release, its hooks and all they start: which release ran, and by which lock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.launching.environment import EVIDENCE
from tests.shims.world import World, difference

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the sh shim")

STALE: dict[str, str | bytes] = dict.fromkeys(EVIDENCE, "of another project")


def told(env: dict[str, str]) -> dict[str, str]:
    return {name: env[name] for name in EVIDENCE if name in env}


@pytest.mark.parametrize("below", ["", "a", "a/b c/d", "*/$(x)/-n"])
def test_from_wherever_it_is_called(world: World, below: str) -> None:
    folder = world.project / below
    folder.mkdir(parents=True, exist_ok=True)
    run = world.run(cwd=folder, env=STALE)
    assert (run.who, told(run.env)) == ("pinned", world.evidence())


@pytest.mark.parametrize("way", ["node", "own node"])
def test_of_a_javascript_release_too(world: World, way: str) -> None:
    if way == "node":
        world.use_node()
    else:
        world.use_own_node()
    run = world.run(env=STALE)
    assert (run.who, told(run.env)) == (way, world.evidence())


def test_the_path_is_the_physical_one_whatever_pwd_says(world: World, shell: str) -> None:
    """And PWD and OLDPWD arrive as they would without it."""
    inner = world.project / "inner"
    inner.mkdir()
    (world.root / "link").symlink_to(inner)
    for pwd in (world.root / "link", inner, world.root, Path("/nowhere")):
        env: dict[str, str | bytes] = {"PWD": str(pwd), "OLDPWD": str(world.root)}
        run = world.run(cwd=inner, env=env)
        assert told(run.env) == world.evidence(), pwd
        assert run.env.get("PWD") in (str(pwd), str(inner))
        assert shell == "zsh" or run.env.get("OLDPWD") in (str(world.root), None)  # which makes up one of its own
        if pwd.name == "link" and "PWD" in run.env:
            assert run.env["PWD"] == str(pwd)


def test_where_there_was_no_oldpwd_there_is_none(world: World, shell: str) -> None:
    run = world.run(unset=("HOME",))
    assert told(run.env) == world.evidence()
    assert shell == "zsh" or "OLDPWD" not in run.env


def test_a_function_of_that_name_is_not_asked(world: World) -> None:
    """bash imports it, as sh too."""
    run = world.run(env={"BASH_FUNC_cd%%": "() { PWD=/etc; }", "CDPATH": "/:/etc"})
    assert (run.who, told(run.env)) == ("pinned", world.evidence())
    assert run.err == b""


def test_by_the_default_lock(world: World) -> None:
    (world.project / ".ccpin.lock").unlink()
    lock = world.lock(folder=world.home / "default")
    run = world.run(env=STALE)
    assert (run.who, told(run.env)) == ("pinned", world.evidence(lock))


@pytest.mark.parametrize("odd", ["/", "/.", "/../home", "//"])
def test_a_home_that_python_would_tidy_is_python_s(world: World, odd: str) -> None:
    (world.project / ".ccpin.lock").unlink()
    world.lock(folder=world.home / "default")
    assert world.run(env={"CCPIN_HOME": f"{world.home}{odd}"}).who == "python"
    world.lock()
    run = world.run(env={"CCPIN_HOME": f"{world.home}{odd}"})
    assert (run.who, told(run.env)) == ("pinned", world.evidence())


def test_what_nobody_pins_tells_nothing(world: World) -> None:
    (world.project / ".ccpin.lock").unlink()
    run = world.run(env=STALE)
    assert (run.who, told(run.env)) == ("next", {})


def test_what_is_handed_over_arrives_as_it_was(world: World) -> None:
    run = world.run("update", env=STALE)
    assert run.who == "python"
    assert difference({name: str(value) for name, value in STALE.items()}, told(run.env)) == {}
