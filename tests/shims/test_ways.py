"""Which way the shim goes: the store entry, Python, the next `claude`, or nowhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ccpin.launching.launch import UPDATE_OPTIONS
from tests.shims.world import DEFAULT, DIGEST, FAKE, PLATFORM, SHIMS, VERSION, World, lock_text, program, two_shells


def test_the_hand_over(world: World) -> None:
    world.lock("odd")
    run = world.run("-p", "a b", "", "--", "x")
    assert run.argv == [
        b"-I", b"-m", b"ccpin", b"exec", b"--home", os.fsencode(world.home), b"--", b"-p", b"a b", b"", b"--", b"x",
    ]  # fmt: skip
    assert run.env["CCPIN_LOOP"] == "1"


@pytest.mark.parametrize("name", ["CCPIN_DISABLE", "CCPIN_VERSION"])
def test_environment_variables_that_python_answers(world: World, name: str) -> None:
    run = world.run(env={name: "1"})
    assert (run.who, run.env[name]) == ("python", "1")
    assert world.run(env={name: "-n"}).who == "python"
    assert world.run(env={name: ""}).who == "pinned"


@two_shells
@pytest.mark.parametrize("verb", ["update", "upgrade", "install", "migrate-installer"])
def test_verbs_that_would_change_the_release(world: World, verb: str) -> None:
    assert world.run(verb).who == "python"
    assert world.run("--verbose", verb, "--force").who == "python"
    assert world.run("-p", f"{verb} ").who == "pinned"
    assert world.run(f"x{verb}", f"{verb}x", f"--{verb}x", f"--{verb}=x").who == "pinned"
    assert world.run("-p", "--", verb).who == "python"
    assert world.run(verb.upper()).who == "pinned"


@two_shells
@pytest.mark.parametrize("option", UPDATE_OPTIONS)
def test_options_that_would_change_the_release(world: World, option: str) -> None:
    assert world.run(option).who == "python"
    assert world.run("-p", option).who == "python"
    assert world.run("-p", f"{option} ").who == "pinned"


@pytest.mark.parametrize("kind", ["gone", "folder", "not executable", "dangling"])
def test_without_its_python(world: World, kind: str) -> None:
    world.lock("odd")
    world.python.unlink()
    if kind == "folder":
        world.python.mkdir()
    elif kind == "not executable":
        world.python.write_text(FAKE)
    elif kind == "dangling":
        world.python.symlink_to("nowhere")
    run = world.run()
    assert (run.code, run.out) == (127, b"")
    assert run.err.count(b"\n") == 1
    for part in (b"ccpin: ", b"Python is gone", b"sh install.sh", b"ccpin setup"):
        assert part in run.err


def test_a_pin_needs_no_python(world: World) -> None:
    world.python.unlink()
    assert world.run().who == "pinned"


def test_the_file_as_it_is_shipped_says_that_it_was_not_set_up(interpreter: str, tmp_path: Path) -> None:
    for home in ("", str(tmp_path)):
        env = {"PATH": "/usr/bin:/bin", "CCPIN_HOME": home}
        run = subprocess.run(
            [interpreter, SHIMS / "claude", "-p"], cwd=tmp_path, env=env, capture_output=True, check=False
        )
        assert (run.returncode, run.stdout) == (127, b"")
        assert b"not set up" in run.stderr
        assert b"ccpin setup" in run.stderr
        assert run.stderr.count(b"\n") == 1


# --- the store entry --------------------------------------------------------------------------------


def test_not_installed(world: World) -> None:
    shutil.rmtree(world.release(VERSION, DIGEST))
    assert world.run().who == "python"


def test_installed_for_another_lock_or_platform(world: World) -> None:
    release = world.release(VERSION, DIGEST)
    (release / PLATFORM).rename(release / "darwin-arm64")
    assert world.run().who == "python"
    (release / "darwin-arm64").rename(release / PLATFORM)
    release.rename(world.release(VERSION, "f" * 64))
    assert world.run().who == "python"


@pytest.mark.parametrize(
    "fault",
    ["gone", "empty", "not executable", "folder", "dangling", "no receipt", "receipt a folder", "newer", "same"],
)
def test_an_entry_that_is_not_as_it_was_installed(world: World, fault: str) -> None:
    spoil(world.executable, world.executable.with_name("receipt.json"), fault)
    assert world.run().who == "python"


def spoil(program: Path, receipt: Path, fault: str) -> None:
    """Makes a program of an entry, or the entry's receipt, what no install leaves behind."""
    if fault == "empty":
        program.write_text("")
        os.utime(program, (1_000_000_000, 1_000_000_000))
    elif fault == "not executable":
        program.chmod(0o644)
    elif fault == "no receipt":
        receipt.unlink()
    elif fault == "receipt a folder":
        receipt.unlink()
        receipt.mkdir()
    elif fault == "newer":
        os.utime(program, (3_000_000_000, 3_000_000_000))
    elif fault == "same":
        os.utime(receipt, (1_000_000_000, 1_000_000_000))
    else:
        program.unlink()
        if fault == "folder":
            program.mkdir()
        elif fault == "dangling":
            program.symlink_to("nowhere")


