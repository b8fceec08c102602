"""CCPIN_STORE_PATH: releases in stores that are only read, looked up by sh and by Python with the same answer."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.paths import find_home
from ccpin.pinning.find import read_pin
from ccpin.store.entry import ready
from tests.fakes import looking, nobody
from tests.shims.test_ways import spoil
from tests.shims.world import DIGEST, FAKE, VERSION, World, lock_text, program, two_shells
from tests.store.running import open_to_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sh shim")


@pytest.fixture
def world(tmp_path: Path, interpreter: str) -> World:
    """As usual, but that nothing is installed in the own home; and of this machine's platform, for Python's answer."""
    world = World(tmp_path / "world", interpreter, platforms.current())
    world.furnish()
    shutil.move(world.home / "releases", world.root / "kept")
    return world


def fill(world: World, name: str | Path) -> Path:
    """A store that has what the project pins."""
    root = world.root / name
    shutil.copytree(world.root / "kept", root / "releases", symlinks=True)
    return root


def entry(root: Path, kind: str | None = None) -> Path:
    return root / "releases" / f"{VERSION}-{DIGEST[:32]}" / (kind or platforms.current())


def answer(world: World, path: str | None) -> str | None:
    """The file that is started, None where Python is to install it; sh's answer, and Python's is the same."""
    env = {} if path is None else {"CCPIN_STORE_PATH": path}
    run = world.run("-p", env=dict(env))
    pin = read_pin(find_home({}), str(world.project / ".ccpin.lock"), "lock")
    python = ready(find_home({"CCPIN_HOME": str(world.home), **env}), pin.head)
    if run.who == "python":
        assert python is None
        assert run.env.get("CCPIN_STORE_PATH") == path
        return None
    assert python is not None
    on_node = run.who in ("node", "own node")
    started = os.fsdecode(run.argv[0] if on_node else run.call["file"].encode("latin-1"))
    assert os.path.normpath(started) == os.path.normpath(python)
    return os.path.normpath(python)


def test_one_store(world: World) -> None:
    shared = fill(world, "a shared store")
    assert answer(world, str(shared)) == str(entry(shared) / "claude")
    assert answer(world, None) is None
    assert answer(world, "") is None


def test_they_go_before_the_own_store(world: World) -> None:
    shared, own = fill(world, "shared"), fill(world, "home")
    assert answer(world, str(shared)) == str(entry(shared) / "claude")
    assert answer(world, None) == answer(world, "") == str(entry(own) / "claude")
    shutil.rmtree(shared)
    assert answer(world, str(shared)) == str(entry(own) / "claude")


@pytest.mark.parametrize("how", ["{}", "{}/", "{}/.", "{}/../home", "link"])
@two_shells
def test_the_own_home_among_them_is_passed_over(world: World, how: str) -> None:
    """Its turn is the last one, whatever it is called."""
    shared, own = fill(world, "shared"), fill(world, "home")
    (world.root / "link").symlink_to(own)
    named = str(world.root / "link") if how == "link" else how.format(own)
    assert answer(world, f"{named}:{shared}") == str(entry(shared) / "claude")
    assert answer(world, named) == str(entry(own) / "claude")


def test_several(world: World) -> None:
    one, two = fill(world, "one"), fill(world, "two")
    assert answer(world, f"{one}:{two}") == str(entry(one) / "claude")
    assert answer(world, f"{two}:{one}") == str(entry(two) / "claude")
    assert answer(world, f"{world.root}/nowhere:{two}") == str(entry(two) / "claude")


@pytest.mark.parametrize(
    "path",
    ["{}", ":{}", "{}:", "::{}::", "shared:{}", "./shared:{}", "../shared:{}", "~/shared:{}", "$HOME:{}", "*:{}",
     "/dev/null:{}", "/:{}", "{}/", "{}//", "{}/.", "{}:{}"],
)  # fmt: skip
@two_shells
def test_what_is_not_absolute_is_passed_over(world: World, path: str) -> None:
    """What stands in the current folder is a clone's."""
    hostile = world.project / "shared"
    shutil.copytree(world.root / "kept", hostile / "releases", symlinks=True)
    shared = fill(world, "shared")
    assert answer(world, path.format(shared, shared)) == str(entry(shared) / "claude")


@pytest.mark.parametrize("path", ["shared", ".", "", ":", "::", "./shared:../project/shared", "shared:", "\n", " "])
@two_shells
def test_nothing_but_what_is_not_absolute(world: World, path: str) -> None:
    shutil.copytree(world.root / "kept", world.project / "shared" / "releases", symlinks=True)
    assert answer(world, path) is None


@pytest.mark.parametrize("name", ["a b", "it's", '"', "$(exit 1)", "`x`", "*", "[a-z]", "\\n", "é", "-p", "a\nb", "%%"])
@two_shells
def test_names_that_a_shell_could_take_for_something_else(world: World, name: str) -> None:
    shared = fill(world, f"s/{name}")
    assert answer(world, f"/nowhere:{shared}:/nowhere") == str(entry(shared) / "claude")


