"""Which lock counts: the nearest one upward from where the process really is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.shims.world import DEFAULT, DIGEST, PLATFORM, World, lock_text, program

NAMES = (
    "with space", "quo'te", 'dou"ble', "new\nline", "$(touch pwned)", "`touch pwned`", "back\\slash\\n", "*", "[a-z]",
    "-n", "~", "%s", "semi;colon & more", "tab\tand  spaces ", "sn\N{SNAKE}ke",
    "\N{LATIN SMALL LETTER E WITH ACUTE}t\N{LATIN SMALL LETTER E WITH ACUTE}", "trailing newline\n", "a:b",
)  # fmt: skip


def odd_names(shell: str) -> list[str]:
    """Each for itself under the two shells that most people have; under the others one within another, but for the
    colon, which PATH cannot hold."""
    if shell in ("dash", "bash"):
        return list(NAMES)
    names = [name for name in NAMES[:-1] if shell != "yash" or name.isascii()]  # yash drops what the locale has not
    return ["/".join(names), NAMES[-1]]


def test_runs_what_the_lock_pins(world: World) -> None:
    run = world.run("-p", "hello")
    assert (run.who, run.flags, run.words, run.code, run.err) == ("pinned", DEFAULT, [b"-p", b"hello"], 0, b"")
    assert run.call["cwd"] == str(world.project)


@pytest.mark.parametrize("depth", [1, 5, 40])
def test_finds_the_lock_further_up(world: World, depth: int) -> None:
    deep = world.project.joinpath(*["d"] * depth)
    deep.mkdir(parents=True)
    assert world.run(cwd=deep).who == "pinned"


def test_the_nearest_lock_wins(world: World) -> None:
    inner = world.project / "inner"
    world.lock(lock_text("9.9.9"), inner)
    assert world.run(cwd=inner).who == "python"  # 9.9.9 is not installed


def test_odd_project_names(world: World, shell: str) -> None:
    for name in odd_names(shell):
        folder = world.root / name
        world.lock(folder=folder)
        deep = folder / name
        deep.mkdir(parents=True)
        run = world.run(cwd=deep)
        assert (run.who, run.call["cwd"]) == ("pinned", os.fsencode(deep).decode("latin-1"))
    assert not list(world.root.rglob("pwned"))


def test_odd_home_names(tmp_path: Path, interpreter: str, shell: str) -> None:
    for name in odd_names(shell):
        world = World(tmp_path / name, interpreter)
        world.furnish()
        assert world.run("a").who == "pinned"
        handed = world.run("update")
        assert handed.who == "python"
        assert handed.argv[5] == os.fsencode(world.home)
        (world.project / ".ccpin.lock").unlink()
        assert world.run().who == ("python" if ":" in name else "next")  # PATH cannot hold a colon
    assert not list(tmp_path.rglob("pwned"))


def test_odd_ccpin_home(world: World, tmp_path: Path, shell: str) -> None:
    home = world.home
    for name in odd_names(shell):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        home = home.rename(target)
        run = world.run(env={"CCPIN_HOME": str(home)}, executable=home / "shims" / "claude")
        executable = home / f"releases/2.0.14-{DIGEST[:32]}/{PLATFORM}/claude"
        assert run.call["file"] == os.fsencode(executable).decode("latin-1")
        handed = world.run("update", env={"CCPIN_HOME": str(home)}, executable=home / "shims" / "claude")
        assert handed.argv[4:6] == [b"--home", os.fsencode(home)]
    assert not list(tmp_path.rglob("pwned"))


def test_a_relative_ccpin_home_is_handed_over(world: World) -> None:
    run = world.run(env={"CCPIN_HOME": "home"}, cwd=world.root)
    assert (run.who, run.argv[5]) == ("python", b"home")


def test_an_empty_ccpin_home_is_none(world: World) -> None:
    assert world.run(env={"CCPIN_HOME": ""}).who == "pinned"


def test_a_lying_pwd_changes_nothing(world: World) -> None:
    other = world.root / "other"
    world.lock(lock_text("9.9.9"), other)
    link = other / "link"
    link.symlink_to(world.project)
    for lie in (str(other), str(link), "/", "", "relative", "/nowhere"):
        assert world.run(env={"PWD": lie}).who == "pinned", lie


def test_a_symlinked_folder_is_where_it_leads(world: World) -> None:
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(world.project)
    assert world.run(cwd=elsewhere / "link", env={"PWD": str(elsewhere / "link")}).who == "pinned"
    (world.project / "link").symlink_to(elsewhere)
    assert world.run(cwd=world.project / "link", env={"PWD": str(world.project / "link")}).who == "next"


def test_a_deleted_folder_gives_an_answer(world: World) -> None:
    gone = world.project / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        os.rmdir(gone)

    run = world.run(preexec_fn=leave)
    assert run.who in ("pinned", "python")
    assert b"cd:" not in run.err  # some shells complain at their start; the shim's own `cd` does not
    assert b"chdir:" not in run.err


def test_a_folder_deeper_than_path_max(world: World) -> None:
    """Not every shell can name it: then the lock's path, which is a part of what a launch tells, is left to Python."""

    def dive() -> None:
        for _ in range(25):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)

    run = world.run(preexec_fn=dive)
    assert run.who == "python" or run.env["CCPIN_LOCK"] == world.evidence()["CCPIN_LOCK"]


def test_the_default_lock_counts_outside_of_projects(world: World) -> None:
    (world.project / ".ccpin.lock").rename(world.lock(folder=world.home / "default"))
    assert world.run().who == "pinned"
    world.lock("odd\n", world.home / "default")
    assert world.run().who == "python"


@pytest.mark.parametrize("where", ["project", "default"])
@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "dangling", "endless", "itself", "unknown name"])
def test_a_lock_that_is_no_plain_file_is_handed_over(world: World, kind: str, where: str) -> None:
    path = world.project / ".ccpin.lock"
    path.unlink()
    if where == "default":
        path = world.home / "default" / ".ccpin.lock"
        path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        good = world.lock(folder=world.root / "good")
        path.symlink_to(good)
    else:
        path.symlink_to({"dangling": "nowhere", "endless": "/dev/zero", "itself": ".ccpin.lock"}.get(kind, "a\nb"))
    assert world.run(timeout=10).who == "python"


@pytest.mark.parametrize("closed", ["lock", "parent", "folder"])
def test_what_may_not_be_looked_at_is_handed_over(interpreter: str, closed: str) -> None:
    # root may read everything, so the shim runs as somebody else, in a folder that is open to everybody
    with tempfile.TemporaryDirectory(prefix="ccpin-") as folder:
        os.chmod(folder, 0o755)
        shell = Path(folder) / "sh"  # pytest's own folders are closed
        shell.symlink_to(os.path.realpath(interpreter))
        world = World(Path(folder) / "world", str(shell))
        world.furnish()
        program(world.python, '#!/bin/sh\nprintf "python %s\\n" "$*"\n')
        inner = world.project / "closed" / "inner"
        inner.mkdir(parents=True)
        closing = {"lock": world.project / ".ccpin.lock", "parent": inner.parent, "folder": inner}[closed]
        somebody = 65534 if os.geteuid() == 0 else None

        def enter() -> None:
            os.chdir(inner)
            os.chmod(closing, 0)
            if somebody is not None:
                os.setgroups([])
                os.setgid(somebody)
                os.setuid(somebody)

        try:
            run = world.run("-p", preexec_fn=enter)
        finally:
            closing.chmod(0o755)
        assert run.out.startswith(b"python -I -m ccpin exec --home "), run