# --- the user's own floor ---------------------------------------------------------------------------


def test_at_or_above_the_floor(world: World) -> None:
    for floor in ("2.0.14", "2.0.13\n", "2.0.9\n", "1.99.99", "0.0.0\n", "1.0.999999999\n"):
        (world.home / "minimum-version").write_text(floor)
        assert world.run().who == "pinned", floor


def test_below_the_floor(world: World) -> None:
    for floor in ("2.0.15", "2.0.100", "2.1.0", "3.0.0", "10.0.0", "4294967297.0.0", "1234567890123456.0.0"):
        (world.home / "minimum-version").write_text(f"{floor}\n")
        assert world.run().who == "python", floor


UNREADABLE_FLOORS = (
    "", "\n", "x", "1.0", "1.0.0\n\n", "1.0.0\n2.0.0\n", "1.0.0\nx", " 1.0.0\n", "1.0.0 \n", "1.0.0\r\n", "01.0.0\n",
    "\n1.0.0",
)  # fmt: skip


def test_a_floor_that_cannot_be_read(world: World) -> None:
    for text in UNREADABLE_FLOORS:
        (world.home / "minimum-version").write_bytes(text.encode())
        assert world.run().who == "python", text


@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "dangling"])
def test_a_floor_that_is_no_plain_file(world: World, kind: str) -> None:
    path = world.home / "minimum-version"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("other")
        if kind == "link":
            path.with_name("other").write_text("1.0.0\n")
    assert world.run(timeout=10).who == "python"


# --- a JavaScript release ---------------------------------------------------------------------------


def test_a_javascript_release_runs_under_the_node_that_was_checked(world: World) -> None:
    world.use_node()
    run = world.run("a")
    entry = world.release(VERSION, DIGEST) / "any"
    assert (run.who, run.argv[0], run.flags, run.words) == ("node", os.fsencode(entry / "claude"), DEFAULT, [b"a"])


def test_another_node_is_handed_over(world: World) -> None:
    world.use_node()
    first = world.root / "first"
    first.mkdir()
    program(first / "node", FAKE)
    assert world.run(env={"PATH": f"{first}:{world.path_folder}:/usr/bin:/bin"}).who == "python"


def test_another_way_to_the_same_node_is_fine(world: World) -> None:
    world.use_node()
    first = world.root / "first"
    first.mkdir()
    (first / "node").symlink_to(world.node)
    run = world.run(env={"PATH": f"{first}:/usr/bin:/bin"})
    assert run.who == str(first / "node")


@pytest.mark.parametrize(
    "fault", ["unchecked", "dangling", "no node", "folder", "not executable", "relative", "no entry"]
)
def test_a_node_that_was_not_checked_is_handed_over(world: World, fault: str) -> None:
    world.use_node()
    link = world.release(VERSION, DIGEST) / "node"
    path = f"{world.path_folder}:/usr/bin:/bin"
    if fault == "unchecked":
        link.unlink()
    elif fault == "dangling":
        link.unlink()
        link.symlink_to("nowhere")
    elif fault == "not executable":
        world.node.chmod(0o644)
    elif fault == "relative":
        path = f"../path::.:{world.root}/nowhere"
    elif fault == "no entry":
        shutil.rmtree(link.parent / "any")
    else:
        world.node.unlink()
        if fault == "folder":
            world.node.mkdir()
    # the shell itself must still find `test` where it is not a builtin (yash)
    assert world.run(env={"PATH": path if fault != "relative" else f"{path}:/bin"}).who == "python"


# --- a Node.js of the lock's own ----------------------------------------------------------------------


def test_the_lock_s_own_node_runs_it(world: World, shell: str) -> None:
    world.use_own_node()
    run = world.run("a", "b c")
    assert (run.who, run.argv[0], run.flags) == ("own node", os.fsencode(world.executable), DEFAULT)
    assert run.words == [b"a", b"b c"]


def test_one_that_the_lock_calls_by_another_number_is_not_it(world: World) -> None:
    """The digest covers the Node.js, and not what the lock says that it is."""
    world.use_own_node(lock_text(runtime="node", node="22.23.3"))
    assert world.run().who == "python"


@pytest.mark.parametrize("path", ["/nowhere", "other", "checked"])
def test_then_no_node_on_path_is_looked_at(world: World, path: str) -> None:
    world.use_own_node()
    other = world.root / "other"
    other.mkdir()
    program(other / "node", FAKE)
    if path == "checked":
        (world.release(VERSION, DIGEST) / "node").symlink_to(other / "node")
    # the shell itself must still find `test` where it is not a builtin (yash)
    assert world.run(env={"PATH": f"{other if path != '/nowhere' else path}:/usr/bin:/bin"}).who == "own node"


def test_the_other_install_of_the_same_release_does_not_count(world: World) -> None:
    """What was installed for the `node` on PATH stands elsewhere, and the other way round."""
    world.use_node(lock_text(runtime="node", node="22.23.2"))
    assert world.run().who == "python"
    world.lock(lock_text(runtime="node"))
    assert world.run().who == "node"
    shutil.rmtree(world.release(VERSION, DIGEST))
    world.install(runtime="node", node=True)
    assert world.run().who == "python"