FAULTS = ["gone", "empty", "not executable", "folder", "dangling", "no receipt", "receipt a folder", "newer", "same"]


@pytest.mark.parametrize("fault", FAULTS)
@two_shells
def test_a_damaged_one_falls_through_to_the_next(world: World, fault: str) -> None:
    one, two, own = fill(world, "one"), fill(world, "two"), fill(world, "home")
    spoil(entry(one) / "claude", entry(one) / "receipt.json", fault)
    assert answer(world, f"{one}:{two}") == str(entry(two) / "claude")
    assert answer(world, str(one)) == str(entry(own) / "claude")
    shutil.rmtree(own)
    world.render()
    assert answer(world, str(one)) is None


def test_a_script_in_the_place_of_a_native_one(world: World) -> None:
    one, two = fill(world, "one"), fill(world, "two")
    (entry(one) / "claude").rename(entry(one) / "cli.js")
    (entry(one) / "claude").symlink_to("cli.js")
    assert answer(world, f"{one}:{two}") == str(entry(two) / "claude")


class TestNode:
    """A JavaScript release, on a Node.js that is on PATH and was checked for it."""

    @pytest.fixture
    def shared(self, world: World) -> Path:
        shutil.rmtree(world.root / "kept")
        world.use_node()
        shutil.move(world.home / "releases", world.root / "kept")
        return fill(world, "shared")

    def test_checked_by_those_who_keep_the_store(self, world: World, shared: Path) -> None:
        assert answer(world, str(shared)) == str(entry(shared, "any") / "claude")

    def test_checked_by_this_user(self, world: World, shared: Path) -> None:
        (entry(shared, "any").parent / "node").unlink()
        run = world.run(env={"CCPIN_STORE_PATH": str(shared)})
        assert run.who == "python"  # to check it, which writes nothing into the shared store
        link = entry(world.home, "any").parent / "node"
        link.parent.mkdir(parents=True)
        link.symlink_to(world.node)
        assert answer(world, str(shared)) == str(entry(shared, "any") / "claude")

    def test_another_one_is_first_on_path_by_now(self, world: World, shared: Path) -> None:
        other = world.root / "other"
        other.mkdir()
        program(other / "node", FAKE)
        path = f"{other}:{world.path_folder}:/usr/bin:/bin"
        assert world.run(env={"CCPIN_STORE_PATH": str(shared), "PATH": path}).who == "python"


class TestOwnNode:
    @pytest.fixture
    def shared(self, world: World) -> Path:
        shutil.move(world.root / "kept", world.home / "releases")
        world.use_own_node()
        shutil.move(world.home / "releases", world.root / "kept")
        return fill(world, "shared")

    def test_started_on_it(self, world: World, shared: Path) -> None:
        run = world.run(env={"CCPIN_STORE_PATH": str(shared)})
        assert run.who == str(entry(shared) / "node")
        assert run.argv[0] == os.fsencode(entry(shared) / "claude")

    @pytest.mark.parametrize("fault", FAULTS)
    @two_shells
    def test_a_damaged_one_falls_through_to_the_next(self, world: World, shared: Path, fault: str) -> None:
        other = fill(world, "other")
        spoil(entry(shared) / "node", entry(shared) / "receipt.json", fault)
        run = world.run(env={"CCPIN_STORE_PATH": f"{shared}:{other}"})
        assert run.who == str(entry(other) / "node")
        assert world.run(env={"CCPIN_STORE_PATH": str(shared)}).who == "python"

    def test_of_another_node(self, world: World, shared: Path) -> None:
        world.lock(lock_text(runtime="node", node="22.23.3"))
        assert world.run(env={"CCPIN_STORE_PATH": str(shared)}).who == "python"


@two_shells
def test_nothing_is_written_there(world: World) -> None:
    shared = fill(world, "shared")
    before = looking.tree(shared)
    for words in ((), ("--version",), ("--settings", "{}")):
        world.run(*words, env={"CCPIN_STORE_PATH": str(shared)})
    assert looking.tree(shared) == before


@pytest.mark.skipif(not nobody.is_root(), reason="needs another user")
@two_shells
def test_one_that_may_only_be_read(world: World) -> None:
    """As another user, and once more where that one may not look into it at all."""
    one, two = fill(world, "one"), fill(world, "two")
    for folder in (world.root, Path(world.interpreter).parent):
        open_to_all(folder)
    path = f"{one}:{two}"
    run = world.run(env={"CCPIN_STORE_PATH": path}, **nobody.credentials())
    assert run.who == str(entry(one) / "claude")
    (one / "releases").chmod(0o700)
    run = world.run(env={"CCPIN_STORE_PATH": path}, **nobody.credentials())
    assert run.who == str(entry(two) / "claude")
