"""`--settings` from the shim: which launches get it, and which are Python's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.launching.launch import BACKGROUND_WORDS, UPDATE_OPTIONS, UPDATE_VERBS
from ccpin.launching.settings import REMOTE, WITHOUT
from tests.shims.world import DEFAULT, STRICT, VERSION, World, lock_text, settled, strict

GETS = [
    [], ["-p", "hi"], ["mcp", "list"], ["--help"], ["-p", "--version"], ["--", "--version"], ["plugin"],
    ["plugin", "list"], ["plugin", ""], ["plugin test"], ["plugin", "test x"], ["x", "plugin", "test"], ["stop it"],
    ["rm x"], ["-v x"], ["--version "], [" stop"], ["Stop"], ["self-hosted-runner what is it"], ["sync this"], ["rc "],
    ["", "stop"], ["-p", "stop"], ["--settingsx"], ["--setting-sources", "user"], ["x --settings y"], ["-settings"],
    ["--bgx"], ["agents "],
]  # fmt: skip


def test_who_gets_them(world: World) -> None:
    for words in GETS:
        run = world.run(*words)
        assert (run.who, run.flags, run.words) == ("pinned", DEFAULT, [os.fsencode(word) for word in words]), words
    world.lock(strict())
    for words in GETS[:2]:
        run = world.run(*words)
        assert (run.flags, run.words) == (settled(STRICT, clean=True), [os.fsencode(word) for word in words])


def test_first_words_that_a_release_knows_in_the_first_place_only(world: World) -> None:
    world.lock(strict())
    for first in WITHOUT:
        if first[0] in (*BACKGROUND_WORDS, *UPDATE_OPTIONS):  # which are Python's
            continue
        words = [*first, "x", ""]
        run = world.run(*words, env={"ANTHROPIC_MODEL": "mine", "DISABLE_UPDATES": "0"})
        assert (run.who, run.flags, run.words) == ("pinned", None, [os.fsencode(word) for word in words])
        assert {name: run.env.get(name) for name in STRICT} == STRICT
        assert "ANTHROPIC_MODEL" not in run.env
    world.lock()
    run = world.run("plugin", "validate")
    assert (run.flags, run.words) == (None, [b"plugin", b"validate"])
    assert {name: run.env.get(name) for name in DEFAULT} == DEFAULT


def test_they_need_no_release_that_takes_settings(world: World) -> None:
    unlink(world)
    for text in (lock_text(), strict()):
        world.lock(text)
        assert world.run("--version").who == "pinned"
        assert world.run("plugin", "test").who == "pinned"
        assert world.run("plugin", "list").who == "python"


def unlink(world: World) -> None:
    world.executable.with_name("takes-settings").unlink()


def test_first_words_for_python(world: World) -> None:
    for word in (*REMOTE, *BACKGROUND_WORDS, *UPDATE_OPTIONS, *UPDATE_VERBS):
        run = world.run(word, "x")
        assert (run.who, run.argv[6:]) == ("python", [b"--", os.fsencode(word), b"x"])
    for word in BACKGROUND_WORDS:
        assert world.run("-p", "x", word).who == "python"


OWN = [
    ["--settings", "x"], ["--settings=x"], ["--settings="], ["--settings"], ["-p", "hi", "--settings", "{}"],
    ["-p", "--settings={}", "hi"], ["--settings", "a", "--settings=b"], ["mcp", "--settings", "x", "list"],
    ["-p", "x", "--", "--settings", "y"], ["--settings", "--settings"],
]  # fmt: skip


def test_settings_of_the_user_s_own_are_python_s(world: World) -> None:
    for words in OWN:
        run = world.run(*words)
        assert (run.who, run.argv[7:]) == ("python", [os.fsencode(word) for word in words])
    for text in (strict(), lock_text(env={})):
        world.lock(text)
        assert world.run("--settings", "x").who == world.run("-p", "--settings={}").who == "python"


def test_nothing_to_pass(world: World) -> None:
    world.lock(lock_text(env={}))
    for _ in range(2):
        run = world.run("-p", "hi")
        assert (run.who, run.argv) == ("pinned", [b"-p", b"hi"])
        unlink(world)
        world.executable.with_name("takes-settings").symlink_to("nowhere")


@pytest.mark.parametrize("kind", ["gone", "folder", "dangling"])
def test_a_release_that_does_not_take_settings(world: World, kind: str) -> None:
    unlink(world)
    mark = world.executable.with_name("takes-settings")
    if kind == "folder":
        mark.mkdir()
    elif kind == "dangling":
        mark.symlink_to("nowhere")
    for text in (lock_text(), strict(), lock_text(env={}, clean=True)):
        world.lock(text)
        assert world.run().who == "python"


# --- what a clean slate asks for --------------------------------------------------------------------


def test_a_release_that_was_not_measured(world: World) -> None:
    for version in ("2.0.15", "2.0.1", "12.0.14", "2.0.140"):
        world.install(version)
        world.lock(lock_text(version, env=STRICT, clean=True))
        assert world.run().who == "python"
        world.lock(lock_text(version, env=STRICT))
        assert world.run().flags == STRICT


@pytest.mark.parametrize("kind", ["file", "empty", "folder", "dangling"])
def test_flags_that_the_user_keeps(world: World, kind: str) -> None:
    path = world.home / "keep-flags"
    if kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to("nowhere")
    else:
        path.write_text("ANTHROPIC_MODEL\n" if kind == "file" else "")
    assert world.run().who == "pinned"
    world.lock(strict())
    for words in ([], ["plugin", "test"], ["stop"]):
        assert world.run(*words).who == "python"


def policies(world: World) -> dict[str, Path]:
    """Where an administrator's policy may stand; the machine's own place is moved below `world`."""
    managed = world.root / "managed"
    shim = world.shim.read_text()
    assert shim.count("/etc/claude-code") == 1
    world.shim.write_text(shim.replace("/etc/claude-code", str(managed)))
    return {
        "machine": managed / "managed-settings.json",
        "drop-in": managed / "managed-settings.d" / "a.json",
        "fetched": world.root / ".claude" / "remote-settings.json",
        "fetched, elsewhere": world.root / "config" / "remote-settings.json",
    }


@pytest.mark.parametrize("where", ["machine", "drop-in", "fetched", "fetched, elsewhere"])
def test_a_policy_of_an_administrator(world: World, where: str) -> None:
    path = policies(world)[where]
    world.lock(strict())
    env: dict[str, str | bytes] = {"CLAUDE_CONFIG_DIR": str(path.parent)} if where == "fetched, elsewhere" else {}
    path.parent.mkdir(parents=True)
    if where != "drop-in":  # of that, the folder counts
        assert world.run(env=env).who == "pinned"
        path.write_text("{}")
    assert world.run(env=env).who == "python"
    assert world.run("--version", env=env).who == "pinned"
    world.lock()
    assert world.run(env=env).flags == DEFAULT


@pytest.mark.parametrize("name", ["com.anthropic.claudecode.plist", "somebody/com.anthropic.claudecode.plist"])
def test_a_profile_of_a_mac(interpreter: str, tmp_path: Path, name: str) -> None:
    world = World(tmp_path, interpreter, "darwin-arm64")
    world.furnish()
    path = tmp_path / "Managed Preferences" / name
    world.shim.write_text(world.shim.read_text().replace("/Library/Managed Pref", f"{tmp_path}/Managed Pref"))
    world.lock(strict())
    assert world.run().who == "pinned"
    path.parent.mkdir(parents=True)
    path.touch()
    assert world.run().who == "python"


def test_policies_that_do_not_count_here(world: World) -> None:
    fetched = policies(world)["fetched"]
    fetched.parent.mkdir()
    fetched.write_text("{}")
    world.lock(strict())
    assert world.run(env={"CLAUDE_CONFIG_DIR": str(world.root / "other")}).who == "pinned"
    assert world.run(env={"CLAUDE_CONFIG_DIR": ""}).who == "python"
    assert world.run(env={"HOME": str(world.root / "other")}).who == "pinned"


def test_a_policy_named_by_the_environment(world: World) -> None:
    world.lock(strict())
    assert world.run(env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": "/nowhere"}).who == "python"
    assert world.run(env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": ""}).who == "pinned"
    world.lock()
    assert world.run(env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": "/nowhere"}).who == "pinned"


def test_without_a_home_it_is_python_that_looks_for_it(world: World) -> None:
    world.lock(strict())
    assert world.run(unset=["HOME"]).who == "python"
    assert world.run(env={"HOME": ""}).who == "python"
    assert world.run(unset=["HOME"], env={"CLAUDE_CONFIG_DIR": "/nowhere"}).who == "pinned"


@pytest.mark.parametrize("name", [".claude.json", ".claude/.config.json"])
def test_state_of_earlier_sessions_is_python_s_to_look_at(world: World, name: str) -> None:
    """From 2.1.1 on it may hold client data that changes what is sent."""
    version = "2.1.112"
    world.install(version)
    world.lock(lock_text(version, env=STRICT, clean=True))
    assert world.run().flags == settled(STRICT, clean=True)
    (world.root / name).parent.mkdir(exist_ok=True)
    (world.root / name).write_text("{}")
    assert world.run().who == "python"
    assert world.run("plugin", "test").flags is None
    elsewhere = str(world.root / "elsewhere")
    assert world.run(env={"HOME": elsewhere}).flags == settled(STRICT, clean=True)
    assert world.run(env={"HOME": elsewhere, "CLAUDE_CONFIG_DIR": str((world.root / name).parent)}).who == "python"
    assert world.run(env={"HOME": elsewhere, "CLAUDE_CODE_CUSTOM_OAUTH_URL": "https://x"}).who == "python"
    world.lock(lock_text(version))
    assert world.run().flags == DEFAULT
    world.lock(strict())  # 2.0.14
    assert world.run().flags == settled(STRICT, clean=True)


def test_the_release_is_the_one_that_was_measured() -> None:
    """What the tests above take for granted."""
    from ccpin.launching.settings import MEASURED

    assert VERSION in MEASURED