@pytest.mark.parametrize("program", ["claude", "node"])
@pytest.mark.parametrize(
    "fault",
    ["gone", "empty", "not executable", "folder", "dangling", "no receipt", "receipt a folder", "newer", "same"],
)
def test_both_programs_must_be_as_they_were_installed(world: World, program: str, fault: str) -> None:
    world.use_own_node()
    path = world.own_node if program == "node" else world.executable.resolve()
    spoil(path, world.executable.with_name("receipt.json"), fault)
    assert world.run().who == "python"


# --- no pin -----------------------------------------------------------------------------------------


@pytest.fixture
def unpinned(world: World) -> World:
    (world.project / ".ccpin.lock").unlink()
    return world


def path_of(*folders: Path | str) -> dict[str, str | bytes]:
    return {"PATH": ":".join(map(str, [*folders, "/usr/bin", "/bin"]))}


def test_the_next_claude(unpinned: World) -> None:
    run = unpinned.run("a", "update x", env=path_of(unpinned.home / "shims", unpinned.path_folder))
    assert (run.who, run.argv) == ("next", [b"a", b"update x"])
    assert run.env["CCPIN_LOOP"] == "1"


def test_what_is_no_next_claude(unpinned: World) -> None:
    folders = [unpinned.root / name for name in ("empty", "folder", "plain", "dangling", "linked")]
    for folder in folders:
        folder.mkdir()
    (folders[1] / "claude").mkdir()
    (folders[2] / "claude").write_text(FAKE)
    (folders[3] / "claude").symlink_to("nowhere")
    (folders[4] / "claude").symlink_to(unpinned.shim)
    os.link(unpinned.shim, folders[0] / "claude")
    program(unpinned.project / "claude", FAKE)
    relative = ["", ".", "../path", "project", "*"]
    assert unpinned.run(env=path_of(*folders, *relative, unpinned.path_folder)).who == "next"
    assert unpinned.run(env=path_of(*folders, *relative)).who == "python"


def test_a_folder_on_path_of_any_name(unpinned: World) -> None:
    for name in ("a b", "*", "q'u\"o", "new\nline"):
        folder = unpinned.root / name
        folder.mkdir()
        program(folder / "claude", FAKE)
        assert unpinned.run(env=path_of(folder)).who == str(folder / "claude")


def test_another_home_does_not_make_the_shim_its_own_next(unpinned: World, tmp_path: Path) -> None:
    env = path_of(unpinned.home / "shims", unpinned.path_folder) | {"CCPIN_HOME": str(tmp_path / "other")}
    run = unpinned.run(env=env)
    assert (run.who, run.env["CCPIN_LOOP"]) == ("next", "1")


# --- rings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["next", "python"])
def test_a_ring_ends_after_twenty_rounds(world: World, shell: str, way: str) -> None:
    if way == "next":
        (world.project / ".ccpin.lock").unlink()
    else:
        world.lock("odd")
    record = world.root / "record"
    gone = 0 if shell == "dash" else 16  # all of them are many processes
    env: dict[str, str | bytes] = {"FAKE_RECORD": str(record), "FAKE_NEXT": str(world.shim), "CCPIN_LOOP": str(gone)}
    run = world.run("a", env=env, timeout=20)
    assert (run.code, run.out, run.err.count(b"\n")) == (126, b"", 1)
    assert b"20 times" in run.err
    assert record.read_text().count("\n") == 20 - gone


def test_a_ring_of_children_ends_too(world: World) -> None:
    """A wrapper that starts `claude` without exec has a new process id in every round."""
    (world.project / ".ccpin.lock").unlink()
    wrapper = world.path_folder / "claude"
    wrapper.unlink(missing_ok=True)
    wrapper.write_text(f'#!/bin/sh\n"{world.shim}" "$@"\nexit $?\n')
    wrapper.chmod(0o755)
    run = world.run("a", timeout=20)
    assert (run.code, run.err.count(b"20 times")) == (126, 1)


def test_odd_values_of_the_guard(world: World) -> None:
    world.lock("odd")
    for value in ("", "x", "1.7", ".7", "$$.x", "1.a[$(touch pwned)]", "a[$(touch pwned)]", "*", "-1", " 3"):
        run = world.run(env={"CCPIN_LOOP": value})
        assert (run.who, run.env["CCPIN_LOOP"]) == ("python", "1"), value
    assert not list(world.root.rglob("pwned"))


@pytest.mark.parametrize("rounds", ["20", "70", "99999999999999999999"])
def test_more_rounds_than_there_may_be_are_a_ring_too(world: World, rounds: str) -> None:
    run = world.run(env={"CCPIN_LOOP": rounds})
    assert (run.code, run.out) == (126, b"")


@two_shells
def test_a_script_in_the_place_of_an_executable(world: World) -> None:
    """A JavaScript release with a Node.js of its own stands there too; its lock may say that it is native."""
    assert world.run().who == "pinned"
    world.executable.rename(world.executable.with_name("cli.js"))
    world.executable.symlink_to("cli.js")
    assert world.run().who == "python"
