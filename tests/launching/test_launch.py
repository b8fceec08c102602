"""What a launch decides: which executable, with which arguments and environment, or why not."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ccpin.errors import (
    BelowMinimum,
    CannotExecute,
    InstallForbidden,
    LockInvalid,
    NothingToRun,
    NotInstalled,
    UpdateRefused,
)
from ccpin.launching.launch import execute, launch, next_claude, run_next, update_verb
from ccpin.launching.shims import render_posix, template
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.find import Pin
from ccpin.pinning.lock import Lock, render
from ccpin.store.entry import install_folder
from tests.fakes.claude import fake_claude, fake_node
from tests.pinning import locks

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX's exec")


@pytest.fixture(autouse=True)
def signals_of_the_tests() -> Iterator[None]:
    """A launch gives back what Python ignores; this process has to go on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Ran(Exception):
    """What the process would have become."""

    def __init__(self, path: str, argv: list[str], env: dict[str, str]) -> None:
        self.path, self.argv, self.env = path, argv, env


class Machine:
    def __init__(self, root: Path) -> None:
        self.home = Home(str(root / "ccpin"))
        self.project = root / "project"
        self.project.mkdir()
        self.bin = root / "bin"
        fake_node(self.bin)
        self.env = {"PATH": str(self.bin), "HOME": str(root)}
        self.said: list[str] = []
        self.installed: list[str] = []

    def pin(self, lock: Lock) -> Lock:
        (self.project / LOCK_NAME).write_text(render(lock))
        return lock

    def put(self, lock: Lock) -> str:
        folder = Path(install_folder(self.home, lock.version, lock.digest, lock.runtime))
        folder.mkdir(parents=True)
        (folder / "claude").write_text("#!/bin/sh\n")
        (folder / "claude").chmod(0o555)
        os.utime(folder / "claude", (1000, 1000))
        (folder / "receipt.json").write_text("{}")
        return str(folder / "claude")

    def install(self, home: Home, pin: Pin, env: dict[str, str]) -> None:
        self.installed.append(pin.head.version)

    def launch(self, *args: str, **env: str) -> Ran:
        with pytest.raises(Ran) as raised:
            self.refuse(*args, **env)
        return raised.value

    def refuse(self, *args: str, **env: str) -> None:
        launch(args, {**self.env, **env}, self.home, install=self.install, say=self.said.append)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    def become(path: str, argv: list[str], env: dict[str, str]) -> NoReturn:
        raise Ran(path, argv, env)

    monkeypatch.setattr(os, "execve", become)
    made = Machine(tmp_path)
    monkeypatch.chdir(made.project)
    return made


class TestPinned:
    def test_native(self, machine: Machine) -> None:
        path = machine.put(machine.pin(locks.native()))
        ran = machine.launch("-p", "hi there", "")
        assert (ran.path, ran.argv) == (path, [path, "-p", "hi there", ""])
        assert ran.env["DISABLE_UPDATES"] == "1"
        assert ran.env["PATH"] == machine.env["PATH"]
        assert machine.installed == []

    def test_javascript_on_the_node_of_path(self, machine: Machine) -> None:
        path = machine.put(machine.pin(locks.node()))
        ran = machine.launch("x")
        assert ran.argv == [str(machine.bin / "node"), path, "x"]

    def test_installs_what_is_missing(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = machine.pin(locks.native())
        monkeypatch.setattr(machine, "install", lambda home, pin, env: machine.put(lock))
        assert machine.launch().argv[0].endswith("/claude")

    def test_not_where_it_is_forbidden(self, machine: Machine) -> None:
        machine.pin(locks.native())
        with pytest.raises(InstallForbidden) as raised:
            machine.refuse(CCPIN_NO_INSTALL="1")
        assert raised.value.launch_code == 127
        assert machine.installed == []

    def test_an_install_that_brought_nothing(self, machine: Machine) -> None:
        machine.pin(locks.native())
        with pytest.raises(NotInstalled):
            machine.refuse()
        assert machine.installed == ["2.1.330"]

    def test_below_the_user_s_floor_nothing_is_installed(self, machine: Machine) -> None:
        machine.pin(locks.native())
        Path(machine.home.root).mkdir()
        Path(machine.home.minimum_version).write_text("2.2.0\n")
        with pytest.raises(BelowMinimum):
            machine.refuse()
        assert machine.installed == []

    def test_a_bad_lock_never_runs_another_claude(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        (machine.project / LOCK_NAME).write_text("lock-version = 1\n")
        with pytest.raises(LockInvalid):
            machine.refuse()

    @pytest.mark.parametrize("args", [["update"], ["--debug", "update"], ["install", "latest"], ["-d", "x", "upgrade"]])
    def test_updates_are_refused_whether_installed_or_not(self, machine: Machine, args: list[str]) -> None:
        machine.pin(locks.native())
        with pytest.raises(UpdateRefused) as raised:
            machine.refuse(*args)
        assert raised.value.launch_code == 126
        assert "ccpin use" in raised.value.hint
        assert machine.installed == []

    def test_a_version_named_by_hand(self, machine: Machine) -> None:
        machine.put(machine.pin(locks.native()))
        assert machine.launch(CCPIN_VERSION="2.1.330").argv[0].endswith("/claude")


@pytest.mark.parametrize(
    ("args", "verb"),
    [
        ([], None),
        (["update"], "update"),
        (["migrate-installer"], "migrate-installer"),
        (["--verbose", "upgrade"], "upgrade"),
        (["--model", "opus", "install"], "install"),
        (["-p", "update"], "update"),
        (["please", "update"], None),
        (["--model", "opus", "please", "update"], None),
        (["--", "update"], "update"),
        (["--print", "--", "install"], "install"),
        (["--print", "--", "please", "install"], None),
        (["updates"], None),
        (["mcp", "install"], None),
    ],
)
def test_what_claude_would_take_for_an_update(args: list[str], verb: str | None) -> None:
    assert update_verb(args) == verb


class TestUnpinned:
    def test_the_next_on_path(self, machine: Machine) -> None:
        path = fake_claude(machine.bin)
        ran = machine.launch("x", CCPIN_SET="DISABLE_UPDATES", DISABLE_UPDATES="1")
        assert ran.argv == [str(path), "x"]
        assert not {"DISABLE_UPDATES", "CCPIN_SET"} & ran.env.keys()

    def test_stepping_aside_is_said(self, machine: Machine) -> None:
        machine.put(machine.pin(locks.native()))
        path = fake_claude(machine.bin)
        assert machine.launch(CCPIN_DISABLE="1").argv == [str(path)]
        assert len(machine.said) == 1
        assert "CCPIN_DISABLE" in machine.said[0]

    def test_updates_of_one_s_own_claude_are_one_s_own(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        assert machine.launch("update").argv[1:] == ["update"]

    def test_nothing(self, machine: Machine) -> None:
        with pytest.raises(NothingToRun) as raised:
            machine.refuse()
        assert raised.value.launch_code == 127

    def test_never_the_shim_itself(self, machine: Machine, tmp_path: Path) -> None:
        """Not under its own name, nor by a link, nor by a folder that is a link."""
        shim = Path(machine.home.shim())
        shim.parent.mkdir(parents=True)
        shim.write_text(render_posix(template("claude"), python="/python", home=machine.home.root, platform="any"))
        shim.chmod(0o755)
        (tmp_path / "linked").symlink_to(machine.home.shims)
        (tmp_path / "bin2").mkdir()
        (tmp_path / "bin2/claude").symlink_to(shim)
        path = f"{machine.home.shims}:{tmp_path}/linked:{tmp_path}/bin2:{tmp_path}/none"
        assert next_claude({"PATH": path}, machine.home) is None
        real = fake_claude(tmp_path / "bin3")
        assert next_claude({"PATH": f"{path}:{real.parent}"}, machine.home) == str(real)

    def test_never_the_clone_s(self, machine: Machine) -> None:
        fake_claude(machine.project)
        assert next_claude({"PATH": ":.:"}, machine.home) is None

    def test_the_shim_s_count_of_rounds_goes_on(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        assert machine.launch(CCPIN_LOOP="1").env["CCPIN_LOOP"] == "2"
        with pytest.raises(Ran):
            run_next([], machine.env, machine.home)


@pytest.mark.parametrize("name", ["claude", "gone"])
def test_what_cannot_be_started(tmp_path: Path, name: str) -> None:
    (tmp_path / "claude").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "claude").chmod(0o755)
    with pytest.raises(CannotExecute) as raised:
        execute([str(tmp_path / name)], {}, "2.1.330")
    assert raised.value.launch_code == 126
    assert str(tmp_path / name) in raised.value.message
